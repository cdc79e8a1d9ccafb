"""Mapping on screen: which column is what, proposed with how sure that is, confirmed by a person, remembered for the same header."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from sales.calendar import Frequency
from sales.grid import Gaps
from sales.mapping import REQUIRED, Mapping, confidence, header_key, propose
from sales.recipe import Recipe
from sales.shapes import free_name
from ui.planner import name_of_planner
from ui.source import Source
from ui.texts import text
from workspace import facts

OPTIONAL = (
    ("order", "customer", "description"),
    ("price", "revenue", "location"),
    ("category", "supplier", "promotion"),
    ("out_of_stock", "on_hand", "status"),
)
FREQUENCIES: tuple[Frequency, ...] = ("D", "W", "M")
GAPS: tuple[Gaps, ...] = ("zero", "unknown")
KIND, EVERYBODY = "mapping", ""
UNITS = "units"
REMEMBERED = ("mapping", "apart", "one_a_row", "frequency", "gaps", "day_first", "decimal")


@dataclass(frozen=True)
class Proposal:
    """A recipe for a table: what was chosen for its header before, else what it suggests."""

    recipe: Recipe
    remembered: bool


def form(source: Source) -> Recipe:
    """The recipe for `source` with the columns that somebody chooses."""
    table, columns = source.long, [str(column) for column in source.long.columns]
    proposal = _proposal(source.version, table)
    first, key = proposal.recipe, f"{source.key}-{header_key(table)}"
    chosen: dict[str, str | None] = {}
    slots: dict[str, Any] = {}

    def ask(roles: tuple[str, ...]) -> None:
        for role, slot in zip(roles, st.columns(3), strict=False):
            guess = getattr(first.mapping, role)
            slots[role] = slot
            chosen[role] = slot.selectbox(
                text(f"role.{role}"),
                columns,
                index=columns.index(guess) if guess in columns else None,
                placeholder=text("mapping.choose" if role in REQUIRED else "mapping.none"),
                help=text(f"role.{role}.help"),
                key=f"role-{role}-{key}",
            )

    ask(REQUIRED)
    one_a_row = chosen["units"] is None and st.checkbox(
        text("mapping.one_a_row"), value=first.one_a_row, key=f"one-a-row-{key}", help=text("mapping.one_a_row.help")
    )
    if proposal.remembered:
        st.caption(text("mapping.remembered"))
    with st.expander(text("mapping.optional"), expanded=True):
        for roles in OPTIONAL:
            ask(roles)
    mapping = replace(Mapping(), **chosen)  # type: ignore[arg-type]
    _say_how_sure(source, mapping, first.mapping, slots)
    required = [chosen[role] for role in REQUIRED]
    known, apart = (
        slot.multiselect(
            text(f"mapping.{name}"),
            [column for column in columns if column not in required],
            default=[column for column in before if column in columns and column not in required],
            key=f"{name}-{key}",
            help=text(f"mapping.{name}.help"),
        )
        for slot, name, before in zip(st.columns(2), ("known", "apart"), (first.mapping.known, first.apart), strict=True)
    )
    calendar = _calendar(source.key, first)
    week_ends = st.checkbox(
        text("mapping.week_ends"), value=first.mapping.week_ends, key=f"week-ends-{key}", help=text("mapping.week_ends.help")
    )
    mapping = replace(mapping, known=tuple(known), units=free_name(UNITS, columns) if one_a_row else mapping.units, week_ends=week_ends)
    return replace(source.decided, mapping=mapping, apart=tuple(apart), one_a_row=one_a_row, **calendar)



def _say_how_sure(source: Source, mapping: Mapping, first: Mapping, slots: dict[str, Any]) -> None:
    sure = _confidence(f"{source.version} {mapping}", source.long, mapping)
    for role, share in sure.items():
        if role in slots:
            key = "mapping.sure" if getattr(mapping, role) == getattr(first, role) else "mapping.chosen"
            slots[role].caption(text(key, share=share))


def _calendar(key: str, first: Recipe) -> dict[str, Any]:
    """Periods, gaps, the order of day and month and the decimal mark, as `Recipe` takes them."""
    left, middle, right, last = st.columns(4)
    periods = [None, *FREQUENCIES]
    frequency = left.selectbox(
        text("mapping.frequency"),
        periods,
        index=periods.index(first.frequency),
        format_func=lambda f: text("mapping.as_file") if f is None else text(f"frequency.{f}"),
        key=f"frequency-{key}",
    )
    gaps = middle.selectbox(
        text("mapping.gaps"),
        GAPS,
        index=GAPS.index(first.gaps),
        format_func=lambda g: text(f"gaps.{g}"),
        key=f"gaps-{key}",
        help=text("mapping.gaps.help"),
    )
    orders = [None, True, False]
    day_first = right.selectbox(
        text("mapping.day_first"),
        orders,
        index=orders.index(first.day_first),
        format_func=lambda d: text(f"day_first.{d}"),
        key=f"day-first-{key}",
        help=text("mapping.day_first.help"),
    )
    marks = [None, ".", ","]
    decimal = last.selectbox(
        text("mapping.decimal"),
        marks,
        index=marks.index(first.decimal),
        format_func=lambda mark: text(f"decimal.{mark}"),
        key=f"decimal-{key}",
        help=text("mapping.decimal.help"),
    )
    return {"frequency": frequency, "gaps": gaps, "day_first": day_first, "decimal": decimal}


def remember(table: pd.DataFrame, recipe: Recipe) -> None:
    """Keeps what was chosen for tables with this header, for whoever uploads the next one."""
    header, told = header_key(table), recipe.to_json()
    body = {"header": header, **{name: told[name] for name in REMEMBERED}}
    before = _records(header)
    by = name_of_planner() or text("planner.nobody")
    if not before:
        facts.add(KIND, EVERYBODY, [body], by)
    elif before[-1].body != body:
        facts.replace(before[-1].id, body, by)


def _records(header: str) -> list[facts.Record]:
    return [record for record in facts.records(KIND, EVERYBODY) if record.body.get("header") == header]


def _remembered(table: pd.DataFrame) -> Recipe | None:
    """What was chosen before for this header; None where nothing was, or what was kept cannot be read."""
    before = _records(header_key(table))
    try:
        return Recipe.from_json({"version": 1, **before[-1].body}) if before else None
    except ValueError:
        return None


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def _proposal(version: str, _table: pd.DataFrame) -> Proposal:
    before = _remembered(_table)
    return Proposal(before or Recipe(propose(_table)), before is not None)


@st.cache_resource(scope="session", max_entries=32, show_spinner=False)
def _confidence(version: str, _table: pd.DataFrame, _mapping: Mapping) -> dict[str, float]:
    return confidence(_table, _mapping)

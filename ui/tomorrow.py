"""Tomorrow's file: what it changes in the data open, shown before it is put on top."""

from datetime import date

import pandas as pd
import streamlit as st

from sales import tomorrow
from sales.appending import Difference
from sales.problems import Severity
from sales.recipe import Recipe
from sales.tomorrow import Tomorrow
from ui import forms, planner, shell, tables
from ui.texts import plain, problem, text
from workspace.datasets import Dataset, open_dataset

MOST_NAMED = 200


def section(data: Dataset, table: pd.DataFrame, recipe: Recipe, source: str, key: str) -> None:
    """What `table`, read by `recipe`, changes in the sales of `data`, and a button that saves them. key: another text for other tables.

    `table` holds no customer by name.
    """
    st.subheader(text("tomorrow.title", title=plain(data.title)))
    planner.tell()
    sure = bool(st.session_state.get(f"sure-{key}"))
    version = f"{sure} {key} {recipe.to_json()} {data.name} {data.facts['fingerprint']} {date.today()}"
    made = _made(version, data, table, recipe, sure)
    if made.difference is None:
        tables.problems(made.problems)
        return
    found, period = made.difference, text(f"frequency.{data.facts['frequency']}")
    for told in found.problems:
        say = {Severity.ERROR: st.error, Severity.WARNING: st.warning, Severity.INFO: st.info}[told.severity]
        say(plain(problem(told)))
    if any(told.code == "append_gone" for told in found.problems):
        st.checkbox(text("tomorrow.sure"), key=f"sure-{key}", help=text("tomorrow.sure.help"))
    if not found.problems:
        st.success(text("tomorrow.nothing"))
    _counts(found, period)
    _items(found)
    _changes(found)
    st.button(
        text("tomorrow.save", title=plain(data.title)),
        key="save-tomorrow",
        type="primary",
        disabled=made.panel is None or found.same,
        help=text("tomorrow.same") if found.same else text("tomorrow.save.help"),
        on_click=_save,
        args=(data, made, source),
    )


def _counts(found: Difference, period: str) -> None:
    columns = st.columns(5)
    for column, name in zip(columns, ("only_old", "both", "only_new"), strict=False):
        words, of = text(f"tomorrow.{name}", period=period), text(f"tomorrow.{name}.help")
        delta = text("tomorrow.units_new", units=found.units_new) if name == "only_new" and found.only_new else None
        column.metric(words, f"{getattr(found, name):,}", delta=delta, help=of)
    columns[3].metric(text("tomorrow.changed"), f"{found.changed:,}", help=text("tomorrow.changed.help", period=period))
    before, after = found.units_before, found.units_after
    moved, of = text("tomorrow.units_new", units=after - before), text("tomorrow.units.help", period=period)
    columns[4].metric(text("tomorrow.units"), f"{after:,.10g}", delta=moved, help=of)


def _items(found: Difference) -> None:
    for name, items in (("new", found.items_new), ("missed", found.items_missed)):
        if items:
            with st.expander(text(f"tomorrow.items_{name}", count=len(items))):
                more = text("tomorrow.more", count=len(items) - MOST_NAMED) if len(items) > MOST_NAMED else ""
                st.markdown(plain(", ".join(items[:MOST_NAMED])) + more)


def _changes(found: Difference) -> None:
    if len(found.changes) == 0:
        return
    st.markdown(text("tomorrow.changes", shown=len(found.changes), count=found.changed))
    numbers = {
        name: st.column_config.NumberColumn(text(f"tomorrow.column.{name}"), format="localized") for name in ("before", "after", "change")
    }
    config = {"item": text("tomorrow.column.item"), "ds": st.column_config.DateColumn(text("tomorrow.column.ds")), **numbers}
    st.dataframe(found.changes, hide_index=True, key="tomorrow-changes", column_config=config, placeholder=text("tomorrow.unknown"))


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("tomorrow.comparing"))
def _made(version: str, _data: Dataset, _table: pd.DataFrame, _recipe: Recipe, _sure: bool) -> Tomorrow:
    return tomorrow.put_on_top(_data, _table, _recipe, sure=_sure)


def _save(data: Dataset, made: Tomorrow, source: str) -> None:
    """Unless somebody saved other sales meanwhile: what was shown is then no longer what would change."""
    try:
        if open_dataset(data.name).facts["fingerprint"] != data.facts["fingerprint"]:
            return planner.complain("tomorrow.moved_on", title=plain(data.title))
        with st.spinner(text("save.saving")):
            tomorrow.save(data, made, source)
    except KeyError:
        return planner.complain("data.gone", title=plain(data.title))
    forms.saved_once_more()
    shell.use(data.name)
    return planner.say("tomorrow.saved", title=plain(data.title))

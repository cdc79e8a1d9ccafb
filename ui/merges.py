"""Codes that count under others: those that are likely the same, to merge or to leave, and items that took the place of others."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from sales.alike import Alike, alike_codes, alike_descriptions, best_sellers
from sales.checks import texts
from sales.lines import ends_of
from sales.panel import SalesPanel
from ui import findings, forms, planner, tables
from ui.texts import plain, text

MOST_LISTED = 500
HEIGHT = 320
BY_CODE = ("case", "spaces", "zeros", "several")


def merges_of(key: str, before: dict[str, str]) -> dict[str, str]:
    """Old codes and those they count under, as this session chose; `before`: what was chosen when it began."""
    return dict(st.session_state.setdefault(_kept(key), dict(before)))


def section(panel: SalesPanel, key: str) -> None:
    """What is merged, what is likely the same, and a form for a code that took the place of another."""
    merges = merges_of(key, {})
    alike = _codes(panel.fingerprint, panel)
    title = text("merges.title", count=len(merges)) + (text("merges.title.alike", count=len(alike)) if alike else "")
    with findings.opening(title, f"merging-{key}", ":material/merge:") as box:
        planner.tell()
        if not box.open:
            return
        _merged(merges, key)
        _alike(panel, key)
        _typed(key)


def _merged(merges: dict[str, str], key: str) -> None:
    if not merges:
        return
    table = pd.DataFrame({text("merges.old"): list(merges), text("merges.new"): list(merges.values())})
    ticked = _ticked(table, f"merged-{key}-{len(merges)}")
    st.button(
        text("merges.undo", count=len(ticked)),
        key=f"undo-{key}",
        disabled=not ticked,
        on_click=_undo,
        args=(key, [list(merges)[row] for row in ticked]),
    )


def _alike(panel: SalesPanel, key: str) -> None:
    groups = _groups(panel.fingerprint, panel)
    if not groups:
        st.caption(text("alike.none"))
        return
    st.markdown(text("alike.found", count=len(groups)))
    units = dict(zip(panel.items, np.nansum(panel.y, axis=1, dtype=float), strict=True))
    into = best_sellers(groups, list(units), list(units.values()))
    table = pd.DataFrame(
        {
            text("alike.items"): ["  ·  ".join(group.items) for group in groups],
            text("alike.why"): [text(f"alike.why.{group.why}") for group in groups],
            text("alike.similarity"): [f"{group.similarity:.0%}" for group in groups],
            text("alike.into"): into,
            text("alike.units"): ["  ·  ".join(f"{units[item]:,.0f}" for item in group.items) for group in groups],
        }
    )
    ticked = _ticked(table.head(MOST_LISTED), f"alike-{key}-{len(groups)}")
    if len(groups) > MOST_LISTED:
        st.caption(text("alike.more", shown=MOST_LISTED, count=len(groups)))
    pairs = [{item: end for item in group.items if item != end} for group, end in zip(groups, into, strict=True)]
    by_code = [pair for group, pair in zip(groups, pairs, strict=True) if group.why in BY_CODE]
    left, right = st.columns(2)
    chosen = [pairs[row] for row in ticked]
    left.button(
        text("alike.merge", count=len(chosen)),
        key=f"merge-{key}",
        disabled=not chosen,
        on_click=_add_all,
        args=(key, chosen),
        width="stretch",
    )
    right.button(
        text("alike.merge_codes", count=len(by_code)),
        key=f"merge-codes-{key}",
        disabled=not by_code,
        on_click=_add_all,
        args=(key, by_code),
        width="stretch",
    )


def _typed(key: str) -> None:
    """A code that took the place of another, typed, or many in a file of two columns."""
    st.markdown(text("merges.supersession"))
    old, new, button = st.columns([2, 2, 1], vertical_alignment="bottom")
    names = [slot.text_input(text(f"merges.{side}"), key=f"merge-{side}-{key}") for slot, side in ((old, "old"), (new, "new"))]
    button.button(
        text("merges.add"), key=f"merge-add-{key}", disabled=not all(names), on_click=_add_typed, args=(key, *names), width="stretch"
    )
    upload = st.file_uploader(text("merges.upload"), key=f"merge-file-{key}", help=text("merges.upload.help"))
    if upload is None:
        return
    reading = forms.read_upload(upload.file_id, upload.name, upload)
    tables.problems(reading.problems)
    if reading.table is None or len(reading.table.columns) < 2:
        st.error(text("merges.two_columns"))
        return
    pairs = [_pairs(reading.table)]
    st.button(text("merges.take", count=len(pairs[0])), key=f"merge-take-{key}", on_click=_add_all, args=(key, pairs))


def _pairs(table: pd.DataFrame) -> dict[str, str]:
    """The codes of the first two columns where both are there and differ."""
    (old, old_words), (new, new_words) = (texts(table.iloc[:, place]) for place in (0, 1))
    there = (old >= 0) & (new >= 0)
    pairs = {str(old_words[a]): str(new_words[b]) for a, b in zip(old[there], new[there], strict=True)}
    return {one: other for one, other in pairs.items() if one != other}


def _ticked(table: pd.DataFrame, key: str) -> list[int]:
    event = st.dataframe(
        table, hide_index=True, key=key, on_select="rerun", selection_mode="multi-row", height=HEIGHT if len(table) > 8 else "auto"
    )
    return list(event["selection"]["rows"])


def _kept(key: str) -> str:
    return f"merges-{key}"


def _add_all(key: str, some: Sequence[dict[str, str]]) -> None:
    """Adds pairs to what is merged, or says why that cannot be: codes that count under each other have no end."""
    merges = dict(st.session_state[_kept(key)])
    for pairs in some:
        merges |= pairs
    try:
        ends_of(merges)
    except ValueError:
        planner.complain("merges.circle")
        return
    st.session_state[_kept(key)] = merges


def _add_typed(key: str, old: str, new: str) -> None:
    if old == new:
        planner.complain("merges.same", code=plain(old))
        return
    _add_all(key, [{old: new}])
    for side in ("old", "new"):
        st.session_state[f"merge-{side}-{key}"] = ""


def _undo(key: str, old: Sequence[str]) -> None:
    st.session_state[_kept(key)] = {code: new for code, new in st.session_state[_kept(key)].items() if code not in old}


@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _codes(fingerprint: str, _panel: SalesPanel) -> tuple[Alike, ...]:
    return alike_codes(_panel.items.tolist())


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("alike.looking"))
def _groups(fingerprint: str, _panel: SalesPanel) -> list[Alike]:
    """Likely the same, by code first; a group of descriptions whose codes are likely the same already is told once."""
    by_code = _codes(fingerprint, _panel)
    told = {group.items for group in by_code}
    if "description" not in _panel.attributes:
        return list(by_code)
    words = _panel.attributes["description"].reindex(_panel.items).fillna("").tolist()
    return [*by_code, *(group for group in alike_descriptions(_panel.items.tolist(), words) if group.items not in told)]

"""A sales file from upload to saved data, and the repairs of what is saved, which can be taken back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from sales import datasets as saved
from sales.customers import without_names
from sales.intake import Intake
from sales.problems import Severity
from sales.reading import in_files
from sales.recipe import Recipe, apply
from ui import database, findings, forms, mapping, merges, planner, shell, source, tomorrow
from ui.source import Source
from ui.texts import plain, text
from workspace.datasets import Dataset, open_dataset
from workspace.salt import salt

PREVIEW = 5
TITLE, PLACE = "save-title", "save-place"
NEW, APPEND, REPLACE = "new", "append", "replace"


def sales_file(data: Dataset | None) -> None:
    """Upload or query, mapping, checks and saving: as new data, on top of the sales of `data`, the dataset open, or in their place."""
    came, queried = source.uploaded(), database.queried()
    came = came or queried
    if came is None:
        planner.tell()
    else:
        mapped(came, data)


def mapped(came: Source, data: Dataset | None) -> None:
    """Mapping, checks and saving of a table that came from a file or elsewhere."""
    st.subheader(text("mapping.title"))
    st.dataframe(came.long.head(PREVIEW), hide_index=True, key="preview")
    recipe = _decided(mapping.form(came), came.key)
    read = _read(f"{came.content} {date.today()} {recipe.to_json()}", [came.raw], recipe)
    st.subheader(text("checks.title"))
    findings.facts(read)
    findings.section(read, read.problems if recipe.join else in_files(read.problems, came.how), came.key, came.problems)
    if read.panel is not None:
        merges.section(read.panel, came.key)
    placed = _placed(came.key, data)
    if data is not None and placed == APPEND:
        tomorrow.section(data, _without_customers(came.raw, recipe.mapping.customer), recipe, came.name, came.content)
    elif read.panel is not None:
        _save(read, came, recipe, data, placed)


def repairs_of(data: Dataset) -> None:
    """The repairs of the sales of `data` over the tables that they were made of: another choice makes them anew."""
    if not st.toggle(text("saved.repairs"), key=f"repairs-{data.name}", help=text("saved.repairs.help")):
        return
    fingerprint, kept = data.facts["fingerprint"], saved.recipe_of(data)
    if kept is None or not saved.raw_names(data):
        st.info(text("saved.no_raw"))
        return
    tables, before = _raw(data.name, fingerprint, data), Recipe.from_json(kept)
    key = f"{data.name}-{fingerprint}"
    recipe = _decided(before, key)
    read = _read(f"{key} {date.today()} {recipe.to_json()}", tables, recipe)
    findings.facts(read)
    findings.section(read, read.problems, key)
    if read.panel is None:
        return
    merges.section(read.panel, key)
    changed = recipe != before
    st.button(
        text("saved.rebuild"),
        type="primary",
        key=f"rebuild-{data.name}",
        disabled=not changed,
        help=None if changed else text("saved.unchanged"),
        on_click=_rebuild,
        args=(data, read, recipe),
    )


def _decided(recipe: Recipe, key: str) -> Recipe:
    """`recipe` with what this session chose to do about findings and codes."""
    return replace(recipe, actions=findings.actions_of(key, dict(recipe.actions)), merges=merges.merges_of(key, dict(recipe.merges)))


def _save(read: Intake, came: Source, recipe: Recipe, data: Dataset | None, placed: str) -> None:
    if placed == NEW:
        st.text_input(text("save.title"), value=came.name.rsplit(".", 1)[0][:60], key=f"{TITLE}-{came.key}", max_chars=60)
    repaired = any(p.severity is Severity.WARNING for p in read.problems)
    st.button(
        text("save.repaired" if repaired else "save.button"),
        type="primary",
        on_click=_save_sales,
        args=(read, came, recipe, data),
        key="save-sales",
    )


def _placed(key: str, data: Dataset | None) -> str:
    """Whether the file becomes new data, goes on top of the data open, or becomes its sales."""
    if data is None:
        return NEW
    names = {
        NEW: text("save.new"),
        APPEND: text("tomorrow.place", title=plain(data.title)),
        REPLACE: text("save.replace", title=plain(data.title)),
    }
    widget = f"{PLACE}-{key}-{data.name}"
    chosen = st.radio(text("save.place"), list(names), format_func=names.__getitem__, key=widget, help=text("save.replace.help"))
    return str(chosen)


def _save_sales(read: Intake, came: Source, recipe: Recipe, data: Dataset | None) -> None:
    assert read.panel is not None
    replaced = data if data is not None and st.session_state.get(f"{PLACE}-{came.key}-{data.name}") == REPLACE else None
    with st.spinner(text("save.saving")):
        kept: dict[str, Any] = {"raw": [_without_customers(came.raw, recipe.mapping.customer)], "recipe": recipe.to_json()}
        facts = {"source": came.name}
        try:
            title = st.session_state.get(f"{TITLE}-{came.key}", "").strip() or came.name
            dataset = (
                saved.update_sales(replaced, read.panel, facts, **kept) if replaced else saved.save_sales(title, read.panel, facts, **kept)
            )
        except KeyError:
            return planner.complain("data.gone", title=plain(replaced.title if replaced else title))
        mapping.remember(came.long, recipe)
    forms.saved_once_more()
    return shell.use(dataset.name)


def _without_customers(table: pd.DataFrame, customer: str | None) -> pd.DataFrame:
    return table if customer is None or customer not in table.columns else without_names(table, customer, salt())


def _rebuild(data: Dataset, read: Intake, recipe: Recipe) -> None:
    """Unless somebody saved other sales meanwhile: these would take their place."""
    assert read.panel is not None
    try:
        if open_dataset(data.name).facts["fingerprint"] != data.facts["fingerprint"]:
            return planner.complain("tomorrow.moved_on", title=plain(data.title))
        with st.spinner(text("save.saving")):
            saved.update_sales(data, read.panel, {"source": data.facts["source"]}, recipe=recipe.to_json())
    except KeyError:
        return planner.complain("data.gone", title=plain(data.title))
    return planner.say("saved.rebuilt", title=plain(data.title))


@st.cache_resource(scope="session", max_entries=1, show_spinner=text("upload.reading"))
def _raw(name: str, fingerprint: str, _data: Dataset) -> Sequence[pd.DataFrame]:
    return saved.raw_of(_data, fingerprint)


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("upload.checking"))
def _read(version: str, _tables: Sequence[pd.DataFrame], _recipe: Recipe) -> Intake:
    return apply(_recipe, _tables, look=True)

"""The stock file on screen: uploaded, checked, saved; and the orders sent that it knows of."""

import pandas as pd
import streamlit as st

from inventory.matching import superseded
from inventory.sent import SentOrder
from inventory.stock import save_stock, summary, table_of
from inventory.stock_table import normalised
from inventory.terms import StockTerms, read_terms
from sales import datasets
from sales.problems import Problem, usable
from ui import forms, planner, purchases, session, stock_columns, stock_edit, tables
from ui.planner import name_of_planner
from ui.texts import plain, text
from workspace.datasets import Dataset

ALL, NONE, TICKED = "all", "none", "ticked"
_DONE = "stock-done"
COLUMNS = ("item", "quantity", "due", "supplier", "by", "at")


def form(dataset: Dataset) -> None:
    """The stock terms that go with `dataset`: uploaded or saved, with lead times measured, edited in a table, checked, saved."""
    panel, decided = session.panel_of(dataset), session.decisions_of(dataset)
    upload = st.file_uploader(text("upload.stock"), key=f"stock-file-{dataset.name}-{forms.saves()}", help=text("upload.stock.help"))
    _tell(dataset)
    saved, reading, roles = table_of(dataset, decided.stock), None, ""
    if upload is not None:
        reading = forms.read_upload(upload.file_id, upload.name, upload)
        if reading.table is None:
            tables.problems(reading.problems)
            return
        begun, roles = stock_columns.chosen(reading.table, upload.file_id)
    else:
        begun = dataset.read(saved) if saved else pd.DataFrame({"item": []}, dtype=object)
    key = f"{upload.file_id if upload else saved or ''}-{dataset.name}-{forms.saves()}{roles}"
    begun, taken = purchases.form(dataset, panel, begun, key)
    key = "-".join((key, *taken))
    edits = stock_edit.table(panel, begun, key)
    if upload is None and not taken and edits is None:
        terms, found = session.terms_of(dataset, decided)
        found = (*_superseded(dataset, begun), *found)
        if saved:
            _summary(terms)
        tables.problems(found, nothing="stock.saved" if saved else "", download=f"stock-problems-{key}")
        if saved:
            stock_edit.without_partner(panel, begun, key)
        return
    content = begun if edits is None else edits
    terms, found = read_terms(content, panel)
    found = (*(reading.problems if reading else ()), *_superseded(dataset, content), *found)
    _summary(terms)
    tables.problems(found, nothing="stock.nothing", download=f"stock-problems-{key}")
    if edits is None:
        stock_edit.without_partner(panel, begun, key)
    if usable(found):
        asked = upload is not None or any(one.startswith(purchases.OPEN) for one in taken)
        held = _held([order for order in decided.orders if order.state == "open"], key) if asked else []
        if upload is None and decided.orders:
            st.caption(text("stock.on_top"))
        arguments = (dataset, content, upload.name if upload else text("stock.edited"), held, upload is not None)
        ready = held is not None and (not decided.orders or bool(name_of_planner()))
        st.button(text("stock.save"), type="primary", on_click=_save, args=arguments, key="save-stock", disabled=not ready)


def _summary(terms: StockTerms) -> None:
    """The terms in a few numbers, each with its unit."""
    found = summary(terms)
    slots = st.columns(5)
    slots[0].metric(text("stock.counted", items=found.items), f"{found.counted:,}", help=text("stock.counted.help"))
    slots[1].metric(text("stock.on_hand"), f"{found.on_hand:,.10g}")
    slots[2].metric(text("stock.on_order"), f"{found.on_order:,.10g}", help=text("stock.on_order.help", owed=found.owed))
    days = f"{found.lead_time_days:,.10g}" if found.timed else text("table.none")
    slots[3].metric(text("stock.lead_time"), days, help=text("stock.lead_time.help", timed=found.timed))
    value = f"{found.value:,.0f}" if found.valued else text("table.none")
    money = plain(session.currency())
    slots[4].metric(text("stock.value", currency=money), value, help=text("stock.value.help", valued=found.valued))


def _superseded(dataset: Dataset, table: pd.DataFrame) -> list[Problem]:
    """What the stock file says of codes that took the place of others in the sales."""
    merges = (datasets.recipe_of(dataset) or {}).get("merges", {})
    return superseded(normalised(table)["item"].to_numpy(dtype=object), merges) if merges else []


def _tell(dataset: Dataset) -> None:
    """Says once, beside what it saved, that the last click did."""
    if st.session_state.pop(_DONE, None) == dataset.name:
        st.success(text("stock.done", title=plain(dataset.title)))


def _held(orders: list[SentOrder], file: str) -> list[int] | None:
    """Asks which of the orders under way the file's units on order hold; their ids, None until that is answered."""
    if not orders:
        return []
    st.markdown(text("stock.sent", count=len(orders), units=sum(order.quantity for order in orders)))
    answer = st.radio(
        text("stock.sent.which"), [ALL, NONE, TICKED], index=None, format_func=lambda a: text(f"stock.sent.{a}"), key=f"held-{file}"
    )
    ticked = planner.table(orders, COLUMNS, "sent.column", f"held-orders-{file}") if answer == TICKED else []
    return {ALL: [order.id for order in orders], NONE: [], TICKED: [order.id for order in ticked]}.get(answer)


def _save(dataset: Dataset, table: pd.DataFrame, file_name: str, held: list[int], counted: bool) -> None:
    save_stock(dataset, table, file_name, held, name_of_planner() or text("planner.nobody"), counted)
    st.session_state[_DONE] = dataset.name
    forms.saved_once_more()

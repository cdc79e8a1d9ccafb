"""The stock file on screen: uploaded, checked, saved; and the orders sent that it knows of."""

import pandas as pd
import streamlit as st

from inventory.sent import SentOrder
from inventory.stock import save_stock, table_of
from inventory.terms import read_terms
from sales.problems import usable
from ui import forms, planner, session, tables
from ui.planner import name_of_planner
from ui.texts import text
from workspace.datasets import Dataset

ALL, NONE, TICKED = "all", "none", "ticked"
COLUMNS = ("item", "quantity", "due", "supplier", "by", "at")


def form(dataset: Dataset) -> None:
    """Upload and saving of the stock terms that go with `dataset`; what is wrong with the saved ones."""
    panel, decided = session.panel_of(dataset), session.decisions_of(dataset)
    upload = st.file_uploader(text("upload.stock"), key=f"stock-file-{dataset.name}-{forms.saves()}", help=text("upload.stock.help"))
    if upload is None:
        there = table_of(dataset, decided.stock) is not None
        tables.problems(session.terms_of(dataset, decided)[1], nothing="stock.saved" if there else "")
        return
    reading = forms.read_upload(upload.file_id, upload.name, upload)
    found = reading.problems
    if reading.table is not None:
        found = (*found, *read_terms(reading.table, panel)[1])
    tables.problems(found, nothing="stock.nothing")
    if usable(found):
        held = _held([order for order in decided.orders if order.state == "open"], upload.file_id)
        arguments = (dataset, reading.table, upload.name, held)
        ready = held is not None and (not decided.orders or bool(name_of_planner()))
        st.button(text("stock.save"), type="primary", on_click=_save, args=arguments, key="save-stock", disabled=not ready)


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


def _save(dataset: Dataset, table: pd.DataFrame, file_name: str, held: list[int]) -> None:
    save_stock(dataset, table, file_name, held, name_of_planner() or text("planner.nobody"))
    forms.saved_once_more()

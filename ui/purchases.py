"""Purchase orders on screen: uploaded, the lead times that they measure, and what of them is used."""

import pandas as pd
import streamlit as st

from inventory.purchases import LEAST_ORDERS, Purchases, lead_times, read_purchases
from inventory.stock_table import normalised, with_lead_times, with_open_orders
from inventory.terms import read_terms
from sales.panel import SalesPanel
from sales.problems import Problem
from ui import findings, forms, tables
from ui.texts import text
from workspace.datasets import Dataset

HEIGHT = 320
LEAD_TIMES, OPEN = "lead-times", "open"


def form(dataset: Dataset, panel: SalesPanel, begun: pd.DataFrame, key: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Upload of purchase orders and what is taken of them; the stock file `begun` (its content named by `key`) with it, and the names of
    what was taken, () where nothing was."""
    with findings.opening(text("purchases.title"), f"purchases-{dataset.name}", ":material/local_shipping:"):
        name = f"purchases-file-{dataset.name}-{forms.saves()}"
        upload = st.file_uploader(text("purchases.upload"), key=name, help=text("purchases.upload.help"))
        if upload is None:
            return begun, ()
        reading = forms.read_upload(upload.file_id, upload.name, upload)
        if reading.table is None:
            tables.problems(reading.problems)
            return begun, ()
        bought, found, times = _measured(f"{upload.file_id} {key} {panel.fingerprint}", reading.table, begun, panel)
        tables.problems((*reading.problems, *found), nothing="purchases.nothing")
        taken = (*_lead_times(times, len(panel), upload.file_id), *_still_to_come(bought, upload.file_id))
    return (_with(begun, bought, times, taken) if taken else begun), tuple(f"{one}-{upload.file_id}" for one in taken)


def _lead_times(times: pd.DataFrame, items: int, file: str) -> list[str]:
    """Shows what was measured and asks whether it is used."""
    if times.empty:
        st.info(text("purchases.none", least=LEAST_ORDERS))
        return []
    own = int((times["lead_time_from"] == "item").sum())
    st.markdown(text("purchases.measured", items=len(times), all=items, own=own, shared=len(times) - own, least=LEAST_ORDERS))
    shown = times.assign(lead_time_from=[text(f"purchases.from.{one}") for one in times["lead_time_from"]])
    config = {name: text(f"purchases.column.{name}") for name in shown}
    st.dataframe(shown, hide_index=True, column_config=config, key=f"lead-times-{file}", height=HEIGHT if len(shown) > 8 else "auto")
    return [LEAD_TIMES] if st.checkbox(text("purchases.use_lead_times"), key=f"use-lead-times-{file}") else []


def _still_to_come(bought: Purchases, file: str) -> list[str]:
    orders = bought.open_orders()
    if orders.empty:
        return []
    label = text("purchases.use_open", lines=len(orders), units=float(orders["on_order"].sum()))
    return [OPEN] if st.checkbox(label, key=f"use-open-{file}") else []


def _with(begun: pd.DataFrame, bought: Purchases, times: pd.DataFrame, taken: tuple[str, ...]) -> pd.DataFrame:
    made = normalised(begun)
    made = with_lead_times(made, times) if LEAD_TIMES in taken else made
    return with_open_orders(made, bought.open_orders()) if OPEN in taken else made


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("upload.checking"))
def _measured(
    key: str, _table: pd.DataFrame, _begun: pd.DataFrame, _panel: SalesPanel
) -> tuple[Purchases, tuple[Problem, ...], pd.DataFrame]:
    bought, found = read_purchases(_table, _panel)
    return bought, found, lead_times(read_terms(_begun, _panel)[0], bought)

"""One item's SARIMA held against statsmodels: coefficients, what is left in the errors, how far the two forecasts are apart."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.reference import SarimaReference, order_of, sarima_reference
from sales.panel import SalesPanel
from ui.model_style import named
from ui.session import Result
from ui.texts import text

CHECKED = ("sarima", "arima")
SIGNIFICANT = 0.05


def section(result: Result, panel: SalesPanel, item: str) -> None:
    """For each model of the family that has an order for the item; fitted once it is opened."""
    for model in (model for model in CHECKED if model in result.models):
        if (order := order_of(result.detail(model, item))) is None:
            continue
        opened = st.expander(text("reference.title", model=named(model)), key=f"reference-{model}-{result.data}", on_change="rerun")
        if opened.open:
            with opened:
                _shown(result, panel, item, model, str(order))


def _shown(result: Result, panel: SalesPanel, item: str, model: str, order: str) -> None:
    ahead = result.forecast.query("item == @item and model == @model")["mean"].to_numpy(dtype=float)
    try:
        found = _fitted(panel.fingerprint, item, order, len(ahead), panel)
    except (ValueError, np.linalg.LinAlgError) as error:
        st.info(text("reference.failed", order=order, said=type(error).__name__))
        return
    columns = st.columns(4)
    columns[0].metric(text("reference.apart"), _share(found.apart(ahead)), help=text("reference.apart.help", model=named(model)))
    for column, (name, value) in zip(columns[1:], (("white", found.white), ("normal", found.normal), ("even", found.even)), strict=True):
        verdict = "yes" if value >= SIGNIFICANT else "no"
        column.metric(text(f"reference.{name}"), text(f"reference.{name}.{verdict}"), help=text(f"reference.{name}.help", lags=found.lags))
    p_values = {"white_p": found.white, "normal_p": found.normal, "even_p": found.even}
    st.caption(text("reference.fit", order=order, sigma=found.sigma, lags=found.lags, **p_values))
    if found.names:
        table = pd.DataFrame({"coefficient": found.names, "estimate": found.estimates, "error": found.errors})
        labels = {name: st.column_config.Column(text(f"reference.{name}")) for name in table.columns}
        st.dataframe(table.style.format({"estimate": "{:.4g}", "error": "{:.2g}"}), hide_index=True, column_config=labels)


def _share(value: float) -> str:
    return text("table.none") if np.isnan(value) else f"{value:.1%}"


@st.cache_resource(max_entries=64, show_spinner=text("reference.fitting"))
def _fitted(fingerprint: str, item: str, order: str, horizon: int, _panel: SalesPanel) -> SarimaReference:
    asked = order_of(order)
    assert asked is not None
    return sarima_reference(_panel, item, asked, horizon)

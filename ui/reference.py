"""One item's SARIMA or Prophet held against the library known for it: how far the forecasts are apart, what the library's fit tells."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import settings
from forecasting.reference import ProphetReference, SarimaReference, order_of, prophet_reference, sarima_reference
from sales.panel import SalesPanel
from ui.model_style import named
from ui.session import Result
from ui.texts import text

PROPHET = "prophet"
LIBRARIES = {"sarima": "statsmodels", "arima": "statsmodels", PROPHET: "prophet"}
SIGNIFICANT = 0.05
INTERCEPT = "intercept"  # as statsmodels calls the one coefficient that has a unit


def section(result: Result, panel: SalesPanel, item: str) -> None:
    """For each model that a library can fit too and that says what it settled on for the item; fitted once it is opened."""
    for model in (model for model in LIBRARIES if model in result.models):
        what = result.detail(model, item)
        if not what or (model != PROPHET and order_of(what) is None):
            continue
        title = text("reference.title", model=named(model), library=_library(model))
        opened = st.expander(title, key=f"reference-{model}-{result.data}", on_change="rerun")
        if opened.open:
            with opened:
                _shown(result, panel, item, model, what)


def _shown(result: Result, panel: SalesPanel, item: str, model: str, what: str) -> None:
    ahead = result.forecast.query("item == @item and model == @model")["mean"].to_numpy(dtype=float)
    try:
        found = _fitted(panel.fingerprint, item, model, what, _own(result, model), len(ahead), panel)
    except (ValueError, RuntimeError, np.linalg.LinAlgError) as error:
        st.info(text("reference.failed", library=_library(model), what=what, said=type(error).__name__))
        return
    columns = st.columns(3 if model == PROPHET else 4)
    explained = text("reference.apart.help", library=_library(model), model=named(model))
    columns[0].metric(text("reference.apart"), _share(found.apart(ahead)), help=explained)
    if model == PROPHET:
        columns[1].metric(text("reference.short"), f"{found.short:.2f}", help=text("reference.short.help"))
        columns[2].metric(text("reference.sigma"), f"{found.sigma:,.1f}", help=text("reference.sigma.help"))
        st.caption(text("reference.parts", what=" + ".join(found.parts)))
    else:
        _tests(columns[1:], found)


def _tests(columns: list[Any], found: SarimaReference) -> None:
    """What is left in the errors, and the coefficients."""
    for column, (name, value) in zip(columns, (("white", found.white), ("normal", found.normal), ("even", found.even)), strict=True):
        verdict = "yes" if value >= SIGNIFICANT else "no"
        column.metric(text(f"reference.{name}"), text(f"reference.{name}.{verdict}"), help=text(f"reference.{name}.help", lags=found.lags))
    p_values = {"white_p": found.white, "normal_p": found.normal, "even_p": found.even}
    st.caption(text("reference.fit", order=str(found.order), sigma=found.sigma, lags=found.lags, **p_values))
    if found.names:
        names = [text("reference.intercept") if name == INTERCEPT else name for name in found.names]
        table = pd.DataFrame({"coefficient": names, "estimate": found.estimates, "error": found.errors})
        labels = {name: st.column_config.Column(text(f"reference.{name}")) for name in table.columns}
        st.dataframe(table.style.format(dict.fromkeys(("estimate", "error"), "{:,.4g}")), hide_index=True, column_config=labels)


def _share(value: float) -> str:
    return text("table.none") if np.isnan(value) else f"{value:.1%}"


def _library(model: str) -> str:
    return text(f"reference.{LIBRARIES[model]}")


def _own(result: Result, model: str) -> dict[str, Any]:
    """The settings that the run gave the model."""
    return settings.with_country(result.settings.get("own", {}), result.settings.get("country")).get(model, {})


@st.cache_resource(max_entries=64, show_spinner=text("reference.fitting"))
def _fitted(
    fingerprint: str, item: str, model: str, what: str, own: dict[str, Any], horizon: int, _panel: SalesPanel
) -> SarimaReference | ProphetReference:
    if model == PROPHET:
        return prophet_reference(_panel, item, settings.made([model], {model: own})[0], horizon)
    order = order_of(what)
    assert order is not None
    return sarima_reference(_panel, item, order, horizon)

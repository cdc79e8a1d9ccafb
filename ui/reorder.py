"""The Reorder page's parts: sliders, totals, the list of all items, the files to download, in one fragment: a slider reruns no more."""

import numpy as np
import streamlit as st

from inventory import export
from inventory.plan import ReorderPlan, reorder_plan
from inventory.settings import PlanSettings
from inventory.terms import DEFAULT_LEAD_TIME_DAYS, DEFAULT_REVIEW_PERIOD_DAYS
from sales.panel import SalesPanel
from ui import charts, session, tables
from ui.session import Result
from ui.texts import plain, text
from ui.texts.reasons import reasons
from workspace.datasets import Dataset

LONGEST_DAYS = 180


def origin(result: Result, panel: SalesPanel) -> None:
    """Where the plan's numbers come from."""
    used = session.chosen_models(result)
    names = sorted({text(f"model.{model}") for model in used.values()})
    as_of = panel.calendar.last_day(panel.last)
    if len(used) < len(panel):
        st.warning(text("reorder.part", items=len(used), all=len(panel)))
    cutoffs = result.backtest["cutoff"].nunique()
    horizon, period = result.run.settings["horizon"], charts.period(panel)
    st.caption(
        text(
            "reorder.origin",
            as_of=as_of,
            last=panel.calendar.first_day(panel.last),
            items=len(used),
            all=len(panel),
            models=", ".join(names),
            cutoffs=cutoffs,
            horizon=horizon,
            period=period,
        )
    )


@st.fragment
def plan(data: Dataset, result: Result) -> None:
    """Sliders, and everything that follows from them, for all items at once."""
    settings = _sliders()
    made = reorder_plan(session.terms_of(data)[0], session.spread_of(data, result), session.panel_of(data).calendar, settings)
    _explain(made)
    shown = made.selected(_filters(made))
    currency = session.currency()
    _totals(shown, currency)
    tables.plan(shown, reasons(shown, np.arange(len(shown))), currency)
    _downloads(shown)


def _sliders() -> PlanSettings:
    columns = st.columns(4)
    level = columns[0].slider(
        text("reorder.service_level"),
        50.0,
        99.9,
        95.0,
        0.1,
        "%.1f %%",
        key="service-level",
        persist_state="session",
        help=text("reorder.service_level.help"),
    )
    factor = columns[1].slider(
        text("reorder.safety_factor"),
        0.0,
        3.0,
        1.0,
        0.05,
        key="safety-factor",
        persist_state="session",
        help=text("reorder.safety_factor.help"),
    )
    lead_time = _days(columns[2], "lead_time", DEFAULT_LEAD_TIME_DAYS)
    review = _days(columns[3], "review", DEFAULT_REVIEW_PERIOD_DAYS)
    methods = st.columns([3, 1], vertical_alignment="bottom")
    method = methods[0].radio(
        text("reorder.method"),
        ["backtest", "normal"],
        format_func=lambda m: text(f"method.{m}"),
        key="method",
        persist_state="session",
        horizontal=True,
    )
    methods[1].selectbox(
        text("reorder.currency"), session.CURRENCIES, key=session.CURRENCY, persist_state="session", accept_new_options=True
    )
    st.caption(text(f"method.{method}.help"))
    return PlanSettings(round(level / 100, 4), factor, lead_time, review, method)


def _days(column: st.delta_generator.DeltaGenerator, name: str, default: float) -> float | None:
    own = column.toggle(
        text(f"reorder.{name}.own"), value=True, key=f"{name}-own", persist_state="session", help=text(f"reorder.{name}.help")
    )
    days = column.slider(text(f"reorder.{name}"), 0, LONGEST_DAYS, int(default), key=name, persist_state="session", disabled=own)
    return None if own else float(days)


def _explain(made: ReorderPlan) -> None:
    """What the reader of the list must know before trusting it."""
    if made.targets_only:
        st.warning(text("reorder.targets"))
    if made.settings.safety_factor != 1:
        low, middle, high = made.effective_levels()
        st.info(
            text(
                "reorder.effective",
                asked=made.settings.service_level,
                factor=made.settings.safety_factor,
                low=low,
                middle=middle,
                high=high,
            )
        )
    for name, count in made.notes().items():
        st.caption(text(f"reorder.note.{name}", count=count, items=len(made)))


def _filters(made: ReorderPlan) -> np.ndarray:
    columns = st.columns([2, 2, 1], vertical_alignment="bottom")
    suppliers = columns[0].multiselect(text("reorder.suppliers"), _known(made.supplier), key="suppliers", persist_state="session")
    categories = columns[1].multiselect(text("reorder.categories"), _known(made.category), key="categories", persist_state="session")
    only = columns[2].toggle(text("reorder.only"), key="only-to-order", persist_state="session")
    wanted = np.full(len(made), True)
    if suppliers:
        wanted &= np.isin(made.supplier, suppliers)
    if categories:
        wanted &= np.isin(made.category, categories)
    return wanted & made.to_order if only else wanted


def _known(values: np.ndarray) -> list[str]:
    return sorted({value for value in values if value})


def _totals(shown: ReorderPlan, currency: str) -> None:
    totals = shown.totals()
    columns = st.columns(4)
    kind = "reorder.targets" if shown.targets_only else "reorder"
    columns[0].metric(text(f"{kind}.lines"), f"{totals.lines:,}", help=text("reorder.lines.help", items=len(shown)))
    columns[1].metric(text(f"{kind}.units"), f"{totals.units:,.0f}")
    value = text("table.none") if np.isnan(totals.value) else f"{totals.value:,.2f}"
    columns[2].metric(text(f"{kind}.value", currency=plain(currency)), value)
    columns[3].metric(text("reorder.safety_units"), f"{totals.safety_stock:,.0f}", help=text("reorder.safety_units.help"))
    asked = shown.settings
    st.caption(text("reorder.at", level=asked.service_level, factor=asked.safety_factor, lines=totals.lines, items=len(shown)))
    if totals.lines_without_cost:
        st.caption(text("reorder.without_cost", count=totals.lines_without_cost))


def _downloads(shown: ReorderPlan) -> None:
    blind = int((shown.to_order & np.isnan(shown.on_hand)).sum())
    agreed = not blind or st.checkbox(text("reorder.agree", count=blind), key="agree")
    every = st.toggle(text("reorder.every_row"), key="every-row", persist_state="session")
    columns = st.columns(2)
    for column, kind, write, mime in (
        (columns[0], "csv", export.reorder_csv, "text/csv"),
        (columns[1], "xlsx", export.reorder_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ):
        column.download_button(
            text(f"reorder.download.{kind}"),
            lambda write=write: write(shown, reasons(shown, np.arange(len(shown))), every),
            f"reorder-{shown.as_of:%Y-%m-%d}.{kind}",
            mime,
            key=f"download-{kind}",
            on_click="ignore",
            disabled=not agreed,
            type="primary" if kind == "csv" else "secondary",
            width="stretch",
        )

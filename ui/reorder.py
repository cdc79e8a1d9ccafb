"""The Reorder page's parts: where it comes from; settings, totals, the list, one line looked into, what the planner decides, the files to
take away. All in one fragment: a slider reruns no more."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from inventory import export
from inventory.plan import WIDE, ReorderPlan
from inventory.projection import arithmetic, arrivals, project
from inventory.statement import statement
from inventory.suppliers import below_minimum
from sales.panel import SalesPanel
from ui import adjustments, charts, downloads, order_charts, order_table, overrides, planner, sent, session, shell, sliders
from ui.desk import Desk, desk_of
from ui.session import Result
from ui.texts import plain, text
from workspace.datasets import Dataset, open_dataset

MOST_LINES_AT_ONCE = 1_000  # of a workbook: a tenth of a second


def origin(data: Dataset, result: Result, panel: SalesPanel) -> None:
    """Where the plan's numbers come from: sales, models, run, fingerprint; a warning where the data changed since."""
    used = session.chosen_models(result)
    names = sorted({text(f"model.{model}") for model in used.values()})
    if session.is_stale(data, result):
        st.warning(text("reorder.stale", fingerprint=result.fingerprint, now=data.facts["fingerprint"]))
        shell.link("compare", text("shell.go", page=text("compare.link")))
    if len(used) < len(panel):
        st.warning(text("reorder.part", items=len(used), all=len(panel)))
    st.caption(
        text(
            "reorder.origin",
            as_of=panel.calendar.last_day(panel.last),
            last=_days_of(panel),
            items=len(used),
            all=len(panel),
            models=", ".join(names),
            cutoffs=result.backtest["cutoff"].nunique(),
            horizon=result.settings["horizon"],
            period=charts.period(panel),
            run=result.run.name,
            fingerprint=result.fingerprint,
        )
    )


def _days_of(panel: SalesPanel) -> str:
    """The days of the last period."""
    first, last = panel.calendar.first_day(panel.last), panel.calendar.last_day(panel.last)
    return f"{last:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} – {last:%Y-%m-%d}"


@st.fragment
def plan(data: Dataset, result: Result) -> None:
    """Settings, and everything that follows from them, for all items at once."""
    if open_dataset(data.name).facts["fingerprint"] != data.facts["fingerprint"]:
        st.rerun()  # the sales were replaced while the page was open
    desk = desk_of(data, result)
    saved = desk.decided.settings
    settings = sliders.sliders(data, saved)
    made = desk.plan(settings)
    before = made if saved == settings else desk.plan(saved)
    sliders.save_or_reset(data, settings, saved)
    with st.container():  # as those below: always there, so that what follows keeps its place while words come and go with a slider
        _explain(made)
        _below_minimum(desk, made)
        overrides.ask_again(desk)
    rows = _filters(made, data)
    shown = made.selected(rows)
    with st.container():
        _totals(shown)
        sliders.what_changed(shown, before.selected(rows))
    chosen = order_table.page(desk, shown, (made.quantity - before.quantity)[rows], session.currency())
    with st.container():
        _line(desk, shown, chosen)
    _take_away(desk, shown)
    _decide(desk, made, shown, chosen)


def _explain(made: ReorderPlan) -> None:
    """What the reader of the list must know before trusting it."""
    if made.targets_only:
        st.warning(text("reorder.targets"))
    if made.settings.safety_factor != 1:
        low, middle, high = made.effective_levels()
        asked, factor = made.settings.service_level, made.settings.safety_factor
        st.info(text("reorder.effective", asked=asked, factor=factor, low=low, middle=middle, high=high))
    for name, count in made.notes().items():
        st.caption(text(f"reorder.note.{name}", count=count, items=len(made), times=WIDE))


def _below_minimum(desk: Desk, made: ReorderPlan) -> None:
    """Which suppliers' orders do not reach their minimum."""
    for line in below_minimum(made, desk.terms).itertuples():
        about = {"supplier": plain(str(line.supplier)), "value": line.value, "minimum": line.minimum, "currency": plain(session.currency())}
        st.warning(text("stock.below.unknown" if line.without_cost else "stock.below", **about))


def _filters(made: ReorderPlan, data: Dataset) -> np.ndarray:
    """Mask of the lines wanted, n."""
    columns = st.columns([4, 4, 4, 3], vertical_alignment="bottom")
    search = columns[0].text_input(text("reorder.search"), key=f"search-{data.name}", persist_state="session", icon=":material/search:")
    suppliers = columns[1].multiselect(
        text("reorder.suppliers"), _known(made.supplier), key=f"suppliers-{data.name}", persist_state="session"
    )
    categories = columns[2].multiselect(
        text("reorder.categories"), _known(made.category), key=f"categories-{data.name}", persist_state="session"
    )
    only = columns[3].toggle(text("reorder.only"), key="only-to-order", persist_state="session")
    wanted = np.full(len(made), True)
    if search.strip():
        wanted &= np.array([search.strip().casefold() in item.casefold() for item in made.items], dtype=bool)
    if suppliers:
        wanted &= np.isin(made.supplier, suppliers)
    if categories:
        wanted &= np.isin(made.category, categories)
    return wanted & made.to_order if only else wanted


def _known(values: np.ndarray) -> list[str]:
    return sorted({value for value in values if value})


def _totals(shown: ReorderPlan) -> None:
    totals = shown.totals()
    columns = st.columns(4)
    kind = "reorder.targets" if shown.targets_only else "reorder"
    columns[0].metric(text(f"{kind}.lines"), f"{totals.lines:,}", help=text("reorder.lines.help", items=len(shown)))
    columns[1].metric(text(f"{kind}.units"), f"{totals.units:,.0f}")
    value = text("table.none") if np.isnan(totals.value) else f"{totals.value:,.2f}"
    columns[2].metric(text(f"{kind}.value", currency=plain(session.currency())), value)
    columns[3].metric(text("reorder.safety_units"), f"{totals.safety_stock:,.0f}", help=text("reorder.safety_units.help"))
    asked = shown.settings
    st.caption(text("reorder.at", level=asked.service_level, factor=asked.safety_factor, lines=totals.lines, items=len(shown)))
    if totals.lines_without_cost:
        st.caption(text("reorder.without_cost", count=totals.lines_without_cost))


def _line(desk: Desk, shown: ReorderPlan, chosen: list[str]) -> None:
    """The first of the lines chosen: its reason, its arithmetic, its stock to come, its forecast where it was adjusted."""
    if not chosen:
        st.caption(text("line.choose"))
        return
    item, row = chosen[0], int(np.flatnonzero(shown.items == chosen[0])[0])
    st.subheader(text("line.title", item=plain(item)))
    st.markdown(plain(desk.reasons(shown, [row])[0]))
    if len(chosen) > 1:
        st.caption(text("line.first", count=len(chosen)))
    left, right = st.columns(2)
    with left:
        st.markdown(text("line.arithmetic"))
        steps = arithmetic(shown, row)
        if steps:
            st.plotly_chart(order_charts.waterfall(steps), key="waterfall")
        else:
            st.info(text("line.no_arithmetic"))
    with right:
        st.markdown(text("line.projection"))
        made = project(shown, row, desk.spread, desk.calendar, arrivals(desk.terms, desk.decided.receipts, item, shown.as_of))
        if made is None:
            st.info(text("line.no_projection"))
        else:
            st.plotly_chart(order_charts.projection(made), key="projection")
            st.caption(text("line.projection.help"))
    adjustments.shown(desk, item)


def _take_away(desk: Desk, shown: ReorderPlan) -> None:
    """The files, and the mark that they are sent; they ask first where the list is not what it seems."""
    st.subheader(text("reorder.take_away"))
    blind = int((shown.to_order & np.isnan(shown.on_hand)).sum())
    agreed = not blind or st.checkbox(text("reorder.agree", count=blind), key="agree")
    if session.is_stale(desk.data, desk.result):
        agreed &= st.checkbox(text("reorder.agree_stale"), key="agree-stale")
    every = st.toggle(text("reorder.every_row"), key="every-row", persist_state="session")
    name = f"reorder-{shown.as_of:%Y-%m-%d}"
    columns = st.columns(4)
    downloads.button(
        columns[0],
        "reorder.download.csv",
        lambda: export.reorder_csv(shown, desk.reasons(shown), every),
        f"{name}.csv",
        disabled=not agreed,
        type="primary",
    )
    few = len(shown) <= MOST_LINES_AT_ONCE
    downloads.button(
        columns[1],
        "reorder.download.xlsx",
        lambda: export.reorder_xlsx(shown, desk.reasons(shown), every),
        f"{name}.xlsx",
        at_once=few,
        disabled=not agreed,
    )
    rests_on = partial(_statement, desk, shown, _wanted(desk.data))
    downloads.button(columns[2], "reorder.download.statement", rests_on, f"{name}-statement.csv", disabled=not agreed)
    with columns[3]:
        sent.mark(desk, shown, agreed)


def _statement(desk: Desk, shown: ReorderPlan, narrowed: Mapping[str, Any]) -> bytes:
    """What the order list rests on, as a file."""
    about = {
        "currency": session.currency(),
        "items_of_the_data": str(desk.data.facts["items"]),
        "items_with_a_forecast": str(len(desk.spread.items)),
        "items_listed": str(len(shown)),
        **{name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in narrowed.items()},
    }
    return statement(shown, desk.data.name, desk.result.run, desk.decided, desk.moved, desk.models, datetime.now(UTC), about)


def _wanted(data: Dataset) -> dict[str, Any]:
    """What the list was narrowed to, by this session's fields."""
    names = {"search": f"search-{data.name}", "suppliers": f"suppliers-{data.name}", "categories": f"categories-{data.name}"}
    return {name: value for name, key in {**names, "only_to_order": "only-to-order"}.items() if (value := st.session_state.get(key))}


def _decide(desk: Desk, made: ReorderPlan, shown: ReorderPlan, chosen: list[str]) -> None:
    """What the planner decides: overrides, adjustments, orders sent. All of it is the server's, seen by all who open it."""
    st.subheader(text("planner.title"))
    st.caption(text("planner.shared"))
    with st.container():  # always there, so that the tabs below stay as they are when a word comes or goes
        planner.tell()
    tabs = st.tabs([text("override.tab"), text("adjustment.tab"), text("sent.tab")], key="decisions")
    with tabs[0]:
        overrides.form(desk, shown, chosen)
        overrides.listed(desk)
    with tabs[1]:
        adjustments.form(desk, made, chosen)
        adjustments.listed(desk)
    with tabs[2]:
        sent.listed(desk, made)

"""SARIMA with a search over orders, 1,000 series of two years of days: series a second beside AutoARIMA, and both their errors."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

from benchmarks import peers, shop
from benchmarks.figures import Figure
from benchmarks.sets import SalesSet, m5_store_dept
from forecasting.backtest import backtest
from forecasting.batched.orders import candidates
from forecasting.models import registry
from forecasting.scores import scores
from sales.panel import SalesPanel
from workspace.workers import one_job

SERIES, OF_THE_PEER = 1000, 30
DAYS, HORIZON, SEASON = 730, 28, 7
WINDOWS, APART = 15, 77
MOST_TIME, MOST_WAPE = 1 / 100, 1.01
PEER = "AutoARIMA"


def run() -> list[Figure]:
    """Series a second of processor time of both, all of it counted: imports, compilation, search, forecasts; and WAPE over the 28 days that
    followed on the 30 series that AutoARIMA forecasts too."""
    whole = windows()
    few = whole.first(OF_THE_PEER)
    theirs = peers.rows(few, [PEER])
    ours, seconds = _in_a_new_process(whole)
    rows = pd.concat([ours[ours["item"].isin(few.order)], theirs], ignore_index=True)
    wape = scores(rows, few.scale).set_index("model")["WAPE"]
    own, peer = seconds / SERIES, float(theirs["processor"].mean())
    note = (
        f"{len(candidates(SEASON, DAYS))} orders, horizon {HORIZON}, {int((ours['status'] == 'ok').sum() / HORIZON)} of {SERIES} series ok"
    )
    return [
        Figure("sarima", 1 / own, "series/s", note=note),
        Figure(PEER, 1 / peer, "series/s", note=f"{OF_THE_PEER} series"),
        Figure(f"sarima / {PEER}", own / peer, "ratio of s a series", at_most=MOST_TIME),
        Figure("sarima: WAPE", wape["sarima"], "share of sales", note=f"the {OF_THE_PEER} series"),
        Figure(f"{PEER}: WAPE", wape[peers.named(PEER)], "share of sales"),
        Figure(f"sarima / {PEER}: WAPE", wape["sarima"] / wape[peers.named(PEER)], "ratio", at_most=MOST_WAPE),
    ]


def windows() -> SalesSet:
    """1,000 real series of 758 days: each of the 70 stores and departments of m5_store_dept from 15 Mondays 11 weeks apart, so that they
    overlap, in one random order; each is told to end on the same day."""
    daily = m5_store_dept().panel
    first = (-daily.periods[0].weekday()) % SEASON
    starts = first + APART * np.arange(WINDOWS)
    y = np.concatenate([daily.y[:, at : at + DAYS + HORIZON] for at in starts])
    items = np.array([f"{item}_{at}" for at in starts for item in daily.items], dtype=object)
    y, items = y[np.argsort(items)], np.sort(items)
    periods = daily.calendar.range(daily.periods[first], DAYS + HORIZON)
    start, empty = (y != 0).argmax(axis=1), np.zeros(y.shape, dtype=bool)
    panel = SalesPanel(items, daily.calendar, periods, y, start, empty, season=SEASON)
    order = np.random.default_rng(0).permutation(items)
    return SalesSet("m5_windows", panel, HORIZON, (periods[DAYS - 1],), order=tuple(order)).first(SERIES)


def _in_a_new_process(cut: SalesSet) -> tuple[pd.DataFrame, float]:
    """Rows of `sarima`, and the processor seconds of a process in which nothing is compiled yet."""
    with shop.workspace(), one_job(), ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_forecast, cut).result()


def _forecast(cut: SalesSet) -> tuple[pd.DataFrame, float]:
    rows = backtest(cut.panel, [registry.model("sarima")], cut.horizon, cut.cutoffs)
    return rows, time.process_time()

"""A catalogue of 10,000 items over 730 days, compared with choice and spread: minutes, memory of all processes, linear in items."""

import math
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import ROOT
from benchmarks.figures import Figure
from benchmarks.shop import workspace
from forecasting import backtest as backtests
from forecasting.backtest import backtest
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from forecasting.scores import scores
from forecasting.totals import VERB as SPREAD
from sales.calendar import Calendar
from sales.panel import SalesPanel
from sales.storage import write_panel
from workspace import tables

FEW, MANY, DAYS, HORIZON, CUTOFFS = 1_000, 10_000, 730, 28, 3
BASELINES = ("naive", "seasonal_naive", "moving_average", "seasonal_average")
MODELS = (*BASELINES, "ets", "sarima", "boosting", "lstm", "auto")
TEN_TIMES = {"boosting": {"rows": 1_000_000}, "lstm": {"windows": 60_000}}  # what they learn from as they are
ALL = {"boosting": {"rows": 10**9}, "lstm": {"windows": 10**9}}
INTERVAL = 21
MOST_MINUTES, MOST_GB, MOST_EXPONENT, MOST_TIMES_ANEW = 30, 8, 1.1, 1.01
LOOKED_AT_EVERY = 2.0


@dataclass(frozen=True)
class Measured:
    """What a command took: seconds by the clock and of processors, and the most memory that its processes held together, bytes."""

    seconds: float
    processor: float
    memory: int


def run() -> list[Figure]:
    """Of 1,000 and of 10,000 items: minutes by the clock and of processors, GB; how minutes grow with items; and how much worse models
    shared by all items are on 1,000 for learning once, of a sample."""
    found = {items: measured(items) for items in (FEW, MANY)}
    figures = []
    for items, took in found.items():
        promised = {"clock": MOST_MINUTES, "memory": MOST_GB} if items == MANY else {}
        figures += [
            Figure(f"{items:,} items, compare and spread", took.seconds / 60, "min", at_most=promised.get("clock")),
            Figure(f"{items:,} items, of all processors", took.processor / 60, "min"),
            Figure(f"{items:,} items, memory of all processes", took.memory / 1e9, "GB", at_most=promised.get("memory")),
        ]
    grown = math.log(found[MANY].processor / found[FEW].processor) / math.log(MANY / FEW)
    linear = "1: linear; less: a part of the work is the same for few"
    return [*figures, Figure("minutes grow with items to the power of", grown, "", at_most=MOST_EXPONENT, note=linear), *once(shop(FEW))]


def shop(items: int, seed: int = 30) -> SalesPanel:
    """A made-up catalogue: negative binomial sales a day around a level, a week, a year and a slow trend of each item's own, a few large
    and many small ones; a tenth began within the two years, and a tenth sells on few days."""
    rng = np.random.default_rng(seed)
    day = np.arange(DAYS)
    level = rng.lognormal(1.0, 1.2, (items, 1))
    level[rng.random(items) < 0.1] = 0.15
    week = np.exp(rng.normal(0, 0.25, (items, 7)))[:, day % 7]
    year = np.exp(rng.uniform(0, 0.5, (items, 1)) * np.sin(2 * np.pi * (day / 365 + rng.random((items, 1)))))
    mean = level * week * year * np.exp(rng.normal(0, 0.2, (items, 1)) * day / 365)
    size = rng.uniform(1, 8, (items, 1))
    units = rng.poisson(rng.gamma(size, mean / size)).astype(np.float32)
    start = np.where(rng.random(items) < 0.1, rng.integers(0, DAYS - 90, items), 0)
    codes = np.array([f"P{item:05d}" for item in range(items)], dtype=object)
    calendar = Calendar("D")
    empty = np.zeros(units.shape, dtype=bool)
    return SalesPanel(codes, calendar, calendar.range(pd.Timestamp("2023-01-01"), DAYS), units, start, empty, season=7)


def measured(items: int) -> Measured:
    """What the commands take over a catalogue of so many items, each a process with processes of its own. Raises CalledProcessError."""
    with workspace() as home:
        sales = home / "catalogue.parquet"
        write_panel(sales, shop(items))
        typed = ["compare", str(sales), "--horizon", str(HORIZON), "--cutoffs", str(CUTOFFS), "--models", ",".join(MODELS)]
        took = [_watched(typed), _watched([SPREAD, str(sales), "--interval", str(INTERVAL), "--out", str(home / "spread.parquet")])]
        _say_parts(home)
    return Measured(sum(one.seconds for one in took), sum(one.processor for one in took), max(one.memory for one in took))


def once(panel: SalesPanel, more: Mapping[str, Mapping[str, Any]] = TEN_TIMES, anew: bool = True) -> list[Figure]:
    """WAPE of models that learn once, at the earliest cutoff, as they are, over that of the same that learn from `more`, at each cutoff
    where `anew`, else once as well. Of 1,000 items ten times as much is a ninth of the rows that there are, and a tenth of the windows;
    to learn once from `ALL` takes boosting 25 minutes on one core and 9.4 GB."""
    cutoffs = last_cutoffs(panel, CUTOFFS, HORIZON)
    usual, other = _learning(panel, {model: {} for model in more}, cutoffs, False), _learning(panel, more, cutoffs, anew)
    wapes = [scores(rows, panel).set_index("model")["WAPE"] for rows in (usual, other)]
    return [
        Figure(
            f"{model} on {len(panel):,} items, learning once / {'anew' if anew else 'once'} from more",
            float(wapes[0][model] / wapes[1][model]),
            "ratio of WAPE",
            at_most=MOST_TIMES_ANEW,
            note=" / ".join(next(iter(rows.attrs["details"][model].values())) for rows in (usual, other)),
        )
        for model in more
    ]


def _learning(panel: SalesPanel, models: Mapping[str, Mapping[str, Any]], cutoffs: Sequence[pd.Timestamp], anew: bool) -> pd.DataFrame:
    """Rows of models with these settings that learn anew at each cutoff, or once."""
    before = backtests.TRAINED_ONCE_FROM
    backtests.TRAINED_ONCE_FROM = len(panel) * len(cutoffs) + 1 if anew else 1
    try:
        return backtest(panel, [registry.model(name, **settings) for name, settings in models.items()], HORIZON, cutoffs)
    finally:
        backtests.TRAINED_ONCE_FROM = before


def _watched(typed: list[str]) -> Measured:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "forecasting", *typed], cwd=ROOT, stdout=sys.stderr)
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(LOOKED_AT_EVERY):
            most[0] = max(most[0], _held(process.pid))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        code = process.wait()
    finally:
        ended.set()
        watcher.join()
    if code:
        raise subprocess.CalledProcessError(code, process.args)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(time.perf_counter() - began, processor, most[0])


def _held(pid: int) -> int:
    """Bytes that a process and those it started hold, what several share counted once."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
        children = [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:  # it has just ended
        return total
    return total + sum(_held(int(child)) for child in children)


def _say_parts(home: Path) -> None:
    """Seconds of the parts of each model, to see what takes them."""
    spent: dict[str, float] = {}
    for part in home.glob("runs/*/parts/*.parquet"):
        kind, model, *_ = part.name.split("-")
        spent[f"{kind} {model}"] = spent.get(f"{kind} {model}", 0.0) + tables.read_metadata(part)["seconds"]
    for name, seconds in sorted(spent.items(), key=lambda one: -one[1]):
        print(f"{name}: {seconds:.0f} s", file=sys.stderr)

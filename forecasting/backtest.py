"""Backtests: every model forecasts from several past cutoffs and is compared with what then sold."""

import time
import zlib
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from forecasting.forecast import LEVELS, Forecast
from forecasting.forecaster import Cost, Forecaster, driver_rows
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from workspace.tasks import Task

LEAST_SEEN = 2

MOST_EXPLAINED = 200
ITEMS_PER_CHUNK = {Cost.INSTANT: 500, Cost.FAST: 50, Cost.SLOW: 8}


def last_cutoffs(panel: SalesPanel, count: int, horizon: int) -> list[pd.Timestamp]:
    """`count` rolling origins one horizon apart, the last horizon ending at the last period.

    Raises InputProblems where the history is too short to leave 2 periods before the first.
    """
    most = most_cutoffs(panel, horizon)
    if not 1 <= count <= most:
        params = {"most": most, "horizon": horizon, "periods": len(panel.periods)}
        raise InputProblems([Problem("too_many_cutoffs", got=str(count), params=params)])
    last = len(panel.periods) - 1
    return [panel.periods[last - horizon * k] for k in range(count, 0, -1)]


def most_cutoffs(panel: SalesPanel, horizon: int) -> int:
    """How many origins one horizon apart the history has room for."""
    return max(0, (len(panel.periods) - LEAST_SEEN) // horizon)


def parse_cutoffs(panel: SalesPanel, text: str, horizon: int) -> list[pd.Timestamp]:
    """Cutoffs from what a person typed: a count ("3") or dates ("2024-03-31,2024-04-28"), each taken as the period it falls into.

    Raises InputProblems for anything else, and for a date that leaves less than 2 periods before it or less than a horizon after it.
    """
    if text.strip().isdecimal():
        return last_cutoffs(panel, int(text), horizon)
    found, problems = [], []
    first, last = panel.periods[LEAST_SEEN - 1], panel.periods[max(len(panel.periods) - 1 - horizon, 0)]
    for part in text.split(","):
        date = pd.to_datetime(part.strip(), errors="coerce")
        label = None if pd.isna(date) else panel.calendar.label(pd.DatetimeIndex([date]))[0]
        if label is None or not first <= label <= last:
            params = {"first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}", "horizon": horizon}
            problems.append(Problem("cutoff_outside" if label is not None else "cutoff_not_a_date", got=part.strip(), params=params))
        else:
            found.append(label)
    if problems:
        raise InputProblems(problems)
    return sorted(set(found))


def backtest(
    panel: SalesPanel,
    models: Sequence[Forecaster],
    horizon: int,
    cutoffs: Sequence[pd.Timestamp],
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
) -> pd.DataFrame:
    """Tidy rows of every model from every cutoff (see `Forecast.to_frame`), `y` being the demand that followed (NaN where not known); by
    model, cutoff, item, date.

    A model sees only `panel.until(cutoff, horizon)`. What it settles once (`Forecaster.tuned`) it settles at the first cutoff. What failed
    is a row too. `attrs["details"]` has {model: {item: what it settled on}}. With auto among the models there are columns runner_up and
    reason (see `forecasting.automatic`).
    """
    from forecasting.automatic import BACKTEST, Work, called  # which is made of the tasks below

    work = Work(panel, models, horizon, cutoffs, levels, seed, beyond=False)
    parts = called(work.tasks)
    return work.rows(BACKTEST, parts, work.choices(parts))


def forecast_all(
    panel: SalesPanel, models: Sequence[Forecaster], horizon: int, levels: Sequence[float] = LEVELS, seed: int = 0
) -> pd.DataFrame:
    """Tidy rows of every model's forecast from the last period, `y` NaN; order and `attrs["details"]` as in `backtest`."""
    from forecasting.automatic import FORECAST, Work, called

    work = Work(panel, models, horizon, (), levels, seed)
    parts = called(work.tasks)
    return work.rows(FORECAST, parts, work.choices(parts))


def backtest_tasks(
    panel: SalesPanel,
    models: Sequence[Forecaster],
    horizon: int,
    cutoffs: Sequence[pd.Timestamp],
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
) -> list[Task]:
    """The steps of `backtest`: a chunk of items at all cutoffs; for a model shared by all items, all of them at one cutoff.

    A chunk is the same whatever the number of processes, and its answer does not depend on other chunks.
    """
    tasks = []
    for model in models:
        name = model.card.name
        if model.card.shared:
            for k in range(len(cutoffs)):
                call = partial(_backtested, panel, model, horizon, tuple(cutoffs), (k,), tuple(levels), seed, 0)
                tasks.append(Task(f"backtest-{name}-{k:05d}", name, call, max(len(panel), 1)))
            continue
        every = tuple(range(len(cutoffs)))
        for at, chunk in enumerate(_chunks(panel, model)):
            call = partial(_backtested, chunk, model, horizon, tuple(cutoffs), every, tuple(levels), seed, at)
            tasks.append(Task(f"backtest-{name}-{at:05d}", name, call, max(len(chunk), 1) * len(cutoffs)))
    return tasks


def forecast_tasks(
    panel: SalesPanel, models: Sequence[Forecaster], horizon: int, levels: Sequence[float] = LEVELS, seed: int = 0
) -> list[Task]:
    """The steps of `forecast_all`: a chunk of items; for a model shared by all items, all of them."""
    tasks = []
    for model in models:
        name = model.card.name
        for at, chunk in enumerate([panel] if model.card.shared else _chunks(panel, model)):
            call = partial(_forecast, chunk, model, horizon, tuple(levels), seed, at)
            tasks.append(Task(f"forecast-{name}-{at:05d}", name, call, max(len(chunk), 1)))
    return tasks


def driver_tasks(panel: SalesPanel, models: Sequence[Forecaster], horizon: int, seed: int = 0) -> list[Task]:
    """The steps that ask models what drives their forecast (`Forecaster.drivers`), of those that can say: one shared by all items once,
    another for chunks of the 200 items with most units sold. Parts have rows `model, item, kind, name, ds, value`; one that raised has
    none, and `attrs["said"]` has {model: why}."""
    few = panel.select(panel.best_sellers(MOST_EXPLAINED))
    tasks = []
    for model in [model for model in models if type(model).drivers is not Forecaster.drivers]:
        name = model.card.name
        for at, chunk in enumerate([panel] if model.card.shared else _chunks(few, model)):
            call = partial(_drivers, chunk, model, horizon, seed, at)
            tasks.append(Task(f"drivers-{name}-{at:05d}", name, call, max(len(chunk), 1)))
    return tasks


def joined_drivers(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of `driver_tasks` as one table, in their order; `attrs["said"]` has {model: why it has no rows}."""
    rows = pd.concat([_bare(part) for part in parts], ignore_index=True)
    rows.attrs["said"] = {model: why for part in parts for model, why in part.attrs.get("said", {}).items()}
    return rows


def joined(parts: Sequence[pd.DataFrame], models: Sequence[Forecaster]) -> pd.DataFrame:
    """The parts of all tasks, in their order, as one table by model, cutoff, item, date."""
    details: dict[str, dict[str, str]] = {model.card.name: {} for model in models}
    for part in parts:
        for name, settled_on in part.attrs["details"].items():
            details[name].update(settled_on)
    rows = pd.concat([_bare(part) for part in parts], ignore_index=True)
    place = rows["model"].map({name: at for at, name in enumerate(details)})
    rows = rows.iloc[np.lexsort((rows["cutoff"].to_numpy(), place.to_numpy()))].reset_index(drop=True)
    rows.attrs["details"] = details
    return rows


def _bare(part: pd.DataFrame) -> pd.DataFrame:
    """`part` without what travels beside it, which would be compared with that of every other part."""
    bare = part.copy(deep=False)
    bare.attrs = {}
    return bare


def _chunks(panel: SalesPanel, model: Forecaster) -> list[SalesPanel]:
    """Pieces of the items, in order, as large as suits the cost of the model; one even where there is no item."""
    size = ITEMS_PER_CHUNK[model.card.cost]
    return [panel.select(np.arange(at, min(at + size, len(panel)))) for at in range(0, max(len(panel), 1), size)]


def _backtested(
    panel: SalesPanel,
    model: Forecaster,
    horizon: int,
    cutoffs: tuple[pd.Timestamp, ...],
    asked: tuple[int, ...],
    levels: tuple[float, ...],
    seed: int,
    chunk: int,
) -> pd.DataFrame:
    """Rows of one model from the cutoffs at the places `asked`."""
    name = model.card.name
    began = time.perf_counter()
    model = model.tuned(panel.until(cutoffs[0], horizon), rng_for(name, seed, -1, chunk))
    tuning = (time.perf_counter() - began) / max(len(panel), 1)
    parts, details, failed = [], {}, 0
    for k in asked:
        forecast = model.forecast(panel.until(cutoffs[k], horizon), horizon, levels, rng_for(name, seed, k, chunk))
        part = forecast.to_frame(actual_after(panel, cutoffs[k], horizon))
        part["seconds"] += tuning if k == 0 else 0.0
        parts.append(part)
        details = settled(forecast)
        failed += int(forecast.failed.sum())
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs = {"details": {name: details}, "failed": failed}
    return rows


def _forecast(panel: SalesPanel, model: Forecaster, horizon: int, levels: tuple[float, ...], seed: int, chunk: int) -> pd.DataFrame:
    """Rows of one model past the end."""
    name = model.card.name
    forecast = model.forecast(panel, horizon, levels, rng_for(name, seed, 0, chunk))
    rows = forecast.to_frame()
    rows.attrs = {"details": {name: settled(forecast)}, "failed": int(forecast.failed.sum())}
    return rows


def actual_after(panel: SalesPanel, cutoff: pd.Timestamp, horizon: int) -> np.ndarray:
    """Demand of the `horizon` periods after `cutoff`, items x horizon, NaN where not known or past the end."""
    at = int(panel.periods.get_loc(cutoff)) + 1
    actual = np.full((len(panel), horizon), np.nan)
    known = panel.demand[:, at : at + horizon]
    actual[:, : known.shape[1]] = known
    return actual


def settled(forecast: Forecast) -> dict[str, str]:
    """What the model settled on, by item, where it says so."""
    return {item: detail for item, detail in zip(forecast.items, forecast.detail, strict=True) if detail}


def rng_for(model: str, seed: int, cutoff: int, chunk: int = 0) -> np.random.Generator:
    """A generator of its own for each model, cutoff and chunk of items, so that adding one changes no other's answer."""
    return np.random.default_rng([seed, zlib.crc32(model.encode()), cutoff + 1, chunk])


def _drivers(panel: SalesPanel, model: Forecaster, horizon: int, seed: int, chunk: int) -> pd.DataFrame:
    """What drives the forecast of one model; nothing is worth losing the run's forecasts for."""
    name, said = model.card.name, {}
    try:
        rows = model.drivers(panel, horizon, rng_for(name, seed, 0, chunk))
    except Exception as error:
        rows, said = driver_rows([]), {name: f"{type(error).__name__}: {error}"}
    rows = rows.reset_index(drop=True)
    rows.insert(0, "model", name)
    rows.attrs = {"said": said, "failed": 0}
    return rows

"""Backtests: every model forecasts from several past cutoffs and is compared with what then sold."""

import hashlib
import pickle
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd

from forecasting.forecast import LEVELS, Forecast
from forecasting.forecaster import Cost, Forecaster, driver_rows
from forecasting.source import Source, buckets
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from workspace.tables import Beside
from workspace.tasks import KEPT, Task

LEAST_SEEN = 2

MOST_EXPLAINED = 200
TRAINED_ONCE_FROM = 3_000
ITEMS_PER_BUCKET = {Cost.INSTANT: 500, Cost.BATCHED: 500, Cost.FAST: 50, Cost.SLOW: 8}


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
    panel: SalesPanel,
    models: Sequence[Forecaster],
    horizon: int,
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
    cutoffs: Sequence[pd.Timestamp] = (),
) -> pd.DataFrame:
    """Tidy rows of every model's forecast from the last period, `y` NaN; order and `attrs["details"]` as in `backtest`. cutoffs: those by
    which auto chooses, beside earlier ones, as it does where they are scored; none: it takes the last ones that it needs."""
    from forecasting.automatic import FORECAST, Work, called

    work = Work(panel, models, horizon, cutoffs, levels, seed, scored=False)
    parts = called(work.tasks)
    return work.rows(FORECAST, parts, work.choices(parts))


def backtest_tasks(
    panel: SalesPanel,
    models: Sequence[Forecaster],
    horizon: int,
    cutoffs: Sequence[pd.Timestamp],
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
    source: Source | None = None,
) -> list[Task]:
    """The steps of `backtest`: a bucket of items at all cutoffs; for a model shared by all items, all of them at one cutoff, or where it is
    trained once (see `trained_once`) at all.

    source: where they find the panel; None: in memory.

    A bucket is the same whatever the number of processes, and its answer does not depend on other buckets.
    """
    source, tasks = source or Source(panel), []
    at = [int(panel.periods.get_loc(cutoff)) for cutoff in cutoffs]
    seen = panel.until(panel.periods[min(max(at) + horizon, len(panel.periods) - 1)], 0) if at else panel
    asked = (horizon, tuple(cutoffs), tuple(levels), seed)
    every = tuple(range(len(cutoffs)))
    for model in models:
        name = model.card.name
        for number, rows in _buckets(panel, model).items():
            for k in [(k,) for k in every] if model.card.shared and not trained_once(model, panel, cutoffs) else [every]:
                call = partial(_backtested, source, rows, model, horizon, tuple(cutoffs), k, tuple(levels), seed, number)
                place = k[0] if model.card.shared else number
                weight = max(len(panel if rows is None else rows), 1) * len(k)
                tasks.append(Task(f"backtest-{name}-{place:05d}", name, call, weight, _digest(seen, rows, model, *asked, k, number)))
    return tasks


def forecast_tasks(
    panel: SalesPanel,
    models: Sequence[Forecaster],
    horizon: int,
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
    source: Source | None = None,
    kept: Mapping[str, bytes] = MappingProxyType({}),
) -> list[Task]:
    """The steps of `forecast_all`: a bucket of items; for a model shared by all items, all of them. kept: by the name of a task what the
    model kept of an earlier forecast (see `Forecaster.trained`), to forecast with."""
    source, tasks = source or Source(panel), []
    for model in models:
        name = model.card.name
        for number, rows in _buckets(panel, model).items():
            task = f"forecast-{name}-{number:05d}"
            call = partial(_forecast, source, rows, model, horizon, tuple(levels), seed, number, kept.get(task))
            weight = max(len(panel if rows is None else rows), 1)
            of = _digest(panel, rows, model, horizon, tuple(levels), seed, number, zlib.crc32(kept.get(task, b"")))
            tasks.append(Task(task, name, call, weight, of))
    return tasks


def driver_tasks(panel: SalesPanel, models: Sequence[Forecaster], horizon: int, seed: int = 0, source: Source | None = None) -> list[Task]:
    """The steps that ask models what drives their forecast (`Forecaster.drivers`), of those that can say: one shared by all items once,
    another for buckets of the 200 items with most units sold. Parts have rows `model, item, kind, name, ds, value`; one that raised has
    none, and `attrs["said"]` has {model: why}."""
    source, tasks = source or Source(panel), []
    best = panel.best_sellers(MOST_EXPLAINED)
    for model in [model for model in models if type(model).drivers is not Forecaster.drivers]:
        name = model.card.name
        for number, rows in _buckets(panel.select(best), model).items():
            chosen = None if rows is None else best[rows]
            call = partial(_drivers, source, chosen, model, horizon, seed, number)
            of = _digest(panel, chosen, model, horizon, seed, number)
            tasks.append(Task(f"drivers-{name}-{number:05d}", name, call, max(len(panel if chosen is None else chosen), 1), of))
    return tasks


def _buckets(panel: SalesPanel, model: Forecaster) -> dict[int, np.ndarray | None]:
    """Positions of the items that a task takes, by its number; of a model shared by all items all of them (None)."""
    return {0: None} if model.card.shared else {**buckets(panel.items, ITEMS_PER_BUCKET[model.card.cost])}


def _digest(panel: SalesPanel, rows: np.ndarray | None, model: Forecaster, *asked: object) -> str:
    """16 hexadecimal digits of all that a part depends on, the program aside."""
    seen = panel if rows is None else panel.select(rows)
    return hashlib.blake2b(repr((seen.fingerprint, model, asked)).encode(), digest_size=8).hexdigest()


def joined_drivers(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of `driver_tasks` as one table, in their order; `attrs["said"]` has {model: why it has no rows}."""
    rows = pd.concat([_bare(part) for part in parts], ignore_index=True)
    rows.attrs["said"] = {model: why for part in parts for model, why in part.attrs.get("said", {}).items()}
    return rows


def joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The parts of one model as one table by cutoff, item, date."""
    parts = list(parts)
    rows = together(parts)
    item = pd.factorize(rows["item"], sort=True)[0]
    attrs, rows.attrs = rows.attrs, {}
    rows = rows.iloc[np.lexsort((item, rows["cutoff"].to_numpy()))].reset_index(drop=True)
    rows.attrs = attrs
    return rows


def together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other; `attrs["details"]` has {model: {item: what it settled on}} of all."""
    details: dict[str, dict[str, str]] = defaultdict(dict)
    bare = []
    for part in parts:
        for name, settled_on in part.attrs["details"].items():
            details[name].update(settled_on)
        bare.append(_bare(part))
    rows = pd.concat(bare, ignore_index=True)
    rows.attrs["details"] = Beside(details)
    return rows


def _bare(part: pd.DataFrame) -> pd.DataFrame:
    """`part` without what travels beside it, which would be compared with that of every other part."""
    bare = part.copy(deep=False)
    bare.attrs = {}
    return bare


def _backtested(
    source: Source,
    rows: np.ndarray | None,
    model: Forecaster,
    horizon: int,
    cutoffs: tuple[pd.Timestamp, ...],
    asked: tuple[int, ...],
    levels: tuple[float, ...],
    seed: int,
    bucket: int,
) -> pd.DataFrame:
    """Rows of one model from the cutoffs at the places `asked`."""
    panel, name = source.part(rows), model.card.name
    began = time.perf_counter()
    model = model.tuned(panel.until(cutoffs[0], horizon), rng_for(name, seed, -1, bucket))
    if model.card.shared and len(asked) > 1:
        model = _trained(model, panel.until(cutoffs[0], horizon), horizon, levels, rng_for(name, seed, 0, bucket))
    tuning = (time.perf_counter() - began) / max(len(panel), 1)
    parts, forecasts = [], []
    for k in asked:
        forecast = model.forecast(panel.until(cutoffs[k], horizon), horizon, levels, rng_for(name, seed, k, bucket))
        part = forecast.to_frame(actual_after(panel, cutoffs[k], horizon))
        part["seconds"] += tuning if k == 0 else 0.0
        parts.append(part)
        forecasts.append(forecast)
    return _told(pd.concat(parts, ignore_index=True), name, forecasts)


def trained_once(model: Forecaster, panel: SalesPanel, cutoffs: Sequence[pd.Timestamp]) -> bool:
    """Whether a model shared by all items learns at the first cutoff alone and answers all later ones from that: where it can, at several
    cutoffs, from 3,000 items x cutoffs on. Fewer cost little, and each cutoff then shows what the model would be by then."""
    several = len(cutoffs) > 1 and len(panel) * len(cutoffs) >= TRAINED_ONCE_FROM
    return several and model.card.shared and type(model).trained is not Forecaster.trained


def _trained(model: Forecaster, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecaster:
    """What `model` keeps of `panel`; itself where that cannot be learnt from, which its forecasts then say."""
    try:
        return model.trained(panel, horizon, levels, rng)
    except Exception:
        return model


def _forecast(
    source: Source,
    rows: np.ndarray | None,
    model: Forecaster,
    horizon: int,
    levels: tuple[float, ...],
    seed: int,
    bucket: int,
    kept: bytes | None,
) -> pd.DataFrame:
    """Rows of one model past the end; `attrs["kept"]` has what it keeps for later ones."""
    panel, name = source.part(rows), model.card.name
    if kept is not None:
        model = pickle.loads(kept).tuned(panel, rng_for(name, seed, -1, bucket))  # an item that came since has its own choices to make
    elif model.keeps:
        model = _trained(model, panel, horizon, levels, rng_for(name, seed, 0, bucket))
    forecast = model.forecast(panel, horizon, levels, rng_for(name, seed, 0, bucket))
    told = _told(forecast.to_frame(), name, [forecast])
    if kept is None and model.keeps:
        told.attrs[KEPT] = pickle.dumps(model)
    return told


def _told(rows: pd.DataFrame, model: str, forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """`rows` with what travels beside them: what was settled on last, and what failed and why."""
    reasons = Counter(status for forecast in forecasts for status in forecast.status[forecast.failed])
    rows.attrs = {"details": Beside({model: settled(forecasts[-1])}), "failed": sum(reasons.values()), "reasons": dict(reasons)}
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


def rng_for(model: str, seed: int, cutoff: int, bucket: int = 0) -> np.random.Generator:
    """A generator of its own for each model, cutoff and bucket of items, so that adding one changes no other's answer."""
    return np.random.default_rng([seed, zlib.crc32(model.encode()), cutoff + 1, bucket])


def _drivers(source: Source, rows: np.ndarray | None, model: Forecaster, horizon: int, seed: int, bucket: int) -> pd.DataFrame:
    """What drives the forecast of one model; nothing is worth losing the run's forecasts for."""
    name, said = model.card.name, {}
    try:
        found = model.drivers(source.part(rows), horizon, rng_for(name, seed, 0, bucket))
    except Exception as error:
        found, said = driver_rows([]), {name: f"{type(error).__name__}: {error}"}
    found = found.reset_index(drop=True)
    found.insert(0, "model", name)
    found.attrs = {"said": said, "failed": 0}
    return found

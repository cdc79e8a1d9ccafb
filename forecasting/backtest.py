"""Backtests: every model forecasts from several past cutoffs and is compared with what then sold."""

import hashlib
import pickle
import time
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from forecasting.fallbacks import NO_HISTORY
from forecasting.forecast import LEVELS, Forecast
from forecasting.forecaster import Cost, Forecaster, driver_rows
from forecasting.parts import called
from forecasting.source import Source, buckets
from sales.panel import SalesPanel
from workspace.tables import Beside
from workspace.tasks import KEPT, Task

BACKTEST, FORECAST = "backtest", "forecast"
MOST_EXPLAINED = 200
TRAINED_ONCE_FROM = 3_000
ITEMS_PER_BUCKET = {Cost.INSTANT: 500, Cost.BATCHED: 500, Cost.FAST: 50, Cost.SLOW: 8}


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
    from forecasting.automatic import Work  # which is made of the tasks below

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
    from forecasting.automatic import Work

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
    stage: str = BACKTEST,
    since: np.ndarray | None = None,
    kept: Mapping[str, bytes] = MappingProxyType({}),
    had: int | None = None,
) -> list[Task]:
    """The steps of `backtest`: a bucket of items at all cutoffs; for a model shared by all items, all of them at one cutoff, or where it is
    trained once (see `trained_once`) at all.

    source: where they find the panel; None: in memory. stage: what their names begin with. since: positions of the only items that are
    asked, as an earlier run asked all others; kept: by the name of its task what a shared model learnt then, to answer for them too; had:
    of how many items.

    A bucket is the same whatever the number of processes, and its answer does not depend on other buckets.
    """
    if not cutoffs:
        return []
    source, tasks = source or Source(panel), []
    last = max(int(panel.periods.get_loc(cutoff)) for cutoff in cutoffs) + horizon
    seen = panel.until(panel.periods[min(last, len(panel.periods) - 1)], 0)
    asked = (horizon, tuple(cutoffs), tuple(levels), seed)
    every, before = tuple(range(len(cutoffs))), len(panel) if had is None else had
    for model in models:
        name, shared = model.card.name, model.card.shared
        for number, rows in _buckets(panel, model, since).items():
            for k in [(k,) for k in every] if shared and not trained_once(model, before, cutoffs) else [every]:
                task = f"{stage}-{name}-{k[0] if shared else number:05d}"
                learnt = kept.get(task, b"") if shared else b""
                call = partial(_backtested, source, rows, model, horizon, tuple(cutoffs), k, tuple(levels), seed, number, learnt)
                weight = max(len(panel if rows is None else rows), 1) * len(k)
                tasks.append(Task(_called(task, since), name, call, weight, _digest(seen, rows, model, learnt, *asked, k, number)))
    return tasks


def forecast_tasks(
    panel: SalesPanel,
    models: Sequence[Forecaster],
    horizon: int,
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
    source: Source | None = None,
    since: np.ndarray | None = None,
    kept: Mapping[str, bytes] = MappingProxyType({}),
) -> list[Task]:
    """The steps of `forecast_all`: a bucket of items; for a model shared by all items, all of them. kept: by the name of a task what the
    model kept of an earlier forecast (see `Forecaster.trained`), to forecast with. since: positions of the only items that are asked, as
    other steps ask all others; of what was kept only shared models are theirs."""
    source, tasks = source or Source(panel), []
    for model in models:
        name = model.card.name
        for number, rows in _buckets(panel, model, since).items():
            task = f"{FORECAST}-{name}-{number:05d}"
            learnt = kept.get(task, b"") if since is None or model.card.shared else b""
            call = partial(_forecast, source, rows, model, horizon, tuple(levels), seed, number, learnt)
            weight = max(len(panel if rows is None else rows), 1)
            of = _digest(panel, rows, model, learnt, horizon, tuple(levels), seed, number)
            tasks.append(Task(_called(task, since), name, call, weight, of))
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
            of = _digest(panel, chosen, model, b"", horizon, seed, number)
            tasks.append(Task(f"drivers-{name}-{number:05d}", name, call, max(len(panel if chosen is None else chosen), 1), of))
    return tasks


def _buckets(panel: SalesPanel, model: Forecaster, since: np.ndarray | None = None) -> dict[int, np.ndarray | None]:
    """Positions of the items that a task takes, by its number; of a model shared by all items all of them (None). since: only these."""
    if model.card.shared:
        return {0: since}
    found = buckets(panel.items if since is None else panel.items[since], ITEMS_PER_BUCKET[model.card.cost])
    return {number: rows if since is None else since[rows] for number, rows in found.items()}


def _called(task: str, since: np.ndarray | None) -> str:
    return task if since is None else f"{task}-since"


def _digest(panel: SalesPanel, rows: np.ndarray | None, model: Forecaster, learnt: bytes, *asked: object) -> str:
    """16 hexadecimal digits of all that a part depends on, the program aside."""
    told = _read(panel if rows is None else panel.select(rows), model)
    seen = [told.fingerprint] if _alone(rows, model) else [_read(panel, model).fingerprint, told.fingerprint]
    return hashlib.blake2b(repr((seen, model, zlib.crc32(learnt), asked)).encode(), digest_size=8).hexdigest()


def _read(panel: SalesPanel, model: Forecaster) -> SalesPanel:
    """`panel` with the attributes that the model reads."""
    names = [name for name in panel.attributes if name in model.attributes]
    return replace(panel, attributes=panel.attributes[names] if names else pd.DataFrame())


def _alone(rows: np.ndarray | None, model: Forecaster) -> bool:
    """Whether a model that is asked for these items looks at no others. One shared by all items does, also where it has learnt already:
    which features there are, a category that some have and others not, a mark, is told by all of them."""
    return rows is None or not model.card.shared


def _seen(source: Source, rows: np.ndarray | None, model: Forecaster) -> tuple[SalesPanel, np.ndarray | slice]:
    """The items that a model looks at, and the places among them of those that it is asked for."""
    return (source.part(rows), slice(None)) if _alone(rows, model) else (source.panel, rows if rows is not None else slice(None))


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
    learnt: bytes,
) -> pd.DataFrame:
    """Rows of one model from the cutoffs at the places `asked`; `attrs["kept"]` has what a shared one learnt at the first of them."""
    (panel, places), name = _seen(source, rows, model), model.card.name
    began = time.perf_counter()
    keeps = model.card.shared and model.learns and not learnt
    model = pickle.loads(learnt) if learnt else model.tuned(panel.until(cutoffs[0], horizon), rng_for(name, seed, -1, bucket))
    if keeps:
        model = _trained(model, panel.until(cutoffs[asked[0]], horizon), horizon, levels, rng_for(name, seed, asked[0], bucket))
    settling = (time.perf_counter() - began) / max(len(panel), 1)
    parts, forecasts = [], []
    for k in asked:
        forecast = model.forecast(panel.until(cutoffs[k], horizon), horizon, levels, rng_for(name, seed, k, bucket)).select(places)
        part = forecast.to_frame(actual_after(panel, cutoffs[k], horizon)[places])
        part["seconds"] += settling if (keeps and k == asked[0]) or k == 0 else 0.0
        parts.append(part)
        forecasts.append(forecast)
    told = _told(pd.concat(parts, ignore_index=True), name, forecasts, panel.last)
    if keeps:
        told.attrs[KEPT] = pickle.dumps(model)
    return told


def trained_once(model: Forecaster, items: int, cutoffs: Sequence[pd.Timestamp]) -> bool:
    """Whether a model shared by so many items learns at the first cutoff alone and answers all later ones from that: where it can, at
    several cutoffs, from 3,000 items x cutoffs on. Fewer cost little, and each cutoff then shows what the model would be by then."""
    return len(cutoffs) > 1 and items * len(cutoffs) >= TRAINED_ONCE_FROM and model.card.shared and model.learns


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
    learnt: bytes,
) -> pd.DataFrame:
    """Rows of one model past the end; `attrs["kept"]` has what it keeps for later ones."""
    (panel, places), name = _seen(source, rows, model), model.card.name
    if learnt:
        model = pickle.loads(learnt).tuned(panel, rng_for(name, seed, -1, bucket))  # an item that came since has its own choices to make
    elif model.keeps:
        model = _trained(model, panel, horizon, levels, rng_for(name, seed, 0, bucket))
    forecast = model.forecast(panel, horizon, levels, rng_for(name, seed, 0, bucket)).select(places)
    told = _told(forecast.to_frame(), name, [forecast], panel.last)
    if not learnt and model.keeps:
        told.attrs[KEPT] = pickle.dumps(model)
    return told


def _told(rows: pd.DataFrame, model: str, forecasts: Sequence[Forecast], last: pd.Timestamp) -> pd.DataFrame:
    """`rows` with what travels beside them: what was settled on last, and what failed and why."""
    rows.attrs = {"details": Beside({model: settled(forecasts[-1])}), **failures(forecasts, last)}
    return rows


def failures(forecasts: Sequence[Forecast], last: pd.Timestamp) -> dict[str, Any]:
    """What a part says of its failures (see `Task`). An item whose history begins after a cutoff before `last`, the end of the sales,
    cannot be backtested there: its rows say so, and nothing failed."""
    failed = Counter(status for forecast in forecasts for status in forecast.status[forecast.failed & ~_not_begun(forecast, last)])
    return {"failed": sum(failed.values()), "reasons": dict(failed)}


def _not_begun(forecast: Forecast, last: pd.Timestamp) -> np.ndarray:
    return (forecast.status == NO_HISTORY) & (forecast.cutoff < last)


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

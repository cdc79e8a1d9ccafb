"""The spread of total demand over an interval, as a run: one model forecasts from many past cutoffs, closely spaced, and its errors of the
total give the quantiles (`forecasting.spread`)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting import comparison
from forecasting.backtest import ITEMS_PER_BUCKET, actual_after, failures, rng_for
from forecasting.forecast import quantile_column
from forecasting.forecaster import Forecaster
from forecasting.refresh import SALES
from forecasting.source import Source, buckets
from forecasting.spread import DemandSpread, spread_of
from sales.panel import SalesPanel
from workspace import runs, tables
from workspace.runs import Run
from workspace.tasks import Task, Tell, work
from workspace.workers import Backend

VERB = "spread"
MODEL = "linear"
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.975, 0.99)
MOST_CUTOFFS = 65
ENOUGH_CUTOFFS = 26
DAYS_APART = 7
_ANSWERS_COME_FROM = ("calibration.py", "spread.py", "totals.py")


@dataclass(frozen=True)
class Totals:
    """What a run is asked for. model: a name in the registry. interval: periods. levels: rising, between 0 and 1. cutoffs: at most so many.
    own: settings of the model that are not its defaults, {model: {field: value}}. country: whose holidays count, "" none."""

    model: str
    interval: int
    levels: tuple[float, ...] = LEVELS
    cutoffs: int = MOST_CUTOFFS
    seed: int = comparison.SEED
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    country: str = ""

    def settings(self, fingerprint: str) -> dict[str, Any]:
        """What names the run over the panel with this fingerprint."""
        asked = {**asdict(self), "levels": list(self.levels), "verb": VERB}
        return {**asked, "fingerprint": fingerprint, "code": comparison.code(_ANSWERS_COME_FROM)}


def backtested_length(panel: SalesPanel, interval: int) -> int:
    """How many periods of an interval are backtested: a third of the history at most. Longer ones are extrapolated."""
    return min(interval, max(len(panel.periods) // 3, 1))


def dense_cutoffs(panel: SalesPanel, length: int, most: int = MOST_CUTOFFS) -> list[pd.Timestamp]:
    """The last cutoffs whose next `length` periods are known, `most` at most, rising: every period; of days every week, so that a year is
    reached, where 26 fit. The first has a third of the history behind it, and a season where that leaves half of the history."""
    periods = len(panel.periods)
    first = max(periods // 3, min(panel.season + 1, periods // 2), 2)
    step = DAYS_APART if panel.calendar.frequency == "D" and periods - length - first >= DAYS_APART * (ENOUGH_CUTOFFS - 1) else 1
    places = range(periods - length, first - 1, -step)[:most]
    return [panel.periods[seen - 1] for seen in reversed(places)]


def spread_tasks(panel: SalesPanel, model: Forecaster, asked: Totals, source: Source | None = None) -> list[Task]:
    """The steps: all items at one cutoff for a model shared by them, else some items at all; the last period is one of the cutoffs.
    source: where they find the panel; None: in memory."""
    source = source or Source(panel)
    length = backtested_length(panel, asked.interval)
    cutoffs = [*dense_cutoffs(panel, length, asked.cutoffs), panel.last]
    name = model.card.name
    every = tuple(range(len(cutoffs)))
    calls: dict[int, tuple[np.ndarray | None, tuple[int, ...]]] = {k: (None, (k,)) for k in every}
    if not model.card.shared:
        calls = {number: (rows, every) for number, rows in buckets(panel.items, ITEMS_PER_BUCKET[model.card.cost]).items()}
    tasks = []
    for number, (rows, places) in calls.items():
        call = partial(_means, source, rows, model, tuple(cutoffs), places, length, asked, 0 if model.card.shared else number)
        tasks.append(Task(f"{VERB}-{name}-{number:05d}", name, call, max(len(panel if rows is None else rows), 1) * len(places)))
    return tasks


def _means(
    source: Source,
    rows: np.ndarray | None,
    model: Forecaster,
    cutoffs: tuple[pd.Timestamp, ...],
    places: tuple[int, ...],
    length: int,
    asked: Totals,
    chunk: int,
) -> pd.DataFrame:
    """Rows `item, cutoff, status` and the mean of each period after the cutoff, named by its step; of past cutoffs the first `length`."""
    panel, name = source.part(rows), model.card.name
    model = model.tuned(panel.until(cutoffs[0], asked.interval), rng_for(name, asked.seed, -1, chunk))
    parts, forecasts = [], []
    for k in places:
        ahead = asked.interval if cutoffs[k] == panel.last else length
        forecast = model.forecast(panel.until(cutoffs[k], ahead), ahead, (0.5,), rng_for(name, asked.seed, k, chunk))
        frame = pd.DataFrame(forecast.mean, columns=[str(step) for step in range(1, ahead + 1)])
        frame.insert(0, "item", panel.items)
        parts.append(frame.assign(cutoff=cutoffs[k], status=forecast.status))
        forecasts.append(forecast)
    made = pd.concat(parts, ignore_index=True)
    made.attrs = failures(forecasts, panel.last)
    return made


def spread_from(panel: SalesPanel, model: str, rows: pd.DataFrame, interval: int) -> DemandSpread:
    """The spread of `panel` from the rows of all parts."""
    length = backtested_length(panel, interval)
    cutoffs = [cutoff for cutoff in sorted(rows["cutoff"].unique()) if cutoff < panel.last]
    steps = [str(step) for step in range(1, interval + 1)]
    by_cutoff = {cutoff: part.set_index("item").loc[panel.items, steps].to_numpy(dtype=float) for cutoff, part in rows.groupby("cutoff")}
    mean = np.stack([by_cutoff[cutoff][:, :length] for cutoff in cutoffs], axis=1) if cutoffs else np.empty((len(panel), 0, length))
    y = np.stack([actual_after(panel, cutoff, length) for cutoff in cutoffs], axis=1) if cutoffs else mean
    return spread_of(panel, np.full(len(panel), model, dtype=object), by_cutoff[panel.last], cutoffs, y, mean)


def table(spread: DemandSpread, status: np.ndarray, interval: int, levels: Sequence[float]) -> pd.DataFrame:
    """One row an item.

    item; cutoff, the last period seen; model; interval, periods; mean, units, of the total over the interval; q0.9 and the like, units, its
    quantiles, never below 0; scale, units: the item's usual error of a total as long as that, before its class is looked at; class, ABC by
    units and XYZ by regularity; cutoffs and errors that the quantiles rest on in that class; tail, whether the highest one is beyond what
    errors reach; extrapolated, whether the interval is longer than what was backtested; status as in a forecast.
    """
    periods = np.full(len(spread.items), float(interval))
    mean = spread.mean(periods)
    errors, cutoffs = spread.rests_on(periods)
    frame = pd.DataFrame({"item": spread.items, "cutoff": spread.cutoff, "model": spread.model, "interval": interval, "mean": mean})
    for level in levels:
        frame[quantile_column(level)] = np.maximum(mean + spread.excess(periods, level), 0.0)
    return frame.assign(
        scale=spread.scale * np.sqrt(interval),
        **{"class": spread.kind},
        cutoffs=cutoffs,
        errors=errors,
        tail=spread.beyond(periods, max(levels)),
        extrapolated=spread.extrapolated(periods),
        status=status,
    )


def spread_run(
    asked: Totals,
    panel: SalesPanel,
    model: Forecaster,
    tell: Tell = lambda _: None,
    backend: Backend = Backend(),  # noqa: B008
) -> Run:
    """Works on the run that is `asked`; its folder then holds spread.parquet, the rows of `table`. Raises what `work` raises."""
    settings = asked.settings(panel.fingerprint)
    source = Source(panel, Run(runs.name_of(settings)).folder / SALES)

    def assemble(run: Run, files: list[Path]) -> None:
        rows = pd.concat(tables.Tables(files), ignore_index=True)
        last = rows[rows["cutoff"] == panel.last].set_index("item")
        made = table(
            spread_from(panel, asked.model, rows, asked.interval), last.loc[panel.items, "status"].to_numpy(), asked.interval, asked.levels
        )
        tables.write_table(run.folder / f"{VERB}.parquet", made, {"fingerprint": panel.sales_fingerprint})

    return work(settings, spread_tasks(panel, model, asked, source), assemble, tell, lambda _: source.write(), backend)

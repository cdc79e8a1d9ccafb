"""Backtests: every model forecasts from several past cutoffs and is compared with what then sold."""

import time
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from forecasting.forecast import LEVELS, Forecast
from forecasting.forecaster import Forecaster
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem

LEAST_SEEN = 2

Progress = Callable[[str, int, int, int], None]
"""Told after each step: what was done (a model's name), steps done, steps in all, items failed so far."""


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
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tidy rows of every model from every cutoff (see `Forecast.to_frame`), `y` being the demand that followed (NaN where not known).

    A model sees only `panel.until(cutoff, horizon)`. What it settles once (`Forecaster.tuned`) it settles at the first cutoff. What failed
    is a row too. `attrs["details"]` has {model: {item: what it settled on}}.
    """
    parts: list[pd.DataFrame] = []
    details: dict[str, dict[str, str]] = {}
    failed, total = 0, len(models) * len(cutoffs)
    for model in models:
        name = model.card.name
        began = time.perf_counter()
        model = model.tuned(panel.until(cutoffs[0], horizon), rng_for(name, seed, -1))
        tuning = (time.perf_counter() - began) / max(len(panel), 1)
        for k, cutoff in enumerate(cutoffs):
            forecast = model.forecast(panel.until(cutoff, horizon), horizon, levels, rng_for(name, seed, k))
            part = forecast.to_frame(actual_after(panel, cutoff, horizon))
            part["seconds"] += tuning if k == 0 else 0.0
            parts.append(part)
            details[name] = settled(forecast)
            failed += int(forecast.failed.sum())
            if progress:
                progress(name, len(parts), total, failed)
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs["details"] = details
    return rows


def forecast_all(
    panel: SalesPanel,
    models: Sequence[Forecaster],
    horizon: int,
    levels: Sequence[float] = LEVELS,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Tidy rows of every model's forecast from the last period, `y` NaN; `attrs["details"]` as in `backtest`."""
    parts, details, failed = [], {}, 0
    for model in models:
        name = model.card.name
        forecast = model.forecast(panel, horizon, levels, rng_for(name, seed, 0))
        parts.append(forecast.to_frame())
        details[name] = settled(forecast)
        failed += int(forecast.failed.sum())
        if progress:
            progress(name, len(parts), len(models), failed)
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs["details"] = details
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


def rng_for(model: str, seed: int, cutoff: int) -> np.random.Generator:
    """A generator of its own for each model and cutoff, so that adding one changes no other's answer."""
    return np.random.default_rng([seed, zlib.crc32(model.encode()), cutoff + 1])

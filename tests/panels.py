"""Small panels of sales for tests."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sales.calendar import Calendar
from sales.panel import SalesPanel

ITEMS, DAYS, AHEAD = 8, 112, 16  # tests that keep to these sizes share what is compiled for them
_ALIAS = {"D": "D", "W": "W-MON", "M": "MS"}


def panel(
    y: ArrayLike,
    frequency: str = "D",
    start: str = "2023-01-02",
    season: int | None = None,
    covariates: Mapping[str, ArrayLike] | None = None,
    items: Sequence[str] | None = None,
    starts: Sequence[int] | None = None,
    out_of_stock: ArrayLike | None = None,
) -> SalesPanel:
    """The rows of `y` (one series or items x periods, NaN: unknown) as items A000, A001, … from `start`, a Monday or a month's first day.

    A covariate may be one row for all items, and longer than `y`: what is known ahead.
    """
    block = np.atleast_2d(np.asarray(y, dtype=np.float32))
    n, periods = block.shape
    calendar = Calendar(_ALIAS[frequency])
    blocks = {name: np.atleast_2d(np.asarray(values, dtype=np.float32)) for name, values in (covariates or {}).items()}
    return SalesPanel(
        items=np.array(items if items is not None else [f"A{i:03d}" for i in range(n)], dtype=object),
        calendar=calendar,
        periods=calendar.range(pd.Timestamp(start), periods),
        y=block,
        start=np.asarray(starts if starts is not None else np.zeros(n), dtype=int),
        out_of_stock=np.zeros((n, periods), dtype=bool) if out_of_stock is None else np.atleast_2d(np.asarray(out_of_stock, dtype=bool)),
        covariates={name: np.broadcast_to(b, (n, b.shape[1])).copy() for name, b in blocks.items()},
        season=calendar.season if season is None else season,
    )


def weekly_shop(n: int, periods: int, rng: np.random.Generator, frequency: str = "D", season: int = 7) -> SalesPanel:
    """`n` items of Poisson sales around 20 with a season and a slow trend of their own, no covariates."""
    t = np.arange(periods)
    level = rng.uniform(10, 40, size=(n, 1))
    wave = 1 + 0.4 * np.sin(2 * np.pi * (t + rng.integers(season, size=(n, 1))) / season)
    trend = 1 + rng.uniform(-0.2, 0.3, size=(n, 1)) * t / periods
    return panel(rng.poisson(level * wave * trend), frequency=frequency, season=season)

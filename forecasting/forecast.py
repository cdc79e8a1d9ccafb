"""Forecast: what a model says of every item."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sales.panel import SalesPanel

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.975)
OK = "ok"


@dataclass(frozen=True, eq=False)
class Forecast:
    """Mean and quantiles of demand, units per period.

    items: n codes. cutoff: last period seen. ds: h labels after it. levels: L probabilities, rising. mean: n x h. quantiles: n x h x L;
    they never cross. Nothing is negative or infinite. model: the model asked for; model_used: n names of what answered; status: n of "ok",
    "fallback: REASON" (another method answered, named in model_used) or "failed: REASON" (mean and quantiles are NaN).
    detail: n texts, what the model settled on (the order of a SARIMA). seconds: n, computing time of each item.
    """

    items: np.ndarray
    cutoff: pd.Timestamp
    ds: pd.DatetimeIndex
    levels: tuple[float, ...]
    mean: np.ndarray
    quantiles: np.ndarray
    model: str
    model_used: np.ndarray
    status: np.ndarray
    detail: np.ndarray
    seconds: np.ndarray

    @property
    def failed(self) -> np.ndarray:
        """Mask of the items without an answer, n."""
        return np.array([status.startswith("failed") for status in self.status], dtype=bool)

    def select(self, rows: np.ndarray | slice) -> "Forecast":
        """The items at a mask or positions."""
        own = ("items", "mean", "quantiles", "model_used", "status", "detail", "seconds")
        return replace(self, **{name: getattr(self, name)[rows] for name in own})

    def to_frame(self, actual: np.ndarray | None = None) -> pd.DataFrame:
        """Tidy rows `item, ds, cutoff, model, model_used, y, mean, q…, seconds, status`; `actual` is units, n x h (NaN where absent)."""
        n, h = self.mean.shape
        y = np.full((n, h), np.nan) if actual is None else actual
        frame = pd.DataFrame({"item": np.repeat(self.items, h), "ds": np.tile(self.ds, n)})
        frame["cutoff"] = self.cutoff
        frame["model"] = self.model
        frame["model_used"] = np.repeat(self.model_used, h)
        frame["y"] = y.ravel().astype(float)
        frame["mean"] = self.mean.ravel()
        for k, level in enumerate(self.levels):
            frame[quantile_column(level)] = self.quantiles[:, :, k].ravel()
        frame["seconds"] = np.repeat(self.seconds, h)
        frame["status"] = np.repeat(self.status, h)
        return frame


def quantile_column(level: float) -> str:
    """The column that holds a quantile: 0.95 -> "q0.95"."""
    return f"q{level:g}"


def blank(model: str, panel: SalesPanel, horizon: int, levels: Sequence[float], status: str = OK) -> Forecast:
    """A forecast of `panel` that says nothing yet: all NaN, for a model to fill."""
    n = len(panel)
    return Forecast(
        items=panel.items,
        cutoff=panel.last,
        ds=panel.calendar.after(panel.last, horizon),
        levels=tuple(levels),
        mean=np.full((n, horizon), np.nan),
        quantiles=np.full((n, horizon, len(levels)), np.nan),
        model=model,
        model_used=np.full(n, model, dtype=object),
        status=np.full(n, status, dtype=object),
        detail=np.full(n, "", dtype=object),
        seconds=np.zeros(n),
    )

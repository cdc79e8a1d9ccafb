"""Where a model errs: backtest rows sliced by step after the cutoff, weekday, month, promotion and the size of demand."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.scores import comparable, with_step
from sales.panel import SalesPanel

STEP, WEEKDAY, MONTH, PROMOTION, LEVEL = "step", "weekday", "month", "promotion", "level"
PROMOTED = "promotion"
# Sales of a period over the item's usual ones: the upper end of each class but the last
LEVELS = {"nothing": 0.0, "low": 0.5, "usual": 1.5, "high": np.inf}


def sliced(rows: pd.DataFrame, panel: SalesPanel) -> pd.DataFrame:
    """`comparable` rows with a column for each way to slice them that these sales have.

    step: 1 for the first period after the cutoff. weekday: 0 Monday to 6, of days only. month: 1 to 12. promotion: whether the covariate of
    this name is above 0, where there is one. level: a class of LEVELS, sales over the item's mean of the known periods up to the first
    cutoff.
    """
    common = with_step(comparable(rows))
    ds = pd.DatetimeIndex(common["ds"])
    if panel.calendar.frequency == "D":
        common[WEEKDAY] = ds.day_of_week
    common[MONTH] = ds.month
    place = np.searchsorted(panel.items, common["item"].to_numpy(dtype=object))
    if PROMOTED in panel.covariates:
        block = panel.covariates[PROMOTED]
        common[PROMOTION] = block[place, panel.periods.get_indexer(ds)] > 0
    common[LEVEL] = _levels(common, panel, place)
    return common


def by(slices: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each model and each value of `column` of `sliced` rows: WAPE and bias, shares (NaN where nothing sold), error: mean
    absolute error, off: mean of forecast - sales, both units a period, periods: how many rows it rests on."""
    off = slices["mean"] - slices["y"]
    table = pd.DataFrame({"absolute": off.abs(), "off": off, "sold": slices["y"].abs(), "periods": 1})
    sums = table.groupby([slices["model"], slices[column]], sort=True, observed=True).sum()
    sold = sums["sold"].where(sums["sold"] > 0)
    found = {"WAPE": sums["absolute"] / sold, "bias": sums["off"] / sold, "error": sums["absolute"] / sums["periods"]}
    return pd.DataFrame({**found, "off": sums["off"] / sums["periods"], "periods": sums["periods"]}).reset_index()


def values(table: pd.DataFrame, way: str) -> list[object]:
    """The values of one way to slice in a table of `by`, in their order."""
    return list(table[way].drop_duplicates().sort_values())


def ways(slices: pd.DataFrame) -> Sequence[str]:
    """The ways in which these rows are sliced, in the order to show them; one that does not tell them apart is none."""
    return [name for name in (STEP, WEEKDAY, MONTH, PROMOTION, LEVEL) if name in slices and slices[name].nunique() > 1]


def _levels(common: pd.DataFrame, panel: SalesPanel, place: np.ndarray) -> pd.Categorical:
    seen = int(panel.periods.get_loc(common["cutoff"].min())) + 1 if len(common) else 0
    history = pd.DataFrame(panel.demand[:, :seen])
    usual = history.mean(axis=1).to_numpy(dtype=float)[place]
    y = common["y"].to_numpy(dtype=float)
    ratio = np.divide(y, usual, out=np.full(len(y), np.inf), where=usual > 0)
    at = np.where(y <= 0, 0, np.searchsorted(list(LEVELS.values()), ratio))
    return pd.Categorical.from_codes(at, categories=list(LEVELS), ordered=True)

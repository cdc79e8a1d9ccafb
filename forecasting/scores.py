"""Scores: the metrics of backtest rows, by model and by whatever else is asked, on the rows that every model answered."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting import metrics
from sales.panel import SalesPanel

METRICS = ("WAPE", "bias", "MAE", "RMSE", "MSE", "R2", "MAPE", "sMAPE", "MASE", "RMSSE", "pinball", "coverage")
LOWER_IS_BETTER = ("WAPE", "MAE", "RMSE", "MSE", "MAPE", "sMAPE", "MASE", "RMSSE", "pinball")
COVERAGE_LEVEL = 0.95
LEAST_ANSWERED = 0.5


def comparable(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose actual is known and which every model answered: a model that fails on hard items must not look better for it.

    A model that answered less than half of its rows takes no part: it has no rows here, and the others are compared without it.
    """
    answered = rows["mean"].notna().groupby(rows["model"]).mean()
    known = rows[rows["y"].notna() & rows["model"].isin(answered.index[answered >= LEAST_ANSWERED])]
    failed = known.loc[known["mean"].isna(), ["item", "cutoff"]].drop_duplicates()
    if failed.empty:
        return known
    return known[~pd.MultiIndex.from_frame(known[["item", "cutoff"]]).isin(pd.MultiIndex.from_frame(failed))]


def scores(rows: pd.DataFrame, panel: SalesPanel) -> pd.DataFrame:
    """A row a model with every metric over `comparable` rows, seconds (an item and cutoff, mean), and answered: the share of items x
    cutoffs that it answered at all; best WAPE first.

    MASE and RMSSE are scaled for each item and cutoff by the history before it, lag the season where two are known, then averaged.
    Pinball is the mean over the levels, over the sum of sales. Coverage is that of the 95 % quantile.
    """
    common = comparable(rows)
    scaled = _scaled_errors(common, panel)
    table = []
    for model, asked in rows.groupby("model", sort=False):
        part = common[common["model"] == model]
        row = {"model": model, **_plain(part), **scaled.get(model, {})}
        row["seconds"] = asked.groupby(["item", "cutoff"], sort=False)["seconds"].first().mean()
        row["answered"] = float(asked["mean"].notna().mean())
        table.append(row)
    columns = ["model", *METRICS, "seconds", "answered"]
    return pd.DataFrame(table).reindex(columns=columns).sort_values(["WAPE", "model"], ignore_index=True)


def wape_by(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """WAPE of comparable rows for each combination of the columns `by`, as a column `WAPE`; NaN where nothing sold."""
    common = comparable(rows)
    sums = (
        pd.DataFrame({"error": (common["mean"] - common["y"]).abs(), "sold": common["y"].abs()})
        .groupby([common[c] for c in by], sort=True)
        .sum()
    )
    wape = sums["error"].div(sums["sold"].where(sums["sold"] > 0))
    return wape.rename("WAPE").reset_index()


def with_step(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with a column `step`: 1 for the first period after the cutoff, and so on."""
    return rows.assign(step=rows.groupby("cutoff")["ds"].rank(method="dense").astype(int))


def _plain(part: pd.DataFrame) -> dict[str, float]:
    y, mean = part["y"].to_numpy(), part["mean"].to_numpy()
    levels = [(column, float(column[1:])) for column in part.columns if column.startswith("q0.")]
    sold = float(np.abs(y).sum())
    loss = np.mean([metrics.pinball(y, part[column].to_numpy(), level) for column, level in levels]) if levels else np.nan
    own = f"q{COVERAGE_LEVEL:g}"
    return {
        "WAPE": metrics.wape(y, mean),
        "bias": metrics.bias(y, mean),
        "MAE": metrics.mae(y, mean),
        "RMSE": metrics.rmse(y, mean),
        "MSE": metrics.mse(y, mean),
        "R2": metrics.r2(y, mean),
        "MAPE": metrics.mape(y, mean),
        "sMAPE": metrics.smape(y, mean),
        "pinball": float(loss * len(y) / sold) if sold > 0 else float("nan"),
        "coverage": metrics.coverage(y, part[own].to_numpy()) if own in part else float("nan"),
    }


def _scaled_errors(common: pd.DataFrame, panel: SalesPanel) -> dict[str, dict[str, float]]:
    """Mean MASE and RMSSE of each model over items and cutoffs."""
    error = common["mean"] - common["y"]
    keys = [common[c] for c in ("model", "item", "cutoff")]
    mean = pd.DataFrame({"absolute": error.abs(), "squared": error**2}).groupby(keys, sort=False).mean().reset_index()
    scale = _naive_scales(mean[["item", "cutoff"]].drop_duplicates(), panel)
    mean = mean.merge(scale, on=["item", "cutoff"])
    mean["MASE"] = mean["absolute"] / mean["absolute_scale"].where(mean["absolute_scale"] > 0)
    mean["RMSSE"] = np.sqrt(mean["squared"] / mean["squared_scale"].where(mean["squared_scale"] > 0))
    return {str(model): part.to_dict() for model, part in mean.groupby("model")[["MASE", "RMSSE"]].mean().iterrows()}


def _naive_scales(pairs: pd.DataFrame, panel: SalesPanel) -> pd.DataFrame:
    """What MASE and RMSSE divide by (`metrics.naive_scale` in the power of 1 and 2), of all items at once for each cutoff."""
    row = {item: i for i, item in enumerate(panel.items)}
    parts = []
    for cutoff, part in pairs.groupby("cutoff"):
        seen = int(panel.periods.get_loc(cutoff)) + 1
        at = part["item"].map(row).to_numpy()
        history = panel.demand[at, :seen].astype(float)
        seasonal = seen - panel.start[at] >= 2 * panel.season
        scales = {f"{name}_scale": np.where(seasonal, _mean_step(history, panel.season, power), _mean_step(history, 1, power))
                  for name, power in (("absolute", 1), ("squared", 2))}  # fmt: skip
        parts.append(part.assign(**scales))
    return pd.concat(parts) if parts else pairs.assign(absolute_scale=np.nan, squared_scale=np.nan)


def _mean_step(history: np.ndarray, lag: int, power: int) -> np.ndarray:
    """Mean of |y[t] - y[t - lag]|^power over known pairs of each row; NaN where there is none."""
    step = np.abs(history[:, lag:] - history[:, :-lag]) ** power
    known = ~np.isnan(step)
    count = known.sum(axis=1)
    return np.divide(np.where(known, step, 0.0).sum(axis=1), count, out=np.full(len(step), np.nan), where=count > 0)

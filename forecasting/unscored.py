"""Why an error could not be computed: every metric that is missing has a reason, and no reason is a number."""

import pandas as pd

from forecasting.scores import LEAST_ANSWERED

SHARES = ("WAPE", "bias", "MAPE", "pinball")
SCALED = ("MASE", "RMSSE")


def unscored(parts: pd.DataFrame) -> pd.DataFrame:
    """A row for each item and model without a WAPE, of `leaderboard.errors`: columns item, model, reason.

    reason: "not_known" (no sales known after any cutoff), "nothing_sold" (sales known, all zero), "failed" (the model never answered),
    "takes_no_part" (it answered less than half of all items and cutoffs), "others_failed" (another model that takes part did not answer).
    """
    answered = parts.groupby("model")["answered"].mean()
    parts = parts.assign(takes_part=parts["model"].map(answered) >= LEAST_ANSWERED, counted=parts["sold"].where(parts["compared"], 0.0))
    keys = ["item", "model"]
    sums = parts.groupby(keys, sort=True).agg(
        known=("known", "sum"), sold=("sold", "sum"), answered=("answered", "sum"), takes_part=("takes_part", "first"),
        counted=("counted", "sum"), compared=("compared", "any"),
    )  # fmt: skip
    missing = sums[~(sums["counted"] > 0)].copy()
    missing["reason"] = "others_failed"
    for reason, mask in (
        ("nothing_sold", missing["compared"] | (missing["sold"] == 0)),
        ("takes_no_part", ~missing["takes_part"]),
        ("failed", missing["answered"] == 0),
        ("not_known", missing["known"] == 0),
    ):
        missing.loc[mask, "reason"] = reason
    return missing.reset_index()[[*keys, "reason"]]


def missing_metrics(row: pd.Series, reason: str) -> dict[str, str]:
    """Of one row of `scores.scores` the metrics that are NaN, each with a reason: that of the WAPE where the model has one, else
    "nothing_sold" (shares of sales), "no_scale" (no two known periods a season apart in the history, or all alike), "no_variance" (R2)."""
    own = {**dict.fromkeys(SHARES, "nothing_sold"), **dict.fromkeys(SCALED, "no_scale"), "R2": "no_variance", "coverage": "no_quantile"}
    missing = [str(metric) for metric, value in row.items() if metric not in ("model", "answered", "seconds") and pd.isna(value)]
    nothing_compared = reason not in ("", "nothing_sold")
    return {metric: reason if nothing_compared else own.get(metric, reason) for metric in missing}

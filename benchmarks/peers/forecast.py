"""Run by the peers' own Python, which has no Shelfcast: `forecast.py SALES OUT HORIZON CUTOFF...` forecasts with statsforecast's models.

SALES has rows unique_id, ds (weeks, labelled by their Monday), y. OUT gets rows item, cutoff, ds, model, mean, quantiles, and the seconds
of one item and cutoff, mean. Defaults, one process, no forecast below 0.
"""

import sys
import time

import pandas as pd

MODELS = ("SeasonalNaive", "AutoETS")
QUANTILES = {60: "q0.8", 80: "q0.9", 90: "q0.95", 95: "q0.975"}  # the upper end of a central interval of so many percent


def main(sales: str, out: str, horizon: str, *cutoffs: str) -> None:
    known = pd.read_parquet(sales)
    parts = [rows(name, known[known["ds"] <= cutoff], int(horizon), pd.Timestamp(cutoff)) for cutoff in cutoffs for name in MODELS]
    pd.concat(parts, ignore_index=True).to_parquet(out)


def rows(name: str, known: pd.DataFrame, horizon: int, cutoff: pd.Timestamp) -> pd.DataFrame:
    """What one model says from one cutoff, the median being its mean."""
    from statsforecast import StatsForecast, models

    model = getattr(models, name)(season_length=1)
    began = time.perf_counter()
    found = StatsForecast([model], freq="W-MON", n_jobs=1).forecast(df=known, h=horizon, level=list(QUANTILES))
    taken = (time.perf_counter() - began) / known["unique_id"].nunique()
    frame = found[["unique_id", "ds"]].rename(columns={"unique_id": "item"}).assign(cutoff=cutoff, model=f"statsforecast {name}")
    frame["mean"] = frame["q0.5"] = found[name].clip(lower=0)
    for level, quantile in QUANTILES.items():
        frame[quantile] = found[f"{name}-hi-{level}"].clip(lower=0)
    return frame.assign(seconds=taken)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Run by the peers' own Python, which has no Shelfcast: `forecast.py REQUEST` forecasts with the libraries that others use.

REQUEST is a JSON file: sales (a Parquet file of rows unique_id, ds, y), frequency (the pandas alias of ds), season (periods, 1: none),
horizon, cutoffs, and models, a file to write for each peer of PEERS asked for: rows item, cutoff, ds, mean, quantiles, and the seconds of
one item and cutoff, mean, compilation left out, by the clock and of this process's processor. Each with its defaults, one process and one
thread, no forecast below 0. Where a library gives no bands of its own they are its conformal ones.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

QUANTILES = {60: "q0.8", 80: "q0.9", 90: "q0.95", 95: "q0.975"}  # the upper end of a central interval of so many percent
LEVELS = {"q0.5": 0.5, "q0.8": 0.8, "q0.9": 0.9, "q0.95": 0.95, "q0.975": 0.975}
WARM_UP_ITEMS = 2
CONFORMAL_WINDOWS = 2


@dataclass(frozen=True)
class Asked:
    """What every peer is told."""

    frequency: str
    season: int
    horizon: int


def main(request: str) -> None:
    told = json.loads(Path(request).read_text(encoding="utf-8"))
    asked = Asked(told["frequency"], told["season"], told["horizon"])
    sales = pd.read_parquet(told["sales"])
    for name, out in told["models"].items():
        forecast = PEERS[name]
        few = sales["unique_id"].unique()[:WARM_UP_ITEMS]
        first = sales[sales["unique_id"].isin(few) & (sales["ds"] <= told["cutoffs"][0])]
        forecast(first, asked)
        parts = [_from(forecast, sales[sales["ds"] <= cutoff], asked, pd.Timestamp(cutoff)) for cutoff in told["cutoffs"]]
        pd.concat(parts, ignore_index=True).to_parquet(out)


def _from(forecast: Callable[[pd.DataFrame, Asked], pd.DataFrame], known: pd.DataFrame, asked: Asked, cutoff: pd.Timestamp) -> pd.DataFrame:
    began, at_work = time.perf_counter(), time.process_time()
    found = forecast(known, asked).rename(columns={"unique_id": "item"})
    items = known["unique_id"].nunique()
    taken, worked = (time.perf_counter() - began) / items, (time.process_time() - at_work) / items
    numbers = ["mean", *LEVELS]
    found[numbers] = found[numbers].clip(lower=0)
    return found[["item", "ds", *numbers]].assign(cutoff=cutoff, seconds=taken, processor=worked)


def statsforecast(name: str, settings: dict[str, Any], known: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """settings: "seasonal": hand over the season; "conformal": the model has no bands of its own; others go to the model."""
    from statsforecast import StatsForecast, models
    from statsforecast.utils import ConformalIntervals

    own = {key: value for key, value in settings.items() if key not in ("seasonal", "conformal")}
    if settings.get("seasonal"):
        own["season_length"] = asked.season
    if settings.get("conformal"):
        own["prediction_intervals"] = ConformalIntervals(h=asked.horizon, n_windows=CONFORMAL_WINDOWS)
    model = getattr(models, name)(**own, alias="peer")
    found = StatsForecast([model], freq=asked.frequency, n_jobs=1).forecast(df=known, h=asked.horizon, level=list(QUANTILES))
    return _banded(found, "peer")


def lightgbm(scaled: bool, known: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """One gradient boosting over all items, its answers fed back as lags; `scaled`: each item standardised first."""
    from mlforecast.target_transforms import LocalStandardScaler
    from mlforecast.utils import PredictionIntervals

    learner = _mlforecast(asked, {"peer": _booster()}, [LocalStandardScaler()] if scaled else None)
    learner.fit(known, prediction_intervals=PredictionIntervals(n_windows=CONFORMAL_WINDOWS, h=asked.horizon))
    return _banded(learner.predict(asked.horizon, level=list(QUANTILES)), "peer")


def lightgbm_quantiles(known: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """One gradient boosting for each quantile and step, over all items; the median is the forecast."""
    boosters = {name: _booster(objective="quantile", alpha=level) for name, level in LEVELS.items()}
    found = _mlforecast(asked, boosters, None).fit(known, max_horizon=asked.horizon).predict(asked.horizon)
    found[list(LEVELS)] = np.sort(found[list(LEVELS)].to_numpy(), axis=1)
    return found.assign(mean=found["q0.5"])


def _booster(**own: Any) -> Any:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(verbosity=-1, n_jobs=1, random_state=0, **own)


def _mlforecast(asked: Asked, models: dict[str, Any], transforms: list[Any] | None) -> Any:
    """Lags, rolling means and the place in the year or week, as its guides set them up."""
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    lags = [1, 2, 3, 4, 8] + ([asked.season] if asked.season > 8 else [])
    dated = {"D": ["dayofweek", "month"], "W": ["week"], "M": ["month"]}[asked.frequency[0]] if asked.season > 1 else []
    return MLForecast(
        models=models,
        freq=asked.frequency,
        lags=lags,
        lag_transforms={1: [RollingMean(4), RollingMean(8)]},
        date_features=dated,
        target_transforms=transforms,
        num_threads=1,
    )


def prophet(known: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    import logging

    from prophet import Prophet

    for library in ("prophet", "cmdstanpy"):
        logging.getLogger(library).disabled = True
    parts = []
    np.random.seed(0)  # noqa: NPY002  Prophet draws from it
    for item, rows in known.groupby("unique_id", sort=False):
        model = Prophet()
        model.fit(rows[["ds", "y"]].reset_index(drop=True), seed=0)
        ahead = pd.DataFrame({"ds": _ahead(rows, asked)})
        draws = np.quantile(model.predictive_samples(ahead)["yhat"], list(LEVELS.values()), axis=1)
        mean = model.predict(ahead)["yhat"].to_numpy()
        parts.append(ahead.assign(unique_id=item, mean=mean, **dict(zip(LEVELS, draws, strict=True))))
    return pd.concat(parts, ignore_index=True)


def sarimax(known: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """(1,1,1)(0,1,1) at the season; without one, (1,1,1)."""
    import warnings

    from scipy.stats import norm
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    warnings.simplefilter("ignore")
    seasonal = (0, 1, 1, asked.season) if asked.season > 1 else (0, 0, 0, 0)
    parts = []
    for item, rows in known.groupby("unique_id", sort=False):
        found = SARIMAX(rows["y"].to_numpy(float), order=(1, 1, 1), seasonal_order=seasonal).fit(disp=False).get_forecast(asked.horizon)
        bands = {name: found.predicted_mean + norm.ppf(level) * found.se_mean for name, level in LEVELS.items()}
        parts.append(pd.DataFrame({"unique_id": item, "ds": _ahead(rows, asked), "mean": found.predicted_mean, **bands}))
    return pd.concat(parts, ignore_index=True)


def _ahead(rows: pd.DataFrame, asked: Asked) -> pd.DatetimeIndex:
    return pd.date_range(rows["ds"].max(), periods=asked.horizon + 1, freq=asked.frequency)[1:]


def _banded(found: pd.DataFrame, name: str) -> pd.DataFrame:
    found = found.assign(mean=found[name])
    found["q0.5"] = found[name]
    for level, quantile in QUANTILES.items():
        found[quantile] = found[f"{name}-hi-{level}"]
    return found


def _nixtla(name: str, **settings: Any) -> Any:
    return partial(statsforecast, name, settings)


PEERS: dict[str, Any] = {
    "Naive": _nixtla("Naive"),
    "SeasonalNaive": _nixtla("SeasonalNaive", seasonal=True),
    "WindowAverage": _nixtla("WindowAverage", window_size=8, conformal=True),
    "SeasonalWindowAverage": _nixtla("SeasonalWindowAverage", window_size=2, seasonal=True, conformal=True),
    "AutoETS": _nixtla("AutoETS", seasonal=True),
    "Theta": _nixtla("Theta", seasonal=True),
    "AutoTheta": _nixtla("AutoTheta", seasonal=True),
    "AutoCES": _nixtla("AutoCES", seasonal=True),
    "AutoARIMA": _nixtla("AutoARIMA", seasonal=True),
    "AutoARIMA, no season": _nixtla("AutoARIMA", season_length=1),
    "CrostonClassic": _nixtla("CrostonClassic", conformal=True),
    "CrostonSBA": _nixtla("CrostonSBA", conformal=True),
    "TSB": _nixtla("TSB", alpha_d=0.2, alpha_p=0.2, conformal=True),
    "IMAPA": _nixtla("IMAPA", conformal=True),
    "LightGBM, one for all": partial(lightgbm, False),
    "LightGBM, scaled": partial(lightgbm, True),
    "LightGBM, quantiles, direct": lightgbm_quantiles,
    "Prophet": prophet,
    "SARIMAX": sarimax,
}


if __name__ == "__main__":
    main(*sys.argv[1:])

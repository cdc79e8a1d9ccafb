"""Prophet: trend with change points, Fourier seasons, holidays and regressors, fitted to one item at a time (Taylor & Letham, 2018)."""

import logging
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from forecasting import fallbacks
from forecasting.features import drifts, known_ahead
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster, driver_rows
from forecasting.models import parallel
from forecasting.models.libraries import quiet, seeded
from sales.calendar import Calendar
from sales.panel import SalesPanel

TWO_WEEKS_DAYS = 14
TWO_YEARS_DAYS = 728
WEEK_WAVES = 3
YEAR_WAVES = {"D": 10, "W": 10, "M": 5}


@dataclass(frozen=True)
class Prophet(Forecaster):
    """Prophet with a linear trend; a season of the week where there are two weeks of days, of the year where there are two years.

    country: ISO code whose public holidays count (weeks and months hold the holidays that fall into them), None for none. Known-ahead
    covariates are regressors, except where they do not vary in an item's past or only drift (see `features.drifts`). multiplicative:
    whether seasons, holidays and regressors multiply the trend or add to it. samples: draws of the predictive distribution behind the
    quantiles.

    Raises ValueError for a country that is not known.
    """

    country: str | None = None
    multiplicative: bool = True
    samples: int = 1000

    card: ClassVar[Card] = Card(
        name="prophet",
        family=Family.REGRESSION,
        least_history=10,
        uses_covariates=True,
        seasonal=True,
        intermittent=False,
        shared=False,
        cost=Cost.SLOW,
    )

    def __post_init__(self) -> None:
        if self.country is not None and self.country not in countries():
            raise ValueError(f"country: got {self.country!r}, expected an ISO code such as DE, or None")

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        for row, outcome in enumerate(parallel.mapped(_fitted, self._tasks(panel, horizon, levels, rng), rng)):
            forecast.status[row], forecast.seconds[row] = outcome.status, outcome.seconds
            if outcome.value is not None:
                forecast.mean[row], forecast.quantiles[row], forecast.detail[row] = outcome.value
        return forecast

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """Trend, seasons, holidays and regressors of each item, units of every period; they add up to the mean before it is cut at 0."""
        _, able = fallbacks.answer(self.card.name, self.card.least_history, panel, 1, (0.5,))
        if not able.any():
            return driver_rows([])
        panel = panel.select(able)
        outcomes = parallel.mapped(_parts, self._tasks(panel, horizon, (0.5,), rng), rng)
        found = [(item, outcome.value) for item, outcome in zip(panel.items, outcomes, strict=True) if outcome.value is not None]
        return driver_rows([part.assign(item=item, kind="component") for item, part in found])

    def _tasks(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> list["_Task"]:
        ds = panel.periods.append(panel.calendar.after(panel.last, horizon))
        holidays = None if self.country is None else _holidays(self.country, panel.calendar, ds)
        regressors = known_ahead(panel, horizon)
        number = int(rng.integers(2**31))  # one for all items: what an item is answered does not hang on its place among others
        return [
            _Task(self, panel.calendar, ds, demand, {name: block[row] for name, block in regressors.items()}, holidays, levels, number)
            for row, demand in enumerate(panel.demand)
        ]


def countries() -> list[str]:
    """ISO codes of the countries whose holidays are known, sorted."""
    from holidays import list_supported_countries

    return sorted(list_supported_countries())


@dataclass(frozen=True)
class _Task:
    """One item: `demand` of the past, regressors over past and future, both on `ds`."""

    settings: Prophet
    calendar: Calendar
    ds: pd.DatetimeIndex
    demand: np.ndarray
    regressors: dict[str, np.ndarray]
    holidays: pd.DataFrame | None
    levels: tuple[float, ...]
    number: int


def _fitted(task: _Task, seed: np.random.SeedSequence) -> tuple[np.ndarray, np.ndarray, str]:
    """Mean h, quantiles h x L, and the parts of the model in words."""
    model, table, detail = _learnt(task)
    ahead = table.iloc[len(task.demand) :].reset_index(drop=True)
    mean, draws = _predicted(model, ahead, task.settings.samples, task.number)
    quantiles = np.quantile(draws, task.levels, axis=1).T
    return np.maximum(mean, 0), np.maximum(quantiles, 0), detail


def _parts(task: _Task, seed: np.random.SeedSequence) -> pd.DataFrame:
    """Rows name, ds, value of the parts over history and horizon, units; those of a model that multiplies are shares of its trend."""
    model, table, _ = _learnt(task)
    found = model.predict(table)
    size = found["trend"] if task.settings.multiplicative else 1.0
    columns = {"weekly": "week", "yearly": "year", "holidays": "holidays"}
    columns |= {f"x{i}": name for i, name in enumerate(task.regressors)}
    parts = {"trend": found["trend"]} | {name: found[column] * size for column, name in columns.items() if column in found}
    return pd.concat([pd.DataFrame({"name": name, "ds": task.ds, "value": value.to_numpy()}) for name, value in parts.items()])


def _learnt(task: _Task) -> tuple[Any, pd.DataFrame, str]:
    """A fitted Prophet, what it reads of every period, and its parts in words."""
    known = np.flatnonzero(~np.isnan(task.demand))
    table = pd.DataFrame({"ds": task.ds, **{f"x{i}": block.astype(float) for i, block in enumerate(task.regressors.values())}})
    model, detail = _model(task, known, table)
    past = table.iloc[known].assign(y=task.demand[known].astype(float)).reset_index(drop=True)
    model.fit(past, seed=task.number)
    return model, table, detail


def _model(task: _Task, known: np.ndarray, table: pd.DataFrame) -> tuple[Any, str]:
    """A Prophet of the parts that the history can carry, and their names."""
    import prophet

    for name in ("prophet", "cmdstanpy"):
        logging.getLogger(name).disabled = True  # a level would be set anew when the libraries load
    frequency = task.calendar.frequency
    span = (task.ds[known[-1]] - task.ds[known[0]]).days + task.calendar.days
    week = frequency == "D" and span >= TWO_WEEKS_DAYS
    year = span >= TWO_YEARS_DAYS
    model = prophet.Prophet(
        growth="linear",
        weekly_seasonality=WEEK_WAVES if week else False,
        yearly_seasonality=YEAR_WAVES[frequency] if year else False,
        daily_seasonality=False,
        seasonality_mode="multiplicative" if task.settings.multiplicative else "additive",
        holidays=task.holidays,
        uncertainty_samples=0,
    )
    parts = ["trend"] + ["week"] * week + ["year"] * year + ["holidays"] * (task.holidays is not None)
    for i, name in enumerate(task.regressors):
        past = table[f"x{i}"].to_numpy()[known]
        if np.ptp(past) > 0 and not drifts(name, past[None]):
            model.add_regressor(f"x{i}")
            parts.append(name)
    return model, " + ".join(parts)


def _predicted(model: Any, future: pd.DataFrame, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean h and draws h x samples of the predictive distribution."""
    mean = model.predict(future)["yhat"].to_numpy()
    model.uncertainty_samples = samples
    with seeded(seed):
        return mean, model.predictive_samples(future)["yhat"]


def _holidays(country: str, calendar: Calendar, ds: pd.DatetimeIndex) -> pd.DataFrame:
    """Holidays of the years of `ds`, dated by the periods they fall into."""
    from prophet.make_holidays import make_holidays_df

    with quiet():
        found = make_holidays_df(year_list=list(range(ds[0].year, ds[-1].year + 2)), country=country)
    found["ds"] = calendar.label(pd.DatetimeIndex(found["ds"]))
    return found.drop_duplicates(["ds", "holiday"]).reset_index(drop=True)

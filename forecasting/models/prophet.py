"""Prophet: trend with change points, Fourier seasons, holidays and regressors, all items at once (Taylor & Letham, 2018).

Items whose noise is larger than their demand are answered by the library: there its optimizer ends early, where no other fit follows it.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from forecasting import fallbacks
from forecasting.batched import prophet as kernel
from forecasting.batched.prophet import Fitted
from forecasting.features import drifts, known_ahead
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster, driver_rows, failure
from forecasting.models import prophet_library
from forecasting.models.libraries import one_thread, quiet
from forecasting.models.prophet_library import HOLIDAYS, WEEK, YEAR, LibraryFit
from sales.calendar import Calendar
from sales.panel import SalesPanel

TWO_WEEKS_DAYS = 14
TWO_YEARS_DAYS = 728
WEEK_DAYS, WEEK_WAVES = 7.0, 3
YEAR_DAYS, YEAR_WAVES = 365.25, {"D": 10, "W": 10, "M": 5}
BY_LIBRARY = ", by the library"
ITEMS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Part:
    """What a part of the model reads of n items: values, (n or 1) x k x periods of past and horizon; used: n, for whom it counts;
    covariate: whether it is a column of the panel."""

    name: str
    values: np.ndarray
    used: np.ndarray
    covariate: bool = False


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
        cost=Cost.FAST,
    )

    def __post_init__(self) -> None:
        if self.country is not None and self.country not in countries():
            raise ValueError(f"country: got {self.country!r}, expected an ISO code such as DE, or None")

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        number = int(rng.integers(2**31))  # one for all items: what an item is answered does not hang on its place among others
        for rows, few in _few(panel):
            fitted, parts, effects = self.fitted(few, horizon)
            trend, effect = fitted.trend[:, -horizon:], effects.sum(axis=0)[:, -horizon:]
            mean = fitted.scale[:, None] * (trend * (1 + effect) if self.multiplicative else trend + effect)
            draws = np.random.default_rng(number)
            forecast.mean[rows] = np.maximum(mean, 0)
            forecast.quantiles[rows] = kernel.quantiles(fitted, effect, self.multiplicative, levels, self.samples, draws)
            forecast.detail[rows] = [" + ".join(["trend", *names]) for names in _names(parts, len(few))]
            for row in np.flatnonzero(_noisy(fitted, parts, few)):
                at = rows.start + int(row)
                try:
                    found = self.by_library(few.select(np.array([row])), horizon)
                    forecast.mean[at] = np.maximum(found.mean[-horizon:], 0)
                    forecast.quantiles[at] = found.quantiles(horizon, levels, self.samples, number)
                    forecast.detail[at] += BY_LIBRARY
                except Exception as error:  # an item that the library cannot fit must not end the others
                    forecast.status[at] = failure(error)
        return forecast

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """Trend, seasons, holidays and regressors of each item, units of every period; they add up to the mean before it is cut at 0."""
        _, able = fallbacks.answer(self.card.name, self.card.least_history, panel, 1, (0.5,))
        ds = panel.periods.append(panel.calendar.after(panel.last, horizon))
        found = []
        for _, few in _few(panel.select(able)):
            fitted, parts, effects = self.fitted(few, horizon)
            sizes = effects * fitted.trend if self.multiplicative else effects
            noisy = _noisy(fitted, parts, few)
            named = [("trend", ~noisy, fitted.trend)]
            named += [(part.name, part.used & ~noisy, size) for part, size in zip(parts, sizes, strict=True)]
            for name, used, values in named:
                rows = zip(few.items[used], (values * fitted.scale[:, None])[used], strict=True)
                found += [_component(item, name, ds, value) for item, value in rows]
            for row in np.flatnonzero(noisy):
                with suppress(Exception):  # an item that the library cannot fit has no rows
                    components = self.by_library(few.select(np.array([row])), horizon).components
                    found += [_component(few.items[row], name, ds, value) for name, value in components]
        return driver_rows(found)

    def by_library(self, one: SalesPanel, horizon: int) -> LibraryFit:
        """The only item of a panel, fitted by the library: the same parts, as the library itself makes and scales them.

        Raises RuntimeError where its optimizer fails.
        """
        ds, known = one.periods.append(one.calendar.after(one.last, horizon)), known_ahead(one, horizon)
        used = [part for part in self.parts(one, horizon) if part.used[0]]
        own = [part.name for part in used if not part.covariate]
        waves = {name: order for name, order in ((WEEK, WEEK_WAVES), (YEAR, YEAR_WAVES[one.calendar.frequency])) if name in own}
        holidays = holidays_of(self.country, one.calendar, ds) if self.country is not None and HOLIDAYS in own else None
        regressors = {part.name: known[part.name][0].astype(float) for part in used if part.covariate}
        return prophet_library.fit(ds, one.demand[0], waves, holidays, regressors, self.multiplicative)

    def fitted(self, panel: SalesPanel, horizon: int) -> tuple[Fitted, list[Part], np.ndarray]:
        """The fit; the parts; what each of them comes to in each period of past and horizon, parts x n x periods, over the scale."""
        parts = self.parts(panel, horizon)
        days = _days(panel.periods.append(panel.calendar.after(panel.last, horizon)))
        blocks = [part.values * part.used[:, None, None] for part in parts]
        features = np.concatenate([np.zeros((len(panel), 0, len(days))), *blocks], axis=1)
        with one_thread():
            fitted = kernel.fit(panel.demand.astype(float), days, features, self.multiplicative)
            ends = np.cumsum([0, *(block.shape[1] for block in blocks)])
            effects = [kernel.product(block, fitted.effects[:, a:b]) for block, a, b in zip(blocks, ends[:-1], ends[1:], strict=True)]
        return fitted, parts, np.array(effects).reshape(len(parts), len(panel), len(days))

    def parts(self, panel: SalesPanel, horizon: int) -> list[Part]:
        """What the model reads of each item beside the time: seasons, holidays, covariates."""
        known = ~np.isnan(panel.demand)
        n, periods = known.shape
        ds, frequency = panel.periods.append(panel.calendar.after(panel.last, horizon)), panel.calendar.frequency
        day = _days(ds)
        span = day[periods - 1 - known[:, ::-1].argmax(axis=1)] - day[known.argmax(axis=1)] + panel.calendar.days
        found = []
        if frequency == "D":
            found.append(Part(WEEK, _waves(day, WEEK_DAYS, WEEK_WAVES), span >= TWO_WEEKS_DAYS))
        if day[periods - 1] - day[0] + panel.calendar.days >= TWO_YEARS_DAYS:
            found.append(Part(YEAR, _waves(day, YEAR_DAYS, YEAR_WAVES[frequency]), span >= TWO_YEARS_DAYS))
        if self.country is not None:
            marks = _marks(holidays_of(self.country, panel.calendar, ds), ds)
            marks = marks[marks[:, :periods].any(axis=1)]
            found += [Part(HOLIDAYS, marks[None], np.ones(n, dtype=bool))] * bool(len(marks))
        for name, block in known_ahead(panel, horizon).items():
            used = [_teaches(name, values[:periods][mask]) for values, mask in zip(block, known, strict=True)]
            found.append(Part(name, _standardized(block.astype(float), known)[:, None], np.array(used, dtype=bool), covariate=True))
        return found


def countries() -> list[str]:
    """ISO codes of the countries whose holidays are known, sorted."""
    from holidays import list_supported_countries

    return sorted(list_supported_countries())


def holidays_of(country: str, calendar: Calendar, ds: pd.DatetimeIndex) -> pd.DataFrame:
    """Holidays of the years of `ds` (rows `ds, holiday`), dated by the periods they fall into."""
    import holidays

    with quiet():
        dates = getattr(holidays, country)(expand=False, language="en_US", years=range(ds[0].year, ds[-1].year + 2))
    pairs = [(date, name) for date in sorted(dates) for name in dates.get_list(date)]
    found = pd.DataFrame(pairs, columns=["ds", "holiday"]).astype({"holiday": "str"})
    found["ds"] = calendar.label(pd.DatetimeIndex(found["ds"]))
    return found.drop_duplicates(["ds", "holiday"]).reset_index(drop=True)


def _few(panel: SalesPanel) -> Iterator[tuple[slice, SalesPanel]]:
    """So many items at a time that what is read of them is not large."""
    for at in range(0, len(panel), ITEMS_AT_ONCE):
        rows = slice(at, min(at + ITEMS_AT_ONCE, len(panel)))
        yield rows, panel.select(np.arange(rows.start, rows.stop))


def _names(parts: list[Part], items: int) -> list[list[str]]:
    """The names of the parts that count for each item."""
    return [[part.name for part in parts if part.used[row]] for row in range(items)]


def _noisy(fitted: Fitted, parts: list[Part], panel: SalesPanel) -> np.ndarray:
    """Mask of the items whose noise is larger than their mean demand and that have more than a trend."""
    return np.any([part.used for part in parts], axis=0) & (fitted.noise * fitted.scale > np.nanmean(panel.demand, axis=1))


def _component(item: str, name: str, ds: pd.DatetimeIndex, value: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"item": item, "kind": "component", "name": name, "ds": ds, "value": value})


def _days(ds: pd.DatetimeIndex) -> np.ndarray:
    return (ds - pd.Timestamp("1970-01-01")).days.to_numpy().astype(float)


def _waves(day: np.ndarray, period: float, order: int) -> np.ndarray:
    """Fourier terms of so many orders: 1 x (2 order) x periods."""
    angles = 2 * np.pi * np.arange(1, order + 1)[:, None] * day / period
    return np.concatenate([np.sin(angles), np.cos(angles)])[None]


def _marks(found: pd.DataFrame, ds: pd.DatetimeIndex) -> np.ndarray:
    """Each holiday's zeros and ones, holidays x periods."""
    marks = [ds.isin(found.loc[found["holiday"] == name, "ds"]) for name in sorted(set(found["holiday"]))]
    return np.array(marks, dtype=float).reshape(len(marks), len(ds))


def _teaches(name: str, past: np.ndarray) -> bool:
    """Whether an item's known past of a column, T, tells what the column does to demand."""
    return bool(np.ptp(past) > 0) and not drifts(name, past[None])


def _standardized(block: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A column over the mean and deviation of its known past, as Prophet has it: one of zeros and ones stays as it is. n x periods."""
    past = np.where(known, block[:, : known.shape[1]], np.nan)
    mean, deviation = np.nanmean(past, axis=1, keepdims=True), np.nanstd(past, axis=1, keepdims=True, ddof=1)
    binary = (~known | (past == 0) | (past == 1)).all(axis=1, keepdims=True) | (deviation == 0)
    return np.where(binary, block, (block - mean) / np.where(deviation == 0, 1.0, deviation))

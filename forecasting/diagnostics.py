"""What an item's own past tells a forecaster: whether it is stationary, how strong trend and season are, what it remembers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecasting.models.libraries import quiet
from sales.panel import SalesPanel

LEAST_KNOWN = 20
MOST_GAPS = 0.3
SIGNIFICANT = 0.05
STRONG_SEASON = 0.64
MOST_DIFFERENCES = 2
SEASONS_FOR_STRENGTH = 2
Z_95 = 1.96
_LONG_SEASON, _MOST_LAGS_OF_ONE = 26, 14

Verdict = Literal["stationary", "not_stationary", "undecided", "contradictory"]
Status = Literal["ok", "too_short", "constant", "too_many_gaps"]


@dataclass(frozen=True)
class UnitRoot:
    """A test of stationarity: its statistic, its p-value (KPSS tables end at 0.01 and 0.1), and the lags that it used."""

    statistic: float
    p_value: float
    lags: int


@dataclass(frozen=True, eq=False)
class Correlogram:
    """lags: 1 to L. acf, pacf: correlations at these, L each. bound: 95 % of noise would stay within plus and minus this."""

    lags: np.ndarray
    acf: np.ndarray
    pacf: np.ndarray
    bound: float


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """The past of one item, from the first to the last known period.

    status: "ok", or why nothing else is told: fewer than 20 known periods, all alike, over 30 % gaps. known, gaps: periods known, filled.
    adf, kpss: see `stationarity`; verdict: what both say together. differences, seasonal_differences: how many make it stationary.
    trend, season: their strength, 0 to 1; NaN where the history has no two seasons. season_length: periods.
    """

    status: Status
    known: int
    gaps: int
    season_length: int
    adf: UnitRoot | None = None
    kpss: UnitRoot | None = None
    verdict: Verdict | None = None
    differences: int = 0
    seasonal_differences: int = 0
    trend: float = float("nan")
    season: float = float("nan")
    correlogram: Correlogram | None = None


def diagnostics(panel: SalesPanel, item: str) -> Diagnostics:
    """The diagnostics of one item. Raises KeyError for an item that the panel does not hold."""
    demand = panel.select(panel.rows_of([item])).demand[0].astype(float)
    told = np.flatnonzero(~np.isnan(demand))
    known, season = len(told), panel.season
    span = demand[told[0] : told[-1] + 1] if known else demand[:0]
    gaps = len(span) - known
    if known < LEAST_KNOWN:
        return Diagnostics("too_short", known, gaps, season)
    if np.ptp(demand[told]) == 0:
        return Diagnostics("constant", known, gaps, season)
    if gaps > MOST_GAPS * len(span):
        return Diagnostics("too_many_gaps", known, gaps, season)
    y = filled(span, season)
    adf, kpss = stationarity(y)
    trend, strength = strengths(y, season)
    seasonal, regular = differencing(y, season, strength)
    return Diagnostics(
        "ok", known, gaps, season, adf, kpss, verdict(adf, kpss), regular, seasonal, trend, strength, correlogram(y, season)
    )


def filled(values: np.ndarray, season: int) -> np.ndarray:
    """`values` with each gap (NaN) on the straight line between the nearest known ones at the same place in the season, before the first
    and after the last the nearest; at a place that is never known, between its neighbours.

    >>> filled(np.array([1.0, 10, 3, np.nan, 5, 14]), season=2)
    array([ 1., 10.,  3., 12.,  5., 14.])
    """
    y = values.copy()
    for place in range(season):
        y[place::season] = _interpolated(y[place::season])
    return _interpolated(y)


def stationarity(y: np.ndarray) -> tuple[UnitRoot, UnitRoot]:
    """The augmented Dickey-Fuller test (null: a unit root, lags by AIC; Said & Dickey, 1984) and KPSS (null: stationary around a level;
    Kwiatkowski, Phillips, Schmidt & Shin, 1992)."""
    from statsmodels.tsa.stattools import adfuller, kpss

    with quiet():  # KPSS warns where its p-value lies outside its table
        adf = adfuller(y, regression="c", autolag="AIC", result_object=True)
        other = kpss(y, regression="c", nlags="auto", result_object=True)
    first = UnitRoot(float(adf.statistic), float(adf.pvalue), int(adf.lags))
    return first, UnitRoot(float(other.statistic), float(other.pvalue), int(other.lags))


def verdict(adf: UnitRoot, kpss: UnitRoot) -> Verdict:
    """What the tests say together at 5 %: they ask opposite questions, so one may answer where the other cannot, or both may object."""
    no_root, no_level = adf.p_value < SIGNIFICANT, kpss.p_value < SIGNIFICANT
    if no_root:
        return "contradictory" if no_level else "stationary"
    return "not_stationary" if no_level else "undecided"


def differencing(y: np.ndarray, season: int, strength: float) -> tuple[int, int]:
    """How many seasonal and then regular differences make `y` stationary: a seasonal one where the season's strength is above 0.64, regular
    ones (2 at most) while KPSS rejects at 5 % (Hyndman & Athanasopoulos, FPP3, 9.1)."""
    seasonal = int(season > 1 and strength > STRONG_SEASON)
    if seasonal:
        y = y[season:] - y[:-season]
    regular = 0
    while regular < MOST_DIFFERENCES and len(y) >= LEAST_KNOWN and np.ptp(y) > 0 and stationarity(y)[1].p_value < SIGNIFICANT:
        y, regular = np.diff(y), regular + 1
    return seasonal, regular


def strengths(y: np.ndarray, season: int) -> tuple[float, float]:
    """Strength of trend and season, each 1 less the share of the variance that the remainder keeps when it is left in (Wang, Smith &
    Hyndman, 2006; FPP3, 4.3), by STL with a season that stays the same from year to year; NaN without two seasons."""
    if season < 2 or len(y) < SEASONS_FOR_STRENGTH * season + 1:
        return float("nan"), float("nan")
    from statsmodels.tsa.seasonal import STL

    parts = STL(y, period=season, seasonal=10 * len(y) + 1, seasonal_deg=0).fit()
    return _strength(parts.trend, parts.resid), _strength(parts.seasonal, parts.resid)


def correlogram(y: np.ndarray, season: int) -> Correlogram:
    """Correlation with the own past, whole and partial, at lags over two seasons (of a long one: one and a bit; without: 14)."""
    from statsmodels.tsa.stattools import acf, pacf

    wanted = _MOST_LAGS_OF_ONE if season == 1 else 2 * season if season <= _LONG_SEASON else season + _LONG_SEASON // 2
    most = min(wanted, len(y) // 2 - 1)
    with quiet():
        whole, partial = acf(y, nlags=most, fft=True), pacf(y, nlags=most, method="ywm")
    return Correlogram(np.arange(1, most + 1), np.asarray(whole)[1:], np.asarray(partial)[1:], Z_95 / np.sqrt(len(y)))


def _interpolated(y: np.ndarray) -> np.ndarray:
    told = np.flatnonzero(~np.isnan(y))
    return np.interp(np.arange(len(y)), told, y[told]) if len(told) else y


def _strength(part: np.ndarray, rest: np.ndarray) -> float:
    together = float(np.var(part + rest))
    return max(0.0, 1 - float(np.var(rest)) / together) if together > 0 else 0.0

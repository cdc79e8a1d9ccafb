"""SARIMA: orders chosen by AICc on the earliest history, then refitted (Box & Jenkins, 1976; Hyndman & Khandakar, 2008)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from scipy import stats

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models import parallel
from sales.panel import SalesPanel

MOST_PERIODS = 1096
LONGEST_SEASON = 24
PERIODS_PAST_TWO_SEASONS = 12
FEWEST_TO_COMPARE = 10
MOST_ITERATIONS = 30
KPSS_AT_5_PERCENT = 0.463


@dataclass(frozen=True, order=True)
class Order:
    """(p, d, q) of one period and (P, D, Q) of one season of `season` periods. Raises ValueError for a negative part or no season.

    >>> str(Order(1, 0, 1, 0, 1, 1, 7))
    '(1,0,1)(0,1,1)[7]'
    """

    p: int
    d: int
    q: int
    P: int = 0
    D: int = 0
    Q: int = 0
    season: int = 1

    def __post_init__(self) -> None:
        if min(self.p, self.d, self.q, self.P, self.D, self.Q) < 0 or self.season < 1:
            raise ValueError(f"order: got {self}, expected no negative part and a season of 1 or more periods")
        if self.season == 1 and (self.P, self.D, self.Q) != (0, 0, 0):
            raise ValueError(f"order: got {self}, expected no seasonal part without a season")

    def __str__(self) -> str:
        seasonal = f"({self.P},{self.D},{self.Q})[{self.season}]" if self.season > 1 else ""
        return f"({self.p},{self.d},{self.q}){seasonal}"

    @classmethod
    def parsed(cls, text: str, season: int = 1) -> "Order":
        """The order written as "(1,0,1)" or "(1,0,1)(0,1,1)", its season of `season` periods. Raises ValueError for any other text.

        >>> Order.parsed("(1,0,1)(0,1,1)", 7) == Order(1, 0, 1, 0, 1, 1, 7)
        True
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"order: got {text!r}, expected one like (1,0,1) or (1,0,1)(0,1,1)")
        p, d, q, seasonal_p, seasonal_d, seasonal_q = (int(part) for part in found.groups("0"))
        return cls(p, d, q, seasonal_p, seasonal_d, seasonal_q, season if found[4] else 1)

    @property
    def lost(self) -> int:
        """Periods at the start that differencing takes away."""
        return self.d + self.D * self.season

    @property
    def parameters(self) -> int:
        """Numbers estimated: coefficients and the variance."""
        return self.p + self.q + self.P + self.Q + 1


_WRITTEN = re.compile(r"\((\d),(\d),(\d)\)(?:\((\d),(\d),(\d)\))?")

# No AR without MA: a level seen through noise is ARMA, and on the online shop's weeks an AR(1) carried single large orders forward
PLAIN = (Order(0, 1, 1), Order(1, 1, 1), Order(0, 1, 2), Order(1, 0, 1), Order(2, 0, 1), Order(0, 0, 1), Order(0, 0, 0))
SEASONAL = (
    ((0, 1, 1), (0, 1, 1)),
    ((1, 1, 1), (0, 1, 1)),
    ((1, 0, 0), (0, 1, 1)),
    ((1, 0, 1), (0, 1, 1)),
    ((1, 0, 1), (1, 0, 1)),
    ((0, 1, 1), (1, 0, 1)),
    ((0, 1, 1), (0, 0, 0)),
    ((1, 0, 1), (0, 0, 0)),
)
LONG_SEASONAL = (
    ((1, 0, 0), (0, 1, 0)),
    ((1, 0, 1), (0, 1, 0)),
    ((0, 1, 1), (0, 1, 0)),
    ((1, 1, 1), (0, 1, 0)),
    ((0, 1, 1), (0, 0, 0)),
    ((1, 1, 1), (0, 0, 0)),
    ((1, 0, 0), (0, 0, 0)),
    ((1, 0, 1), (0, 0, 0)),
)


@dataclass(frozen=True)
class Sarima(Forecaster):
    """SARIMA of the last 3 years of days (1,096 periods) of each item, gaps left to the Kalman filter.

    orders: item code and order, as `tuned` remembers them; an item without one chooses its own with every forecast. order: one for all
    items whose history has room for its season, written "(1,0,1)(0,1,1)"; "": each item its own. Quantiles are normal and do not hold the
    uncertainty of the parameters. Raises ValueError for an order that is none.
    """

    orders: tuple[tuple[str, Order], ...] = ()
    order: str = ""

    card: ClassVar[Card] = Card(
        name="sarima",
        family=Family.ARIMA,
        least_history=12,
        uses_covariates=False,
        seasonal=True,
        intermittent=False,
        shared=False,
        cost=Cost.SLOW,
    )

    def __post_init__(self) -> None:
        if self.order:
            Order.parsed(self.order, 2)

    def _season(self, panel: SalesPanel) -> int:
        """Periods in the season that orders are chosen for, 1 for none."""
        return panel.season

    def tuned(self, panel: SalesPanel, rng: np.random.Generator) -> "Sarima":
        """This model with the order of each item that has history enough and none given, chosen by AICc."""
        known = (~np.isnan(panel.demand)).sum(axis=1)
        able = panel.select((known >= self.card.least_history) & ~np.isin(panel.items, list(self._given(panel))))
        tasks = [(row, self._season(panel)) for row in able.demand]
        outcomes = parallel.mapped(_chosen, tasks, rng)
        chosen = {item: outcome.value.order for item, outcome in zip(able.items, outcomes, strict=True) if outcome.value is not None}
        return replace(self, orders=tuple(sorted({**dict(self.orders), **chosen}.items())))

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        remembered = {**dict(self.orders), **self._given(panel)}
        tasks = [(panel.demand[row], self._season(panel), remembered.get(item)) for row, item in enumerate(panel.items)]
        for row, outcome in enumerate(parallel.mapped(partial(_answered, horizon=horizon), tasks, rng)):
            forecast.status[row], forecast.seconds[row] = outcome.status, outcome.seconds
            if outcome.value is not None:
                mean, deviation, forecast.detail[row] = outcome.value
                forecast.mean[row] = np.maximum(mean, 0)
                forecast.quantiles[row] = np.maximum(mean[:, None] + deviation[:, None] * stats.norm.ppf(levels), 0)
        return forecast

    def _given(self, panel: SalesPanel) -> dict[str, Order]:
        """The order given for all, of the items whose history has room for its season."""
        season = self._season(panel)
        seasonal = ")(" in self.order
        if not self.order or (seasonal and season < 2):
            return {}
        known = (~np.isnan(panel.demand)).sum(axis=1)
        fits = known >= (2 * season + PERIODS_PAST_TWO_SEASONS if seasonal else 0)
        return dict.fromkeys(panel.items[fits], Order.parsed(self.order, season))


@dataclass(frozen=True)
class Fit:
    """A fitted order: statsmodels' parameters, the variance last, of the history divided by `scale`; AICc."""

    order: Order
    parameters: np.ndarray
    scale: float
    aicc: float


def candidates(season: int, known: int) -> tuple[Order, ...]:
    """The orders to choose from, for an item with `known` periods of history.

    A season counts from 2 seasons and 12 periods on. Seasons over 24 periods have no seasonal coefficients, whose states would be too many:
    they enter by differencing alone.
    """
    if season < 2 or known < 2 * season + PERIODS_PAST_TWO_SEASONS:
        return PLAIN
    shapes = SEASONAL if season <= LONGEST_SEASON else LONG_SEASONAL
    return tuple(Order(*order, *seasonal, season) for order, seasonal in shapes)


def choose(history: np.ndarray, orders: Sequence[Order]) -> Fit:
    """The fit with the least AICc; an order whose fit fails is passed over. Raises ArithmeticError where all fail.

    AICc = -2 log L + 2k + 2k(k + 1) / (n - k - 1) (Burnham & Anderson, 2002, 2.4) compares models of the SAME observations only. So log L
    takes the n periods that remain after the longest differencing, given those before it, whatever the order itself loses; differencing has
    Jacobian 1, so likelihoods of differences are likelihoods of sales. Where gaps leave fewer than 10 periods, only orders without
    differencing are compared; so it is without a season where nothing speaks against a steady level (`level_is_steady`), or one large order
    at the end would be carried on.
    """
    if all(order.season == 1 for order in orders) and level_is_steady(history):
        orders = [order for order in orders if order.lost == 0] or orders
    compared = _differencing_known(history, max(orders, key=lambda order: order.lost))
    if compared.sum() < FEWEST_TO_COMPARE:
        orders = [order for order in orders if order.lost == 0]
        compared = ~np.isnan(history)
    fits = []
    for order in orders:
        try:
            fits.append(fit(history, order, compared))
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            continue
    usable = [found for found in fits if np.isfinite(found.aicc)]
    if not usable:
        raise ArithmeticError("no order could be fitted")
    return min(usable, key=lambda found: found.aicc)


def level_is_steady(history: np.ndarray) -> bool:
    """Whether the KPSS test does not reject a steady level at 5 % (Kwiatkowski, Phillips, Schmidt & Shin, 1992, eq. 13; Bartlett weights of
    3 sqrt(n) / 13 lags, as Hyndman & Khandakar, 2008, 3.1, who choose d by it)."""
    known = history[~np.isnan(history)].astype(float)
    around = known - known.mean()
    n, lags = len(known), int(3 * np.sqrt(len(known)) / 13)
    products = [(1 if k == 0 else 2 * (1 - k / (lags + 1))) * (around[k:] @ around[: n - k]) for k in range(lags + 1)]
    variance = sum(products) / n
    return bool((np.cumsum(around) ** 2).sum() < KPSS_AT_5_PERCENT * n**2 * variance)


def fit(history: np.ndarray, order: Order, compared: np.ndarray) -> Fit:
    """Maximum likelihood of `order` on the differences of `history`; AICc over the periods at mask `compared`.

    Raises ArithmeticError where nothing varies after differencing.
    """
    scale = float(np.nanmean(np.abs(history)))
    model = _model(history / scale, order, simple_differencing=True, concentrate_scale=True)
    if not np.nanstd(model.endog) > 1e-9:
        raise ArithmeticError("nothing varies after differencing")
    found = model.start_params
    if len(found):
        found = model.fit(found, method="lbfgs", maxiter=MOST_ITERATIONS, factr=1e9, pgtol=1e-3, disp=False, return_params=True)
    filtered = model.filter(found, cov_type="none")
    likelihood = filtered.llf_obs[compared[order.lost :]].sum()
    n, k = int(compared.sum()), order.parameters
    aicc = -2 * likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.inf
    return Fit(order, np.append(found, filtered.scale), scale, float(aicc))


def predict(history: np.ndarray, found: Fit, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the `horizon` periods after `history`, units. The filter runs over the sales themselves, not their
    differences, so that a gap costs one period only."""
    model = _model(history / found.scale, found.order, simple_differencing=False, concentrate_scale=False)
    ahead = model.filter(found.parameters, cov_type="none").get_forecast(horizon, exog=_level(found.order, horizon))
    deviation = np.sqrt(np.maximum(ahead.var_pred_mean, 0))  # of a season without noise rounding leaves less than nothing
    return ahead.predicted_mean * found.scale, deviation * found.scale


def one_step_errors(history: np.ndarray, found: Fit) -> np.ndarray:
    """Sales less what the periods before them let expect, units, one a period of `history`; NaN where sales are not known and in the
    periods that differencing and the longest lag take."""
    model = _model(history / found.scale, found.order, simple_differencing=False, concentrate_scale=False)
    errors = model.filter(found.parameters, cov_type="none").forecasts_error[0] * found.scale
    order = found.order
    started = np.arange(len(history)) >= order.lost + max(order.p, order.q) + max(order.P, order.Q) * order.season
    return np.where(started & ~np.isnan(history), errors, np.nan)


def recent(demand: np.ndarray) -> np.ndarray:
    """The history that is modelled: from the first known period, at most the last 1,096 periods; all of it where those do not vary."""
    history = demand[np.argmax(~np.isnan(demand)) :].astype(float)
    last = history[-MOST_PERIODS:]
    return last if np.nanstd(last) > 0 else history


def fitted(history: np.ndarray, season: int, order: Order | None) -> Fit:
    """`order` fitted to `history`; without one that of least AICc. Raises ArithmeticError where no order can be fitted."""
    if order is None:
        return choose(history, candidates(season, int((~np.isnan(history)).sum())))
    return fit(history, order, _differencing_known(history, order))


def _chosen(task: tuple[np.ndarray, int], seed: np.random.SeedSequence) -> Fit:
    return fitted(recent(task[0]), task[1], None)


def _answered(task: tuple[np.ndarray, int, Order | None], seed: np.random.SeedSequence, horizon: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Mean and standard deviation, horizon each, and the order in words."""
    demand, season, order = task
    history = recent(demand)
    try:
        found = fitted(history, season, order)
        mean, deviation = predict(history, found, horizon)
        if not np.isfinite(mean).all():
            raise ArithmeticError("the forecast is not finite")
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        if order is None:
            raise
        return _answered((demand, season, None), seed, horizon)
    return mean, deviation, str(found.order)


def _differencing_known(history: np.ndarray, order: Order) -> np.ndarray:
    """Mask of the periods at which the differences of `order` are known."""
    known = ~np.isnan(history)
    for lag in (1,) * order.d + (order.season,) * order.D:
        known[lag:] &= known[:-lag].copy()
        known[:lag] = False
    return known


def _model(values: np.ndarray, order: Order, **settings: bool) -> Any:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    seasonal = (order.P, order.D, order.Q, order.season) if order.season > 1 else (0, 0, 0, 0)
    level = _level(order, len(values))
    settings["mle_regression"] = level is None
    return SARIMAX(values, exog=level, order=(order.p, order.d, order.q), seasonal_order=seasonal, **settings)


def _level(order: Order, periods: int) -> np.ndarray | None:
    """Without differencing a constant regressor, whose coefficient is a diffuse state: the level is then as unknown before the first
    period as it is in an order with differencing, so that likelihoods compare."""
    return np.ones((periods, 1)) if order.lost == 0 else None

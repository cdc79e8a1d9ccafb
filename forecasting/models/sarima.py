"""SARIMA: orders chosen by AICc on the earliest history, then refitted (Box & Jenkins, 1976; Hyndman & Khandakar, 2008)."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy import stats

from forecasting.batched import catalogue, engine
from forecasting.batched.catalogue import Group
from forecasting.batched.orders import PERIODS_PAST_TWO_SEASONS, Order
from forecasting.forecast import OK, Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from sales.panel import SalesPanel

NO_ORDER = "failed: no_order"


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
        cost=Cost.BATCHED,
    )

    def __post_init__(self) -> None:
        if self.order:
            Order.parsed(self.order, 2)

    def tuned(self, panel: SalesPanel, rng: np.random.Generator) -> "Sarima":
        """This model with the order of each item that has history enough and none given, chosen by AICc."""
        known = (~np.isnan(panel.demand)).sum(axis=1)
        able = panel.select((known >= self.card.least_history) & ~np.isin(panel.items, list(self._given(panel))))
        found = catalogue.groups(able.demand, self.season_of(able), [None] * len(able))
        pairs = (pair for group in found for pair in zip(able.items[group.rows], group.fitted.each, strict=True))
        chosen = {item: order for item, order in pairs if order is not None}
        return replace(self, orders=tuple(sorted({**dict(self.orders), **chosen}.items())))

    def season_of(self, panel: SalesPanel) -> int:
        """Periods in the season that orders are chosen for, 1 for none."""
        return panel.season if self.card.seasonal else 1

    def groups(self, panel: SalesPanel) -> list[Group]:
        """The items of `panel` fitted, each with the order that it was given or that was remembered, else with one of its own."""
        remembered = {**dict(self.orders), **self._given(panel)}
        return catalogue.groups(panel.demand, self.season_of(panel), [remembered.get(item) for item in panel.items])

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels, status=NO_ORDER)
        for group in self.groups(panel):
            mean, deviation = (part[:, -horizon:] for part in engine.predicted(group.histories, group.fitted, horizon))
            forecast.mean[group.rows] = np.maximum(mean, 0)
            forecast.quantiles[group.rows] = np.maximum(mean[:, :, None] + deviation[:, :, None] * stats.norm.ppf(levels), 0)
            forecast.detail[group.rows] = [str(order) for order in group.fitted.each]
            forecast.status[group.rows] = OK
        return forecast

    def _given(self, panel: SalesPanel) -> dict[str, Order]:
        """The order given for all, of the items whose history has room for its season."""
        season = self.season_of(panel)
        seasonal = ")(" in self.order
        if not self.order or (seasonal and season < 2):
            return {}
        known = (~np.isnan(panel.demand)).sum(axis=1)
        fits = known >= (2 * season + PERIODS_PAST_TWO_SEASONS if seasonal else 0)
        return dict.fromkeys(panel.items[fits], Order.parsed(self.order, season))

"""Search spaces: what of a model may be tuned and between which bounds, as data over the fields of its dataclass."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from forecasting.forecaster import Forecaster
from forecasting.models import registry
from sales.panel import SalesPanel


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`; log: small ones are tried as often as large ones."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`; log as for `Whole`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of `options`."""

    options: tuple[Any, ...]


Space: TypeAlias = Mapping[str, Whole | Real | Choice]

_NETWORK: Space = {
    "units": Choice((16, 24, 32, 48, 64, 96)),
    "window": Whole(7, 112, log=True),
    "layers": Whole(1, 2),
    "dropout": Real(0.0, 0.4),
    "rate": Real(5e-4, 1e-2, log=True),
}
_ORDER: Space = {"order": Choice(("",))}  # and those that AICc chooses from, which depend on the season

SPACES: Mapping[str, Space] = {
    "moving_average": {"window": Whole(1, 52, log=True)},
    "seasonal_average": {"seasons": Whole(1, 12)},
    "arima": _ORDER,
    "sarima": _ORDER,
    "prophet": {"multiplicative": Choice((True, False))},
    "linear": {"l2": Real(1.0, 1e4, log=True), "features": Choice((None, 10, 20, 40))},
    "tree": {"depth": Whole(3, 16), "leaf": Whole(10, 500, log=True)},
    "forest": {"depth": Choice((None, 8, 12, 16)), "leaf": Whole(2, 60, log=True), "share": Real(0.15, 0.8), "drawn": Real(0.1, 0.8)},
    "boosting": {
        "depth": Choice((None, 3, 5, 8)),
        "rate": Real(0.02, 0.3, log=True),
        "leaves": Whole(6, 64, log=True),
        "leaf": Whole(10, 200, log=True),
        "l2": Real(0.01, 100.0, log=True),
        "share": Real(0.2, 1.0),
    },
    "lstm": _NETWORK,
    "gru": _NETWORK,
    "conv": {**_NETWORK, "layers": Whole(2, 6)},
}
TUNABLE = tuple(name for name in registry.NAMES if name in SPACES)


def space(model: Forecaster, panel: SalesPanel) -> Space:
    """What of `model` may be tuned on `panel`. SARIMA: one order for all items, out of those that AICc chooses from, or each item's own."""
    own = dict(SPACES[model.card.name])
    if "order" in own:
        from forecasting.batched.orders import candidates

        season = panel.season if model.card.seasonal else 1
        orders = [str(order).partition("[")[0] for order in candidates(season, len(panel.periods))]
        own["order"] = Choice(("", *orders))
    return own

"""The models that Shelfcast knows, by name. A model's library is imported only when that model is first asked for."""

from importlib import import_module

from forecasting.forecaster import Card, Forecaster

_CLASSES = {
    "naive": ("forecasting.models.naive", "Naive"),
    "seasonal_naive": ("forecasting.models.naive", "SeasonalNaive"),
    "moving_average": ("forecasting.models.averages", "MovingAverage"),
    "seasonal_average": ("forecasting.models.averages", "SeasonalAverage"),
    "ets": ("forecasting.models.ets", "Ets"),
    "theta": ("forecasting.models.theta", "Theta"),
    "arima": ("forecasting.models.arima", "Arima"),
    "sarima": ("forecasting.models.sarima", "Sarima"),
    "prophet": ("forecasting.models.prophet", "Prophet"),
    "croston": ("forecasting.models.intermittent", "Croston"),
    "sba": ("forecasting.models.intermittent", "Sba"),
    "tsb": ("forecasting.models.intermittent", "Tsb"),
    "imapa": ("forecasting.models.intermittent", "Imapa"),
    "linear": ("forecasting.models.linear", "Linear"),
    "tree": ("forecasting.models.trees", "Tree"),
    "forest": ("forecasting.models.trees", "Forest"),
    "boosting": ("forecasting.models.boosting", "Boosting"),
    "lstm": ("forecasting.models.network", "Lstm"),
    "gru": ("forecasting.models.network", "Gru"),
    "conv": ("forecasting.models.network", "Conv"),
    "analogue": ("forecasting.models.analogue", "Analogue"),
    "auto": ("forecasting.automatic", "Auto"),
    "ensemble": ("forecasting.models.ensemble", "Ensemble"),
    "hybrid": ("forecasting.models.hybrid", "Hybrid"),
}

NAMES = tuple(_CLASSES)
# What is compared where nobody chose: one of each kind that sales usually need and what chooses by itself, in minutes
DEFAULT = ("seasonal_naive", "prophet", "sarima", "lstm", "auto")


def model(name: str, **settings: object) -> Forecaster:
    """A new forecaster with its defaults, or with `settings` of its own (Prophet: country="DE").

    Raises KeyError naming the known models.
    """
    if name not in _CLASSES:
        raise KeyError(f"model: got {name!r}, expected one of {', '.join(NAMES)}")
    module, cls = _CLASSES[name]
    return getattr(import_module(module), cls)(**settings)


def card(name: str) -> Card:
    """The card of a model."""
    return type(model(name)).card

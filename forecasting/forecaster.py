"""Forecaster: the contract that every model keeps, and the card that says what it is for."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

import numpy as np
import pandas as pd

from forecasting import fallbacks
from forecasting.forecast import Forecast, blank
from sales.panel import SalesPanel

DRIVERS = ("item", "kind", "name", "ds", "value")
LONGEST_STATUS = 200


class Cost(StrEnum):
    """What a model costs on one core at a cutoff, per item: under a millisecond, under a tenth of a second, or more. Items that are fitted
    together (batched) take under a tenth of a second each among dozens, and a second for one alone. Of a model shared by all items, whose
    fit takes about as long for few as for many: under a second, a few seconds (batched), up to some two minutes, or half a minute and
    more."""

    INSTANT = "instant"
    BATCHED = "batched"
    FAST = "fast"
    SLOW = "slow"


class Family(StrEnum):
    """Models that work alike, in the order in which screens and tables list them."""

    BASELINE = "baseline"
    SMOOTHING = "smoothing"
    ARIMA = "arima"
    REGRESSION = "regression"
    INTERMITTENT = "intermittent"
    LEARNING = "learning"
    NETWORK = "network"
    COMBINATION = "combination"
    ANALOGY = "analogy"


@dataclass(frozen=True)
class Card:
    """What a model is for; tests, docs and screens read it.

    family: the models it is kin to. least_history: known periods that an item needs; shorter ones get the fallback. uses_covariates:
    whether known-ahead columns change the answer. seasonal: whether it follows a season. intermittent: whether it suits demand that is
    mostly zero. shared: whether one model is fitted over all items.
    """

    name: str
    family: Family
    least_history: int
    uses_covariates: bool
    seasonal: bool
    intermittent: bool
    shared: bool
    cost: Cost


class Forecaster(ABC):
    """A frozen description of a model plus one verb.

    A model is a frozen dataclass with a `card` and a private `_forecast`. It is handed only items it can work on: `forecast` checks the
    arguments, answers all-zero, constant, too short and empty histories by `forecasting.fallbacks`, and guards what comes back.
    """

    card: ClassVar[Card]

    def forecast(self, panel: SalesPanel, horizon: int, levels: Sequence[float], rng: np.random.Generator) -> Forecast:
        """Mean and quantiles for all items of `panel`, `horizon` periods past its end. Same seed, same answer.

        Raises ValueError for a horizon below 1 or levels that do not rise within (0, 1). An item never raises: see `Forecast.status`.
        """
        if horizon < 1:
            raise ValueError(f"horizon: got {horizon}, expected 1 or more periods")
        if not levels or list(levels) != sorted(set(levels)) or not 0 < levels[0] <= levels[-1] < 1:
            raise ValueError(f"levels: got {tuple(levels)}, expected rising probabilities between 0 and 1")
        began = time.perf_counter()
        answer, able = fallbacks.answer(self.card.name, self.card.least_history, panel, horizon, levels)
        if able.any():
            answer = fallbacks.merged(answer, self._guarded(panel.select(able), horizon, tuple(levels), rng), able)
        if not answer.seconds.any():
            answer = replace(answer, seconds=np.full(len(panel), (time.perf_counter() - began) / max(len(panel), 1)))
        return answer

    def _guarded(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        """What `_forecast` answers, or where it raises, what it raised as the status of all: one model must not end a run of many."""
        try:
            return fallbacks.guarded(self._forecast(panel, horizon, levels, rng), panel)
        except Exception as error:
            failed = blank(self.card.name, panel, horizon, levels)
            failed.status[:] = failure(error)
            return failed

    def tuned(self, panel: SalesPanel, rng: np.random.Generator) -> "Forecaster":
        """This model with the choices that are made once, on the earliest history (SARIMA: the order of each item)."""
        return self

    def trained(self, panel: SalesPanel, horizon: int, levels: Sequence[float], rng: np.random.Generator) -> "Forecaster":
        """This model with all that it need not work out anew for `horizon` periods after a later panel: what `tuned` settles and,
        of a model that can be taken along, what it learnt from `panel`; it can be pickled. With the same `rng` it forecasts `panel` itself
        as this model does."""
        return self.tuned(panel, rng)

    @property
    def learns(self) -> bool:
        """Whether `trained` brings along all that was learnt: the model then answers for items that it did not learn from."""
        return type(self).trained is not Forecaster.trained

    @property
    def keeps(self) -> bool:
        """Whether there is anything that `trained` spares."""
        return self.learns or type(self).tuned is not Forecaster.tuned

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of items that can change its answer."""
        return ("category", "supplier")

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """What the forecast is made of, as far as the model can tell: tidy rows `item, kind, name, ds, value`, none by default.

        kind "component": a series over the history and `horizon` periods past it, units, that add up to the model's mean. Other kinds
        ("importance", "coefficient", "f_score", "mutual_information", "weight"): one number of the whole model or item, ds NaT (item ""
        where it is the model's). Items that the model cannot work on have no rows.
        """
        return driver_rows([])

    @abstractmethod
    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        """The answer for items with history enough, not constant; may mark items "failed: REASON"."""


def failure(error: Exception) -> str:
    """The status of items whose model raised.

    >>> failure(RuntimeError("no room\\nat all"))
    'failed: RuntimeError: no room'
    """
    return f"failed: {type(error).__name__}: {error}".splitlines()[0][:LONGEST_STATUS]


def driver_rows(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Parts of the answer of `Forecaster.drivers` as one frame with its columns; without parts an empty one."""
    if not parts:
        empty = {"item": "str", "kind": "str", "name": "str", "ds": "datetime64[us]", "value": float}
        return pd.DataFrame({column: pd.Series(dtype=dtype) for column, dtype in empty.items()})
    return pd.concat(parts, ignore_index=True)[list(DRIVERS)]

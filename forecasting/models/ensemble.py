"""Ensemble: the median of several models, or their mean with weights that past errors earned, drawn towards equal ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from forecasting.forecast import OK, Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster, driver_rows
from sales.panel import SalesPanel

MEMBERS = ("ets", "theta", "sarima")
MEDIAN, FITTED = "median", "fitted"
MOST_FOLDS = 3
FOLDS_THAT_WEIGH_AS_MUCH_AS_EQUALITY = 3
LONGEST_FOLD = 28
SHARE_OF_HISTORY_KEPT = 0.5


@dataclass(frozen=True)
class Ensemble(Forecaster):
    """Several models taken together: what one misjudges seldom misleads the others.

    members: models of the registry. weights: "median", the median of the members that answered at each period and level, which no single
    wild member moves (Petropoulos & Svetunkov, 2020); or "fitted", a mean whose weights are told from backtests of the earliest history
    (`tuned`), not below 0, together 1, for all items alike. Of quantiles it is the quantile at each level that is averaged, not the
    probability (Lichtendahl, Grushka-Cockayne & Winkler, 2013). A member that has no answer of its own for an item is left out there and
    named. earned: a weight for each member, as `tuned` found it; without it all are equal.

    Raises ValueError for no members, one that is named twice or itself an ensemble, and other words for weights.
    """

    members: tuple[str, ...] = MEMBERS
    weights: str = MEDIAN
    models: tuple[Forecaster, ...] = ()
    earned: tuple[float, ...] = ()

    card: ClassVar[Card] = Card(
        name="ensemble",
        family=Family.COMBINATION,
        least_history=6,
        uses_covariates=False,
        seasonal=True,
        intermittent=False,
        shared=False,
        cost=Cost.SLOW,
    )

    def __post_init__(self) -> None:
        if not self.members or len(set(self.members)) < len(self.members) or self.card.name in self.members:
            raise ValueError(f"members: got {self.members}, expected different models, none of them an ensemble")
        if self.weights not in (MEDIAN, FITTED):
            raise ValueError(f"weights: got {self.weights!r}, expected {MEDIAN!r} or {FITTED!r}")
        if not self.models:
            from forecasting.models import registry

            object.__setattr__(self, "models", tuple(registry.model(name) for name in self.members))

    @property
    def attributes(self) -> tuple[str, ...]:
        return tuple(sorted({name for model in self.models for name in model.attributes}))

    def tuned(self, panel: SalesPanel, rng: np.random.Generator) -> "Ensemble":
        """This ensemble with its members tuned and, where weights are fitted, the weights that their backtests over `panel` earned."""
        models = tuple(model.tuned(panel, own) for model, own in zip(self.models, rng.spawn(len(self.models)), strict=True))
        tuned = replace(self, models=models)
        return replace(tuned, earned=tuned._earned(panel, rng)) if self.weights == FITTED else tuned

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        answers = self._answers(panel, horizon, levels, rng)
        forecast = blank(self.card.name, panel, horizon, levels)
        said = _own(answers)
        for name in ("mean", "quantiles"):
            getattr(forecast, name)[:] = self._together(np.stack([getattr(answer, name) for answer in answers]), said)
        forecast.status[~said.any(axis=0)] = "failed: no_member"
        forecast.detail[:] = [self._words(said[:, row]) for row in range(len(panel))]
        forecast.seconds[:] = sum(answer.seconds for answer in answers)
        return forecast

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """The members' weights, shares of 1; of a median each counts alike."""
        rows = pd.DataFrame({"item": "", "kind": "weight", "name": self.members, "ds": pd.NaT, "value": self._shares()})
        return driver_rows([rows])

    def _answers(self, panel: SalesPanel, horizon: int, levels: Sequence[float], rng: np.random.Generator) -> list[Forecast]:
        own = rng.spawn(len(self.models))
        return [model.forecast(panel, horizon, levels, child) for model, child in zip(self.models, own, strict=True)]

    def _shares(self) -> np.ndarray:
        return np.array(self.earned or [1 / len(self.members)] * len(self.members))

    def _together(self, answers: np.ndarray, said: np.ndarray) -> np.ndarray:
        """One answer of members x items x …: only what `said` (members x items) marks counts; NaN where nobody said anything."""
        counts = said.reshape(*said.shape, *[1] * (answers.ndim - 2))
        if self.weights == MEDIAN:
            return _median(np.where(counts, answers, np.nan), said.sum(axis=0))
        weight = self._shares().reshape(-1, *[1] * (answers.ndim - 1)) * counts
        total, summed = weight.sum(axis=0), (weight * np.where(counts, answers, 0.0)).sum(axis=0)
        return np.divide(summed, total, out=np.full(summed.shape, np.nan), where=total > 0)

    def _words(self, said: np.ndarray) -> str:
        inside = [name for name, here in zip(self.members, said, strict=True) if here]
        if self.weights == FITTED:
            inside = [f"{share:.2f} {name}" for name, share, here in zip(self.members, self._shares(), said, strict=True) if here]
        without = [name for name, here in zip(self.members, said, strict=True) if not here]
        joined = " + ".join(inside) if self.weights == FITTED else "median of " + ", ".join(inside)
        return joined + (f"; without {', '.join(without)}" if without else "")

    def _earned(self, panel: SalesPanel, rng: np.random.Generator) -> tuple[float, ...]:
        """Weights from at most 3 folds within the last half of `panel`; equal where there is no room for one."""
        periods = len(panel.periods)
        fold = max(1, min(LONGEST_FOLD, periods // 8))
        folds = min(MOST_FOLDS, int(SHARE_OF_HISTORY_KEPT * periods / fold)) if periods >= 2 * fold + 2 else 0
        if not folds:
            return ()
        errors = []
        for k, child in zip(range(folds, 0, -1), rng.spawn(folds), strict=True):
            seen = periods - k * fold
            actual = panel.demand[:, seen : seen + fold].astype(float)
            answers = self._answers(panel.until(panel.periods[seen - 1], fold), fold, (0.5,), child)
            errors.append(_scaled(np.stack([answer.mean for answer in answers]) - actual, actual, _own(answers)))
        return tuple(_weights(np.concatenate(errors, axis=1), folds).tolist())


def _own(answers: Sequence[Forecast]) -> np.ndarray:
    """Where a member answered by itself, members x items; where none did, the fallbacks count."""
    own = np.array([[status == OK for status in answer.status] for answer in answers])
    any_answer = np.array([~answer.failed for answer in answers])
    return np.where(own.any(axis=0), own, any_answer)


def _median(answers: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The median over the first axis of what is not NaN; `count`: how many are not, of each item."""
    ordered = np.sort(answers, axis=0)  # NaN last
    shape = (1, -1, *[1] * (answers.ndim - 2))
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    high = np.minimum(high, np.maximum(count - 1, 0))
    at = [np.broadcast_to(place.reshape(shape), (1, *answers.shape[1:])) for place in (low, high)]
    middle = [np.take_along_axis(ordered, place, axis=0)[0] for place in at]
    return (middle[0] + middle[1]) / 2


def _scaled(errors: np.ndarray, actual: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Errors of members x items x periods where all members answered, in units of the item's mean sales: members x cases."""
    size = np.nanmean(np.where(np.isnan(actual).all(axis=1, keepdims=True), 0.0, actual), axis=1)
    scaled = errors / np.where(size > 0, size, np.nan)[None, :, None]
    usable = np.isfinite(scaled).all(axis=0) & np.all(said, axis=0, keepdims=True).T
    return scaled[:, usable]


def _weights(errors: np.ndarray, folds: int) -> np.ndarray:
    """The weights not below 0, together 1, whose mean has the least squared error (Bates & Granger, 1969), drawn to equal ones: k folds
    count k / (k + 3). errors: members x cases.

    >>> _weights(np.array([[1.0, -1.0, 1.0, -1.0], [3.0, 3.0, -3.0, -3.0]]), 3).round(2)
    array([0.7, 0.3])
    """
    from scipy.optimize import nnls

    members = len(errors)
    equal = np.full(members, 1 / members)
    if errors.shape[1] < members:
        return equal
    heavy = 1e3 * np.sqrt((errors**2).sum())  # a row that holds the sum to 1
    found = nnls(np.vstack([errors.T, np.full((1, members), heavy)]), np.append(np.zeros(errors.shape[1]), heavy))[0]
    share = folds / (folds + FOLDS_THAT_WEIGH_AS_MUCH_AS_EQUALITY)
    return share * found / found.sum() + (1 - share) * equal

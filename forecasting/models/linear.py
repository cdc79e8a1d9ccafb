"""Linear: ridge regression on the feature table."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from forecasting import selection
from forecasting.forecaster import Card, Cost, Family
from forecasting.models.learning import Learner

TAIL = 0.002
FAR, SMALLEST = 2.0, 1e-9


@dataclass(frozen=True)
class Linear(Learner):
    """Ridge regression (Hoerl & Kennard, 1970): demand over its scale as a weighted sum of standardised features and of their products
    with the step, so that what was last counts less further ahead.

    Features are held within what was seen when learning (all but 0.2 % on either side), and what is not known counts as usual. No row
    counts more than the usual one, and one whose features are far from the usual counts less (`_nearness`): one item that is a million
    times as large as others, or that doubles every week, does not say how these sell.

    l2: pull of the coefficients towards 0, in rows.
    """

    l2: float = 100.0

    card: ClassVar[Card] = Card(
        name="linear",
        family=Family.LEARNING,
        least_history=8,
        uses_covariates=True,
        seasonal=True,
        intermittent=False,
        shared=True,
        cost=Cost.BATCHED,
    )

    def _estimator(self, seed: int) -> "Ridge":
        return Ridge(self.l2)

    def _coefficients(self, fitted: Any, names: list[str]) -> list[tuple[list[str], np.ndarray]]:
        return [(names, fitted.coefficients)]


class Ridge:
    """scikit-learn's ridge over standardised inputs, whose first column is the step."""

    def __init__(self, l2: float) -> None:
        self.l2 = l2

    def fit(self, inputs: np.ndarray, target: np.ndarray, sample_weight: np.ndarray) -> "Ridge":
        from sklearn.linear_model import Ridge as Fitted

        filled = selection.medians(inputs)
        self.middle = np.median(filled, axis=0)
        self.low, self.high = np.quantile(filled, [TAIL, 1 - TAIL], axis=0)
        clipped = filled.clip(self.low, self.high)
        self.mean, deviation = clipped.mean(axis=0), clipped.std(axis=0)
        self.deviation = np.where(deviation > 0, deviation, np.inf)
        self.most = float(target.max())
        weight = np.minimum(sample_weight, np.median(sample_weight)) * _nearness(clipped, self.deviation)
        self._fitted = Fitted(alpha=self.l2).fit(self._prepared(inputs), target, sample_weight=weight / weight.mean())
        return self

    @property
    def coefficients(self) -> np.ndarray:
        """Of the standardised inputs, at the middle step: scaled demand per standard deviation."""
        return self._fitted.coef_[: len(self.mean)]

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return self._fitted.predict(self._prepared(inputs)).clip(0, self.most)

    def _prepared(self, inputs: np.ndarray) -> np.ndarray:
        filled = np.where(np.isnan(inputs), self.middle, inputs).clip(self.low, self.high)
        standard = (filled - self.mean) / self.deviation
        return np.concatenate([standard, standard[:, 1:] * standard[:, :1]], axis=1)


def _nearness(inputs: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """What each row of `inputs`, rows x features, counts, above 0 to 1: the less, the further its features are from their medians, so that
    no row has an influence without bounds (Mallows' weights: Hampel, Ronchetti, Rousseeuw & Stahel, Robust Statistics, 1986, 6.3).

    Distances are mean squares over the features, in halves of the range of their middle half of the rows, or thirds of their standard
    deviation where these are larger. Up to twice the usual distance counts 1.
    """
    low, middle, high = np.quantile(inputs, [0.25, 0.5, 0.75], axis=0)
    distance = (((inputs - middle) / np.maximum((high - low) / 2, deviation / 3)) ** 2).mean(axis=1)
    return 1 / np.maximum(1, distance / max(FAR * float(np.median(distance)), SMALLEST))

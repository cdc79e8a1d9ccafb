"""Boosting: small trees one after the other, each fitted to what those before it leave over."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from forecasting.forecaster import Card, Cost, Family
from forecasting.models.learning import Learner, Learnt, Study
from forecasting.models.table import Rows

PATIENCE = 20
FEWEST_TREES = 20
MOST_FITTED = 5
BINS = 200
ROWS_CUT = 20_000
SPREAD_TREES, SPREAD_RATE, SPREAD_LEAVES = 40, 0.1, 8


@dataclass(frozen=True)
class Boosting(Learner):
    """Gradient boosting on histograms (Friedman, 2001; scikit-learn's after LightGBM, Ke et al., 2017), with the loss of counts (Poisson)
    for the mean: demand over its scale, rows weighted by the root of that.

    It stops where what is held out gets no better, and is fitted again to all rows with as many trees. Quantiles: of demand over that mean,
    by trees with the pinball loss, learnt from errors of fits that did not see them; of more than 5 levels those between are interpolated.

    rate: how much of each tree counts. iterations: at most so many trees. leaves, depth: the most of a tree (None: any depth).
    leaf: fewest rows in a leaf. l2: pull of the leaves towards 0. share: of the features, drawn for each split.
    """

    rate: float = 0.05
    iterations: int = 300
    leaves: int = 15
    depth: int | None = None
    leaf: int = 40
    l2: float = 1.0
    share: float = 0.3

    card: ClassVar[Card] = Card(
        name="boosting",
        family=Family.LEARNING,
        least_history=8,
        uses_covariates=True,
        seasonal=True,
        intermittent=True,
        shared=True,
        cost=Cost.FAST,
    )

    def _estimator(self, seed: int) -> Any:
        return self._trees(seed, loss="poisson")

    def _first(self, study: Study) -> Any:
        learnt, checked = study.learnt, study.checked
        trees = self._trees(study.seed, loss="poisson", early_stopping=True, n_iter_no_change=PATIENCE)
        return trees.fit(learnt.inputs, learnt.target, sample_weight=learnt.weight, checked=checked)

    def _like(self, first: Any, rows: Rows, seed: int) -> Any:
        count = self.iterations if first.count >= self.iterations else max(first.count - PATIENCE, FEWEST_TREES)
        trees = self._trees(seed, loss="poisson", max_iter=min(count, self.iterations))
        return trees.fit(rows.inputs, rows.target, sample_weight=rows.weight)

    def _spread(self, study: Study, before: Any, after: Any, levels: tuple[float, ...]) -> Any:
        """By the level of each its trees."""
        unseen, mean = self._unseen(study, before)
        learnt = _beside(unseen.inputs, mean)
        fitted = np.unique(np.interp(np.linspace(0, 1, MOST_FITTED), np.linspace(0, 1, len(levels)), levels))
        grown = {}
        for level in fitted.tolist():
            trees = self._trees(
                study.seed,
                loss="quantile",
                quantile=level,
                max_iter=SPREAD_TREES,
                learning_rate=SPREAD_RATE,
                max_leaf_nodes=SPREAD_LEAVES,
                min_samples_leaf=max(self.leaf, int(10 / min(level, 1 - level))),
            )
            grown[level] = trees.fit(learnt, unseen.target / mean, sample_weight=mean * unseen.weight)
        return grown

    def _quantiles(self, learnt: Learnt, asked: Rows, mean: np.ndarray) -> np.ndarray:
        inputs = _beside(asked.inputs, mean)
        ratios = np.stack([trees.predict(inputs) for trees in learnt.spread.values()], axis=1)
        ratios.sort(axis=1)
        return mean[:, None] * _between(np.array(list(learnt.spread)), ratios, learnt.levels)

    def _detail(self, study: Study, fitted: Any) -> str:
        return f"{fitted.count} trees, {len(study.kept)} features"

    def _trees(self, seed: int, **settings: Any) -> "Binned":
        from sklearn.ensemble import HistGradientBoostingRegressor

        own = {
            "learning_rate": self.rate,
            "max_iter": self.iterations,
            "max_leaf_nodes": self.leaves,
            "max_depth": self.depth,
            "min_samples_leaf": self.leaf,
            "l2_regularization": self.l2,
            "max_features": self.share,
            "early_stopping": False,
            "random_state": seed,
        }
        return Binned(HistGradientBoostingRegressor(**{**own, **settings}))


class Binned:
    """scikit-learn's boosting over columns that are already cut at their quantiles, those that do not vary left out: where rows have
    weights its own cutting weighs them too, which takes longer than all trees together."""

    def __init__(self, trees: Any) -> None:
        self._trees = trees

    @property
    def count(self) -> int:
        """Trees grown."""
        return int(self._trees.n_iter_)

    def fit(self, inputs: np.ndarray, target: np.ndarray, sample_weight: np.ndarray, checked: Rows | None = None) -> "Binned":
        """Fitted to these rows; where there are `checked` ones, until those get no better."""
        every = max(1, len(inputs) // ROWS_CUT)
        edges = {at: _edges(column[::every]) for at, column in enumerate(inputs.T)}
        self._edges = {at: found for at, found in edges.items() if len(found)}
        more = {}
        if checked is not None:
            more = {"X_val": self._cut(checked.inputs), "y_val": checked.target, "sample_weight_val": checked.weight}
        self._trees.fit(self._cut(inputs), target, sample_weight=sample_weight, **more)
        return self

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return self._trees.predict(self._cut(inputs))

    def _cut(self, inputs: np.ndarray) -> np.ndarray:
        """The bin of each value, NaN where not known."""
        codes = np.empty((len(inputs), len(self._edges)), dtype=np.float32)
        for place, (at, edges) in enumerate(self._edges.items()):
            column = inputs[:, at]
            codes[:, place] = np.where(np.isnan(column), np.nan, np.searchsorted(edges, column, side="right"))
        return codes


def _edges(column: np.ndarray) -> np.ndarray:
    """Where a column is cut: between its values where they are few, else at its quantiles."""
    known = np.unique(column[~np.isnan(column)])
    if len(known) <= BINS:
        return (known[:-1] + known[1:]) / 2
    return np.unique(np.nanquantile(column, np.linspace(0, 1, BINS + 1)[1:-1]))


def _beside(inputs: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """`inputs` and the log of the mean."""
    return np.column_stack([inputs, np.log(mean).astype(np.float32)])


def _between(fitted: np.ndarray, values: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Values at `levels`, rows x levels, of those at the levels `fitted`, straight between the nearest two."""
    at = np.clip(np.searchsorted(fitted, levels, side="right") - 1, 0, max(len(fitted) - 2, 0))
    if len(fitted) == 1:
        return np.repeat(values, len(levels), axis=1)
    part = (np.asarray(levels) - fitted[at]) / (fitted[at + 1] - fitted[at])
    return values[:, at] * (1 - part) + values[:, at + 1] * part

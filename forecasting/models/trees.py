"""Decision tree and random forest on the feature table."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from forecasting.forecaster import Card, Cost, Family
from forecasting.models.learning import Learner, Learnt, Study
from forecasting.models.table import Rows

ROWS_AT_ONCE = 20_000
OF_A_LEAF = 4


@dataclass(frozen=True)
class Tree(Learner):
    """One regression tree (Breiman, Friedman, Olshen & Stone, 1984), whose rules a person can read. depth: its most. leaf: fewest rows in a
    leaf."""

    rows: int = 50_000
    depth: int = 10
    leaf: int = 100

    card: ClassVar[Card] = Card(
        name="tree",
        family=Family.LEARNING,
        least_history=8,
        uses_covariates=True,
        seasonal=True,
        intermittent=True,
        shared=True,
        cost=Cost.BATCHED,
    )

    def _estimator(self, seed: int) -> Any:
        from sklearn.tree import DecisionTreeRegressor

        return DecisionTreeRegressor(max_depth=self.depth, min_samples_leaf=self.leaf, random_state=seed)


@dataclass(frozen=True)
class Forest(Learner):
    """A random forest (Breiman, 2001): trees on rows drawn anew, a share of the features tried at each split, averaged.

    Quantiles: of the demand that lies in the leaves an item falls into, each tree counting alike (quantile regression forests, Meinshausen,
    2006; of each leaf 4 rows drawn at random stand for all).

    trees: how many. depth: the most of each (None: any). leaf: fewest rows in a leaf. share: of the features tried at a split.
    drawn: share of the rows that each tree sees.
    """

    rows: int = 60_000
    trees: int = 60
    depth: int | None = None
    leaf: int = 10
    share: float = 0.35
    drawn: float = 0.3

    card: ClassVar[Card] = Card(
        name="forest",
        family=Family.LEARNING,
        least_history=8,
        uses_covariates=True,
        seasonal=True,
        intermittent=True,
        shared=True,
        cost=Cost.FAST,
    )

    def _estimator(self, seed: int) -> Any:
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor(
            n_estimators=self.trees,
            max_depth=self.depth,
            min_samples_leaf=self.leaf,
            max_features=self.share,
            max_samples=self.drawn,
            random_state=seed,
            n_jobs=1,
        )

    def _spread(self, study: Study, before: Any, after: Any, levels: tuple[float, ...]) -> Any:
        """Of each tree what `_of_leaves` draws."""
        rng = np.random.default_rng(study.seed)
        return [_of_leaves(tree, study.every, rng) for tree in after.estimators_]

    def _quantiles(self, learnt: Learnt, asked: Rows, mean: np.ndarray) -> np.ndarray:
        found = np.empty((len(asked.target), len(learnt.levels)))
        for begin in range(0, len(found), ROWS_AT_ONCE):
            rows = slice(begin, begin + ROWS_AT_ONCE)
            leaves = learnt.fitted.apply(asked.inputs[rows])
            values = np.concatenate([of[leaves[:, tree]] for tree, of in enumerate(learnt.spread)], axis=1)
            found[rows] = np.quantile(values, learnt.levels, axis=1).T
        return found


def _of_leaves(tree: Any, rows: Rows, rng: np.random.Generator) -> np.ndarray:
    """Targets of 4 rows of each leaf, drawn at random with replacement; nodes x 4."""
    order = rng.permutation(len(rows.target))
    leaf = tree.apply(rows.inputs[order])
    by_leaf = np.argsort(leaf, kind="stable")
    leaves, begin, count = np.unique(leaf[by_leaf], return_index=True, return_counts=True)
    drawn = begin[:, None] + (rng.random((len(leaves), OF_A_LEAF)) * count[:, None]).astype(int)
    held = np.zeros((tree.tree_.node_count, OF_A_LEAF))
    held[leaves] = rows.target[order][by_leaf][drawn]
    return held

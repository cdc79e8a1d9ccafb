"""What models share that learn from the feature table: the rows they learn from, what is held out, their spread and what drives them."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from forecasting import fallbacks, selection
from forecasting.features import learnt_from
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Forecaster, driver_rows
from forecasting.models.libraries import one_thread, quiet
from forecasting.models.table import Rows, Table, joined
from sales.panel import SalesPanel

FEWEST_ROWS = 100
BLOCKS = 3
ROWS_PERMUTED = 3000
ROWS_SCORED = 2000
LEAST_MEAN = 1e-3
MOST_TIMES_THE_PAST = 2.5
LIMITS = {
    "rows": (1, np.inf),
    "features": (1, np.inf),
    "trees": (1, np.inf),
    "iterations": (1, np.inf),
    "depth": (1, np.inf),
    "leaf": (1, np.inf),
    "leaves": (2, np.inf),
    "rate": (1e-6, 1),
    "l2": (0, np.inf),
    "share": (1e-6, 1),
    "drawn": (1e-6, 1),
}


@dataclass(frozen=True)
class Learner(Forecaster):
    """A model of the table's rows, fitted to all of them for the mean, and without some for its errors: without the last two horizons of
    the past (at most a quarter), then without each third of what is before that, so that the spread rests on errors that a fit did not
    see, from all seasons. No mean is more than 2.5 times the largest period that the item has had.

    rows: at most so many are learnt from, drawn at random. features: the best so many by `selection.best`; None for all. Raises ValueError
    for a size outside `LIMITS`.
    """

    rows: int = 100_000
    features: int | None = None
    learnt: "Learnt | None" = field(default=None, repr=False, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name, None)
            if value is not None and not least <= value <= most:
                expected = f"{least} or more" if most == np.inf else f"{least} to {most}"
                raise ValueError(f"{name}: got {value}, expected {expected}")

    @abstractmethod
    def _estimator(self, seed: int) -> Any:
        """What has scikit-learn's `fit(inputs, target, sample_weight=…)` and `predict(inputs)`, not fitted yet."""

    def trained(self, panel: SalesPanel, horizon: int, levels: Sequence[float], rng: np.random.Generator) -> "Learner":
        able = panel.select(fallbacks.able(panel, self.card.least_history))
        with _alone():
            return replace(self, learnt=self._learnt(Table(able, horizon), tuple(levels), rng) if len(able) else None)

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        with _alone():
            table = Table(panel, horizon)
            known = self.learnt if self.learnt is not None and self.learnt.answers(table, levels) else None
            learnt = known or self._learnt(table, levels, rng)
            if learnt is None:
                forecast.status[:] = "failed: nothing_to_learn"
                return forecast
            asked = table.ahead().columns(np.array([table.names.index(name) for name in learnt.names], dtype=int))
            mean = mean_of(learnt.fitted, asked)
            quantiles = self._quantiles(learnt, asked, mean)
        shape = (len(panel), horizon)
        most = MOST_TIMES_THE_PAST * np.nanmax(panel.demand, axis=1)
        forecast.mean[:] = np.minimum((mean * asked.scale).reshape(shape), most[:, None])
        forecast.quantiles[:] = (np.sort(quantiles, axis=1).clip(0) * asked.scale[:, None]).reshape(*shape, len(levels))
        forecast.detail[:] = learnt.detail
        return forecast

    def _learnt(self, table: Table, levels: tuple[float, ...], rng: np.random.Generator) -> "Learnt | None":
        """What there is to learn from; None where nothing sold."""
        study = self._study(table, rng)
        if not study.every.target.any():
            return None
        before = self._first(study)
        after = self._like(before, study.every, study.seed)
        names = tuple(table.names[at] for at in study.kept)
        spread = self._spread(study, before, after, levels)
        told = learnt_from(len(study.every.target), study.there, "rows", len(table.demand), table.date(study.every.end.min()), table.last)
        return Learnt(names, table.horizon, levels, after, spread, f"{self._detail(study, after)}; {told}")

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """Rows of kind "importance": by how much the WAPE of what is held out grows (share of sales) where a feature's values are shuffled
        among the rows (permutation importance, Breiman, Random Forests, 2001, 10); "f_score" and "mutual_information": see
        `selection.scores`."""
        able = panel.select(fallbacks.able(panel, self.card.least_history))
        if not len(able):
            return driver_rows([])
        with _alone():
            table = Table(able, horizon)
            study = self._study(table, rng)
            if not study.every.target.any():
                return driver_rows([])
            fitted = self._first(study)
            names = [table.names[at] for at in study.kept]
            parts = [_frame("importance", names, _importance(fitted, study.checked, rng))]
            parts += [_frame("coefficient", *found) for found in self._coefficients(fitted, names)]
            few = _some(study.learnt, ROWS_SCORED, rng)
            parts += [_frame(kind, names, values) for kind, values in selection.scores(few.inputs, few.target, study.seed).items()]
        return driver_rows(parts)

    def _study(self, table: Table, rng: np.random.Generator) -> "Study":
        held_out = table.periods - max(1, min(2 * table.horizon, table.periods // 4))
        first = min(table.year, table.periods // 2)
        every = table.drawn(self.rows, rng, first, table.periods)
        if (every.end <= held_out).sum() < FEWEST_ROWS:
            first = 1
            every = table.drawn(self.rows, rng, first, table.periods)
        learnt = every.at(every.end <= held_out)
        checked = table.drawn(self.rows // 4, rng, held_out, table.periods)
        if not _enough(learnt) or not _enough(checked):
            learnt = checked = every
        seed = int(rng.integers(2**31))
        kept = selection.varying(learnt.inputs) if len(learnt.target) else np.arange(len(table.names))
        if self.features is not None and self.features < len(kept):
            few = _some(learnt, self.rows // 10, rng)
            kept = kept[selection.best(few.inputs[:, kept], few.target, self.features)]
        return Study(learnt.columns(kept), checked.columns(kept), every.columns(kept), table.count(first, table.periods), kept, seed)

    def _first(self, study: "Study") -> Any:
        """The model without what is held out."""
        return self._estimator(study.seed).fit(study.learnt.inputs, study.learnt.target, sample_weight=study.learnt.weight)

    def _like(self, first: Any, rows: Rows, seed: int) -> Any:
        """A model of `rows` with what `first` settled on."""
        return self._estimator(seed).fit(rows.inputs, rows.target, sample_weight=rows.weight)

    def _unseen(self, study: "Study", first: Any) -> tuple[Rows, np.ndarray]:
        """Rows of the whole past, and the scaled mean of each by a fit that did not see its time."""
        rng = np.random.default_rng(study.seed)
        parts = [_some(study.checked, self.rows // 16, rng)]
        means = [mean_of(first, parts[0])]
        edges = np.quantile(study.learnt.end, np.linspace(0, 1, BLOCKS + 1)) + np.array([-1.0, 0, 0, 0])
        for begin, end in pairwise(edges):
            inside = (study.learnt.end > begin) & (study.learnt.end <= end)
            others = study.learnt.at(~inside)
            if inside.sum() < FEWEST_ROWS or not _enough(others):
                continue
            fitted = self._like(first, _some(others, self.rows // 3, rng), study.seed)
            parts.append(_some(study.learnt.at(inside), self.rows // 16, rng))
            means.append(mean_of(fitted, parts[-1]))
        return joined(parts), np.concatenate(means)

    def _spread(self, study: "Study", before: Any, after: Any, levels: tuple[float, ...]) -> Any:
        """What `_quantiles` answers from: quantiles of errors unseen, each over its item's own spread."""
        unseen, mean = self._unseen(study, before)
        return np.quantile((unseen.target - mean) / _width(unseen, mean), levels)

    def _quantiles(self, learnt: "Learnt", asked: Rows, mean: np.ndarray) -> np.ndarray:
        """Scaled quantiles, rows x levels, of the rows whose scaled mean this is."""
        return mean[:, None] + _width(asked, mean)[:, None] * learnt.spread

    def _detail(self, study: "Study", fitted: Any) -> str:
        return f"{len(study.kept)} features"

    def _coefficients(self, fitted: Any, names: list[str]) -> list[tuple[list[str], np.ndarray]]:
        """Names and values of standardised coefficients, where the model has any."""
        return []


@dataclass(frozen=True, eq=False)
class Study:
    """learnt: rows before what is held out. checked: rows of what is held out. every: rows of the whole past. there: how many these were
    drawn from. kept: positions of the features used. seed: of what is fitted."""

    learnt: Rows
    checked: Rows
    every: Rows
    there: int
    kept: np.ndarray
    seed: int


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a model took from a table, for any later panel. names: of the features used. fitted: what makes the mean. spread: what quantiles
    come from. detail: what it settled on, and what it learnt from."""

    names: tuple[str, ...]
    horizon: int
    levels: tuple[float, ...]
    fitted: Any
    spread: Any
    detail: str

    def answers(self, table: Table, levels: tuple[float, ...]) -> bool:
        """Whether the table has all features, and the same is asked."""
        return (self.horizon, self.levels) == (table.horizon, levels) and set(self.names) <= set(table.names)


@contextmanager
def _alone() -> Iterator[None]:
    """Quiet, on one thread: answers do not hang on the number of cores, and small trees grow no faster on more. A library must be loaded
    before its threads can be limited."""
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401

    with quiet(), one_thread():
        yield


def mean_of(fitted: Any, rows: Rows) -> np.ndarray:
    """Scaled mean of the rows, above 0."""
    return np.maximum(fitted.predict(rows.inputs), LEAST_MEAN)


def _width(rows: Rows, mean: np.ndarray) -> np.ndarray:
    """What is usual as an error, scaled: the item's spread, larger where more is expected."""
    return rows.spread * np.sqrt(mean)


def _enough(rows: Rows) -> bool:
    """Whether something can be learnt from these rows, or checked by them: not only a few, and something sold."""
    return len(rows.target) >= FEWEST_ROWS and bool(rows.target.any())


def _some(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    return rows.at(np.sort(rng.choice(len(rows.target), min(most, len(rows.target)), replace=False)))


def _importance(fitted: Any, checked: Rows, rng: np.random.Generator) -> np.ndarray:
    """WAPE with each feature shuffled less WAPE as it is."""
    rows = _some(checked, ROWS_PERMUTED, rng)

    def error(inputs: np.ndarray) -> float:
        missed = np.abs(rows.target - mean_of(fitted, replace(rows, inputs=inputs))) * rows.scale
        return float(missed.sum() / max((rows.target * rows.scale).sum(), LEAST_MEAN))

    usual = error(rows.inputs)
    values = []
    for at in range(rows.inputs.shape[1]):
        shuffled = rows.inputs.copy()
        shuffled[:, at] = rng.permutation(shuffled[:, at])
        values.append(error(shuffled) - usual)
    return np.array(values)


def _frame(kind: str, names: list[str], values: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame({"item": "", "kind": kind, "name": names})
    return frame.assign(ds=pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]"), value=values.astype(float))

"""The automatic choice: which model an item gets, from what every candidate said at past cutoffs and what then sold.

Pure functions over arrays. Choosing the best of a few models on one past cutoff is often worse than any of them; a combination seldom is
(Bates & Granger, 1969; Makridakis et al., 2020). So all items together say which candidates are worth having and how much each counts,
and an item leaves that combination only where its own past says so clearly.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sales.panel import SalesPanel

AUTO, ENSEMBLE, NAIVE = "auto", "ensemble", "seasonal_naive"

BEATS, TIE, FEW_CUTOFFS, NONE_BEATS, NO_HISTORY = "beats", "tie", "few_cutoffs", "none_beats_seasonal_naive", "no_history"

MOST_ORIGINS = 4
LEAST_SEEN = 6
SEASONS_SEEN = 2
FEWEST_CUTOFFS = 3
OFTEN_ZERO = 0.2
CUTOFFS_THAT_WEIGH_AS_MUCH_AS_ALL_ITEMS = 3.0
CLEARLY_BETTER = 0.1
SHARPNESS = 4.0
LEAST_SHARE = 0.5
SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Evidence:
    """What candidates said at past cutoffs, and what then sold.

    models: m names, seasonal_naive among them. y: items x cutoffs x horizon, units, NaN where not known. mean: m x items x cutoffs x
    horizon, units, NaN where a candidate had no answer of its own. panel: the items, ending where is decided. quantiles: m x items x
    cutoffs x horizon x levels, as the candidates gave them. Cutoffs stand earliest first and may be none.

    Raises ValueError where the shapes do not fit together, or seasonal_naive is missing.
    """

    models: tuple[str, ...]
    y: np.ndarray
    mean: np.ndarray
    panel: SalesPanel
    quantiles: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        if NAIVE not in self.models:
            raise ValueError(f"models: got {self.models}, expected {NAIVE} among them")
        expected = (len(self.models), len(self.panel), *self.y.shape[1:])
        if self.y.ndim != 3 or self.mean.shape != expected:
            raise ValueError(f"mean: got shape {self.mean.shape}, expected models x items x cutoffs x horizon = {expected}")
        if self.quantiles.size and self.quantiles.shape[:-1] != expected:
            raise ValueError(f"quantiles: got shape {self.quantiles.shape}, expected {expected} x levels")

    @property
    def naive(self) -> int:
        """The place of seasonal naive among the models."""
        return self.models.index(NAIVE)


@dataclass(frozen=True, eq=False)
class Choice:
    """What each of n items gets. weight: n x m shares, not negative, together 1: the mean is that of the candidates' means; a winner alone
    has one 1. used: n names, a candidate or "ensemble". runner_up: n names, what comes next. reason: n codes: "beats", "tie",
    "few_cutoffs", "none_beats_seasonal_naive", "no_history". error: n x m, what was compared: mean absolute error over the item's mean
    demand, a share, the item's own past and that of all items taken together; NaN where nothing is known."""

    weight: np.ndarray
    used: np.ndarray
    runner_up: np.ndarray
    reason: np.ndarray
    error: np.ndarray


def candidates(panel: SalesPanel, horizon: int) -> tuple[str, ...]:
    """Names of the models that are tried for this panel, by its season, length and share of zeros; seasonal_naive is always one."""
    known = ~np.isnan(panel.demand)
    zeros = float((panel.demand[known] == 0).mean()) if known.any() else 0.0
    names = [NAIVE, "moving_average", "theta", "ets", "boosting"]
    if len(panel.periods) >= SEASONS_SEEN * panel.season and panel.season > 1:
        names += ["seasonal_average", "linear"]
    if zeros > OFTEN_ZERO:
        names += ["sba", "tsb", "imapa"]
    return tuple(names)


def origins(panel: SalesPanel, first: pd.Timestamp, horizon: int) -> list[pd.Timestamp]:
    """Cutoffs before `first` that the choice is made by: at most 4, one horizon apart, the last ending at `first`. Where the history has
    room, each leaves two seasons and a horizon before it; else one or none with at least 6 periods before it."""
    at = int(panel.periods.get_loc(first))
    places = [at - horizon * k for k in range(1, MOST_ORIGINS + 1)]
    seasoned = [place for place in places if place + 1 >= SEASONS_SEEN * panel.season]
    chosen = seasoned or [place for place in places[:1] if place + 1 >= LEAST_SEEN]
    return [panel.periods[place] for place in chosen[::-1] if place + 1 >= LEAST_SEEN]


def choose(evidence: Evidence, ahead: np.ndarray) -> Choice:
    """What each item gets; `ahead`, m x items x horizon, is what the candidates say now (NaN: cannot be chosen).

    Errors of each candidate are drawn to those over all items (as if they had 3 more cutoffs of them). Candidates that beat seasonal naive
    there make the combination, weighted by a power of their error. One alone is chosen where it beats both seasonal naive and the
    combination by a tenth on 3 cutoffs or more; seasonal naive where nothing beats it.
    """
    said = ~np.isnan(ahead).all(axis=2)
    own, count = _errors(evidence, evidence.mean)
    return _chosen(evidence, said, own, count)


def combined(choice: Choice, ahead: np.ndarray) -> np.ndarray:
    """The mean of each item, n x horizon, from the candidates' (m x n x horizon); those without an answer are left out."""
    return _weighted(choice.weight, ahead)


def quantiles(evidence: Evidence, choice: Choice, mean: np.ndarray, ahead_quantiles: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Quantiles, n x horizon x L, around `mean`: the candidates' own, taken together as the means are."""
    n, horizon = mean.shape
    together = _weighted(choice.weight, ahead_quantiles.reshape(len(ahead_quantiles), n, -1)).reshape(n, horizon, len(levels))
    return np.sort(np.maximum(together, 0), axis=2)


def _errors(evidence: Evidence, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean absolute error of each candidate over the item's mean demand, m x items, and the cutoffs it rests on."""
    known = ~np.isnan(evidence.y)
    size = np.where(known, np.abs(evidence.y), 0.0).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    size = np.maximum(size, SMALLEST)
    error = np.abs(mean - evidence.y[None])
    there = ~np.isnan(error)
    total = np.where(there, error, 0.0).sum(axis=(2, 3)) / size
    periods = there.sum(axis=(2, 3))
    return np.divide(total, periods, out=np.full(total.shape, np.nan), where=periods > 0), there.any(axis=3).sum(axis=2)


def _chosen(evidence: Evidence, said: np.ndarray, own: np.ndarray, count: np.ndarray) -> Choice:
    m, n = own.shape
    naive = evidence.naive
    base = own[naive]
    ratio = own / np.maximum(base, SMALLEST)
    both = ~np.isnan(own) & ~np.isnan(base) & (base > 0)
    pooled = np.array([
        np.nansum(np.where(both[k], own[k], 0.0)) / max(np.nansum(np.where(both[k], base, 0.0)), SMALLEST) if both[k].any() else np.nan
        for k in range(m)
    ])  # fmt: skip
    share = count / (count + CUTOFFS_THAT_WEIGH_AS_MUCH_AS_ALL_ITEMS)
    shrunk = np.where(both, share * ratio + (1 - share) * pooled[:, None], pooled[:, None])
    shrunk[naive] = 1.0
    shrunk = np.where(said, shrunk, np.nan)
    better = np.nan_to_num(shrunk, nan=np.inf) < 1
    weight = np.where(better, np.maximum(np.nan_to_num(shrunk, nan=1.0), SMALLEST) ** -SHARPNESS, 0.0)
    weight[:, ~better.any(axis=0)] = 0.0
    weight[naive, ~better.any(axis=0)] = 1.0
    none_known = np.isnan(shrunk[[k for k in range(m) if k != naive]]).all(axis=0) if m > 1 else np.ones(n, bool)
    unknown = none_known & (count.max(axis=0) == 0)
    weight[:, unknown] = said[:, unknown]
    weight = weight * said
    weight[:, weight.sum(axis=0) == 0] = said[:, weight.sum(axis=0) == 0]
    weight = weight / np.maximum(weight.sum(axis=0), SMALLEST)

    order = np.argsort(np.nan_to_num(shrunk, nan=np.inf), axis=0, kind="stable")
    names = np.array(evidence.models, dtype=object)
    used = np.full(n, ENSEMBLE, dtype=object)
    reason = np.full(n, TIE, dtype=object)
    runner_up = names[order[0]]
    few = count.max(axis=0) < FEWEST_CUTOFFS
    reason[few] = FEW_CUTOFFS
    none = ~better.any(axis=0) & ~unknown
    used[none], reason[none] = NAIVE, NONE_BEATS
    runner_up[none] = names[np.where(order[0] == naive, order[min(1, m - 1)], order[0])][none]
    reason[unknown] = NO_HISTORY
    return Choice(weight.T, used, runner_up, reason, shrunk.T * np.nan_to_num(base, nan=np.nan)[:, None])


def _weighted(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The weighted mean over candidates, n x k, of m x n x k; NaN counts for nothing."""
    known = ~np.isnan(values)
    part = weight.T[:, :, None] * known
    total = part.sum(axis=0)
    return np.divide((part * np.where(known, values, 0.0)).sum(axis=0), total, out=np.full(total.shape, np.nan), where=total > 0)

"""The automatic choice: which model an item gets, from what every candidate said at past cutoffs and what then sold.

Pure functions over arrays. The best of a few models on one past cutoff is often worse afterwards than any of them; a combination seldom is
(Bates & Granger, 1969; Makridakis, Spiliotis & Assimakopoulos, 2020). So errors of an item are drawn to those of all items, the candidates
that beat seasonal naive are combined, and an item leaves its combination only where its own past says clearly so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecasting.models import registry
from sales.panel import SalesPanel

AUTO, ENSEMBLE, NAIVE = "auto", "ensemble", "seasonal_naive"

BEATS, TIE, FEW_CUTOFFS, NONE_BEATS, NO_HISTORY = "beats", "tie", "few_cutoffs", "none_beats_seasonal_naive", "no_history"
REASONS = (BEATS, TIE, FEW_CUTOFFS, NONE_BEATS, NO_HISTORY)

MOST_ORIGINS = 4
LEAST_SEEN = 6
SEASONS_SEEN = 2
SOME_ZEROS = 0.05
MOST_TIMES_THE_PAST = 4.0
CUTOFFS_OF_ALL_ITEMS = 6.0
ITEMS_THAT_SHOW_NOTHING = 20.0
FEWEST_CUTOFFS = 3
NEARLY_ALL = 0.8
SHARPNESS = 8.0
CUTOFFS_OF_OWN_BANDS = 6.0
CUTOFFS_OF_USUAL = 10.0
LEAST_USUAL = 0.05
SMALLEST_WIDTH = 0.02
FEWEST_ERRORS = 50
SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class Evidence:
    """What m candidates said at c past cutoffs (none: c = 0), earliest first, and what then sold.

    models: m names, seasonal_naive among them. y: items x cutoffs x horizon, units, NaN where not known. mean: m x items x cutoffs x
    horizon, units, NaN where a candidate had no answer of its own. panel: the items, ending where is decided. quantiles: m x items x
    cutoffs x horizon x levels, units, as the candidates gave them; empty where nobody asks for quantiles.

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


@dataclass(frozen=True, eq=False)
class Choice:
    """What each of n items gets.

    weight: n x m shares, not negative, together 1; the mean is that of the candidates' means. used: n names, the one candidate that has
    weight, or "ensemble" where several have. runner_up: n names, what comes next. reason: n codes of `REASONS`. error: n x m, what was
    compared: mean absolute error over mean demand, a share, the item's own drawn to that of all items; NaN where nothing is known.
    """

    weight: np.ndarray
    used: np.ndarray
    runner_up: np.ndarray
    reason: np.ndarray
    error: np.ndarray


def candidates(panel: SalesPanel, horizon: int) -> tuple[str, ...]:
    """Names of the models that are tried for this panel, by its season, length and share of zeros; seasonal_naive is always one."""
    known = ~np.isnan(panel.demand)
    zeros = float((panel.demand[known] == 0).mean()) if known.any() else 0.0
    seasonal = panel.season > 1 and len(panel.periods) >= SEASONS_SEEN * panel.season
    names = [NAIVE, "seasonal_average" if seasonal else "moving_average", "theta", "ets", "linear", "boosting"]
    return tuple([*names, "sba", "tsb", "imapa"] if zeros > SOME_ZEROS else names)


def origins(panel: SalesPanel, first: pd.Timestamp, horizon: int) -> list[pd.Timestamp]:
    """Cutoffs before `first` that the choice is made by: at most 4, one horizon apart, the last horizon ending at `first`. Each leaves two
    seasons before it, where the history has room for one that does; else 6 periods. None where there is no room for that."""
    at = int(panel.periods.get_loc(first))
    places = list(range(at - horizon, LEAST_SEEN - 2, -horizon))[:MOST_ORIGINS]
    seasoned = [place for place in places if place + 1 >= SEASONS_SEEN * panel.season]
    return [panel.periods[place] for place in (seasoned or places)[::-1]]


def choose(evidence: Evidence, ahead: np.ndarray) -> Choice:
    """What each item gets; `ahead`, m x items x horizon, is what the candidates say now (NaN: no answer, cannot be chosen).

    At each cutoff errors are taken relative to the mean of all candidates. Those of an item with c cutoffs count c / (c + 6), those of all
    items the rest, drawn to equal ones as if 20 more items had shown nothing on one cutoff. Candidates that then beat seasonal naive are
    combined, weighted by the 8th power of 1 / error; those of one family share its weight, as they say nearly the same. One is taken alone
    where it has earned four fifths of the weight on 3 cutoffs or more, or no other beats seasonal naive; that itself where none does.
    """
    found = _compared(evidence, np.abs(evidence.mean - evidence.y))
    said = _believable(evidence.panel, ahead)
    error = np.where(said, found.error, np.nan)
    beats, known = _beating(evidence, error)
    weight = _scaled(np.where(beats, np.nan_to_num(error, nan=1.0) ** -SHARPNESS, 0.0) / _kin(evidence.models)[:, None])
    weight = np.where(known & ~beats.any(axis=0), _alone(evidence, weight), weight)
    weight = _scaled(np.where(weight.sum(axis=0) > 0, weight, _equal(evidence, said)))

    order = np.argsort(np.nan_to_num(error, nan=np.inf), axis=0, kind="stable")
    clear = (found.count >= FEWEST_CUTOFFS) & (weight.max(axis=0) >= NEARLY_ALL)
    weight = np.where(clear, np.arange(len(weight))[:, None] == weight.argmax(axis=0), weight)
    return _told(evidence, weight, order, known, found.count, found.scale * error)


def combined(choice: Choice, ahead: np.ndarray) -> np.ndarray:
    """The mean of each item, n x horizon, from the candidates' (m x n x horizon); those without an answer are left out."""
    return _weighted(choice.weight.T, ahead)


def quantiles(evidence: Evidence, choice: Choice, mean: np.ndarray, ahead_quantiles: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of each item, n x horizon x L, around its `mean` (n x horizon), units; ahead_quantiles: m x n x horizon x L.

    Those of the candidates that can be chosen are averaged (quantiles, not probabilities: Lichtendahl, Grushka-Cockayne & Winkler, 2013),
    each weighted by the 8th power of 1 / its pinball loss at the c past cutoffs, drawn to that of all items as errors are. How far they lie
    from the mean, on average over levels and candidates, is a width. The errors that the combination would have made at past cutoffs, over
    its widths there and over what is usual for the item, are pooled over all items and steps, and their quantiles, put back on the widths
    ahead, count c / (c + 6) (split conformal with scaled errors: Lei et al., 2018, 5.2), the averaged ones the rest.
    """
    cutoffs = evidence.y.shape[1]
    if not cutoffs or not evidence.quantiles.size:
        return np.sort(np.maximum(_weighted(choice.weight.T, ahead_quantiles), 0), axis=-1)
    weight = _band_weights(evidence, choice, np.asarray(levels, dtype=float))
    said = _weighted(choice.weight.T, evidence.mean)
    floor = np.maximum(SMALLEST_WIDTH * np.nan_to_num(_mean_of(np.abs(evidence.y), (1, 2))), SMALLEST)
    errors = (evidence.y - said) / _widths(weight, evidence.quantiles, said, floor)
    width = _widths(weight, ahead_quantiles, mean, floor)
    distance = _weighted(weight, ahead_quantiles) - mean[..., None]
    averaged = mean[..., None] + distance * (width / np.maximum(np.abs(distance).mean(axis=-1), width))[..., None]
    usual = _usual(errors)
    pool = (errors / usual[:, None, None])[~np.isnan(errors)]
    if len(pool) >= FEWEST_ERRORS:
        found = mean[..., None] + (usual[:, None] * width)[..., None] * np.quantile(pool, levels)
        share = cutoffs / (cutoffs + CUTOFFS_OF_OWN_BANDS)
        averaged = share * found + (1 - share) * averaged
    return np.sort(np.maximum(averaged, 0), axis=-1)


def _band_weights(evidence: Evidence, choice: Choice, levels: np.ndarray) -> np.ndarray:
    """What the bands of each candidate count, m x n: of all that can be chosen, as one taken alone may know its mean and not its errors."""
    lost = np.stack([_mean_pinball(evidence.y, block, levels) for block in evidence.quantiles])
    error = _compared(evidence, lost).error
    weight = (
        np.where(~np.isnan(choice.error.T) & ~np.isnan(error), np.nan_to_num(error, nan=np.inf) ** -SHARPNESS, 0.0)
        / _kin(evidence.models)[:, None]
    )
    return _scaled(np.where(weight.sum(axis=0) > 0, weight, choice.weight.T))


def _mean_pinball(y: np.ndarray, quantiles: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Pinball loss of quantiles (… x L), mean over the levels."""
    loss = np.zeros(y.shape)
    for at, level in enumerate(levels):
        below = y - quantiles[..., at]
        loss += np.maximum(level * below, (level - 1) * below)
    return loss / len(levels)


def _widths(weight: np.ndarray, quantiles: np.ndarray, mean: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """How far the candidates' quantiles (m x n x … x L) lie from the mean (n x …), on average over the levels, at least `floor` (n): the
    weighted geometric mean over the candidates, which one whose bands run away moves little."""
    least = floor.reshape(-1, *[1] * (mean.ndim - 1))
    each = np.stack([np.abs(block - mean[..., None]).mean(axis=-1) for block in quantiles])
    return np.exp(_weighted(weight, np.log(np.maximum(each, least))))


def _usual(errors: np.ndarray) -> np.ndarray:
    """What is usual for an item, n: mean size of its scaled errors (n x cutoffs x horizon) over that of the middle item, drawn to 1 as if
    10 more cutoffs had shown that."""
    own = _mean_of(np.abs(errors), (1, 2))
    of_all = own / np.median(own[own > 0]) if (own > 0).any() else np.ones(len(own))
    cutoffs = (~np.isnan(errors)).any(axis=2).sum(axis=1)
    share = cutoffs / (cutoffs + CUTOFFS_OF_USUAL)
    return np.exp(share * np.log(np.clip(np.nan_to_num(of_all, nan=1.0), LEAST_USUAL, 1 / LEAST_USUAL)))


@dataclass(frozen=True, eq=False)
class _Compared:
    """error: m x n, relative to the mean error of all candidates for the item, its own drawn to that of all items. scale: n, what that mean
    is, a share of demand. count: n, cutoffs of the item."""

    error: np.ndarray
    scale: np.ndarray
    count: np.ndarray


def _compared(evidence: Evidence, missed: np.ndarray) -> _Compared:
    """How candidates did by `missed` (m x n x cutoffs x horizon), what each missed by, units. An item's vote among all is the root of
    its demand: between one item, one vote and one unit, one vote."""
    at_cutoffs = _mean_of(missed, (3,))
    count = (~np.isnan(at_cutoffs)).sum(axis=2)
    usual = _mean_of(at_cutoffs, (0,))
    relative = _mean_of(at_cutoffs / np.where(usual > 0, usual, np.nan), (2,))
    size = _mean_of(np.abs(evidence.y), (1, 2))
    scale = _mean_of(usual, (1,)) / np.where(size > 0, size, np.nan)
    votes = np.sqrt(np.nan_to_num(size)) * ~np.isnan(relative)
    total = votes.sum(axis=1)
    pooled = np.divide((votes * np.nan_to_num(relative)).sum(axis=1), total, out=np.full(len(relative), np.nan), where=total > 0)
    shown = count.sum(axis=1)
    pooled = (1 + shown / (shown + ITEMS_THAT_SHOW_NOTHING) * (pooled - 1))[:, None]
    share = count / (count + CUTOFFS_OF_ALL_ITEMS)
    drawn = np.where(np.isnan(relative), pooled, share * np.nan_to_num(relative) + (1 - share) * pooled)
    return _Compared(np.maximum(drawn, SMALLEST), scale, count.max(axis=0))


def _believable(panel: SalesPanel, ahead: np.ndarray) -> np.ndarray:
    """Which answers can be chosen, m x n: not one of more than 4 times the largest period that the item has had, where others are less."""
    said = ~np.isnan(ahead).all(axis=2)
    most = MOST_TIMES_THE_PAST * np.nan_to_num(panel.demand).max(axis=1, initial=0.0)
    sane = said & (np.nan_to_num(ahead).max(axis=2) <= most)
    return np.where(sane.any(axis=0), sane, said)


def _beating(evidence: Evidence, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which candidates beat seasonal naive, m x n, and for which items that can be told at all, n. Where seasonal naive itself has no
    answer all beat it that have one."""
    naive = error[evidence.models.index(NAIVE)]
    known = ~np.isnan(error).all(axis=0)
    return np.nan_to_num(error, nan=np.inf) < np.nan_to_num(naive, nan=np.inf), known


def _kin(models: Sequence[str]) -> np.ndarray:
    """How many of the candidates are of each one's family, m."""
    families = [registry.card(name).family if name in registry.NAMES else name for name in models]
    return np.array([families.count(family) for family in families], dtype=float)


def _alone(evidence: Evidence, weight: np.ndarray) -> np.ndarray:
    """All weight on seasonal naive."""
    alone = np.zeros_like(weight)
    alone[evidence.models.index(NAIVE)] = 1.0
    return alone


def _equal(evidence: Evidence, said: np.ndarray) -> np.ndarray:
    """Where no error is known: every family that has an answer alike, seasonal naive only where nobody else has one."""
    others = said & (np.array(evidence.models) != NAIVE)[:, None]
    return np.where(others.any(axis=0), others, said) / _kin(evidence.models)[:, None]


def _scaled(weight: np.ndarray) -> np.ndarray:
    """Weights, m x n, made to sum to 1 where there are any."""
    return weight / np.maximum(weight.sum(axis=0), np.finfo(float).tiny)


def _told(evidence: Evidence, weight: np.ndarray, order: np.ndarray, known: np.ndarray, count: np.ndarray, error: np.ndarray) -> Choice:
    """The choice in words: what was used follows from the weights, what comes next from the order of the errors."""
    names = np.array(evidence.models, dtype=object)
    alone = (weight > 0).sum(axis=0) == 1
    first = weight.argmax(axis=0)
    used = np.where(alone, names[first], ENSEMBLE)
    second = order[min(1, len(names) - 1)]
    following = np.where(order[0] == first, second, order[0])
    left_out = alone & (used != NAIVE) & (count >= FEWEST_CUTOFFS)
    reason = np.where(used == NAIVE, NONE_BEATS, np.where(left_out, BEATS, np.where(count < FEWEST_CUTOFFS, FEW_CUTOFFS, TIE)))
    reason = np.where(known & (count > 0), reason, NO_HISTORY)
    return Choice(weight.T, used, np.where(alone, names[following], names[order[0]]), reason.astype(object), error.T)


def _weighted(weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The weighted mean over candidates, m x n, of m x n x …; NaN counts for nothing. One candidate at a time: the blocks are large."""
    total = np.zeros(values.shape[1:])
    summed = np.zeros(values.shape[1:])
    for share, block in zip(weight, values, strict=True):
        part = share.reshape(-1, *[1] * (block.ndim - 1)) * ~np.isnan(block)
        total += part
        summed += part * np.nan_to_num(block)
    return np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)


def _mean_of(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The mean over axes of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axes)
    return np.divide(np.where(known, values, 0.0).sum(axis=axes), count, out=np.full(count.shape, np.nan), where=count > 0)

"""The automatic choice: which model an item gets, from what every candidate said at past cutoffs and what then sold.

Pure functions over arrays. The best of a few models on one past cutoff is often worse afterwards than any of them; a combination seldom is
(Bates & Granger, 1969; Makridakis, Spiliotis & Assimakopoulos, 2020). So errors of an item are drawn to those of all items, recent ones
count more, the candidates that beat seasonal naive are combined, or all where only their mean does, and an item leaves its combination
only where its own past says clearly so.
"""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from forecasting.evidence import NAIVE, Compared, Evidence, compared, kin, scaled, weighted
from sales.panel import SalesPanel

AUTO, ENSEMBLE = "auto", "ensemble"

BEATS, TIE, FEW_CUTOFFS, TOGETHER = "beats", "tie", "few_cutoffs", "only_together"
NONE_BEATS, NO_HISTORY = "none_beats_seasonal_naive", "no_history"
REASONS = (BEATS, TIE, FEW_CUTOFFS, TOGETHER, NONE_BEATS, NO_HISTORY)

MOST_ORIGINS = 4
LEAST_SEEN = 6
SEASONS_SEEN = 2
SOME_ZEROS = 0.05
MOST_TIMES_THE_PAST = 4.0
ONE_CUTOFF_EARLIER = 0.7
FEWEST_CUTOFFS = 3
NEARLY_ALL = 0.8
SHARPNESS = 8.0


@dataclass(frozen=True, eq=False)
class Choice:
    """What each of n items gets.

    weight: n x m shares, not negative, together 1; the mean is that of the candidates' means. used: n names, the one candidate that has
    weight, or "ensemble" where several have. runner_up: n names, what comes next. reason: n codes of `REASONS`. error: n x m, what was
    compared: mean absolute error over mean demand, a share, the item's own drawn to that of all items; NaN where nothing is known of the
    item. rank: n x m, from 1, the lowest error first, by those of all items where nothing is known of the item; what has no answer is last.
    cutoffs: n, how many past ones say something of the item.
    """

    weight: np.ndarray
    used: np.ndarray
    runner_up: np.ndarray
    reason: np.ndarray
    error: np.ndarray
    rank: np.ndarray
    cutoffs: np.ndarray

    def select(self, rows: np.ndarray) -> "Choice":
        """The items at a mask or positions."""
        return Choice(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


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

    At each cutoff errors are taken relative to the mean of all candidates, and a cutoff counts 0.7 times the one after it: levels break,
    and the model that was best before a break need not be so after it. Errors of an item with c cutoffs count c / (c + 6), those of all
    items the rest, drawn to equal ones as if 20 more items had shown nothing on one cutoff. Candidates that then beat seasonal naive are
    combined, weighted by the 8th power of 1 / error; those of one family share its weight, as they say nearly the same. Where one alone
    does, it weighs so against seasonal naive; where none does, the mean of all families, asked like any other candidate, is used if that
    does, and seasonal naive if not. One is taken alone where it has earned four fifths of the weight on 3 cutoffs or more.
    """
    said = _believable(evidence.panel, ahead)
    equal = scaled(_equal(evidence, said))
    found = compared(evidence, _missed(evidence, equal), ONE_CUTOFF_EARLIER)
    error, of_all = np.where(said, found.error[:-1], np.nan), found.error[-1:]
    naive = np.array(evidence.models) == NAIVE
    beats, known = _beating(evidence, error)
    counts = np.where(naive[:, None] & (beats.sum(axis=0) == 1), ~np.isnan(error), beats)
    weight = scaled(np.where(counts, np.nan_to_num(error, nan=1.0) ** -SHARPNESS, 0.0) / kin(evidence.models)[:, None])
    none = known & ~beats.any(axis=0)
    together = none & (of_all < error[naive])[0]
    weight = np.where(none & ~together, naive[:, None], weight)
    weight = np.where(weight.sum(axis=0) > 0, weight, equal)

    order = np.argsort(np.nan_to_num(error, nan=np.inf), axis=0, kind="stable")
    clear = (found.count >= FEWEST_CUTOFFS) & (weight.max(axis=0) >= NEARLY_ALL)
    weight = np.where(clear, np.arange(len(weight))[:, None] == weight.argmax(axis=0), weight)
    return _told(evidence, weight, order, known, found, error, together)


def combined(choice: Choice, ahead: np.ndarray) -> np.ndarray:
    """The mean of each item, n x horizon, from the candidates' (m x n x horizon); those without an answer are left out."""
    return weighted(choice.weight.T, ahead)


def _missed(evidence: Evidence, equal: np.ndarray) -> np.ndarray:
    """What candidates missed by at past cutoffs and, last, their mean by the weights `equal`, (m + 1) x n x cutoffs x horizon, units."""
    missed = np.concatenate([evidence.mean, weighted(equal, evidence.mean)[None]])
    return np.abs(np.subtract(missed, evidence.y, out=missed), out=missed)


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


def _equal(evidence: Evidence, said: np.ndarray) -> np.ndarray:
    """Where no error is known: every family that has an answer alike, seasonal naive only where nobody else has one."""
    others = said & (np.array(evidence.models) != NAIVE)[:, None]
    return np.where(others.any(axis=0), others, said) / kin(evidence.models)[:, None]


def _told(
    evidence: Evidence,
    weight: np.ndarray,
    order: np.ndarray,
    known: np.ndarray,
    found: Compared,
    error: np.ndarray,
    together: np.ndarray,
) -> Choice:
    """The choice in words: what was used follows from the weights, what comes next from the order of the errors."""
    count = found.count
    names = np.array(evidence.models, dtype=object)
    alone = (weight > 0).sum(axis=0) == 1
    first = weight.argmax(axis=0)
    used = np.where(alone, names[first], ENSEMBLE)
    second = order[min(1, len(names) - 1)]
    following = np.where(order[0] == first, second, order[0])
    left_out = alone & (used != NAIVE) & (count >= FEWEST_CUTOFFS)
    reason = np.where(used == NAIVE, NONE_BEATS, np.where(left_out, BEATS, np.where(count < FEWEST_CUTOFFS, FEW_CUTOFFS, TIE)))
    reason = np.where(known & (count > 0), np.where(together, TOGETHER, reason), NO_HISTORY).astype(object)
    rank = np.argsort(order, axis=0) + 1
    return Choice(weight.T, used, np.where(alone, names[following], names[order[0]]), reason, (found.scale * error).T, rank.T, count)

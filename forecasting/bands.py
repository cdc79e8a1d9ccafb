"""Bands of the automatic choice: quantiles of its candidates, set right by the errors that it would have made itself at past cutoffs."""

from collections.abc import Sequence

import numpy as np

from forecasting.evidence import SMALLEST, Evidence, compared, kin, mean_of, scaled, weighted
from forecasting.rule import SHARPNESS, Choice

CUTOFFS_OF_OWN_BANDS = 6.0
CUTOFFS_OF_USUAL = 10.0
LEAST_USUAL = 0.05
SMALLEST_WIDTH = 0.02
FEWEST_ERRORS = 50


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
        return np.sort(np.maximum(weighted(choice.weight.T, ahead_quantiles), 0), axis=-1)
    weight = _band_weights(evidence, choice, np.asarray(levels, dtype=float))
    said = weighted(choice.weight.T, evidence.mean)
    floor = np.maximum(SMALLEST_WIDTH * np.nan_to_num(mean_of(np.abs(evidence.y), (1, 2))), SMALLEST)
    errors = (evidence.y - said) / _widths(weight, evidence.quantiles, said, floor)
    width = _widths(weight, ahead_quantiles, mean, floor)
    distance = weighted(weight, ahead_quantiles) - mean[..., None]
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
    error = compared(evidence, lost).error
    weight = (
        np.where(~np.isnan(choice.error.T) & ~np.isnan(error), np.nan_to_num(error, nan=np.inf) ** -SHARPNESS, 0.0)
        / kin(evidence.models)[:, None]
    )
    return scaled(np.where(weight.sum(axis=0) > 0, weight, choice.weight.T))


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
    return np.exp(weighted(weight, np.log(np.maximum(each, least))))


def _usual(errors: np.ndarray) -> np.ndarray:
    """What is usual for an item, n: mean size of its scaled errors (n x cutoffs x horizon) over that of the middle item, drawn to 1 as if
    10 more cutoffs had shown that."""
    own = mean_of(np.abs(errors), (1, 2))
    of_all = own / np.median(own[own > 0]) if (own > 0).any() else np.ones(len(own))
    cutoffs = (~np.isnan(errors)).any(axis=2).sum(axis=1)
    share = cutoffs / (cutoffs + CUTOFFS_OF_USUAL)
    return np.exp(share * np.log(np.clip(np.nan_to_num(of_all, nan=1.0), LEAST_USUAL, 1 / LEAST_USUAL)))

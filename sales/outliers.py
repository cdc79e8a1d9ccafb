"""Outliers: single periods far above all that an item ordinarily sells."""

import numpy as np

from sales.expected import REACH, Expected, level, over_blocks, steps
from sales.panel import SalesPanel

DEVIATIONS = 8.0
LEAST_SALES = 8
_LEAST_SPREAD, _LEAST_RELATIVE = 0.5, 0.07  # of roots: a Poisson count's root has deviation 0.5
_LEAST_FACTOR = 0.05


def tamed(demand: np.ndarray) -> np.ndarray:
    """`demand`, items x periods, cut to each item's own ceiling without season: what to learn seasons and levels from."""
    result = np.empty_like(demand)

    def cut(rows: slice) -> None:
        result[rows] = np.minimum(demand[rows], _ceiling(demand[rows], steps(demand[rows]))[:, None])

    over_blocks(cut, *demand.shape)
    return result


def ceilings(panel: SalesPanel, usual: Expected) -> np.ndarray:
    """The most that each item ordinarily sells in each period, float32, items x periods, units; infinite where an item has fewer than 8.

    Of the roots of an item's sales over its factors (zeros left aside, counted in the smallest step in which it is sold) the ceiling is the
    median + 8 deviations, a deviation being the distance from the median to the upper quartile / 0.6745, at least 0.5 (Poisson) and 7 % of
    the median. The same is asked of sales over factors and the level round about, in which what is above the first ceiling is cut to it;
    the higher of the two counts, so that neither a season nor growth makes an outlier.
    """
    y, reach = panel.demand, REACH[panel.calendar.frequency]
    result = np.empty(y.shape, dtype=np.float32)

    def ceiling(rows: slice) -> None:
        factor = np.maximum(usual.factor[rows], _LEAST_FACTOR)
        step = steps(y[rows])
        flat = _ceiling(y[rows] / factor, step)[:, None] * factor
        about = np.nan_to_num(level(np.minimum(y[rows], flat), factor, reach))
        middle = about.mean(axis=1, keepdims=True)
        course = np.maximum(np.divide(about, middle, out=np.ones_like(about), where=middle > 0), _LEAST_FACTOR) * factor
        result[rows] = np.maximum(flat, _ceiling(y[rows] / course, step)[:, None] * course)

    over_blocks(ceiling, *y.shape)
    return result


def _ceiling(values: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The square of median + 8 deviations of each row's roots of positive values, counted in the row's `step`."""
    roots = np.sort(np.sqrt(np.where(values > 0, values, np.nan) / step[:, None].astype(values.dtype)), axis=1)
    count = (~np.isnan(roots)).sum(axis=1)

    def quantile(q: float) -> np.ndarray:
        return np.take_along_axis(roots, np.maximum(np.ceil(q * count).astype(np.intp) - 1, 0)[:, None], axis=1)[:, 0]

    middle = quantile(0.5)
    spread = np.maximum((quantile(0.75) - middle) / 0.6745, np.maximum(_LEAST_SPREAD, _LEAST_RELATIVE * middle))
    return np.where(count < LEAST_SALES, np.inf, step * (middle + DEVIATIONS * spread) ** 2)

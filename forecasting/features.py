"""What models see beside sales: covariates made whole, and the calendar."""

import numpy as np
import pandas as pd

from sales.panel import SalesPanel

PRICE = "price"
FEWEST_MOVES = 5.0
MOST_COMPARED = 500


def known_ahead(panel: SalesPanel, horizon: int) -> dict[str, np.ndarray]:
    """Each covariate of `panel` as float32, items x (history + `horizon`), without NaN.

    Where a value is not known an item's zeros and ones (a promotion) are 0, anything else (a price, also one of 1.00) keeps its last known
    value; before the first known one it takes that; never known: 0. Each item is filled by itself, whatever others are in the panel.
    """
    width = len(panel.periods) + horizon
    return {name: _filled(block, width, marks=name != PRICE) for name, block in sorted(panel.covariates.items())}


def learnable(panel: SalesPanel, horizon: int) -> dict[str, np.ndarray]:
    """`known_ahead` without columns that only drift."""
    periods = len(panel.periods)
    return {name: block for name, block in known_ahead(panel, horizon).items() if not drifts(name, block[:, :periods])}


def learnt_from(used: int, there: int, what: str, items: int, first: pd.Timestamp, last: pd.Timestamp) -> str:
    """What a model shared by all items learnt from: at which cutoff, how many rows or windows of how many there were, of how many items,
    and the first of the dates whose sales they are to tell; the last one is the cutoff.

    >>> learnt_from(100_000, 15_834_000, "rows", 1_000, pd.Timestamp("2024-01-01"), pd.Timestamp("2024-10-07"))
    'learnt at 2024-10-07 from 100,000 of 15,834,000 rows, 1,000 items, sales since 2024-01-01'
    """
    return f"learnt at {last:%Y-%m-%d} from {used:,} of {there:,} {what}, {items:,} items, sales since {first:%Y-%m-%d}"


def drifts(name: str, past: np.ndarray) -> bool:
    """Whether the past of a column, items x T, is worth fewer than 5 `moves`; never true of the price, which the shop itself sets.

    What only drifts (consumer prices, unemployment) is matched by chance by whatever else drifts, demand above all (Granger & Newbold,
    Spurious regressions in econometrics, 1974), and what comes next lies outside of all that was seen.
    """
    return name != PRICE and moves(past) < FEWEST_MOVES


def moves(block: np.ndarray) -> float:
    """How many independent values the past of a column, items x T, is worth; 0 where it never varies.

    Of an item: T / 2 times the ratio of the mean squared step to the variance (von Neumann, 1941): about T where each value is drawn
    anew, a handful for a random walk, 0 for a straight line. Of all: the mean of these times the number of items that move by themselves,
    that is (sum of e)^2 / (sum of e^2) for the eigenvalues e of the correlations of the steps (at most 500 items, evenly chosen).

    >>> float(round(moves(np.array([[0.0, 1, 0, 0, 1, 0, 1, 1]])), 1))
    10.0
    >>> float(round(moves(np.arange(100.0)[None]), 2))
    0.06
    """
    past = block[:: -(-len(block) // MOST_COMPARED)].astype(float) if len(block) else np.zeros((0, 1))
    past = past[np.ptp(past, axis=1) > 0]
    if not len(past):
        return 0.0
    past /= np.abs(past).max(axis=1, keepdims=True)
    steps = np.diff(past, axis=1)
    squares = (steps**2).sum(axis=1, keepdims=True)
    own = squares[:, 0] / (2 * past.var(axis=1))
    unit = steps / np.sqrt(squares)
    alone = len(unit) ** 2 / ((unit @ unit.T) ** 2).sum()
    return float(own.mean() * alone)


def _filled(block: np.ndarray, width: int, marks: bool) -> np.ndarray:
    padded = np.full((len(block), width), np.nan, dtype=np.float32)
    reach = min(width, block.shape[1])
    padded[:, :reach] = block[:, :reach]
    if not np.isnan(padded).any():
        return padded
    kept = pd.DataFrame(padded.T).ffill().bfill().fillna(0.0).to_numpy(dtype=np.float32).T
    zeros_and_ones = marks & (np.isnan(padded) | (padded == 0) | (padded == 1)).all(axis=1)
    return np.where(zeros_and_ones[:, None], np.nan_to_num(padded, nan=0.0), kept)


def calendar_waves(ds: pd.DatetimeIndex, frequency: str) -> np.ndarray:
    """Sines and cosines of the place in the week (days only) and in the year, float32, periods x 2 or 4, each within -1 to 1."""
    year = 2 * np.pi * (ds.day_of_year.to_numpy() - 1) / 365.25
    waves = [np.sin(year), np.cos(year)]
    if frequency == "D":
        week = 2 * np.pi * ds.day_of_week.to_numpy() / 7
        waves += [np.sin(week), np.cos(week)]
    return np.stack(waves, axis=1).astype(np.float32)

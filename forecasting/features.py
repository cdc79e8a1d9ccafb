"""What models see beside sales: covariates made whole, and the calendar."""

import numpy as np
import pandas as pd

from sales.panel import SalesPanel

PRICE = "price"


def known_ahead(panel: SalesPanel, horizon: int) -> dict[str, np.ndarray]:
    """Each covariate of `panel` as float32, items x (history + `horizon`), without NaN.

    Where a value is not known an item's zeros and ones (a promotion) are 0, anything else (a price, also one of 1.00) keeps its last known
    value; before the first known one it takes that; never known: 0. Each item is filled by itself, whatever others are in the panel.
    """
    width = len(panel.periods) + horizon
    return {name: _filled(block, width, marks=name != PRICE) for name, block in sorted(panel.covariates.items())}


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

"""Spells: stretches of periods of some items, which a finding speaks of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sales.panel import SalesPanel


@dataclass(frozen=True, eq=False)
class Spells:
    """Stretches of periods, one place a stretch: the item's place in the panel, the first period, and the end after the last."""

    item: np.ndarray
    first: np.ndarray
    end: np.ndarray

    def __len__(self) -> int:
        return len(self.item)

    @property
    def periods(self) -> int:
        """Item-periods in all."""
        return int((self.end - self.first).sum())

    @property
    def items(self) -> np.ndarray:
        """Places of the items that have any, ascending."""
        return np.unique(self.item)

    def mask(self, shape: tuple[int, int]) -> np.ndarray:
        """Mask items x periods."""
        steps = np.zeros((shape[0], shape[1] + 1), dtype=np.int16)
        np.add.at(steps, (self.item, self.first), 1)
        np.add.at(steps, (self.item, self.end), -1)
        return steps.cumsum(axis=1, dtype=np.int16)[:, :-1] > 0

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum of `values`, items x periods, over each stretch, NaN counted as 0."""
        length = self.end - self.first
        stretch = np.repeat(np.arange(len(self)), length)
        period = np.arange(len(stretch)) - np.repeat(np.cumsum(length) - length, length) + np.repeat(self.first, length)
        return np.bincount(stretch, np.nan_to_num(values[self.item[stretch], period]), len(self))

    def shown(self, panel: SalesPanel, most: int = 10) -> pd.DataFrame:
        """Up to `most` stretches, those with most units first: item, first and last (labels), units."""
        units = self.sums(panel.y)
        best = np.argsort(-units, kind="stable")[:most]
        labels = {"first": panel.periods[self.first[best]], "last": panel.periods[self.end[best] - 1]}
        return pd.DataFrame({"item": panel.items[self.item[best]], **labels, "units": units[best]})

    def together(self, panel: SalesPanel, most: int = 10) -> pd.DataFrame:
        """Up to `most` stretches that items share, in the order of time, those of most items before all others: first and last (labels),
        and how many items."""
        code, stretch = np.unique(np.stack([self.first, self.end]), axis=1, return_counts=True)
        best = np.sort(np.argsort(-stretch, kind="stable")[:most])
        labels = {"first": panel.periods[code[0, best]], "last": panel.periods[code[1, best] - 1]}
        return pd.DataFrame({**labels, "items": stretch[best]})


def spells_of(mask: np.ndarray) -> Spells:
    """The stretches of `mask`, items x periods."""
    edges = np.diff(mask.astype(np.int8), axis=1, prepend=0, append=0)
    item, first = np.nonzero(edges == 1)
    return Spells(item, first, np.nonzero(edges == -1)[1])

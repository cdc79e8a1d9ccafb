"""Receipts: what orders that were sent bring, beside what the stock file has on order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Receipts:
    """Orders that were sent, one array a column, one place an order.

    items: codes, several orders of one item among them. quantity: units. due: the day on which it arrives. received: true where it has
    arrived since the stock file was saved.
    """

    items: np.ndarray
    quantity: np.ndarray
    due: np.ndarray
    received: np.ndarray

    def of(self, items: np.ndarray, until: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Units received, open and due by the day `until` (n days), and open and due later, n each, of `items` (n codes); others are left
        out."""
        rows, here = self._rows(items)
        received = self.received[here]
        later = ~received & (self.due[here] > until[rows])
        masks = (received, ~received & ~later, later)
        return tuple(np.bincount(rows, self.quantity[here] * mask, len(items)).astype(float) for mask in masks)  # type: ignore[return-value]

    def overdue(self, items: np.ndarray, today: np.datetime64) -> np.ndarray:
        """Units open and due before `today`, n, of `items` (n codes)."""
        rows, here = self._rows(items)
        late = ~self.received[here] & (self.due[here] < today)
        return np.bincount(rows, self.quantity[here] * late, len(items)).astype(float)

    @property
    def open(self) -> "Receipts":
        """Those that have not arrived."""
        here = ~self.received
        return Receipts(self.items[here], self.quantity[here], self.due[here], self.received[here])

    def arrivals(self, item: str, today: pd.Timestamp) -> list[tuple[pd.Timestamp, float]]:
        """Day and units of each order of `item`; what was received arrives today."""
        places = np.flatnonzero(self.items == item)
        return [(today if self.received[k] else pd.Timestamp(self.due[k]), float(self.quantity[k])) for k in places]

    def _rows(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The places in `items` of the orders of these, and the mask of those orders."""
        rows = pd.Index(items).get_indexer(pd.Index(self.items, dtype=object))
        return rows[rows >= 0], rows >= 0


NO_RECEIPTS = Receipts(np.empty(0, dtype=object), np.empty(0), np.empty(0, dtype="datetime64[D]"), np.empty(0, dtype=bool))

"""SalesPanel: all sales as one aligned block, items x periods."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sales.calendar import Calendar

ATTRIBUTES = ("category", "supplier", "description")


@dataclass(frozen=True, eq=False)
class SalesPanel:
    """All sales on one calendar.

    Three kinds of nothing stay apart: `y` is 0 where nothing sold, `out_of_stock` is true where nothing could sell (whatever sold then is
    in `y`), and `y` is NaN where it is not known or the item was not yet sold.

    items: sorted unique codes, n of them. periods: T labels without a hole. y: units per period, float32, n x T. start: index of each
    item's first period, n. out_of_stock: bool, n x T. covariates: name -> float32, n x (T + ahead), only columns that somebody named as
    known ahead; NaN where not known. attributes: one row an item, text columns out of category, supplier, description.
    season: periods in a season (1: none).

    Raises ValueError where the parts do not fit together.
    """

    items: np.ndarray
    calendar: Calendar
    periods: pd.DatetimeIndex
    y: np.ndarray
    start: np.ndarray
    out_of_stock: np.ndarray
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)
    attributes: pd.DataFrame = field(default_factory=pd.DataFrame)
    season: int = 1

    def __post_init__(self) -> None:
        n, periods = len(self.items), len(self.periods)
        if list(self.items) != sorted(set(self.items)):
            raise ValueError("items: expected sorted unique codes")
        for name, block in {"y": self.y, "out_of_stock": self.out_of_stock}.items():
            if block.shape != (n, periods):
                raise ValueError(f"{name}: got shape {block.shape}, expected items x periods = {(n, periods)}")
        if self.start.shape != (n,):
            raise ValueError(f"start: got shape {self.start.shape}, expected {(n,)}")
        if periods and not self.calendar.range(self.periods[0], periods).equals(self.periods):
            raise ValueError(f"periods: expected every label of {self.calendar.alias} from {self.periods[0]}, without a hole")
        widths = {block.shape for block in self.covariates.values()}
        if len(widths) > 1 or any(shape[0] != n or shape[1] < periods for shape in widths):
            raise ValueError(f"covariates: got shapes {sorted(widths)}, expected one shape of {n} x at least {periods}")
        if len(self.attributes) not in (0, n):
            raise ValueError(f"attributes: got {len(self.attributes)} rows, expected {n}")
        if self.season < 1:
            raise ValueError(f"season: got {self.season}, expected 1 (none) or more periods")

    def __len__(self) -> int:
        return len(self.items)

    @property
    def last(self) -> pd.Timestamp:
        """Label of the last period of the history."""
        return self.periods[-1]

    @property
    def ahead(self) -> int:
        """Periods that the covariates reach past the last one of the history."""
        return max((block.shape[1] - len(self.periods) for block in self.covariates.values()), default=0)

    @cached_property
    def units(self) -> float:
        """Units sold, all items and periods."""
        return float(np.nansum(self.y, dtype=float))

    @cached_property
    def demand(self) -> np.ndarray:
        """Units per period, items x periods, NaN wherever sales do not show demand: before the start, unknown, or out of stock."""
        before = np.arange(len(self.periods)) < self.start[:, None]
        return np.where(self.out_of_stock | before, np.nan, self.y).astype(np.float32)

    @cached_property
    def sales_fingerprint(self) -> str:
        """16 hexadecimal digits that change with the items, the periods or the units: what a forecast is a forecast of."""
        calendar = repr((self.calendar.alias, [str(p) for p in self.periods[:1]], len(self.periods)))
        return _digest(calendar.encode(), "\0".join(self.items).encode(), self.y, self.start.astype(np.int64))

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any part of the content."""
        covariates = [part for name in sorted(self.covariates) for part in (name.encode(), self.covariates[name])]
        attributes = self.attributes.to_csv().encode() if len(self.attributes) else b""
        return _digest(self.sales_fingerprint.encode(), str(self.season).encode(), self.out_of_stock, *covariates, attributes)

    def until(self, cutoff: pd.Timestamp, horizon: int) -> "SalesPanel":
        """What a forecast made after period `cutoff` may see: sales to the cutoff, covariates `horizon` periods further.

        Items that start later stay, with an empty history. Raises KeyError where `cutoff` is no label of the panel.
        """
        seen = int(self.periods.get_loc(cutoff)) + 1
        return replace(
            self,
            periods=self.periods[:seen],
            y=self.y[:, :seen],
            start=np.minimum(self.start, seen),
            out_of_stock=self.out_of_stock[:, :seen],
            covariates={name: block[:, : seen + horizon] for name, block in self.covariates.items()},
        )

    def select(self, rows: np.ndarray) -> "SalesPanel":
        """The items at `rows`: a mask, or positions in ascending order."""
        return replace(
            self,
            items=self.items[rows],
            y=self.y[rows],
            start=self.start[rows],
            out_of_stock=self.out_of_stock[rows],
            covariates={name: block[rows] for name, block in self.covariates.items()},
            attributes=self.attributes.iloc[rows] if len(self.attributes) else self.attributes,
        )

    def rows_of(self, items: Sequence[str]) -> np.ndarray:
        """Ascending positions of `items`. Raises KeyError naming those that the panel does not hold."""
        unknown = sorted(set(items) - set(self.items))
        if unknown:
            raise KeyError(f"items not in the panel: {unknown[:5]}")
        return np.sort(np.searchsorted(self.items, np.unique(np.asarray(items, dtype=object))))

    def best_sellers(self, count: int) -> np.ndarray:
        """Ascending positions of the `count` items with most units sold, ties in order of code."""
        units = np.nansum(self.y, axis=1, dtype=float)
        return np.sort(np.argsort(-units, kind="stable")[:count])

    def to_frame(self) -> pd.DataFrame:
        """Long rows `item, ds, y`, then `out_of_stock`, covariates and attributes where there are any, from each item's start to the
        end of its covariates; read back with unknown gaps they make an equal panel."""
        n, history = len(self), len(self.periods)
        width = history + self.ahead
        ds = self.periods.append(self.calendar.after(self.last, self.ahead)) if self.ahead else self.periods
        row, column = np.nonzero(np.arange(width) >= self.start[:, None])
        padded = np.full((n, width), np.nan, dtype=np.float32)
        padded[:, :history] = self.y
        frame = pd.DataFrame({"item": self.items[row], "ds": ds[column], "y": padded[row, column]})
        if self.out_of_stock.any():
            flags = np.zeros((n, width), dtype=bool)
            flags[:, :history] = self.out_of_stock
            frame["out_of_stock"] = flags[row, column]
        for name, block in self.covariates.items():
            frame[name] = block[row, column]
        for name in self.attributes.columns:
            frame[name] = self.attributes[name].to_numpy()[row]
        return frame


def _digest(*parts: bytes | np.ndarray) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).data)
    return digest.hexdigest()

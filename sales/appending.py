"""Tomorrow's file: what it changes in the sales there are, shown before it takes its place, and the sales that result."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sales.grid import Gaps
from sales.panel import ATTRIBUTES, SalesPanel
from sales.problems import Problem, Severity

MOST_CHANGES = 20
FEW = 0.5


@dataclass(frozen=True, eq=False)
class Difference:
    """What newer sales change in older ones, and the panel of both; None where they cannot be put together.

    only_old, only_new, both: periods that one or both cover. items_new: codes that the older do not hold. items_missed: codes that sold in
    as many last periods of the older as the newer add, and that the newer do not hold. changed: values (an item in a period) of the older
    that others take the place of; filled: values that only the newer know, of items and periods that the older cover. units_before,
    units_after: units of the older that the newer speak of, and what they become. units_new: units in the periods only_new.
    changes: item, ds, before, after, change (units), the 20 largest. same: nothing at all changes. problems: what to know before it is
    saved.
    """

    panel: SalesPanel | None
    problems: tuple[Problem, ...]
    only_old: int = 0
    only_new: int = 0
    both: int = 0
    items_new: tuple[str, ...] = ()
    items_missed: tuple[str, ...] = ()
    changed: int = 0
    filled: int = 0
    units_before: float = 0.0
    units_after: float = 0.0
    units_new: float = 0.0
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    same: bool = False


def appended(old: SalesPanel, new: SalesPanel, gaps: Gaps = "zero") -> Difference:
    """`new` put on top of `old`: in the periods that both cover the newer replaces the older wherever it knows the units.

    gaps: whether an item without a row in a file's periods sold nothing ("zero", order lines) or is not known ("unknown"). What the older
    sales hold as not known stays so until a newer row says otherwise. Periods between the two that neither covers are not known. The
    season, and the attributes that the newer leaves empty, are those of the older.
    """
    if old.calendar != new.calendar:
        told = Problem("append_other_calendar", got=new.calendar.alias, params={"old": old.calendar.alias})
        return Difference(None, (told,))
    both = _Both(old, new)
    before, after = both.units(old), both.units(new)
    start = np.minimum(both.start(old), both.start(new))
    y, from_new = _together(both, before, after, start, gaps)
    return _difference(both, both.panel(y, start, from_new), y, before, from_new, both.within(new), new.items)


def compared(old: SalesPanel, new: SalesPanel, covers: np.ndarray, items: np.ndarray) -> Difference:
    """What `new`, sales of the same shop made anew out of all its files, changes in `old`; its panel is `new` as it is.

    covers: mask over the periods of `new`: those that the latest file speaks of. items: the codes that this file holds.
    """
    if old.calendar != new.calendar:
        told = Problem("append_other_calendar", got=new.calendar.alias, params={"old": old.calendar.alias})
        return Difference(None, (told,))
    both = _Both(old, new)
    before, after = both.units(old), both.units(new)
    spoken = np.zeros(len(both.periods), dtype=bool)
    spoken[both.covered(new)] = covers
    known = ~np.isnan(before) | ~np.isnan(after)
    return _difference(both, new, after, before, known & (spoken | (before != after)), spoken, items)


class _Both:
    """The items and periods of two panels together, and where each of them stands in it."""

    def __init__(self, old: SalesPanel, new: SalesPanel) -> None:
        self.old, self.new = old, new
        first, last = min(old.periods[0], new.periods[0]), max(old.last, new.last)
        self.periods = pd.date_range(first, last, freq=old.calendar.alias, unit="us")
        self.items = np.union1d(old.items, new.items)
        self._begin = {id(one): int(self.periods.get_loc(one.periods[0])) for one in (old, new)}
        self._rows = {id(one): np.searchsorted(self.items, one.items) for one in (old, new)}

    def begin(self, one: SalesPanel) -> int:
        return self._begin[id(one)]

    def covered(self, one: SalesPanel) -> slice:
        """The columns of its history."""
        return slice(self.begin(one), self.begin(one) + len(one.periods))

    def within(self, one: SalesPanel) -> np.ndarray:
        """Whether each period is one of its history."""
        mask = np.zeros(len(self.periods), dtype=bool)
        mask[self.covered(one)] = True
        return mask

    def placed(self, one: SalesPanel, block: np.ndarray, width: int, empty: float = np.nan) -> np.ndarray:
        """`block`, items of `one` x its periods and further, among all items and `width` periods; `empty` elsewhere."""
        whole = np.full((len(self.items), width), empty, dtype=block.dtype)
        whole[self._rows[id(one)], self.begin(one) : self.begin(one) + block.shape[1]] = block
        return whole

    def units(self, one: SalesPanel) -> np.ndarray:
        """Units of `one`, NaN before an item's start and wherever it says nothing."""
        known = np.where(np.arange(len(one.periods)) < one.start[:, None], np.float32(np.nan), one.y)
        return self.placed(one, known, len(self.periods))

    def start(self, one: SalesPanel) -> np.ndarray:
        """Column of the first period of each item in `one`; past the end where it does not hold the item."""
        start = np.full(len(self.items), len(self.periods))
        start[self._rows[id(one)]] = self.begin(one) + one.start
        return start

    def panel(self, y: np.ndarray, start: np.ndarray, from_new: np.ndarray) -> SalesPanel:
        flags = [self.placed(one, one.out_of_stock, len(self.periods), empty=0) for one in (self.old, self.new)]
        return SalesPanel(
            items=self.items,
            calendar=self.old.calendar,
            periods=self.periods,
            y=y,
            start=start,
            out_of_stock=np.where(from_new | ~self.within(self.old), flags[1], flags[0]),
            covariates=self._covariates(),
            attributes=self._attributes(),
            season=self.old.season,
        )

    def _covariates(self) -> dict[str, np.ndarray]:
        """Wherever the newer knows a value it holds; they reach as far as either."""
        names = list(dict.fromkeys([*self.old.covariates, *self.new.covariates]))
        ends = [self.begin(one) + block.shape[1] for one in (self.old, self.new) for block in one.covariates.values()]
        width = max([len(self.periods), *ends])
        found = {}
        for name in names:
            old, new = (self.placed(one, one.covariates[name], width) if name in one.covariates else None for one in (self.old, self.new))
            found[name] = old if new is None else new if old is None else np.where(np.isnan(new), old, new)
        return found  # type: ignore[return-value]

    def _attributes(self) -> pd.DataFrame:
        names = [name for name in ATTRIBUTES if name in self.old.attributes or name in self.new.attributes]
        if not names:
            return pd.DataFrame()
        old, new = (one.attributes.reindex(index=self.items, columns=names).astype(object) for one in (self.old, self.new))
        texts = {name: pd.array(new[name].where(new[name].notna(), old[name]), dtype="str") for name in names}
        return pd.DataFrame(texts, index=pd.Index(self.items, name="item"))


def _together(both: _Both, before: np.ndarray, after: np.ndarray, start: np.ndarray, gaps: Gaps) -> tuple[np.ndarray, np.ndarray]:
    """Units of both, and the mask of the values that the newer decides."""
    from_new = ~np.isnan(after)
    if gaps == "unknown":
        return np.where(from_new, after, before), from_new
    column = np.arange(len(both.periods))
    alive = column >= start[:, None]
    silent_old, silent_new = (alive & both.within(one) & (column < both.start(one)[:, None]) for one in (both.old, both.new))
    unread = both.within(both.old) & (column >= both.start(both.old)[:, None]) & np.isnan(before)
    from_new |= silent_new & ~unread
    y = np.where(from_new, np.where(np.isnan(after), np.float32(0), after), before)
    y[silent_old & np.isnan(y)] = 0
    return y, from_new


def _difference(
    both: _Both, panel: SalesPanel, after: np.ndarray, before: np.ndarray, from_new: np.ndarray, covers: np.ndarray, items: np.ndarray
) -> Difference:
    """after, before: units of all items and periods of both. from_new: mask of the values that the newer decides. covers: mask of the
    periods that the newer speaks of. items: the codes that it holds."""
    old, new = both.old, both.new
    spoken = from_new & ~np.isnan(before)
    changed = spoken & (after != before)
    shared = both.within(old) & covers
    held_before = pd.Index(both.items).isin(old.items)
    missed, few = _missed(both, items)
    found = Difference(
        panel=panel,
        problems=(),
        only_old=int((both.within(old) & ~shared).sum()),
        only_new=int((both.within(new) & ~both.within(old)).sum()),
        both=int(shared.sum()),
        items_new=tuple(both.items[~held_before]),
        items_missed=missed,
        changed=int(changed.sum()),
        filled=int((from_new & np.isnan(before) & held_before[:, None] & both.within(old)).sum()),
        units_before=float(before[spoken].sum(dtype=float)),
        units_after=float(np.nansum(after[spoken], dtype=float)),
        units_new=float(np.nansum(after[:, both.within(new) & ~both.within(old)], dtype=float)),
        changes=_largest(both, before, after, changed),
        same=panel.fingerprint == old.fingerprint,
    )
    return replace(found, problems=(*_problems(both, found), *few))


def _largest(both: _Both, before: np.ndarray, after: np.ndarray, changed: np.ndarray) -> pd.DataFrame:
    row, column = np.nonzero(changed)
    change = after[row, column].astype(float) - before[row, column]
    most = np.argsort(-np.abs(change), kind="stable")[:MOST_CHANGES]
    row, column = row[most], column[most]
    where = {"item": both.items[row], "ds": both.periods[column]}
    return pd.DataFrame({**where, "before": before[row, column], "after": after[row, column], "change": change[most]})


def _missed(both: _Both, items: np.ndarray) -> tuple[tuple[str, ...], list[Problem]]:
    """The items that sold lately and are not among `items`, and a warning where under half as many sold in the newer sales as were usual: a
    part of the shop looks like the end of the rest."""
    old, new = both.old, both.new
    added = len(both.periods) - both.covered(old).stop
    if not added:
        return (), []
    sold_lately = old.items[(old.y[:, -added:] > 0).any(axis=1)]
    sold_now = int((new.y[:, -added:] > 0).any(axis=1).sum())
    missed = tuple(sold_lately[~pd.Index(sold_lately).isin(items)])
    usual = {"usual": f"{len(sold_lately):,}", "periods": min(added, len(old.periods))}
    if sold_now >= FEW * len(sold_lately):
        return missed, []
    return missed, [Problem("append_few_items", Severity.WARNING, got=f"{sold_now:,}", params=usual)]


def _problems(both: _Both, found: Difference) -> Iterator[Problem]:
    old, new = both.old, both.new
    if found.same:
        yield Problem("append_same", Severity.INFO)
        return
    if new.last < old.last:
        yield Problem("append_older", Severity.WARNING, got=_day(new.last), params={"old": _day(old.last)})
    hole = ~both.within(old) & ~both.within(new)
    if hole.any():
        label = both.periods[hole]
        yield Problem("append_hole", Severity.WARNING, params={"periods": len(label), "first": _day(label[0]), "last": _day(label[-1])})
    if found.changed:
        units = {"before": f"{found.units_before:,.10g}", "after": f"{found.units_after:,.10g}"}
        yield Problem("append_changes", Severity.WARNING, got=str(found.changes["item"].iloc[0]), params={"values": found.changed, **units})
    if found.panel is not None:
        yield from _besides(old, found.panel)
    for name in old.covariates:
        if name not in new.covariates:
            yield Problem("append_known_missing", Severity.WARNING, column=name)


def _besides(old: SalesPanel, made: SalesPanel) -> Iterator[Problem]:
    """What changes beside units, in items and periods that are there already."""
    rows = pd.Index(made.items).get_indexer(pd.Index(old.items, dtype=object))
    begin = int(made.periods.get_indexer(old.periods[:1])[0])
    if begin < 0:
        return
    old, rows = old.select(rows >= 0), rows[rows >= 0]
    width = min(len(old.periods), len(made.periods) - begin)
    flags = int((made.out_of_stock[rows, begin : begin + width] != old.out_of_stock[:, :width]).sum())
    known = 0
    for name in set(old.covariates) & set(made.covariates):
        there, now = old.covariates[name], made.covariates[name][rows, begin:]
        width = min(there.shape[1], now.shape[1])
        known += int((~np.isnan(there[:, :width]) & (there[:, :width] != now[:, :width])).sum())
    words = 0
    for name in set(old.attributes) & set(made.attributes):
        before, after = (one.attributes[name].fillna("").to_numpy(dtype=object) for one in (old, made))
        words += int(((before != "") & (before != after[rows])).sum())
    if flags or known or words:
        severity = Severity.WARNING if flags or words else Severity.INFO  # what is known ahead is known better every day
        yield Problem("append_besides", severity, params={"flags": flags, "known": known, "words": words})


def _day(label: pd.Timestamp) -> str:
    return f"{label:%Y-%m-%d}"

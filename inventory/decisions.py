"""Decisions: all that people decided about one dataset, read at once: what a plan heeds and what it must ask about again."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from inventory import adjustments, overrides, sent, settings, stock
from inventory.adjustments import Adjustment
from inventory.overrides import Override
from inventory.receipts import Receipts
from inventory.sent import SentOrder
from inventory.settings import PlanSettings
from inventory.stock import StockFile
from workspace import facts


@dataclass(frozen=True, eq=False)
class Decisions:
    """What holds for one dataset: the settings last saved, the stock file (None: none was saved), overrides and adjustments, orders sent
    that are open, or received and not yet in a stock file; oldest first.

    version: of the sales and the stock file, which overrides are made on. `overrides` were made or kept on this version; `waiting` were
    made on another one: no plan applies them until somebody keeps them.
    """

    version: str
    settings: PlanSettings
    stock: StockFile | None
    overrides: tuple[Override, ...]
    waiting: tuple[Override, ...]
    adjustments: tuple[Adjustment, ...]
    orders: tuple[SentOrder, ...]

    @cached_property
    def quantities(self) -> dict[str, float]:
        """Item -> units, of the overrides that hold."""
        return {one.item: one.quantity for one in self.overrides}

    @cached_property
    def receipts(self) -> Receipts:
        """What the orders bring."""
        return sent.receipts(self.orders)

    @cached_property
    def of_item(self) -> dict[str, set[int]]:
        """Item -> the ids of its orders and overrides."""
        ids: dict[str, set[int]] = defaultdict(set)
        made: tuple[SentOrder | Override, ...] = (*self.orders, *self.overrides, *self.waiting)
        for one in made:
            ids[one.item].add(one.id)
        return ids

    @cached_property
    def of_all(self) -> set[int]:
        """The ids of what moves every line: adjustments and the stock file."""
        return {one.id for one in self.adjustments} | ({self.stock.id} if self.stock else set())


def decisions(data: str, fingerprint: str) -> Decisions:
    """The decisions about the dataset `data`, whose sales have this fingerprint now."""
    kinds = (settings.KIND, stock.KIND, overrides.KIND, adjustments.KIND, sent.KIND)
    of: dict[str, list[facts.Record]] = defaultdict(list)
    for record in facts.records(kinds, data):
        of[record.kind].append(record)
    file = stock.of_record(of[stock.KIND][-1]) if of[stock.KIND] else None
    version = version_of(fingerprint, file)
    made = [overrides.of_record(record) for record in of[overrides.KIND]]
    return Decisions(
        version=version,
        settings=settings.of_records(of[settings.KIND]),
        stock=file,
        overrides=tuple(one for one in made if one.version == version),
        waiting=tuple(one for one in made if one.version != version and not one.rest),
        adjustments=tuple(adjustments.of_record(record) for record in of[adjustments.KIND]),
        orders=tuple(sent.of_record(record) for record in of[sent.KIND]),
    )


def version_of(fingerprint: str, file: StockFile | None) -> str:
    """The version that the sales with this fingerprint and this stock file are together."""
    return f"{fingerprint} {file.table if file else ''}".strip()

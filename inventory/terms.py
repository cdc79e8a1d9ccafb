"""StockTerms: what is on the shelf, what is coming, and on which terms more can be bought; and the file they come from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from inventory.cells import MOST_DAYS as MOST_DAYS
from inventory.cells import MOST_UNITS as MOST_UNITS
from inventory.cells import listed, most
from inventory.columns import HEADERS, NUMBERS, STOCK_NAMES, columns_of
from inventory.matching import rows_of
from inventory.receipts import NO_RECEIPTS, Receipts
from inventory.stock_table import ORDER, cells_of, given_mask, values_of
from sales.panel import SalesPanel
from sales.problems import Problem, Severity

DEFAULT_LEAD_TIME_DAYS = 14.0
DEFAULT_REVIEW_PERIOD_DAYS = 7.0
_ALIKE = 1e-9

_NONE_IS_ZERO = ("on_order", "backorders", "lead_time_sd_days", "moq", "pack", "order_multiple", "lead_time_orders")
CARRIED = ("order_cost", "holding_rate_percent", "holding_cost", "shelf_life_days", "min_stock", "max_stock")
_NONE_STAYS_NONE = ("on_hand", "unit_cost", "unit_price", *CARRIED, "supplier_minimum")
_ASSUMED = {"lead_time_days": "assumed_lead_time", "review_period_days": "assumed_review"}
_STOCK = ("on_hand", "on_order", "on_order_due")


@dataclass(frozen=True, eq=False)
class StockTerms:
    """Stock and buying terms of n items, one array a column.

    items: sorted unique codes. on_hand, on_order, backorders, moq, pack, order_multiple: units (on_hand NaN: not given; moq, pack or
    order_multiple 0: none; one of pack and order_multiple is a whole number of the other). on_order_due: the day on which all of on_order
    arrives, NaT: not given; `orders`: further open orders of the stock file, each with a day of its own. lead_time_days,
    lead_time_sd_days, review_period_days, shelf_life_days: days. lead_time_from: "item" or "supplier" where the lead time was measured
    from the `lead_time_orders` received orders of either, else "". unit_cost, unit_price: money a unit; order_cost: money an order;
    holding_cost: money a unit and year; holding_rate_percent: percent of the unit cost a year; min_stock, max_stock: units;
    supplier_minimum: money an order to the supplier; all NaN: not given. supplier, category: text, "" where not given. assumed_lead_time,
    assumed_review: true where the days are our default, not the person's. unusable: true where stock on hand, units on order or the day on
    which they are due were given but could not be read, so that nobody knows what there is.

    Raises ValueError naming item and field for a value that cannot be: negative, infinite, above 1e9 units or 3,650 days, or missing
    where missing is not allowed.
    """

    items: np.ndarray
    on_hand: np.ndarray
    on_order: np.ndarray
    on_order_due: np.ndarray
    backorders: np.ndarray
    lead_time_days: np.ndarray
    lead_time_sd_days: np.ndarray
    review_period_days: np.ndarray
    moq: np.ndarray
    pack: np.ndarray
    order_multiple: np.ndarray
    unit_cost: np.ndarray
    unit_price: np.ndarray
    order_cost: np.ndarray
    holding_rate_percent: np.ndarray
    holding_cost: np.ndarray
    shelf_life_days: np.ndarray
    min_stock: np.ndarray
    max_stock: np.ndarray
    supplier: np.ndarray
    supplier_minimum: np.ndarray
    category: np.ndarray
    lead_time_orders: np.ndarray
    lead_time_from: np.ndarray
    assumed_lead_time: np.ndarray
    assumed_review: np.ndarray
    unusable: np.ndarray
    orders: Receipts = NO_RECEIPTS

    def __post_init__(self) -> None:
        if list(self.items) != sorted(set(self.items)):
            raise ValueError("items: expected sorted unique codes")
        for name in _ARRAYS:
            shape = getattr(self, name).shape
            if shape != (len(self.items),):
                raise ValueError(f"{name}: got shape {shape}, expected {(len(self.items),)}")
        if self.on_order_due.dtype.kind != "M":
            raise ValueError(f"on_order_due: got {self.on_order_due.dtype}, expected days (datetime64)")
        for name in NUMBERS:
            values = getattr(self, name)
            impossible = ~((values >= 0) & (values <= most(name))) & ~(np.isnan(values) & (name in _NONE_STAYS_NONE))
            if impossible.any():
                row = int(impossible.argmax())
                raise ValueError(f"{name} of item {self.items[row]}: got {values[row]}, expected a number from 0 to {most(name):,.0f}")

        against = _against(self.pack, self.order_multiple)
        if against.any():
            row = int(against.argmax())
            got = f"{self.order_multiple[row]:g} and packs of {self.pack[row]:g}"
            raise ValueError(f"order_multiple of item {self.items[row]}: got {got}, expected a whole number of one in the other")

    def __len__(self) -> int:
        return len(self.items)

    @property
    def rounding(self) -> np.ndarray:
        """Units that an order is a whole number of, n: the larger of pack and order multiple, 0 where there is neither."""
        return np.maximum(self.pack, self.order_multiple)

    def select(self, items: Sequence[str] | np.ndarray) -> "StockTerms":
        """The terms of `items` (sorted codes). Raises KeyError naming those that are not here."""
        if np.array_equal(self.items, items):
            return self
        rows = pd.Index(self.items).get_indexer(pd.Index(items, dtype=object))
        if (rows < 0).any():
            raise KeyError(f"items without stock terms: {list(np.asarray(items, dtype=object)[rows < 0][:5])}")
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})


_ARRAYS = tuple(field.name for field in fields(StockTerms) if field.name != "orders")


def default_terms(panel: SalesPanel) -> StockTerms:
    """The terms of the items of `panel` where no stock file says any: no stock known, default lead time and review period, marked so."""
    n = len(panel)
    empty: dict[str, Any] = {name: np.full(n, np.nan) for name in _NONE_STAYS_NONE} | {name: np.zeros(n) for name in _NONE_IS_ZERO}
    return StockTerms(
        items=panel.items,
        on_order_due=np.full(n, "NaT", dtype="datetime64[D]"),
        lead_time_days=np.full(n, DEFAULT_LEAD_TIME_DAYS),
        review_period_days=np.full(n, DEFAULT_REVIEW_PERIOD_DAYS),
        supplier=_attribute(panel, "supplier"),
        category=_attribute(panel, "category"),
        lead_time_from=np.full(n, "", dtype=object),
        assumed_lead_time=np.full(n, True),
        assumed_review=np.full(n, True),
        unusable=np.full(n, False),
        **empty,
    )


def read_terms(table: pd.DataFrame, panel: SalesPanel) -> tuple[StockTerms, tuple[Problem, ...]]:
    """The terms of all items of `panel`, as far as `table` gives them, and every problem found. Nothing raises.

    table: a stock file with headers out of HEADERS, or other names for them (`columns_of`), in any order and case; cells text or typed, row
    i of the file at index i - 2. Further rows of an item are further open orders where they say nothing else that is new. A cell that
    cannot be used counts as not given, and a problem says so; where that leaves the stock unknown the item is `unusable`. An item without a
    row keeps `default_terms`.
    """
    terms = default_terms(panel)
    columns, problems = columns_of(table, STOCK_NAMES)
    if "item" not in columns:
        return terms, (*problems, Problem("stock_no_item_column", params={"columns": ", ".join(map(str, table.columns[:20]))}))
    cells, copies = cells_of(table, columns)
    again = cells["item"].duplicated().to_numpy() & (cells["item"] != "").to_numpy()
    further = again & ~copies & _only_orders(cells)
    rows, found = rows_of(cells["item"], panel)
    problems += [*found, *listed(Problem("stock_duplicate_item"), cells["item"], again & ~further)]
    if not (rows >= 0).any():
        problems.append(Problem("stock_no_row_fits", params={"rows": len(rows), "items": len(terms)}))
    read, found = values_of(cells, columns)
    problems += found
    used = (rows >= 0) & (~again | further)
    cells, rows, further = cells[used], rows[used], further[used]
    read = {name: values[used] for name, values in read.items()}

    given, unusable = {}, np.full(len(terms), False)
    for name, values in read.items():
        there, first = given_mask(values), given_mask(values) & ~further
        given[name] = _placed(getattr(terms, name), rows[first], values[first])
        if name in _ASSUMED:
            given[_ASSUMED[name]] = _placed(getattr(terms, _ASSUMED[name]), rows[first], np.False_)
        if name in _STOCK:
            lost = (cells[name].str.strip() != "").to_numpy() & ~there
            matters = read.get("on_order", np.zeros(len(rows))) > 0 if name == "on_order_due" else True
            unusable[rows[lost & matters]] = True
    problems += _impossible(terms.items, given)
    orders = _orders(terms, read, rows, further)
    terms = replace(terms, **given, unusable=unusable, orders=orders)
    return terms, (*problems, *_gaps(terms, rows), *_carried(read))


def template() -> pd.DataFrame:
    """A stock file to fill in: all headers and two example rows, the second with only what must be given."""
    full = {
        "item": "SKU-001", "on_hand": "42", "on_order": "24", "on_order_due": "2024-06-15", "backorders": "0", "lead_time_days": "14",
        "lead_time_sd_days": "3", "review_period_days": "7", "moq": "12", "pack": "6", "order_multiple": "12", "unit_cost": "4.50",
        "unit_price": "9.99", "supplier": "Acme", "supplier_minimum": "250", "category": "Mugs",
    }  # fmt: skip
    return pd.DataFrame([full, {"item": "SKU-002", "on_hand": "7"}], columns=list(HEADERS), dtype=object).fillna("")


def _attribute(panel: SalesPanel, name: str) -> np.ndarray:
    if name not in panel.attributes:
        return np.full(len(panel), "", dtype=object)
    return panel.attributes[name].fillna("").to_numpy(dtype=object)


def _only_orders(cells: pd.DataFrame) -> np.ndarray:
    """Mask of the rows that have units on order and say nothing else than the first row of their item."""
    if "on_order" not in cells:
        return np.full(len(cells), False)
    rest = cells.drop(columns=[name for name in ORDER if name in cells])
    first = rest.groupby(rest["item"].to_numpy()).transform("first") if len(rest.columns) > 1 else rest[[]]
    others = rest[first.columns]
    alike = ((others.to_numpy() == first.to_numpy()) | (others.to_numpy() == "")).all(axis=1)
    return alike & (cells["on_order"] != "").to_numpy()


def _orders(terms: StockTerms, read: dict[str, np.ndarray], rows: np.ndarray, further: np.ndarray) -> Receipts:
    """The open orders of further rows."""
    quantity = read.get("on_order", np.zeros(len(rows)))
    due = read.get("on_order_due", np.full(len(rows), "NaT", dtype="datetime64[D]"))
    here = further & (quantity > 0)
    return Receipts(terms.items[rows[here]], quantity[here], due[here].astype("datetime64[D]"), np.full(int(here.sum()), False))


def _impossible(items: np.ndarray, given: dict[str, np.ndarray]) -> Iterator[Problem]:
    """Values that cannot stand beside one another; the order multiple, and the maximum, become not given there."""
    if "pack" in given and "order_multiple" in given and (wrong := _against(given["pack"], given["order_multiple"])).any():
        given["order_multiple"] = np.where(wrong, 0.0, given["order_multiple"])
        yield Problem("stock_multiple_against_pack", Severity.WARNING, "order_multiple", got=items[wrong][0], count=int(wrong.sum()))
    if "min_stock" in given and "max_stock" in given and (wrong := given["max_stock"] < given["min_stock"]).any():
        given["max_stock"] = np.where(wrong, np.nan, given["max_stock"])
        yield Problem("stock_max_below_min", Severity.WARNING, "max_stock", got=items[wrong][0], count=int(wrong.sum()))


def _placed(default: np.ndarray, rows: np.ndarray, values: np.ndarray | np.bool_) -> np.ndarray:
    placed = default.copy()
    placed[rows] = values
    return placed


def _gaps(terms: StockTerms, rows: np.ndarray) -> Iterator[Problem]:
    """What the file leaves open."""
    without_row = len(terms) - len(np.unique(rows))
    if without_row:
        first = terms.items[np.setdiff1d(np.arange(len(terms)), rows)[0]]
        yield Problem("stock_item_without_row", Severity.INFO, "item", got=first, params={"items": without_row})
    first = terms.items[(terms.on_order > 0) & np.isnat(terms.on_order_due)]
    undated = np.concatenate([first, terms.orders.items[np.isnat(terms.orders.due)]])
    if len(undated):
        yield Problem("stock_no_due_date", Severity.INFO, "on_order_due", got=undated[0], count=len(undated))


def _carried(read: dict[str, np.ndarray]) -> Iterator[Problem]:
    """Which of the values given are kept and shown, though no plan uses them yet."""
    carried = [name for name in CARRIED if name in read and given_mask(read[name]).any()]
    if carried:
        yield Problem("stock_carried", Severity.INFO, params={"columns": ", ".join(carried)})


def _against(pack: np.ndarray, multiple: np.ndarray) -> np.ndarray:
    """Mask of the items of which neither number is a whole number of the other."""
    least, largest = np.minimum(pack, multiple), np.maximum(pack, multiple)
    times = np.divide(largest, least, out=np.ones(len(least)), where=least > _ALIKE)
    return (np.abs(times - np.rint(times)) > _ALIKE) | ((least > 0) & (least <= _ALIKE))

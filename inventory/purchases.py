"""Purchases: what was ordered from suppliers and when it came, and the lead times that this measures."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from inventory.cells import MOST_DAYS, amounts, as_text, decimal_mark
from inventory.columns import PURCHASE_NAMES, columns_of
from inventory.terms import StockTerms
from sales.dates import days
from sales.panel import SalesPanel
from sales.problems import Problem, Severity, found

LEAST_ORDERS = 5
WIDEST = 5.0
LEAST_SCALE_DAYS = 1.0
_NORMAL_MAD, _NORMAL_IQR = 1.4826, 1.349
_CANCELLED = "cancel|void|storn|annul|anul|取消|作废"
_DATES = ("ordered", "due", "received")


@dataclass(frozen=True, eq=False)
class Purchases:
    """Lines of purchase orders, one array a column.

    order: its number, "" where not given. items, supplier: text. ordered, due, received: days (due NaT: not given; received NaT: nothing
    came). open: units still to come, NaN: not known.

    Raises ValueError for arrays of different lengths, for a line without a day of order or received before it, and for negative units.
    """

    order: np.ndarray
    items: np.ndarray
    supplier: np.ndarray
    ordered: np.ndarray
    due: np.ndarray
    received: np.ndarray
    open: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name).shape != self.items.shape:
                raise ValueError(f"{field.name}: got shape {getattr(self, field.name).shape}, expected {self.items.shape}")
        if np.isnat(self.ordered).any() or (self.received < self.ordered).any():
            raise ValueError("received: expected a day of order everywhere, and none received before it")
        if (self.open < 0).any():
            raise ValueError("open: got negative units, expected 0 or more")

    def __len__(self) -> int:
        return len(self.items)

    def orders(self) -> pd.DataFrame:
        """A row an order of an item, its lines and receipts taken together: item, supplier, ordered (the first day), days until its last
        part came, whether it is complete (nothing is left to come), ordered by the day of order."""
        lines = pd.DataFrame({field.name: getattr(self, field.name) for field in fields(self)})
        lines["complete"] = lines["received"].notna() & (lines["open"] == 0)
        keys = ["order", "items", "ordered"]
        made = lines.groupby(keys, sort=False).agg({"supplier": "last", "received": "max", "complete": "all"}).reset_index()
        made["days"] = (made["received"] - made["ordered"]).dt.days.astype(float)
        return made.rename(columns={"items": "item"}).sort_values("ordered", kind="stable").reset_index(drop=True)

    def open_orders(self) -> pd.DataFrame:
        """What is still to come: item, on_order (units), on_order_due (NaT: not given), a row a line, by item and day; without lines whose
        units nobody knows."""
        here = self.open > 0
        made = pd.DataFrame({"item": self.items[here], "on_order": self.open[here], "on_order_due": self.due[here]})
        return made.sort_values(["item", "on_order_due"], kind="stable").reset_index(drop=True)


def read_purchases(table: pd.DataFrame, panel: SalesPanel) -> tuple[Purchases, tuple[Problem, ...]]:
    """The purchase orders of `table`, a row a line of an order or a receipt of it, and every problem found. Nothing raises.

    Headers as in PURCHASE_NAMES, in five languages; item and ordered must be there. A row without either, received before it was ordered or
    more than 3,650 days later, whose day of receipt cannot be read, or whose order was cancelled is left out, and that is told. Rows of one
    order, item and day with the same units ordered and units received in each are receipts of one line. Items that nobody sold stay: they
    tell how their supplier delivers.
    """
    columns, problems = columns_of(table, PURCHASE_NAMES)
    if "item" not in columns or "ordered" not in columns:
        return _NONE, (*problems, Problem("purchases_no_column", params={"columns": ", ".join(map(str, table.columns[:20]))}))
    headers = {name: column.header for name, column in columns.items() if name in PURCHASE_NAMES}
    cells = as_text(table)[list(headers.values())].set_axis(list(headers), axis=1)
    cells = cells[(cells != "").any(axis=1)].reindex(columns=list(PURCHASE_NAMES), fill_value="")
    read, out, more = _days(cells)
    units, found_units = _units(cells)
    kept = cells[~out]
    made = Purchases(
        order=kept["order"].to_numpy(dtype=object),
        items=kept["item"].to_numpy(dtype=object),
        supplier=kept["supplier"].str.strip().to_numpy(dtype=object),
        open=_open(kept, read["received"][~out], units["quantity"][~out], units["received_quantity"][~out]),
        **{name: values[~out] for name, values in read.items()},
    )
    return made, (*problems, *more, *found_units, *_told(made, panel))


def lead_times(terms: StockTerms, purchases: Purchases) -> pd.DataFrame:
    """The lead times that the complete orders of `purchases` measure, a row an item of `terms` that can be measured: item, supplier,
    lead_time_days and lead_time_sd_days (mean and standard deviation, a tenth of a day), lead_time_orders (how many orders), lead_time_from
    ("item" where it has at least 5 of its present supplier, else "supplier": all of that one, if at least 5), before (days in `terms`).

    An order counts with the day on which its last part came. Orders still open are left out. Days further from the median than 5 times the
    spread of the middle (the larger of 1.4826 x MAD, IQR / 1.349 and a day) count as that far: one wrong year moves nothing.

    [10, 11, 12, 13, 374] gives median 12, MAD 1 and IQR 2, so that 374 counts as 12 + 5 x 1.4826 = 19.4: mean 13.1, deviation 3.7.
    """
    orders = purchases.orders()
    of_item = dict(zip(terms.items, terms.supplier, strict=True))
    latest = orders[orders["supplier"] != ""].groupby("item")["supplier"].last()
    present = of_item | latest.to_dict()
    done = orders[orders["complete"]]
    own = _measured(done[done["supplier"] == done["item"].map(present)], "item").reindex(terms.items)
    suppliers = pd.Series(terms.items, dtype=object).map(present)
    shared = _measured(done[done["supplier"] != ""], "supplier").reindex(suppliers).set_axis(terms.items)
    made = own.fillna(shared)
    made["lead_time_from"] = np.where(own["lead_time_days"].notna(), "item", "supplier")
    made = made.assign(item=terms.items, supplier=suppliers.to_numpy(), before=terms.lead_time_days)
    names = ["item", "supplier", "lead_time_days", "lead_time_sd_days", "lead_time_orders", "lead_time_from", "before"]
    return made[made["lead_time_days"].notna()][names].reset_index(drop=True)


def measured(terms: StockTerms, purchases: Purchases) -> StockTerms:
    """`terms` with the lead times that `lead_times` measures; `lead_time_from` and `lead_time_orders` say which and from how many."""
    table = lead_times(terms, purchases)
    rows = pd.Index(terms.items).get_indexer(pd.Index(table["item"], dtype=object))
    arrays = {name: getattr(terms, name).copy() for name in ("lead_time_days", "lead_time_sd_days", "lead_time_orders", "lead_time_from")}
    for name, values in arrays.items():
        values[rows] = table[name]
    assumed = terms.assumed_lead_time.copy()
    assumed[rows] = False
    return replace(terms, **arrays, assumed_lead_time=assumed)


def _measured(orders: pd.DataFrame, key: str) -> pd.DataFrame:
    """Mean, deviation and number of the days of each `key` that has enough orders."""
    days = orders.groupby(key)["days"]
    median = days.transform("median")
    mad = (orders["days"] - median).abs().groupby(orders[key]).transform("median")
    quartiles = orders[key].map(days.quantile(0.75) - days.quantile(0.25)).astype(float)
    scale = np.maximum(np.maximum(_NORMAL_MAD * mad, quartiles / _NORMAL_IQR), LEAST_SCALE_DAYS)
    kept = orders["days"].clip(median - WIDEST * scale, median + WIDEST * scale).groupby(orders[key])
    made = pd.DataFrame({"lead_time_days": kept.mean(), "lead_time_sd_days": kept.std(ddof=1), "lead_time_orders": kept.size()})
    return made[made["lead_time_orders"] >= LEAST_ORDERS].round(1)


def _days(cells: pd.DataFrame) -> tuple[dict[str, np.ndarray], np.ndarray, list[Problem]]:
    """The days of each line, the mask of the lines to leave out, and why. All columns of days are read as one, so that 25/04/2024 in one
    tells how 03/04/2024 in another is meant."""
    together, _, unclear = days(pd.concat([cells[name] for name in _DATES], ignore_index=True), None)
    parts = zip(_DATES, np.split(together, len(_DATES)), np.split(unclear, len(_DATES)), strict=True)
    read, out, problems = dict[str, np.ndarray](), np.full(len(cells), False), list[Problem]()
    for name, values, doubtful in parts:
        bad = (cells[name].str.strip() != "").to_numpy() & np.isnat(values)
        problems += found("purchases_date_ambiguous", bad & doubtful, cells[name]) + found(
            "purchases_bad_date", bad & ~doubtful, cells[name]
        )
        read[name] = values
        out |= bad & (name != "due")
    cancelled = cells["status"].str.contains(_CANCELLED, case=False, regex=True).to_numpy()
    span = (read["received"] - read["ordered"]).astype(float)
    span[np.isnat(read["received"]) | np.isnat(read["ordered"])] = 0.0
    missing, empty = (cells["item"] == "").to_numpy(), (cells["ordered"].str.strip() == "").to_numpy()
    problems += found("purchases_item_missing", missing, cells["item"])
    problems += found("purchases_not_ordered", empty, cells["ordered"])
    problems += found("purchases_received_before", span < 0, cells["received"])
    problems += found("purchases_received_late", span > MOST_DAYS, cells["received"])
    problems += found("purchases_cancelled", cancelled, cells["status"], Severity.INFO)
    return read, out | cancelled | missing | empty | (span < 0) | (span > MOST_DAYS), problems


def _units(cells: pd.DataFrame) -> tuple[dict[str, np.ndarray], list[Problem]]:
    """Units ordered and received of each line, NaN where not given or not usable, and what was not usable."""
    names = ("quantity", "received_quantity")
    mark = decimal_mark(cells[name] for name in names)
    units = {name: amounts(name, cells[name], mark)[0] for name in names}
    bad = {name: (cells[name].str.strip() != "").to_numpy() & np.isnan(units[name]) for name in names}
    return units, [problem for name in names for problem in found("purchases_bad_units", bad[name], cells[name])]


def _open(cells: pd.DataFrame, received: np.ndarray, quantity: np.ndarray, came: np.ndarray) -> np.ndarray:
    """Units still to come of each line, NaN where nobody knows."""
    unread = (cells["received_quantity"].str.strip() != "").to_numpy() & np.isnan(came)
    nothing_said = np.isnan(came) & ~unread
    whole = ~np.isnat(received) & nothing_said
    left = np.where(whole, 0.0, np.where(unread, np.nan, np.maximum(quantity - np.nan_to_num(came), 0.0)))
    lines = pd.DataFrame({name: cells[name].to_numpy() for name in ("order", "item", "ordered")} | {"quantity": quantity, "came": came})
    of_order = lines.groupby(["order", "item", "ordered"], sort=False)
    parts = (of_order["quantity"].transform("nunique") == 1) & (of_order["came"].transform("count") == of_order["came"].transform("size"))
    last = ~lines.duplicated(["order", "item", "ordered"], keep="last")
    together = np.maximum(quantity - of_order["came"].transform("sum").to_numpy(), 0.0)
    return np.where(parts, np.where(last, together, 0.0), left)


def _told(purchases: Purchases, panel: SalesPanel) -> Iterator[Problem]:
    """What is to be known of lines that were read."""
    orders = purchases.orders()
    waiting, done = orders[~orders["complete"]], orders[orders["complete"]]
    if len(waiting):
        yield Problem("purchases_open", Severity.INFO, "received", got=waiting["item"].iloc[0], count=len(waiting))
        known = purchases.received[~np.isnat(purchases.received)]
        today = max(known.max(initial=purchases.ordered.max()), purchases.ordered.max())
        longest = waiting["supplier"].map(done.groupby("supplier")["days"].max()).astype(float)
        late = waiting[(today - waiting["ordered"].to_numpy()).astype("timedelta64[D]").astype(float) > longest.to_numpy()]
        if len(late):
            yield Problem("purchases_open_long", Severity.WARNING, "received", got=late["item"].iloc[0], count=len(late))
    unknown = ~np.isin(purchases.items, panel.items)
    if unknown.any():
        yield Problem("purchases_unknown_item", Severity.INFO, "item", got=purchases.items[unknown][0], count=int(unknown.sum()))


_NO_TEXT, _NO_DAYS = np.empty(0, dtype=object), np.empty(0, dtype="datetime64[D]")
_NONE = Purchases(_NO_TEXT, _NO_TEXT, _NO_TEXT, _NO_DAYS, _NO_DAYS, _NO_DAYS, np.empty(0))

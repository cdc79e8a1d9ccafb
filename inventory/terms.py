"""StockTerms: what is on the shelf, what is coming, and on which terms more can be bought; and the file they come from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from sales.checks import days, texts
from sales.panel import SalesPanel
from sales.problems import Problem, Severity

DEFAULT_LEAD_TIME_DAYS = 14.0
DEFAULT_REVIEW_PERIOD_DAYS = 7.0
MOST_DAYS = 3650.0
MOST_UNITS = 1e9
_MOST_LISTED = 20

_DAYS = ("lead_time_days", "lead_time_sd_days", "review_period_days")
_NONE_IS_ZERO = ("on_order", "backorders", "lead_time_sd_days", "moq", "pack")
_NONE_STAYS_NONE = ("on_hand", "unit_cost", "unit_price")
_ASSUMED = {"lead_time_days": "assumed_lead_time", "review_period_days": "assumed_review"}
_TEXTS = ("supplier", "category")
_STOCK = ("on_hand", "on_order", "on_order_due")
NUMBERS = ("on_hand", "on_order", "backorders", *_DAYS, "moq", "pack", "unit_cost", "unit_price")
HEADERS = (
    "item", "on_hand", "on_order", "on_order_due", "backorders", "lead_time_days", "lead_time_sd_days", "review_period_days",
    "moq", "pack", "unit_cost", "unit_price", "supplier", "category",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class StockTerms:
    """Stock and buying terms of n items, one array a column.

    items: sorted unique codes. on_hand, on_order, backorders, moq, pack: units (on_hand NaN: not given; moq or pack 0: none).
    on_order_due: the day on which all of on_order arrives, NaT: not given. lead_time_days, lead_time_sd_days, review_period_days: days.
    unit_cost, unit_price: money a unit, NaN: not given. supplier, category: text, "" where not given. assumed_lead_time, assumed_review:
    true where the days are our default, not the person's. unusable: true where stock on hand, units on order or the day on which they are
    due were given but could not be read, so that nobody knows what there is.

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
    unit_cost: np.ndarray
    unit_price: np.ndarray
    supplier: np.ndarray
    category: np.ndarray
    assumed_lead_time: np.ndarray
    assumed_review: np.ndarray
    unusable: np.ndarray

    def __post_init__(self) -> None:
        if list(self.items) != sorted(set(self.items)):
            raise ValueError("items: expected sorted unique codes")
        for field in fields(self):
            shape = getattr(self, field.name).shape
            if shape != (len(self.items),):
                raise ValueError(f"{field.name}: got shape {shape}, expected {(len(self.items),)}")
        if self.on_order_due.dtype.kind != "M":
            raise ValueError(f"on_order_due: got {self.on_order_due.dtype}, expected days (datetime64)")
        for name in NUMBERS:
            values, most = getattr(self, name), _most(name)
            impossible = ~((values >= 0) & (values <= most)) & ~(np.isnan(values) & (name in _NONE_STAYS_NONE))
            if impossible.any():
                row = int(impossible.argmax())
                raise ValueError(f"{name} of item {self.items[row]}: got {values[row]}, expected a number from 0 to {most:,.0f}")

    def __len__(self) -> int:
        return len(self.items)

    def select(self, items: Sequence[str] | np.ndarray) -> "StockTerms":
        """The terms of `items` (sorted codes). Raises KeyError naming those that are not here."""
        if np.array_equal(self.items, items):
            return self
        rows = pd.Index(self.items).get_indexer(pd.Index(items, dtype=object))
        if (rows < 0).any():
            raise KeyError(f"items without stock terms: {list(np.asarray(items, dtype=object)[rows < 0][:5])}")
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def default_terms(panel: SalesPanel) -> StockTerms:
    """The terms of the items of `panel` where no stock file says any: no stock known, default lead time and review period, marked so."""
    n = len(panel)
    empty = {name: np.full(n, np.nan) for name in _NONE_STAYS_NONE} | {name: np.zeros(n) for name in _NONE_IS_ZERO}
    return StockTerms(
        items=panel.items,
        on_order_due=np.full(n, "NaT", dtype="datetime64[D]"),
        lead_time_days=np.full(n, DEFAULT_LEAD_TIME_DAYS),
        review_period_days=np.full(n, DEFAULT_REVIEW_PERIOD_DAYS),
        supplier=_attribute(panel, "supplier"),
        category=_attribute(panel, "category"),
        assumed_lead_time=np.full(n, True),
        assumed_review=np.full(n, True),
        unusable=np.full(n, False),
        **empty,
    )


def read_terms(table: pd.DataFrame, panel: SalesPanel) -> tuple[StockTerms, tuple[Problem, ...]]:
    """The terms of all items of `panel`, as far as `table` gives them, and every problem found. Nothing raises.

    table: a stock file with headers out of HEADERS in any order and case, cells text or typed, row i of the file at index i - 2. A cell
    that cannot be used counts as not given, and a problem says so; where that leaves the stock unknown the item is `unusable`. An item
    without a row keeps `default_terms`.
    """
    terms = default_terms(panel)
    columns, problems = _columns(table)
    if "item" not in columns:
        return terms, (*problems, Problem("stock_no_item_column", params={"columns": ", ".join(map(str, table.columns[:20]))}))
    cells = as_text(table)[list(columns.values())].set_axis(list(columns), axis=1)
    cells = cells[(cells != "").any(axis=1)]
    rows, found = _rows(cells["item"], panel)
    problems += found
    if not (rows >= 0).any():
        problems.append(Problem("stock_no_row_fits", params={"rows": len(rows), "items": len(terms)}))
    cells = cells[rows >= 0]
    rows = rows[rows >= 0]

    given: dict[str, np.ndarray] = {}
    lost = {name: np.full(len(terms), False) for name in _STOCK}
    for name in (name for name in HEADERS if name in columns and name != "item"):
        values, found = _values(name, cells[name])
        problems += found
        there = _given(values)
        given[name] = _placed(getattr(terms, name), rows[there], values[there])
        if name in _ASSUMED:
            given[_ASSUMED[name]] = _placed(getattr(terms, _ASSUMED[name]), rows[there], np.False_)
        if name in _STOCK:
            lost[name][rows] = (cells[name].str.strip() != "").to_numpy() & ~there
    terms = replace(terms, **given)
    terms = replace(terms, unusable=lost["on_hand"] | lost["on_order"] | (lost["on_order_due"] & (terms.on_order > 0)))
    return terms, (*problems, *_gaps(terms, rows))


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """`table` with each cell as text by the rule of sales files (`sales.checks.texts`): byte for byte, whole numbers without a decimal
    point, days as YYYY-MM-DD, nothing as "". `read_terms` reads the same from both, and columns of mixed types can be saved as Parquet.

    >>> as_text(pd.DataFrame({"item": ["A-1", 1001.0], "on_hand": [2.5, None]})).values.tolist()
    [['A-1', '2.5'], ['1001', '']]
    """
    return pd.DataFrame({name: _texts(table[name]) for name in table.columns}, index=table.index, columns=table.columns, dtype=object)


def template() -> pd.DataFrame:
    """A stock file to fill in: the 14 headers and two example rows, the second with only what must be given."""
    full = ("SKU-001", "42", "24", "2024-06-15", "0", "14", "3", "7", "12", "6", "4.50", "9.99", "Acme", "Mugs")
    least = ("SKU-002", "7", *[""] * 12)
    return pd.DataFrame([full, least], columns=list(HEADERS), dtype=object)


def _most(name: str) -> float:
    return MOST_DAYS if name in _DAYS else MOST_UNITS


def _attribute(panel: SalesPanel, name: str) -> np.ndarray:
    if name not in panel.attributes:
        return np.full(len(panel), "", dtype=object)
    return panel.attributes[name].fillna("").to_numpy(dtype=object)


def _columns(table: pd.DataFrame) -> tuple[dict[str, object], list[Problem]]:
    """Our name -> the file's header, and what is wrong with the headers."""
    columns: dict[str, object] = {}
    problems = []
    for header in table.columns:
        name = "_".join(str(header).lower().split())
        if name not in HEADERS:
            problems.append(Problem("stock_unknown_column", Severity.INFO, column=str(header), params={"columns": ", ".join(HEADERS)}))
        elif name in columns:
            problems.append(Problem("stock_repeated_column", Severity.WARNING, column=str(header)))
        else:
            columns[name] = header
    return columns, problems


def _texts(column: pd.Series) -> np.ndarray:
    codes, words = texts(column)
    return np.append(words, "")[codes]


def _rows(items: pd.Series, panel: SalesPanel) -> tuple[np.ndarray, list[Problem]]:
    """The row of `panel` for each row of the file (-1: not used), and why not."""
    rows = pd.Index(panel.items).get_indexer(pd.Index(items, dtype=object))
    missing = (items == "").to_numpy()
    again = items.duplicated().to_numpy() & ~missing
    unknown = (rows < 0) & ~missing & ~again
    meant = _meant(items[unknown], panel)
    alike = unknown & items.isin(list(meant)).to_numpy()
    problems = [
        *_found(Problem("stock_item_missing"), items, missing),
        *_found(Problem("stock_duplicate_item"), items, again),
        *(replace(found, params={"item": meant[found.got]}) for found in _found(Problem("stock_item_alike"), items, alike)),
        *_found(Problem("stock_unknown_item"), items, unknown & ~alike),
    ]
    return np.where(missing | again | unknown, -1, rows), problems


def _meant(unknown: pd.Series, panel: SalesPanel) -> dict[str, str]:
    """Unknown code -> the one item of `panel` that differs from it in case and outer spaces alone, where there is exactly one."""
    plain = pd.Series(panel.items, dtype=object).map(lambda code: code.strip().casefold())
    alone = ~plain.duplicated(keep=False)
    items = dict(zip(plain[alone], panel.items[alone], strict=True))
    return {code: items[word] for code in unknown.unique() if (word := code.strip().casefold()) in items}


def _values(name: str, cells: pd.Series) -> tuple[np.ndarray, list[Problem]]:
    """The cells of one column as numbers, days or text, missing where not given or not usable, and what was not usable."""
    if name in _TEXTS:
        return cells.str.strip().to_numpy(dtype=object), []
    filled = (cells != "").to_numpy()
    if name == "on_order_due":
        read, _, unclear = days(cells, None)
        bad = filled & np.isnat(read) & ~unclear
        return read, [*_found(Problem("stock_bad_date"), cells, bad), *_found(Problem("stock_date_ambiguous"), cells, unclear)]
    values = pd.to_numeric(cells.where(cells != "", None), errors="coerce").to_numpy(dtype=float)
    usable = (values >= 0) & (values <= _most(name))
    infinite = np.isinf(values)
    problems = [
        *_found(Problem("stock_not_a_number"), cells, filled & np.isnan(values)),
        *_found(Problem("stock_infinite"), cells, infinite),
        *_found(Problem("stock_negative"), cells, (values < 0) & ~infinite),
        *_found(Problem("stock_too_large", params={"most": f"{_most(name):,.0f}"}), cells, (values > _most(name)) & ~infinite),
    ]
    return np.where(usable, values, np.nan), problems


def _found(problem: Problem, cells: pd.Series, mask: np.ndarray) -> Iterator[Problem]:
    """`problem` as a warning for each text at `mask`, with its first row and how many rows share it; the last of a long list stands for all
    the rest."""
    bad = cells[mask]
    firsts = bad[~bad.duplicated()]
    counts = bad.value_counts()
    for k, (index, got) in enumerate(firsts.items()):
        last = k == _MOST_LISTED - 1
        count = int(counts[firsts.iloc[k:]].sum()) if last else int(counts[got])
        row = int(index) + 2
        yield replace(problem, severity=Severity.WARNING, column=str(cells.name), row=row, got=got, count=count)
        if last:
            return


def _placed(default: np.ndarray, rows: np.ndarray, values: np.ndarray | np.bool_) -> np.ndarray:
    placed = default.copy()
    placed[rows] = values
    return placed


def _given(values: np.ndarray) -> np.ndarray:
    """Mask of what is there in an array of text, days or numbers."""
    return values != "" if values.dtype == object else ~np.isnan(values)


def _gaps(terms: StockTerms, rows: np.ndarray) -> Iterator[Problem]:
    """What the file leaves open."""
    without_row = len(terms) - len(np.unique(rows))
    if without_row:
        first = terms.items[np.setdiff1d(np.arange(len(terms)), rows)[0]]
        yield Problem("stock_item_without_row", Severity.INFO, "item", got=first, count=without_row)
    undated = (terms.on_order > 0) & np.isnat(terms.on_order_due)
    if undated.any():
        yield Problem("stock_no_due_date", Severity.INFO, "on_order_due", got=terms.items[undated.argmax()], count=int(undated.sum()))

"""Sales lines: what a mapped table says, one place a line, in typed columns and coded texts."""

from collections.abc import Mapping as MappingOf
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sales import checks
from sales.distinct import cells_at, distinct, rows_at, spread, text_bytes, text_cells
from sales.keys import mixed, repeated
from sales.mapping import Mapping
from sales.numbers import Mark, numbers_by, told_mark
from sales.panel import ATTRIBUTES
from sales.problems import Problem, Severity
from sales.role_names import NAMES, plain_name
from sales.total_words import is_a_total
from sales.undoing import undone

MOST_DAYS = 2_000_000
_THREADS = 2
_MOST_LOCATIONS = 2**20
_LEAST_ROWS, _FIRST_ROWS = 20, 1_000
_SAMPLE = 2_000  # rows of each column of numbers that tell the decimal mark of the others


@dataclass(frozen=True, eq=False)
class Coded:
    """Texts, one a line: line i has `words[codes[i]]`, or nothing where the code is -1."""

    codes: np.ndarray
    words: np.ndarray

    def at(self, where: np.ndarray) -> "Coded":
        """The texts at `where`, a mask or places."""
        return Coded(self.codes[where], self.words)


@dataclass(frozen=True, eq=False)
class SalesLines:
    """Lines that have an item and a day, aligned, in the order of the table.

    place: where the line stands in the table, from 0. item: codes into `items`, which are sorted and unique. day: datetime64[D].
    units: negative where goods came back, NaN where none are given or they are refused. refused: the cell of units holds something that
    is no amount. copy: equal to an earlier line in all columns of the table. price: money a unit, NaN where not known; None without a
    column of prices. customer: codes, -1 where not known; who they are is not carried. prefix: the letters that the order's id begins with.
    Both are read only where something came back, customers also where a price is 0 or below. known: columns known ahead. flags: out of
    stock. attributes: texts by role. location: codes of the column that is mapped or else so named, -1 where not known; None without one
    and among orders. status: what became of the line, in the words of the table. everywhere: whether
    the place calls itself a total of places; None where none does, and among orders.
    pasted: a column in which no two other lines agree, as a line's own number, is equal in the copies too.

    Raises ValueError where the parts do not fit together, or one of them holds Python objects.
    """

    items: np.ndarray
    place: np.ndarray
    item: np.ndarray
    day: np.ndarray
    units: np.ndarray
    refused: np.ndarray
    copy: np.ndarray
    price: np.ndarray | None = None
    customer: np.ndarray | None = None
    prefix: Coded | None = None
    flags: np.ndarray | None = None
    known: MappingOf[str, np.ndarray] = field(default_factory=dict)
    attributes: MappingOf[str, Coded] = field(default_factory=dict)
    location: np.ndarray | None = None
    status: Coded | None = None
    everywhere: np.ndarray | None = None
    pasted: bool = False

    def __post_init__(self) -> None:
        columns = {"place": self.place, "item": self.item, "day": self.day, "units": self.units, "refused": self.refused, "copy": self.copy}
        optional = ("price", "location", "customer", "flags", "everywhere")
        columns |= {name: part for name in optional if (part := getattr(self, name)) is not None}
        columns |= {**self.known, **{name: texts.codes for name, texts in self.attributes.items()}}
        for name, column in columns.items():
            if len(column) != len(self.place):
                raise ValueError(f"{name}: got {len(column)} lines, expected {len(self.place)}")
            if column.dtype == object:
                raise ValueError(f"{name}: got Python objects, expected numbers, dates or codes")

    def __len__(self) -> int:
        return len(self.place)

    def at(self, where: np.ndarray) -> "SalesLines":
        """The lines at `where`: a mask, or places."""
        if where.dtype == bool and where.all():
            return self
        places = np.flatnonzero(where) if where.dtype == bool else where
        columns = [part.name for part in fields(self) if part.name not in ("items", "pasted")]
        return replace(self, **{name: _at(getattr(self, name), places) for name in columns})

    @cached_property
    def sold(self) -> np.ndarray:
        """Mask of the lines with units, 0 and returns included."""
        return ~np.isnan(self.units)

    @property
    def item_day(self) -> np.ndarray:
        """A number for each line that two lines share where they are of the same item, day and, where there are any, location."""
        of_day = self.item.astype("int64") * MOST_DAYS + self.day.astype("int64")
        return of_day if self.location is None else of_day * _MOST_LOCATIONS + self.location

    @cached_property
    def last_sold(self) -> np.datetime64:
        """The day of the last line with units."""
        return self.day[self.sold].max()

    @property
    def ahead(self) -> np.ndarray:
        """Mask of the lines after the last with units."""
        return self.day > self.last_sold

    @cached_property
    def undone(self) -> np.ndarray:
        """Units, one a line, that came back of a sale, or that a return takes from sales (`sales.undoing`)."""
        return undone(self)

    @property
    def money(self) -> np.ndarray:
        """Units times price, one a line; NaN where either is not known."""
        return np.full(len(self), np.nan) if self.price is None else self.units * self.price

    def merged(self, merges: MappingOf[str, str]) -> "SalesLines":
        """The lines with each old code of `merges` as its new one, through chains: with a -> b and b -> c, a and b become c.

        Raises ValueError where the merges run in a circle.
        """
        ends = ends_of(merges)
        words = np.array([ends.get(word, word) for word in self.items], dtype=object)
        items, code = np.unique(words, return_inverse=True)
        return replace(self, items=items, item=code[self.item])


def ends_of(merges: MappingOf[str, str]) -> dict[str, str]:
    """The code that each old one ends as, through chains. Raises ValueError where the merges run in a circle."""
    return {old: _end(old, merges) for old in merges}


def _end(old: str, merges: MappingOf[str, str]) -> str:
    seen = {old}
    while old in merges:
        old = merges[old]
        if old in seen:
            raise ValueError(f"merges: got a circle through {old!r}, expected chains that end")
        seen.add(old)
    return old


def _at(part: Any, where: np.ndarray) -> Any:
    if isinstance(part, MappingOf):
        return {name: _at(values, where) for name, values in part.items()}
    if isinstance(part, Coded):
        return part.at(where)
    return None if part is None else part[where]


def read_lines(
    table: pd.DataFrame, mapping: Mapping, day_first: bool | None, decimal: Mark | None = None
) -> tuple[SalesLines, list[Problem]]:
    """The lines that `mapping` finds in `table`, and what is wrong with their cells. Lines without an item or a day are left out and named;
    units that are no amount are refused and named. decimal: the mark before the fraction in columns that do not tell it, by default that
    which the other columns of numbers tell: a file is written in one way."""
    decimal = decimal or _told_by_others(table, mapping)
    with ThreadPoolExecutor(_THREADS) as threads:  # most of the work is Arrow's and NumPy's, which let others work meanwhile
        of_item = threads.submit(checks.read_items, table[mapping.item])
        of_date = threads.submit(checks.read_days, table[mapping.date], day_first, mapping.week_ends)
        units, refused, of_units = checks.read_units(table[mapping.units], decimal)
        price = _price(table, mapping, units, decimal)
        came_back = bool((units < 0).any())
        prefix = _prefix(table[mapping.order]) if came_back and mapping.order is not None else None
        code, items, problems = of_item.result()
        day, of_days = of_date.result()
    problems = [*problems, *of_days, *of_units]
    known, flags = {}, None
    for name in mapping.known:
        known[name], of_known = checks.read_known(table[name], decimal)
        problems += of_known
    if mapping.customer is not None:
        problems += _without_customer(table[mapping.customer])
    if mapping.out_of_stock is not None:
        flags, of_flags = checks.read_flags(table[mapping.out_of_stock])
        problems += of_flags
    if mapping.on_hand is not None:
        flags, of_stock = _without_stock(table[mapping.on_hand], units, flags, decimal)
        problems += of_stock
    odd = came_back or (price is not None and bool((price <= 0).any()))
    columns = {role: column for role in ATTRIBUTES if (column := getattr(mapping, role)) is not None}
    lines = SalesLines(
        items,
        np.arange(len(table), dtype=np.int32),
        code.astype(np.int32),
        day,
        units,
        refused,
        np.zeros(len(table), dtype=bool),
        price,
        _customer(table[mapping.customer]) if odd and mapping.customer is not None else None,
        prefix,
        flags,
        known,
        {role: Coded(*checks.texts(table[column])) for role, column in columns.items()},
        _location(table, mapping) if mapping.order is None else None,
        None if mapping.status is None else Coded(*checks.texts(table[mapping.status])),
        _everywhere(table, mapping) if mapping.order is None else None,
    ).at((code >= 0) & ~np.isnat(day))
    copy = _copies(table, lines)
    return replace(lines, copy=copy, pasted=bool(copy.any()) and _one_of_a_kind(table, lines.place[~copy], mapping)), problems


def _told_by_others(table: pd.DataFrame, mapping: Mapping) -> Mark | None:
    """The decimal mark that columns of numbers tell, where they tell one."""
    rows = np.unique(np.linspace(0, len(table) - 1, min(len(table), _SAMPLE)).astype(int))
    columns = [name for name in (mapping.units, mapping.price, mapping.revenue, mapping.on_hand, *mapping.known) if name is not None]
    marks = {told_mark(cells_at(table[name], rows)) for name in dict.fromkeys(columns)} - {None}
    return marks.pop() if len(marks) == 1 else None


def _without_stock(
    column: pd.Series, units: np.ndarray, flags: np.ndarray | None, decimal: Mark | None
) -> tuple[np.ndarray, list[Problem]]:
    """`flags` and the lines with a stock on hand of 0 or below that sold nothing: where the last unit was sold, most of the day's demand
    was met, and it is told."""
    told = numbers_by(column, decimal)
    on_hand, nothing = told.values, told.nothing
    problems = checks.found("on_hand_unreadable", np.isnan(on_hand) & ~nothing, column)
    gone = on_hand <= 0
    if (sold_out := gone & (units > 0)).any():
        amount = f"{units[sold_out].sum():,.10g}"
        problems += checks.found("sold_out", sold_out, column, Severity.INFO, units=amount)
    return (gone & ~sold_out) | (False if flags is None else flags), problems


def _price(table: pd.DataFrame, mapping: Mapping, units: np.ndarray, decimal: Mark | None) -> np.ndarray | None:
    """Money a unit: the price, or what a line brought over its units; of a return that without its sign."""
    if mapping.price is not None:
        return numbers_by(table[mapping.price], decimal).values
    if mapping.revenue is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        price = numbers_by(table[mapping.revenue], decimal).values / units
    price = np.where(units < 0, np.abs(price), price)  # what came back is written with a sign or without
    return np.where(np.isfinite(price), price, np.nan)


def _location(table: pd.DataFrame, mapping: Mapping) -> np.ndarray | None:
    column = _of_places(table, mapping)
    return None if column is None else _customer(table[column])


def _of_places(table: pd.DataFrame, mapping: Mapping) -> str | None:
    """The column of places, mapped or else so named; None where there is none, or two of its name."""
    taken = (mapping.item, mapping.date, mapping.units)
    named = [name for name in table.columns if plain_name(name) in NAMES["location"] and name not in taken]
    column = mapping.location if mapping.location is not None else next(iter(named), None)
    return None if column is None or table.columns.tolist().count(column) > 1 else column


def _everywhere(table: pd.DataFrame, mapping: Mapping) -> np.ndarray | None:
    column = _of_places(table, mapping)
    if column is None:
        return None
    codes, words = distinct(table[column])
    says = np.array([isinstance(word, str) and is_a_total(word) for word in words] + [False], dtype=bool)
    return says[codes] if says.any() else None


def _customer(column: pd.Series) -> np.ndarray:
    codes, values = distinct(column)
    blank = np.array([not str(value).strip() for value in values] + [True], dtype=bool)
    return spread(np.where(blank, -1, np.arange(len(blank), dtype=np.int32)), codes)


def _without_customer(column: pd.Series) -> list[Problem]:
    """How many rows are of nobody, where some are of somebody."""
    empty = column.isna().to_numpy()
    return [] if empty.all() else checks.found("customer_empty", empty, column, Severity.INFO, share=f"{empty.mean():.1%}")


def _prefix(column: pd.Series) -> Coded | None:
    """The letters that each id begins with; None for a column of numbers. Ids are many and prefixes few: texts are cut, then told apart."""
    if not (isinstance(column.dtype, pd.StringDtype) or column.dtype == object):
        return None
    cells = text_cells(column if column.dtype != object else column.map(str, na_action="ignore").astype("str"))
    first = np.concatenate([_first_bytes(chunk) for chunk in cells.chunks])
    codes = -(first == 0).astype(np.int32)
    other = (first > 0) & ((first < ord("0")) | (first > ord("9")))  # a digit is no letter, and most ids are numbers
    ids = cells.filter(pa.array(other)).combine_chunks()  # at once: a pattern is made ready anew for each chunk
    letters = pc.replace_substring_regex(ids, r"(?s)^(\pL*).*$", r"\1")
    places, words = pd.factorize(np.append("", letters.to_numpy(zero_copy_only=False)))
    codes[other] = places[1:]
    return Coded(codes, np.asarray(words, dtype=object))


def _first_bytes(cells: pa.Array) -> np.ndarray:
    """The first byte of each text, 0 where there is none."""
    begin, content = text_bytes(cells)
    filled = cells.is_valid().to_numpy(zero_copy_only=False) & (begin[1:] > begin[:-1])
    first = np.zeros(len(cells), dtype=np.uint8)
    first[filled] = content[begin[:-1][filled]]
    return first


def _copies(table: pd.DataFrame, lines: SalesLines) -> np.ndarray:
    """Mask of the lines that equal an earlier one in all columns of `table`: candidates get fewer column by column. The first are those
    that share a mixed number; what differs and shares it by chance is told apart by its cells."""
    numbers = mixed(*(part for part in (lines.item, lines.day, lines.units, lines.price, lines.customer) if part is not None))
    left = repeated(numbers)
    key = numbers[left]
    for place in range(table.shape[1]):
        if len(left) == 0:
            break
        cells = cells_at(table.iloc[:, place], lines.place[left])
        try:
            code, words = pd.factorize(cells)
        except TypeError:  # lists and the like cannot be told apart by hash
            code, words = pd.factorize(cells.map(str, na_action="ignore"))
        key = pd.factorize(key)[0] * (len(words) + 1) + code + 1
        still = pd.Series(key).duplicated(keep=False).to_numpy()
        left, key = left[still], key[still]
    copy = np.zeros(len(lines), dtype=bool)
    copy[left] = pd.Series(key).duplicated().to_numpy()
    return copy


def _one_of_a_kind(table: pd.DataFrame, places: np.ndarray, mapping: Mapping) -> bool:
    """Whether a column beside item, date and units has no cell twice in the rows at `places`: the first of them tell as a rule."""
    if len(places) < _LEAST_ROWS:
        return False
    for name in set(table.columns) - {mapping.item, mapping.date, mapping.units}:
        column = table[name]
        if isinstance(column, pd.Series) and all(_distinct(cells_at(column, some)) for some in (places[:_FIRST_ROWS], places)):
            return True
    return False


def _distinct(cells: pd.Series) -> bool:
    try:
        return bool(cells.notna().all() and cells.is_unique)
    except TypeError:  # lists and the like
        return False


def shown(table: pd.DataFrame, lines: SalesLines, where: np.ndarray, mapping: Mapping, most: int = checks.ROWS_SHOWN) -> pd.DataFrame:
    """The cells of the lines at mask `where` that move most units, at most `most` of them, in the order of the table, without customers."""
    places = np.flatnonzero(where)
    if len(places) > most:
        places = np.sort(places[np.argsort(-np.abs(np.nan_to_num(lines.units[places])), kind="stable")[:most]])
    return rows_at(table, lines.place[places]).drop(columns=[] if mapping.customer is None else [mapping.customer])

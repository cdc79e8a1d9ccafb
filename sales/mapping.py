"""Mapping: which column of a table plays which role, and a proposal by name and content."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sales import checks
from sales.dates import SERIALS, days
from sales.numbers import numbers
from sales.role_names import NAMES, plain_name

REQUIRED = ("item", "date", "units")
_SAMPLE = 2_000
_LEAST_ENDING = 4


@dataclass(frozen=True)
class Mapping:
    """The column of each role, None where there is none. `known`: columns known ahead, the only ones that become covariates.

    Whether the columns are in a table, and play one role only, is for `intake` to say: a person chooses them.
    """

    item: str | None = None
    date: str | None = None
    units: str | None = None
    price: str | None = None
    revenue: str | None = None
    promotion: str | None = None
    out_of_stock: str | None = None
    on_hand: str | None = None
    category: str | None = None
    supplier: str | None = None
    description: str | None = None
    location: str | None = None
    order: str | None = None
    customer: str | None = None
    known: tuple[str, ...] = ()


def propose(table: pd.DataFrame) -> Mapping:
    """The mapping that the columns of `table` suggest, by name first, then by content; nothing is proposed as known ahead.

    A column whose name and content both fit comes before one where only the name fits; a role that may stay empty needs both.

    >>> propose(pd.DataFrame({"StockCode": ["85123A"], "InvoiceDate": ["2010-12-01"], "Quantity": ["6"]})).units
    'Quantity'
    >>> propose(pd.DataFrame({"货号": ["A1"], "日期": ["2024年1月5日"], "销量": ["6"]})).date
    '日期'
    """
    columns = _sample(table)
    chosen: dict[str, str] = {}
    for role in NAMES:
        free = {name: column for name, column in columns.items() if name not in chosen.values()}
        if (column := _by_name(role, free) or _by_ending(role, free) or _by_content(role, free)) is not None:
            chosen[role] = column
    return replace(Mapping(), **chosen)  # type: ignore[arg-type]


def confidence(table: pd.DataFrame, mapping: Mapping) -> dict[str, float]:
    """How sure each role of `mapping` is, from 0 to 1: 0.6 for a name of that role (0.3 for one that ends so), and 0.4 for cells
    that fit it. Roles without a column, or with one that is not in `table`, are left out.

    >>> table = pd.DataFrame({"sku": ["A", "A"], "when": ["2024-01-05", "2024-01-06"], "units": ["few", "many"]})
    >>> confidence(table, Mapping("sku", "when", "units"))
    {'item': 1.0, 'date': 0.4, 'units': 0.6}
    """
    columns = _sample(table)
    of_role = {role: column for role in NAMES if (column := getattr(mapping, role)) in columns}
    return {role: round(_of_name(role, name) + 0.4 * _CONTENT[role](columns[name]), 2) for role, name in of_role.items()}


def header_key(table: pd.DataFrame) -> str:
    """A key that two tables share where they have the same columns in the same order: a mapping chosen for one fits the other.

    >>> header_key(pd.DataFrame(columns=["a", "b"])) == header_key(pd.DataFrame({"a": [1], "b": [2]}))
    True
    """
    return hashlib.sha256(json.dumps([str(name) for name in table.columns]).encode()).hexdigest()[:16]


def _sample(table: pd.DataFrame) -> dict[str, pd.Series]:
    """The columns by name: the first rows, in which an item or a day comes back, and rows from the whole of the table."""
    rows = np.arange(len(table))
    if len(rows) > _SAMPLE:
        rows = np.union1d(rows[: _SAMPLE // 2], np.linspace(0, len(rows) - 1, _SAMPLE // 2).astype(int))
    some = table.iloc[rows]
    return {str(name): some.iloc[:, place] for place, name in enumerate(table.columns)}


def _of_name(role: str, name: str) -> float:
    plain = plain_name(name)
    return 0.6 if plain in NAMES[role] else 0.3 if _ends_in(role, plain) else 0.0


def _ends_in(role: str, plain: str) -> bool:
    return any(len(word) >= _LEAST_ENDING and plain.endswith(word) for word in NAMES[role])


def _by_name(role: str, columns: dict[str, pd.Series]) -> str | None:
    wanted = {name: NAMES[role].index(plain) for name in columns if (plain := plain_name(name)) in NAMES[role]}
    named = sorted(wanted, key=wanted.__getitem__)
    fallback = named[0] if named and role in REQUIRED else None
    return next((name for name in named if _CONTENT[role](columns[name])), fallback)


def _by_ending(role: str, columns: dict[str, pd.Series]) -> str | None:
    """A column such as order_purchase_timestamp, where no name fits as a whole."""
    if role not in REQUIRED:
        return None
    return next((name for name in columns if _ends_in(role, plain_name(name)) and _CONTENT[role](columns[name])), None)


def _by_content(role: str, columns: dict[str, pd.Series]) -> str | None:
    """A date is what reads as one; units what are numbers; an item a column whose values come back."""
    if role not in REQUIRED:
        return None
    taken = {name for other in NAMES if other != role for name in [_by_name(other, columns)] if name is not None}
    fits = _BY_CELLS_ALONE[role]
    return next((name for name, column in columns.items() if name not in taken and fits(column) and not _is_id(role, name)), None)


def _is_id(role: str, name: str) -> bool:
    return role == "units" and plain_name(name).endswith(("id", "code"))


def _is_item(column: pd.Series) -> bool:
    text = column.dropna()
    return len(text) > 0 and not _reads_as_date(column) and (text.map(str).nunique() < len(text) or not _is_number(column))


def _comes_back(column: pd.Series) -> bool:
    return _is_item(column) and not _is_flag(column) and bool(column.notna().mean() > 0.5)


def _is_date(column: pd.Series) -> bool:
    read, _, unclear = days(column, None)
    return _mostly(~np.isnat(read) | unclear, column)


def _reads_as_date(column: pd.Series) -> bool:
    """A date by its cells alone: numbers that could be days of Excel are as a rule amounts or codes."""
    return _is_date(column) and not _mostly(np.abs(numbers(column)[0]) <= SERIALS[1], column)


def _is_number(column: pd.Series) -> bool:
    return not _reads_as_date(column) and _mostly(~np.isnan(numbers(column)[0]), column)


def _is_stock(column: pd.Series) -> bool:
    values = numbers(column)[0]
    return _is_number(column) and not bool((values < 0).any())


def _is_text(column: pd.Series) -> bool:
    return bool(column.notna().any()) and not _reads_as_date(column)


def _mostly(fits: np.ndarray, column: pd.Series) -> bool:
    filled = column.notna().to_numpy()
    return bool(filled.any() and fits[filled].mean() > 0.5)


def _is_flag(column: pd.Series) -> bool:
    return bool(column.notna().any()) and not checks.read_flags(column)[1]


_CONTENT: dict[str, Callable[[pd.Series], bool]] = {
    "item": _is_item,
    "date": _is_date,
    "units": _is_number,
    "price": _is_number,
    "revenue": _is_number,
    "promotion": _is_flag,
    "out_of_stock": _is_flag,
    "on_hand": _is_stock,
    **dict.fromkeys(("category", "supplier", "description", "location", "order", "customer"), _is_text),
}
_BY_CELLS_ALONE = {"item": _comes_back, "date": _reads_as_date, "units": _is_number}

"""Mapping: which column of a table plays which role, and a proposal by name and content."""

import hashlib
import json
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sales import checks
from sales.dates import SERIALS, days
from sales.distinct import rows_at
from sales.numbers import numbers
from sales.role_names import NAMES, plain_name

REQUIRED = ("item", "date", "units")
_SAMPLE = 2_000
_LEAST_ENDING = 4
_MOST_JUDGED = 50
_MOST_STATES = 30
_LATER = ("ship", "deliver", "due", "limit", "estimated", "expected", "updated", "approved", "liefer", "livraison", "entrega")
_NO_UNITS = ("id", "code", "price", "value", "cost", "amount", "freight", "shipping", "tax", "discount", "profit", "margin", "preis")
_NOT_SOLD = (
    "forecast",
    "predict",
    "plan",
    "budget",
    "target",
    "return",
    "cancel",
    "reserv",
    "open",
    "backlog",
    "backorder",
    "onorder",
    "onhand",
    "stock",
    "inventory",
    "received",
    "prognose",
    "retour",
    "zuruck",
    "storn",
    "offen",
    "bestand",
    "lager",
    "prevision",
    "annul",
    "ouvert",
    "devol",
    "devuel",
    "pronostico",
    "abiert",
    "pendiente",
    "existencia",
    "预测",
    "计划",
    "退货",
    "退款",
    "取消",
    "未发",
    "未结",
    "库存",
    "在途",
)
_WEEK_ENDS = ("weekend", "endofweek", "wochenende", "finsemaine", "findesemaine", "findesemana", "周末", "周结束")
_OFTEN_MONEY = ("sales", "ventes", "ventas")


@dataclass(frozen=True)
class Mapping:
    """The column of each role, None where there is none. `known`: columns known ahead, the only ones that become covariates. `week_ends`:
    the dates are the last days of weeks, and stand for their first ones.

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
    status: str | None = None
    known: tuple[str, ...] = ()
    week_ends: bool = False


ROLES = tuple(role.name for role in fields(Mapping) if role.name not in ("known", "week_ends"))


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
    return replace(Mapping(week_ends=ends_weeks(chosen.get("date"))), **chosen)  # type: ignore[arg-type]


def ends_weeks(name: str | None) -> bool:
    """Whether a column of dates says that they are the last days of weeks.

    >>> [ends_weeks(name) for name in ("Week Ending", "week", None)]
    [True, False, False]
    """
    return name is not None and any(word in plain_name(name) for word in _WEEK_ENDS)


def confidence(table: pd.DataFrame, mapping: Mapping) -> dict[str, float]:
    """How sure each role of `mapping` is, from 0 to 1: 0.6 for a name of that role (0.3 for one that ends so), and 0.4 for cells
    that fit it. Roles without a column, or with one that is not in `table`, are left out.

    >>> table = pd.DataFrame({"sku": ["A", "A"], "when": ["2024-01-05", "2024-01-06"], "units": ["few", "many"]})
    >>> confidence(table, Mapping("sku", "when", "units"))
    {'item': 1.0, 'date': 0.4, 'units': 0.6}
    """
    columns = _sample(table)
    of_role = {role: column for role in NAMES if (column := getattr(mapping, role)) in columns}
    return {role: round(_of_name(role, name) + 0.4 * _fits(role, columns[name]), 2) for role, name in of_role.items()}


def header_key(table: pd.DataFrame) -> str:
    """A key that two tables share where they have the same columns in the same order: a mapping chosen for one fits the other.

    >>> header_key(pd.DataFrame(columns=["a", "b"])) == header_key(pd.DataFrame({"a": [1], "b": [2]}))
    True
    """
    return hashlib.sha256(json.dumps([str(name) for name in table.columns]).encode()).hexdigest()[:16]


class _Cells:
    """What the cells of a column could be, each asked once."""

    def __init__(self, cells: pd.Series) -> None:
        self.cells = cells
        self.filled = cells.notna().to_numpy()

    def _mostly(self, fits: np.ndarray) -> bool:
        return bool(self.filled.any() and fits[self.filled].mean() > 0.5)

    @cached_property
    def amounts(self) -> np.ndarray:
        return numbers(self.cells)[0]

    @cached_property
    def date(self) -> bool:
        read, _, unclear = days(self.cells, None)
        return self._mostly(~np.isnat(read) | unclear)

    @cached_property
    def date_alone(self) -> bool:
        """A date whatever the name says: numbers that could be days of Excel are as a rule amounts or codes."""
        return self.date and not self._mostly(np.abs(self.amounts) <= SERIALS[1])

    @cached_property
    def number(self) -> bool:
        return not self.date_alone and self._mostly(~np.isnan(self.amounts))

    @cached_property
    def stock(self) -> bool:
        return self.number and not bool((self.amounts < 0).any())

    @cached_property
    def flag(self) -> bool:
        return bool(self.filled.any()) and not checks.read_flags(self.cells)[1]

    @cached_property
    def text(self) -> bool:
        return bool(self.filled.any()) and not self.date_alone

    @cached_property
    def status(self) -> bool:
        """A few words that come back."""
        words = self.cells[self.filled].map(str)
        return self.text and not self.number and words.nunique() <= min(_MOST_STATES, len(words) / 2)

    @cached_property
    def item(self) -> bool:
        """Texts, or numbers that come back."""
        words = self.cells[self.filled]
        return self.text and (words.map(str).nunique() < len(words) or not self.number)

    @cached_property
    def item_alone(self) -> bool:
        return self.item and not self.flag and bool(self.filled.mean() > 0.5)


def _sample(table: pd.DataFrame) -> dict[str, _Cells]:
    """The columns by name: the first rows, in which an item or a day comes back, and rows from the whole of the table."""
    rows = np.arange(len(table))
    if len(rows) > _SAMPLE:
        rows = np.union1d(rows[: _SAMPLE // 2], np.linspace(0, len(rows) - 1, _SAMPLE // 2).astype(int))
    some = rows_at(table, rows)
    return {str(name): _Cells(some.iloc[:, place]) for place, name in enumerate(table.columns)}


def _fits(role: str, column: _Cells) -> bool:
    return bool(getattr(column, _CONTENT[role]))


def _of_name(role: str, name: str) -> float:
    plain = plain_name(name)
    return 0.6 if plain in NAMES[role] else 0.3 if _ends_in(role, plain) else 0.0


def _ends_in(role: str, plain: str) -> bool:
    return any(len(word) >= _LEAST_ENDING and plain.endswith(word) for word in NAMES[role])


def _by_name(role: str, columns: dict[str, _Cells]) -> str | None:
    wanted = {name: NAMES[role].index(plain) for name in columns if (plain := plain_name(name)) in NAMES[role]}
    named = sorted(wanted, key=wanted.__getitem__)
    fallback = named[0] if named and role in REQUIRED else None
    return next((name for name in named if _fits(role, columns[name])), fallback)


def _by_ending(role: str, columns: dict[str, _Cells]) -> str | None:
    """A column such as order_purchase_timestamp, where no name fits as a whole; days after that of the sale, and what may be money, come
    last."""
    if role not in REQUIRED:
        return None
    plain = {name: plain_name(name) for name in columns}
    others = {word for other, words in NAMES.items() if other != role for word in words}
    ending = [name for name, word in plain.items() if _ends_in(role, word) and word not in others and not _is_no_amount(role, name)]
    return min(
        (name for name in ending if _fits(role, columns[name])),
        key=lambda name: any(word in plain[name] for word in _LATER) or plain[name].endswith(_OFTEN_MONEY),
        default=None,
    )


def _by_content(role: str, columns: dict[str, _Cells]) -> str | None:
    """A date is what reads as one; units what are numbers; an item a column whose values come back."""
    if role not in REQUIRED:
        return None
    taken = {name for other in NAMES if other != role for name in [_by_name(other, columns)] if name is not None}
    free = [name for name in columns if name not in taken and not _is_no_amount(role, name)][:_MOST_JUDGED]
    return next((name for name in free if getattr(columns[name], _ALONE[role])), None)


def _is_no_amount(role: str, name: str) -> bool:
    """Whether numbers under this name are codes, money or units that nobody bought, never to be taken for units."""
    plain = plain_name(name)
    return role == "units" and (plain.endswith(_NO_UNITS) or any(word in plain for word in _NOT_SOLD))


_CONTENT = {
    "item": "item",
    "date": "date",
    **dict.fromkeys(("units", "price", "revenue"), "number"),
    **dict.fromkeys(("promotion", "out_of_stock"), "flag"),
    "on_hand": "stock",
    "status": "status",
    **dict.fromkeys(("category", "supplier", "description", "location", "order", "customer"), "text"),
}
_ALONE = {"item": "item_alone", "date": "date_alone", "units": "number"}

"""Mapping: which column of a table plays which role, and a proposal by name and content."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sales import checks

REQUIRED = ("item", "date", "units")
_SAMPLE = 2_000
_NAMES = {
    "item": (
        "item sku itemid skuid uniqueid itemcode skucode itemnumber stockcode productid productcode productsku articleid articlecode "
        "articlenumber article asin ean partnumber materialnumber material part product itemname productname code"
    ),
    "date": (
        "ds date invoicedate orderdate salesdate saledate transactiondate transactiontimestamp day week weekstart weekstarting weekending "
        "weekdate month period timestamp datetime time createdat orderedat"
    ),
    "units": (
        "units quantity qty unitssold quantitysold qtysold soldunits soldquantity salesunits salesqty salesquantity orderqty orderquantity "
        "quantityordered sales sold demand y volume weeklysales dailysales monthlysales weeklyunits dailyunits monthlyunits"
    ),
    "price": "unitprice price sellprice sellingprice saleprice salesprice avgprice averageprice itemprice",
    "promotion": "promotion promo onpromotion onpromo ispromotion ispromo promoflag promotionflag",
    "out_of_stock": "outofstock stockout isoutofstock isstockout oos soldout",
    "category": "category productcategory itemcategory categoryname categoryid department dept deptid family productfamily group",
    "supplier": "supplier vendor suppliername vendorname supplierid vendorid manufacturer",
    "description": "description productdescription itemdescription productname itemname title name",
}


@dataclass(frozen=True)
class Mapping:
    """The column of each role, None where there is none. `known`: columns known ahead, the only ones that become covariates.

    Whether the columns are in a table, and play one role only, is for `intake` to say: a person chooses them.
    """

    item: str | None = None
    date: str | None = None
    units: str | None = None
    price: str | None = None
    promotion: str | None = None
    out_of_stock: str | None = None
    category: str | None = None
    supplier: str | None = None
    description: str | None = None
    known: tuple[str, ...] = ()


def propose(table: pd.DataFrame) -> Mapping:
    """The mapping that the columns of `table` suggest, by name first, then by content; nothing is proposed as known ahead.

    A column whose name and content both fit comes before one where only the name fits; a role that may stay empty needs both.

    >>> propose(pd.DataFrame({"StockCode": ["85123A"], "InvoiceDate": ["2010-12-01"], "Quantity": ["6"]})).units
    'Quantity'
    """
    columns = {str(name): table.iloc[:_SAMPLE, place] for place, name in enumerate(table.columns)}
    chosen: dict[str, str] = {}
    for role in _NAMES:
        free = {name: column for name, column in columns.items() if name not in chosen.values()}
        found = _by_name(role, free) or _by_content(role, free)
        if found is not None:
            chosen[role] = found
    return replace(Mapping(), **chosen)  # type: ignore[arg-type]


def _by_name(role: str, columns: dict[str, pd.Series]) -> str | None:
    wanted = _NAMES[role].split()
    plain = {name: re.sub(r"[\W_]", "", name.lower()) for name in columns}
    named = sorted((name for name in columns if plain[name] in wanted), key=lambda name: wanted.index(plain[name]))
    fits = _CONTENT.get(role, lambda _: True)
    fallback = named[0] if named and role in REQUIRED else None
    return next((name for name in named if fits(columns[name])), fallback)


def _by_content(role: str, columns: dict[str, pd.Series]) -> str | None:
    """A date is what reads as one; units what are numbers; an item a column whose values come back."""
    if role not in REQUIRED:
        return None
    taken = {name for other in _NAMES if other != role for name in [_by_name(other, columns)] if name is not None}
    return next((name for name, column in columns.items() if name not in taken and _CONTENT[role](column)), None)


def _is_item(column: pd.Series) -> bool:
    text = column.dropna()
    return len(text) > 0 and not _is_date(column) and (text.map(str).nunique() < len(text) or not _is_number(column))


def _is_date(column: pd.Series) -> bool:
    days = checks.days(column, day_first=True)[0]
    others = checks.days(column, day_first=False)[0]
    return _mostly(np.maximum(~np.isnat(days), ~np.isnat(others)), column)


def _is_number(column: pd.Series) -> bool:
    return not pd.api.types.is_bool_dtype(column) and not _is_date(column) and _mostly(~np.isnan(checks.numbers(column)[0]), column)


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
    "promotion": _is_flag,
    "out_of_stock": _is_flag,
}

"""The stock file as a table: its cells under our headers, as values, and as text that a person edits."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from inventory.cells import amounts, as_text, dates, decimal_mark, listed
from inventory.columns import HEADERS, NUMBERS, STOCK_NAMES, TEXTS, Column, columns_of
from sales.problems import Problem
from workspace.cells import plain_number

ORDER = ("on_order", "on_order_due")
MEASURED = ("lead_time_days", "lead_time_sd_days", "lead_time_orders", "lead_time_from")
_RATE = "holding_rate_percent"


def cells_of(table: pd.DataFrame, columns: dict[str, Column]) -> tuple[pd.DataFrame, np.ndarray]:
    """The cells of `columns` as text under our names, without empty rows, orders of numbered columns as further rows at their index;
    and the mask of the rows that say in all columns of `table` the same as a row before."""
    texts = as_text(table)
    cells = texts[[column.header for column in columns.values()]].set_axis(list(columns), axis=1)
    numbers = sorted({role.removeprefix("on_order_due_").removeprefix("on_order_") for role in columns if _numbered(role)})
    copies = texts.duplicated().to_numpy()
    parts = [cells[[role for role in columns if not _numbered(role)]]]
    for number in numbers:
        names = {"item": "item", f"on_order_{number}": "on_order", f"on_order_due_{number}": "on_order_due"}
        part = cells[[name for name in names if name in cells]].rename(columns=names)
        parts.append(part[(part.drop(columns="item") != "").any(axis=1)])
    stacked = pd.concat(parts).fillna("") if numbers else parts[0]
    copies = np.append(copies, np.full(len(stacked) - len(copies), False))
    filled = (stacked != "").any(axis=1).to_numpy()
    return stacked[filled], copies[filled]


def values_of(cells: pd.DataFrame, columns: dict[str, Column]) -> tuple[dict[str, np.ndarray], list[Problem]]:
    """The columns of `cells` but the item as numbers, days or text, missing where not given or not usable, and what was not usable."""
    names = [name for name in cells.columns if name in HEADERS and name != "item"]
    mark = decimal_mark(cells[name] for name in names if name in NUMBERS)
    values: dict[str, np.ndarray] = {}
    problems: list[Problem] = []
    for name in names:
        found: list[Problem] = []
        if name in TEXTS:
            values[name] = cells[name].str.strip().to_numpy(dtype=object)
        elif name == "on_order_due":
            values[name], found = dates(cells[name])
        else:
            values[name], found = amounts(name, cells[name], mark, columns[name].factor if name in columns else 1.0)
        problems += found
    if _RATE in values and not columns[_RATE].unit_named and _shares(values[_RATE], cells[_RATE]):
        problems += listed(Problem("stock_rate_as_share"), cells[_RATE], values[_RATE] == np.nanmax(values[_RATE]))
        values[_RATE] = values[_RATE] * 100
    return values, problems


def normalised(table: pd.DataFrame) -> pd.DataFrame:
    """The stock file `table` under our headers, all of them, for a person to edit: numbers plain with a decimal point, times in days, days
    as YYYY-MM-DD, further orders in rows of their own; columns without a role behind. What cannot be read stays as it is, with a question
    mark behind a number of which nobody knows how it is meant: `read_terms` does not use it either. No rows where no column holds items.
    """
    columns, _ = columns_of(table, STOCK_NAMES)
    if "item" not in columns:
        return pd.DataFrame(columns=list(HEADERS), dtype=object)
    cells, _ = cells_of(table, columns)
    values, _ = values_of(cells, columns)
    written = {name: _written(cells[name], values[name], columns.get(name)) if name in values else cells[name] for name in cells}
    role_less = [header for header in as_text(table) if str(header) not in {column.header for column in columns.values()}]
    others = as_text(table)[role_less].reindex(cells.index)
    made = pd.concat([pd.DataFrame(written, index=cells.index).reindex(columns=list(HEADERS), fill_value=""), others], axis=1)
    return made if made.index.is_unique else made.reset_index(drop=True)


def edited(table: pd.DataFrame, changes: Mapping[str, Any]) -> pd.DataFrame:
    """`table`, a stock file as `normalised`, after `changes`: edited_rows (place -> column -> cell), added_rows (column -> cell each) and
    deleted_rows (places). A lead time changed by hand is no longer a measured one. Rows are numbered anew; those that name an item and say
    nothing of it stay out.
    """
    made = table.copy().reset_index(drop=True)
    for place, cells in changes.get("edited_rows", {}).items():
        for name, cell in cells.items():
            made.loc[int(place), name] = _typed(cell)
        if {"lead_time_days", "lead_time_sd_days"} & set(cells):
            made.loc[int(place), list(MEASURED[2:])] = ""
    made = made.drop(index=[int(place) for place in changes.get("deleted_rows", [])])
    added = pd.DataFrame([{name: _typed(cell) for name, cell in row.items()} for row in changes.get("added_rows", [])], dtype=object)
    made = pd.concat([made, added.reindex(columns=made.columns)], ignore_index=True).fillna("")
    return _numbered_anew(made[(made.drop(columns="item") != "").any(axis=1)])


def with_all_items(table: pd.DataFrame, items: Sequence[str] | np.ndarray) -> pd.DataFrame:
    """`table` (as `normalised`) and below it a row for each of `items` that has none, with nothing but its code."""
    missing = sorted(set(items) - set(table["item"]))
    more = pd.DataFrame({"item": missing}, dtype=object).reindex(columns=table.columns, fill_value="")
    return _numbered_anew(pd.concat([table, more]))


def with_lead_times(table: pd.DataFrame, lead_times: pd.DataFrame) -> pd.DataFrame:
    """`table` (as `normalised`) with the lead times measured (`purchases.lead_times`) in the place of its own; an item without a row gets
    one."""
    made = with_all_items(table, lead_times["item"].to_numpy())
    made.loc[made["item"].isin(lead_times["item"]), list(MEASURED)] = ""
    first = made[~made["item"].duplicated()].reset_index().set_index("item")["index"].loc[lead_times["item"]]
    for name in MEASURED:
        made.loc[first.to_numpy(), name] = [plain_number(v) if name != "lead_time_from" else v for v in lead_times[name]]
    return made


def with_open_orders(table: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """`table` (as `normalised`) with `orders` (item, on_order, on_order_due: `purchases.open_orders`) in the place of all that it has on
    order; the first of an item in its row, others in rows below."""
    cleared = table.assign(on_order="", on_order_due="")
    made = with_all_items(cleared[~cleared["item"].duplicated() | (cleared["item"] == "")], orders["item"].to_numpy())
    written = as_text(orders.assign(on_order=[plain_number(units) for units in orders["on_order"]]))
    first = written[~written["item"].duplicated()].set_index("item")
    places = made["item"].isin(first.index)
    made.loc[places, list(ORDER)] = first.loc[made.loc[places, "item"], list(ORDER)].to_numpy()
    more = written[written["item"].duplicated()].reindex(columns=made.columns, fill_value="")
    return _numbered_anew(pd.concat([made, more]))


def given_mask(values: np.ndarray) -> np.ndarray:
    """Mask of what is there in an array of text, days or numbers."""
    return values != "" if values.dtype == object else ~np.isnan(values)


def _numbered(role: str) -> bool:
    return role.startswith("on_order_") and role != "on_order_due"


def _shares(rate: np.ndarray, cells: pd.Series) -> bool:
    """Whether a rate is written as shares of one: no sign of percent anywhere, and nothing above one."""
    return bool((rate > 0).any() and np.nanmax(rate) <= 1 and not cells.str.contains("%").any())


def _written(cells: pd.Series, values: np.ndarray, column: Column | None) -> np.ndarray:
    there = given_mask(values)
    if values.dtype == object:
        return values
    if values.dtype.kind == "M":
        return np.where(there, values.astype(str), cells)
    other_unit = column is not None and column.factor != 1
    doubtful = cells.str.contains(r"\d" if other_unit else r"\d?[.,]\d?", regex=True) & ~cells.str.endswith("?")
    unread = cells.where(~doubtful, cells + "?")
    return np.where(there, as_text(pd.DataFrame({"n": np.where(there, values, 0.0)}))["n"], unread)


def _typed(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _numbered_anew(table: pd.DataFrame) -> pd.DataFrame:
    return table.reset_index(drop=True)

"""The forecast and the backtest that somebody hands over: read, and held against the sales that they must belong to."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sales.panel import SalesPanel
from sales.problems import Problem
from workspace.tables import read_table

TEXTS, DATES, NUMBERS = ("item", "model"), ("ds", "cutoff"), ("y", "mean")
KEY = ["item", "model", "cutoff", "ds"]
_ALIKE = 1e-3


def read_forecast(path: Path, panel: SalesPanel | None) -> tuple[pd.DataFrame | None, list[Problem]]:
    """The tidy rows of a forecast made from the end of `panel`, or None and why they cannot be used. panel None: nothing to hold them
    against. Nothing raises.

    A file written by `python -m forecasting` names the sales that it was made from; any other is held by its content.
    """
    rows, problems = _read(path)
    if rows is None or panel is None:
        return rows, problems
    if _of_other_sales(rows, panel):
        return None, [Problem("forecast_of_other_sales", params={"file": path.name})]
    problems = list(_misplaced(rows, path, panel))
    cutoffs = sorted(rows["cutoff"].unique())
    if cutoffs != [panel.last]:
        got = ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in cutoffs[:3])
        problems.append(Problem("forecast_other_cutoff", got=got, params={"last": f"{panel.last:%Y-%m-%d}"}))
    return (None if problems else rows), problems


def read_backtest(path: Path, panel: SalesPanel | None) -> tuple[pd.DataFrame | None, list[Problem]]:
    """The tidy rows of a backtest of `panel`, as `read_forecast`; its actual sales must be those of the panel."""
    rows, problems = _read(path)
    if rows is None or panel is None:
        return rows, problems
    if _of_other_sales(rows, panel):
        return None, [Problem("backtest_of_other_sales", params={"file": path.name})]
    problems = list(_misplaced(rows, path, panel)) or list(_other_actuals(rows, path, panel))
    return (None if problems else rows), problems


def _read(path: Path) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Rows with the columns, types and amounts of a forecast."""
    about = {"file": path.name}
    if path.suffix.lower() != ".parquet":
        return None, [Problem("rows_not_parquet", got=path.name)]
    if not path.is_file():
        return None, [Problem("file_not_found", got=str(path))]
    try:
        rows = read_table(path)
    except Exception as error:  # bytes that anybody may have written, and the reader is other people's code
        return None, [Problem("unreadable_file", got=f"{type(error).__name__}: {error}"[:200], params={"name": path.name})]
    missing = [name for name in (*TEXTS, *DATES, *NUMBERS) if list(rows.columns).count(name) != 1]
    if missing:
        return None, [Problem("rows_without_columns", got=", ".join(missing), params=about)]
    if rows.empty:
        return None, [Problem("no_rows")]
    wrong = [name for name in (*TEXTS, *DATES) if rows[name].isna().any()]
    wrong += [name for name in DATES if name not in wrong and not pd.api.types.is_datetime64_dtype(rows[name])]
    wrong += [name for name in NUMBERS if not _amounts(rows[name])]
    if wrong:
        return None, [Problem("rows_bad_column", column=name, params=about) for name in wrong]
    return rows.astype(dict.fromkeys(TEXTS, str) | dict.fromkeys(NUMBERS, float)), []


def _amounts(column: pd.Series) -> bool:
    """Whether all that is there are finite numbers of 0 or more."""
    return pd.api.types.is_numeric_dtype(column) and bool((column.isna() | ((column >= 0) & (column < np.inf))).all())


def _of_other_sales(rows: pd.DataFrame, panel: SalesPanel) -> bool:
    return rows.attrs.get("fingerprint", panel.sales_fingerprint) != panel.sales_fingerprint


def _misplaced(rows: pd.DataFrame, path: Path, panel: SalesPanel) -> Iterator[Problem]:
    """Items that the sales do not have, rows that are there twice, and periods that do not follow a cutoff out of the sales one by one."""
    about = {"file": path.name}
    unknown = rows.loc[~rows["item"].isin(panel.items), "item"].unique()
    if len(unknown):
        yield Problem("rows_unknown_item", got=unknown[0], params={**about, "items": len(unknown)})
    again = rows.duplicated(KEY)
    if again.any():
        yield Problem("rows_repeated", got=_place(rows[again]), count=int(again.sum()), params=about)
    for cutoff, ds in rows.groupby("cutoff")["ds"]:
        periods = pd.DatetimeIndex(np.sort(ds.unique()))
        inside = cutoff in panel.periods
        wrong = periods.difference(panel.calendar.after(cutoff, len(periods))) if inside else periods
        if len(wrong):
            yield Problem("rows_misplaced", got=f"{wrong[0]:%Y-%m-%d}", params={**about, "cutoff": f"{cutoff:%Y-%m-%d}"})
            return


def _other_actuals(rows: pd.DataFrame, path: Path, panel: SalesPanel) -> Iterator[Problem]:
    """Actual sales that the panel does not have; or none at all, as in a forecast."""
    known = rows[rows["y"].notna()]
    if known.empty:
        yield Problem("backtest_without_actuals", params={"file": path.name})
        return
    column = panel.periods.get_indexer(pd.DatetimeIndex(known["ds"]))
    demand = panel.demand[pd.Index(panel.items).get_indexer(known["item"]), column]
    # where the panel's demand is not known (out of stock by another flag, say) there is nothing to compare
    other = (column < 0) | (~np.isnan(demand) & ~np.isclose(known["y"], demand, rtol=_ALIKE, atol=1e-6))
    if other.any():
        first = known[other].iloc[0]
        params = {"file": path.name, "place": _place(known[other])}
        yield Problem("backtest_of_other_actuals", got=f"{first['y']:,.10g}", count=int(other.sum()), params=params)


def _place(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return f"{first['item']}, {first['ds']:%Y-%m-%d}"

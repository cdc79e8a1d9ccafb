"""Outline: a report that writes a code once and leaves it open, or merged, in the rows below; each row gets what stands above it."""

import numpy as np
import pandas as pd

from sales.problems import Problem, Severity

_LEAST_OPEN = 0.3  # of the rows leave the column open
_ONCE = 0.9  # of the values begin one block of rows alone
_FILLED = 0.95  # of the open rows are filled in another column
_LEAST_ROWS = 4


def filled_down(table: pd.DataFrame, wanted: bool | None = None) -> tuple[pd.DataFrame, list[Problem]]:
    """`table` with the open cells of its first columns filled from above, and a problem that names them.

    Taken for an outline are leading columns that are filled in the first row and in few others, each value (with those to its left) at the
    head of one block of rows, where another column is filled in nearly every row. wanted: whether it is one, as somebody says; None: as it
    looks. Where somebody says so, all leading columns up to the first that is filled throughout are filled.

    >>> filled_down(pd.DataFrame({"sku": ["A", None, None, "B", None], "units": [1, 2, 3, 4, 5]}))[0]["sku"].tolist()
    ['A', 'A', 'A', 'B', 'B']
    """
    if wanted is False or len(table) < _LEAST_ROWS:
        return table, []
    outlined = _outlined(table, wanted is True)
    if not outlined:
        return table, []
    first = table.iloc[:, outlined[0]]
    row = int(table.index[np.argmax(first.isna().to_numpy())]) + 2
    got = str(first.dropna().iloc[0])[:100]
    names = ", ".join(str(table.columns[place]) for place in outlined)
    count = int(table.iloc[:, outlined].isna().any(axis=1).sum())
    filled = table.assign(**{str(table.columns[place]): table.iloc[:, place].ffill() for place in outlined})
    return filled, [Problem("cells_filled_down", Severity.WARNING, str(first.name), row, got, count, {"columns": names})]


def _outlined(table: pd.DataFrame, sure: bool) -> list[int]:
    """The places of the columns that are written once for the rows below."""
    outlined: list[int] = []
    for place in range(table.shape[1] - 1):
        column = table.iloc[:, place]
        filled = column.notna().to_numpy()
        if filled.all() or not filled[0]:
            break
        if not sure and (filled.mean() > 1 - _LEAST_OPEN or not _rows_of_their_own(table, ~filled)):
            break
        heads = table.iloc[:, [*outlined, place]].ffill()[filled]
        if not sure and len(heads.drop_duplicates()) < _ONCE * len(heads):
            break
        outlined.append(place)
    return outlined


def _rows_of_their_own(table: pd.DataFrame, where: np.ndarray) -> bool:
    """Whether some column is filled in nearly all rows `where`: the rows are more than gaps."""
    return bool(table[where].notna().mean().max() >= _FILLED)

"""Holes: periods in which a file has no row of any item, and what they say of its dates."""

import numpy as np
import pandas as pd

from sales.grid import Grid
from sales.keys import distinct_days
from sales.lines import SalesLines
from sales.problems import Problem, Severity

MOST_EMPTY = 0.5
LEAST_GAP, LEAST_GAP_SHARE = 14, 0.1


def holes(cells: Grid, refused: SalesLines) -> list[Problem]:
    """What is odd about the periods from the first row to the last sale: more than half of them empty, or a long run of empty ones.

    Lines `refused` for their units are rows too.
    """
    last, days = cells.lines.last_sold, distinct_days(cells.lines.day)
    day = distinct_days(np.append(days[days <= last], refused.day))
    column = cells.columns_of(day)
    filled = np.unique(column[(column >= 0) & (column <= cells.columns_of(np.array([last]))[0])])
    periods = int(filled[-1] - filled[0]) + 1
    runs = np.append(np.diff(filled) - 1, 0)
    empty, longest = periods - len(filled), int(runs.max())
    problems = []
    if empty > MOST_EMPTY * periods:
        gap = float(np.median(np.diff(day).astype("int64")))
        params = {"chosen": cells.calendar.frequency, "share": f"{empty / periods:.0%}", "gap": f"{gap:g}", "suggested": _suggested(gap)}
        problems.append(Problem("sparse_calendar", Severity.WARNING, params=params))
    if longest >= max(LEAST_GAP, LEAST_GAP_SHARE * periods):
        before = filled[np.argmax(runs)]
        params = {"periods": f"{longest:,}", "first": _day(cells, before + 1), "last": _day(cells, before + longest)}
        problems.append(Problem("long_gap", Severity.WARNING, params=params))
    return problems


def _suggested(gap: float) -> str:
    """The period of a file whose dates lie `gap` days apart: days up to 4, weeks up to 9 (one date is off by a day or two), else months."""
    return "D" if gap < 5 else "W" if gap < 10 else "M"


def _day(cells: Grid, column: int) -> str:
    label: pd.Timestamp = cells.labels[column]
    return f"{label:%Y-%m-%d}"

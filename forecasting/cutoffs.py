"""Cutoffs: the past periods after which models forecast what is known by now."""

import pandas as pd

from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem

LEAST_SEEN = 2


def last_cutoffs(panel: SalesPanel, count: int, horizon: int) -> list[pd.Timestamp]:
    """`count` rolling origins one horizon apart, the last horizon ending at the last period.

    Raises InputProblems where the history is too short to leave 2 periods before the first.
    """
    most, periods = most_cutoffs(panel, horizon), len(panel.periods)
    if not most:
        raise InputProblems([Problem("no_room_for_cutoffs", got=str(horizon), params={"most": periods - LEAST_SEEN, "periods": periods})])
    if not 1 <= count <= most:
        raise InputProblems([Problem("too_many_cutoffs", got=str(count), params={"most": most, "horizon": horizon, "periods": periods})])
    last = len(panel.periods) - 1
    return [panel.periods[last - horizon * k] for k in range(count, 0, -1)]


def most_cutoffs(panel: SalesPanel, horizon: int) -> int:
    """How many origins one horizon apart the history has room for."""
    return max(0, (len(panel.periods) - LEAST_SEEN) // horizon)


def parse_cutoffs(panel: SalesPanel, text: str, horizon: int) -> list[pd.Timestamp]:
    """Cutoffs from what a person typed: a count ("3") or dates ("2024-03-31,2024-04-28"), each taken as the period it falls into.

    Raises InputProblems for anything else, and for a date that leaves less than 2 periods before it or less than a horizon after it.
    """
    if text.strip().isdecimal():
        return last_cutoffs(panel, int(text), horizon)
    found, problems = [], []
    first, last = panel.periods[LEAST_SEEN - 1], panel.periods[max(len(panel.periods) - 1 - horizon, 0)]
    for part in text.split(","):
        date = pd.to_datetime(part.strip(), errors="coerce")
        label = None if pd.isna(date) else panel.calendar.label(pd.DatetimeIndex([date]))[0]
        if label is None or not first <= label <= last:
            params = {"first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}", "horizon": horizon}
            problems.append(Problem("cutoff_outside" if label is not None else "cutoff_not_a_date", got=part.strip(), params=params))
        else:
            found.append(label)
    if problems:
        raise InputProblems(problems)
    return sorted(set(found))

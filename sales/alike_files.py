"""Files written alike: each tells its own decimal mark and order of day and month before it is stacked with files that tell others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sales.dates import are_serials, days, in_iso, tell_year_first, told_order
from sales.mapping import Mapping
from sales.numbers import Mark, marks_swapped, read_numbers, told_mark
from sales.problems import Problem, Severity

SCATTERED = 5  # times as many days from first to last as in the other order
LEAST_SCATTERED = 60  # days from first to last: fewer are no scatter


def written_alike(files: Sequence[pd.DataFrame], mapping: Mapping, day_first: bool | None) -> tuple[list[pd.DataFrame], list[Problem]]:
    """Long tables, oldest first, with the dates and numbers of `mapping` written in one way where the files tell different ones: such
    dates in ISO, such numbers with a point. Only what a file does not tell, the others or `day_first` decide. And what to know about it.

    >>> old, new = ({"item": ["A"], "day": [day], "kilos": [kilos]} for day, kilos in [("31/01/2024", "1,25"), ("02/28/2024", "7.5")])
    >>> files, _ = written_alike([pd.DataFrame(old), pd.DataFrame(new)], Mapping("item", "day", "kilos"), None)
    >>> [file.iloc[0].tolist() for file in files]
    [['A', '2024-01-31', '1.25'], ['A', '2024-02-28', '7.5']]
    """
    files, problems = list(files), list[Problem]()
    wanted = [mapping.units, mapping.price, mapping.revenue, mapping.on_hand, *mapping.known]
    for name in dict.fromkeys([mapping.date, *wanted]):
        if name is None or len(files) < 2:
            continue
        having = [k for k, file in enumerate(files) if list(file.columns).count(name) == 1 and len(file)]
        columns = [files[k][name] for k in having]
        made, found = _days_alike(columns, day_first) if name == mapping.date else _numbers_alike(columns)
        problems += found
        for k, before, after in zip(having, columns, made, strict=True):
            files[k] = files[k] if after is before else files[k].assign(**{name: after})
    return files, problems


@dataclass(frozen=True)
class Told:
    """What the parts read so far told of how dates and numbers are written: the order of day and month; the mark before the fraction."""

    day_first: bool | None = None
    decimal: Mark | None = None

    def further(self, table: pd.DataFrame, mapping: Mapping, day_first: bool | None, decimal: Mark | None) -> "Told":
        """What is told after a further part, by itself where it tells; `day_first` and `decimal` decide where they are not None."""
        named = [name for name in (mapping.units, mapping.price, mapping.revenue) if name is not None]
        columns = [table[name] for name in named if list(table.columns).count(name) == 1]
        marks = {told_mark(column) for column in columns if _is_text(column)} - {None}
        if decimal is None and len(marks) == 1:
            decimal = marks.pop()
        if day_first is None and mapping.date in table and _is_text(table[mapping.date]):
            day_first = told_order(table[mapping.date])
        return Told(self.day_first if day_first is None else day_first, decimal or self.decimal)


def _is_text(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.StringDtype) or column.dtype == object


def _days_alike(columns: list[pd.Series], day_first: bool | None) -> tuple[list[pd.Series], list[Problem]]:
    serial = [are_serials(column) for column in columns]
    order = [None if is_serial else told_order(column) for is_serial, column in zip(serial, columns, strict=True)]
    told = {one for one in (*order, day_first) if one is not None}
    others = [bool(told) and tell_year_first(column) for column in columns]
    serial = [one or other for one, other in zip(serial, others, strict=True)]
    apart = [is_serial != all(serial) or (one is not None and len(told) > 1) for is_serial, one in zip(serial, order, strict=True)]
    made = [in_iso(column, one) if so else column for column, so, one in zip(columns, apart, order, strict=True)]
    problems = []
    first = next((one for one in order if one is not None), None)
    for column, one in zip(columns, order, strict=True):
        if one is not None and one != first:
            problems.append(
                _of_file(Problem("dates_files_differ", Severity.WARNING, params={"order": _words(one), "first": _words(not one)}), column)
            )
        if one is None and len(told) == 1:
            problems += _scattered(column, columns, next(iter(told)), Severity.ERROR if day_first is None else Severity.WARNING)
    return made, problems


def _words(day_first: bool) -> str:
    return "day/month/year" if day_first else "month/day/year"


def _scattered(column: pd.Series, columns: list[pd.Series], day_first: bool, severity: Severity) -> list[Problem]:
    """A file that does not tell its order, whose days lie far apart in that of the others and close together in the other one."""
    here, other = (_span(days(column, order)[0]) for order in (day_first, not day_first))
    if here < max(LEAST_SCATTERED, SCATTERED * other):
        return []
    read = np.concatenate([days(one, day_first)[0] for one in columns if one is not column])
    of_month = (read - read.astype("datetime64[M]").astype("datetime64[D]"))[~np.isnat(read)]
    if len(np.unique(of_month)) <= 1:  # months: their first days lie far apart
        return []
    params = {"order": _words(day_first), "other": _words(not day_first), "days": here}
    return [_of_file(Problem("dates_scattered", severity, params=params), column)]


def _span(read: np.ndarray) -> int:
    there = read[~np.isnat(read)]
    return int((there.max() - there.min()) // np.timedelta64(1, "D")) if len(there) else 0


def _numbers_alike(columns: list[pd.Series]) -> tuple[list[pd.Series], list[Problem]]:
    """Where a file's cells can be read with either mark, its numbers are taken to be of the size of the others'."""
    marks = [told_mark(column) for column in columns]
    if not any(marks):
        return columns, []
    usual = _usual(np.concatenate([read_numbers(column, mark).values for column, mark in zip(columns, marks, strict=True) if mark]))
    untold = [mark is None and bool(read_numbers(column).unclear.any()) for column, mark in zip(columns, marks, strict=True)]
    marks = [_of_size(column, usual) if open_ else mark for column, mark, open_ in zip(columns, marks, untold, strict=True)]
    if len({mark for mark in marks if mark}) < 2:
        return columns, []
    first = next(mark for mark in marks if mark)
    problems = [
        _of_file(Problem("numbers_files_differ", Severity.WARNING, params={"decimal": mark, "first": first}), column)
        for column, mark in zip(columns, marks, strict=True)
        if mark and mark != first
    ]
    return [marks_swapped(column) if mark == "," else column for column, mark in zip(columns, marks, strict=True)], problems


def _usual(values: np.ndarray) -> float:
    there = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(there)) if len(there) else 1.0


def _of_size(column: pd.Series, usual: float) -> Mark:
    unclear = column[read_numbers(column).unclear]
    point, comma = (abs(np.log(_usual(read_numbers(unclear, mark).values) / usual)) for mark in (".", ","))
    return "." if point <= comma else ","


def _of_file(problem: Problem, column: pd.Series) -> Problem:
    """`problem` at the first cell of `column` that holds something."""
    place = int(np.argmax(column.notna().to_numpy()))
    got = str(column.iloc[place])[:100]
    return replace(problem, column=str(column.name), row=int(column.index[place]) + 2, got=got, count=len(column))

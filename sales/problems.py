"""What is wrong with an input: a code plus parameters. `ui.texts` turns it into words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

ROWS_SHOWN = 10
_AS_ROW = -1


class Severity(StrEnum):
    """ERROR: the file cannot be used. WARNING: a repair was made and is named. INFO: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    `row` counts as the person's own program does: the header is row 1. `count` is how many rows share the problem, the first of which is
    `row` (where it is not given: 1 if there is such a row, else 0); `also` holds the next of these rows with what each got. `got` is the
    offending text. `params` fill the template of `code` in `ui.texts`. `file` is the name of the file, where there are several.
    """

    code: str
    severity: Severity = Severity.ERROR
    column: str | None = None
    row: int | None = None
    got: str = ""
    count: int = _AS_ROW
    params: dict[str, Any] = field(default_factory=dict)
    also: tuple[tuple[int, str], ...] = ()
    file: str = ""

    def __post_init__(self) -> None:
        if self.count == _AS_ROW:
            object.__setattr__(self, "count", int(self.row is not None))


class InputProblems(Exception):
    """Raised by the doors that cannot hand back a list: carries every problem found, at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.code} (column {p.column}, row {p.row}, got {p.got!r})" for p in self.problems))


def usable(problems: Iterable[Problem]) -> bool:
    """Whether nothing in the list forbids using the data."""
    return not any(problem.severity is Severity.ERROR for problem in problems)


def found(code: str, where: np.ndarray, column: pd.Series, severity: Severity = Severity.WARNING, **params: Any) -> list[Problem]:
    """One problem for the rows of `column` at mask `where`, or none where the mask is empty. The row with index i is row i + 2."""
    if not where.any():
        return []
    (row, got), *also = [(int(column.index[place]) + 2, _shown(column.iloc[place])) for place in np.flatnonzero(where)[:ROWS_SHOWN]]
    return [Problem(code, severity, str(column.name), row, got, int(where.sum()), params, tuple(also))]


def _shown(value: Any) -> str:
    return "" if value is None or value is pd.NA or value is pd.NaT or value != value else str(value)[:100]

"""What a benchmark finds: figures with a name, a value and a unit; as a table to read and as a report to keep."""

import math
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "prophet", "keras", "jax", "streamlit")


class Skipped(Exception):
    """What a benchmark needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Figure:
    """One number that was measured, and its unit. `value` None: it could not be measured here, and `note` says why. `at_most`: the value
    that was promised, in the same unit; None: nothing was.

    Raises ValueError for a value that is no finite number, and for a missing one without a note.
    """

    name: str
    value: float | None
    unit: str
    at_most: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.value is None and not self.note:
            raise ValueError(f"{self.name}: got no value, expected a note that says why")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.name}: got {self.value}, expected a finite number")

    @property
    def kept(self) -> str:
        """Whether the promise is kept: "yes", "no", "" where there is none or nothing was measured."""
        if self.at_most is None or self.value is None:
            return ""
        return "yes" if self.value <= self.at_most else "no"


def seconds(step: Callable[[], object]) -> float:
    """Seconds by the clock that `step` takes."""
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def report(name: str, figures: Iterable[Figure]) -> dict[str, Any]:
    """`{name, figures: [{name, value, unit}], versions, cores}`, fit for JSON; a value is null where it could not be measured."""
    from joblib import cpu_count

    rows = [{"name": figure.name, "value": figure.value, "unit": figure.unit} for figure in figures]
    return {"name": name, "figures": rows, "versions": versions(), "cores": cpu_count()}


def versions() -> dict[str, str]:
    """Of Python and of the libraries that the figures hang on, those that are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def table(rows: Iterable[tuple[str, Figure]]) -> str:
    """One line a figure: benchmark, figure, value, unit, what was promised and whether it is kept; notes under it.

    >>> unseen = Figure("move", None, "s", note="no eyes")
    >>> print(table([("plan", Figure("plan of 10,000 items", 12.3456, "ms", at_most=20)), ("plan", unseen)]))
    benchmark  figure                   value  unit  promised  kept
    plan       plan of 10,000 items     12.35  ms    20        yes
    plan       move                   skipped  s
    move: no eyes
    """
    rows = list(rows)
    lines = [("benchmark", "figure", "value", "unit", "promised", "kept")]
    lines += [(name, f.name, _number(f.value), f.unit, "" if f.at_most is None else _number(f.at_most), f.kept) for name, f in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    shown = ["  ".join(_cell(cell, width, column) for column, (cell, width) in enumerate(zip(line, widths, strict=True))) for line in lines]
    return "\n".join([*(line.rstrip() for line in shown), *(f"{f.name}: {f.note}" for _, f in rows if f.note)])


def _cell(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column == 2 else cell.ljust(width)


def _number(value: float | None) -> str:
    return "skipped" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"

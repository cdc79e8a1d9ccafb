"""Repairs of sales lines: what may be wrong with them, in the order in which it is mended."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd

from sales import lines as door
from sales.distinct import blocks
from sales.kind import Kind
from sales.lines import SalesLines
from sales.mapping import Mapping as Columns
from sales.problems import Problem, Severity
from sales.repairs import totals, values
from sales.repairs.finding import Finding, Repair
from sales.repairs.products import NO_PRODUCT
from sales.repairs.returns import RETURNS
from sales.repairs.status import NOT_SOLD
from sales.repairs.sums import PLACES, SUMS

_THREADS = 2
_NO_EFFECT = pd.DataFrame({"day": pd.DatetimeIndex([]), "before": np.array([]), "after": np.array([])})
__all__ = ["REPAIRS", "Finding", "Repair", "repair", "repairs_of"]


def repairs_of(kind: Kind, times: int, today: np.datetime64) -> tuple[Repair, ...]:
    """The repairs of lines of `kind` that are there `times` times, in their order.

    Totals among the rows and cancelled lines go first: they are no sales at all. Then copies: a copied return would undo two sales. Dates
    to come go before returns: what did not happen yet was not undone. Returns are netted while everything is there that they may undo; what
    is no product and what has no price would else leave halves of pairs. Quantities come last: those that a return undid are gone by then.
    """
    before = (values.BACKWARDS, SUMS, PLACES, NOT_SOLD)
    if kind == "order_lines":
        copies = totals.FILE_REPEATED if times > 1 else totals.DUPLICATE_LINES
        return (*before, copies, values.future(today), RETURNS, NO_PRODUCT, values.PRICES, values.ABSURD)
    again = (totals.FILE_REPEATED, totals.TOTALS_CORRECTED) if times > 1 else (totals.DUPLICATE_ROWS, totals.CONFLICTING_TOTALS)
    return (*before, totals.NEGATIVE_TOTALS, *again, values.future(today), NO_PRODUCT, values.PRICES, values.ABSURD)


REPAIRS = frozenset(one.code for kind in get_args(Kind) for times in (1, 2) for one in repairs_of(kind, times, np.datetime64("1970-01-01")))


def repair(
    lines: SalesLines, repairs: tuple[Repair, ...], actions: Mapping[str, str], table: pd.DataFrame, columns: Columns
) -> tuple[SalesLines, tuple[Finding, ...], list[Problem]]:
    """The lines after `repairs`, one after the other, and what each found in the lines as they came.

    actions: by code, else what is proposed. An action that a repair does not have is a problem, and what is proposed is done.
    """
    findings, problems, whole = [], [], lines
    spotted = _spotted(repairs, whole)
    with ThreadPoolExecutor(_THREADS) as threads:  # what was found is put together while it is mended
        for one, where in zip(repairs, spotted, strict=True):
            if not where.any():
                continue
            proposed = one.proposed(whole, where)
            chosen = actions.get(one.code, proposed)
            if chosen not in one.actions:
                known = ", ".join(one.actions)
                problems.append(Problem("no_such_action", Severity.WARNING, got=f"{one.code}={chosen}", params={"actions": known}))
                chosen = proposed
            found = threads.submit(_finding, one, whole, where, proposed, chosen, table, columns)
            after = one.apply(lines, chosen, whole)
            findings.append((found, threads.submit(_effect, lines, after)))
            lines = after
        return lines, tuple(replace(found.result(), effect=effect.result()) for found, effect in findings), problems


def _spotted(repairs: tuple[Repair, ...], lines: SalesLines) -> list[np.ndarray]:
    """The mask of the lines that each repair concerns; what returns undo, which takes longest, is worked out meanwhile."""
    with ThreadPoolExecutor(_THREADS) as threads:
        if RETURNS in repairs:
            threads.submit(getattr, lines, "undone")
        return list(threads.map(lambda one: one.spot(lines), repairs))


def _finding(
    one: Repair,
    lines: SalesLines,
    where: np.ndarray,
    proposed: str,
    chosen: str,
    table: pd.DataFrame,
    columns: Columns,
) -> Finding:
    first = int(lines.place[np.argmax(where)])
    column = getattr(columns, one.role, None)
    touched = lines.at(where)
    money = np.abs(touched.money)
    return Finding(
        code=one.code,
        rows=int(where.sum()),
        units=float(np.nansum(np.abs(touched.units))),
        money=float(np.nansum(money)) if (~np.isnan(money)).any() else float("nan"),
        row=int(table.index[first]) + 2,
        column=column,
        got="" if column is None else str(table[column].iloc[first])[:100],
        sample=door.shown(table, lines, where, columns),
        actions=one.actions,
        proposed=proposed,
        chosen=chosen,
        effect=_NO_EFFECT,
        params=one.about(lines, where),
    )


def _effect(before: SalesLines, after: SalesLines) -> pd.DataFrame:
    """Units of all items a day, before and after, on the days on which they differ."""
    if before is after:
        return _NO_EFFECT.copy()
    first = before.day.min()
    days = int((before.day.max() - first).astype("int64")) + 1
    units = [np.zeros(days), np.zeros(days)]
    for of, lines in zip(units, (before, after), strict=True):
        for at in blocks(len(lines)):
            np.add.at(of, (lines.day[at] - first).astype("int64"), np.nan_to_num(lines.units[at]))
    changed = np.flatnonzero(units[0] != units[1])
    return pd.DataFrame({"day": pd.DatetimeIndex(first + changed), "before": units[0][changed], "after": units[1][changed]})

"""Findings and repairs: what is odd about lines, what may be done about it, and what was done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sales.lines import SalesLines
from sales.problems import Problem, Severity


def _nothing(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    return {}


def drop(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    """The lines without those at mask `where`; as they are where the action is to keep them."""
    return lines if action == "keep" else lines.at(~where)


@dataclass(frozen=True, eq=False)
class Repair:
    """One thing that may be odd about lines, and what may be done about it.

    code: its name. role: the role of the column that shows it. actions: what may be done. spot: the mask of the lines concerned. mend: the
    lines after an action. propose: the action that is safest for these lines, by default the first. about: further counts. items: the mask
    of the items to leave out by an action, where that is for the lines as they came to tell, and not for what other repairs left of them.
    """

    code: str
    role: str
    actions: tuple[str, ...]
    spot: Callable[[SalesLines], np.ndarray]
    mend: Callable[[SalesLines, np.ndarray, str], SalesLines] = drop
    propose: Callable[[SalesLines, np.ndarray], str] | None = None
    about: Callable[[SalesLines, np.ndarray], dict[str, Any]] = _nothing
    items: Callable[[SalesLines, str], np.ndarray] | None = None

    def proposed(self, lines: SalesLines, where: np.ndarray) -> str:
        """The action that is proposed for the lines at mask `where`."""
        return self.actions[0] if self.propose is None else self.propose(lines, where)

    def find(self, lines: SalesLines) -> np.ndarray:
        """Mask of the lines concerned."""
        return self.spot(lines)

    def apply(self, lines: SalesLines, action: str, whole: SalesLines | None = None) -> SalesLines:
        """The lines after `action`; `whole`: the lines as they came, before other repairs. Raises ValueError where the repair does not have
        the action."""
        if action not in self.actions:
            raise ValueError(f"{self.code}: got {action!r}, expected one of {', '.join(self.actions)}")
        if self.items is not None:
            return lines.at(~self.items(whole or lines, action)[lines.item])
        where = self.spot(lines)
        return self.mend(lines, where, action) if where.any() else lines


@dataclass(frozen=True, eq=False)
class Finding:
    """What a repair found in a table, and what was done about it.

    rows: lines concerned, as the table came; units and money: of these, sizes without sign, money NaN where no price is known. row, column
    and got: the first of them. sample: up to 10 of them as the table has them, its index rows less 2, without customers. actions: what may
    be done; proposed; chosen: what was done. effect: units of all items a day, before and
    after, only days on which they differ. params: further counts.

    Raises ValueError where the chosen or proposed action is none of the actions, or no row is concerned.
    """

    code: str
    rows: int
    units: float
    money: float
    row: int
    column: str | None
    got: str
    sample: pd.DataFrame
    actions: tuple[str, ...]
    proposed: str
    chosen: str
    effect: pd.DataFrame
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not {self.proposed, self.chosen} <= set(self.actions):
            raise ValueError(f"{self.code}: got {self.proposed!r} and {self.chosen!r}, expected out of {', '.join(self.actions)}")
        if self.rows < 1:
            raise ValueError(f"{self.code}: got {self.rows} rows, expected 1 or more")

    @property
    def severity(self) -> Severity:
        """WARNING where units were changed or taken away, INFO where all was left as it is."""
        return Severity.INFO if self.chosen == "keep" else Severity.WARNING

    @property
    def problem(self) -> Problem:
        """The finding as a line of the list of problems."""
        others = ", ".join(f"{self.code}={action}" for action in self.actions if action != self.chosen)
        params = {**self.params, "units": f"{self.units:,.10g}", "chosen": self.chosen, "others": others}
        return Problem(self.code, self.severity, self.column, self.row, self.got, self.rows, params)

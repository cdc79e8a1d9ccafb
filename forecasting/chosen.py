"""What auto decided at a cutoff: its rows, the table of all candidates behind them, and their weights as drivers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.backtest import settled
from forecasting.forecast import Forecast
from forecasting.rule import AUTO, Choice

WHY = ("runner_up", "reason")
CHOICE = ("item", "cutoff", "candidate", "error", "cutoffs", "weight", "rank", "used", *WHY)


@dataclass(frozen=True, eq=False)
class Chosen:
    """What auto decided at one cutoff. items: positions of those that could be decided about, k; the others have a fallback or failed.
    choice: of these k and the m candidates."""

    forecast: Forecast
    items: np.ndarray
    models: tuple[str, ...]
    choice: Choice | None

    def select(self, rows: np.ndarray) -> "Chosen":
        """The items at these positions."""
        place: np.ndarray = np.full(len(self.forecast.items), -1)
        place[rows] = np.arange(len(rows))
        inside = place[self.items] >= 0
        choice = self.choice.select(inside) if self.choice is not None and inside.any() else None
        return replace(self, forecast=self.forecast.select(rows), items=place[self.items[inside]], choice=choice)

    def part(self, actual: np.ndarray) -> pd.DataFrame:
        """A part as other models leave it (see `backtest_tasks`), with columns runner_up (a model) and reason (a code of `rule.choose`), ""
        where nothing was chosen."""
        frame = self.forecast.to_frame(actual)
        frame.attrs = {"details": {AUTO: settled(self.forecast)}}
        for name in WHY:
            said = np.full(len(self.forecast.items), "", dtype=object)
            if self.choice is not None:
                said[self.items] = getattr(self.choice, name)
            frame[name] = np.repeat(said, self.forecast.mean.shape[1])
        return frame

    def table(self) -> pd.DataFrame:
        """A row an item and candidate, columns CHOICE: error (at past cutoffs, a share of sales, as compared, see `Choice`; NaN not known),
        cutoffs (how many past ones say something of the item), weight (in auto's mean; those of an item add up to 1), rank (1: the lowest
        error), and the item's used, runner_up and reason. Items about which nothing could be decided have none."""
        m, n, choice = len(self.models), len(self.items), self.choice
        if choice is None:
            return pd.DataFrame(columns=list(CHOICE))
        columns = {
            "item": np.repeat(self.forecast.items[self.items], m),
            "cutoff": self.forecast.cutoff,
            "candidate": np.tile(np.array(self.models, dtype=object), n),
            "error": choice.error.ravel(),
            "cutoffs": np.repeat(choice.cutoffs, m),
            "weight": choice.weight.ravel(),
            "rank": choice.rank.ravel(),
            **{name: np.repeat(getattr(choice, name), m) for name in ("used", *WHY)},
        }
        return pd.DataFrame(columns)[list(CHOICE)]

    def drivers(self) -> pd.DataFrame:
        """What the automatic forecast is made of (see `Forecaster.drivers`): of each item the candidates that have a weight."""
        own = self.table().query("weight > 0")
        rows = {"item": own["item"], "kind": "weight", "name": own["candidate"], "ds": pd.NaT, "value": own["weight"]}
        return pd.DataFrame({"model": AUTO, **rows}).astype({"ds": "datetime64[us]", "value": float})


def choice_table(chosen: Sequence[Chosen]) -> pd.DataFrame:
    """`Chosen.table` of all cutoffs, one below the other."""
    parts = [one.table() for one in chosen]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)

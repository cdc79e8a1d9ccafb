"""Parts: the tables that tasks leave, put together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from workspace.tables import Beside
from workspace.tasks import Task


def joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The parts of one model as one table by cutoff, item, date."""
    parts = list(parts)
    rows = together(parts)
    item = pd.factorize(rows["item"], sort=True)[0]
    attrs, rows.attrs = rows.attrs, {}
    rows = rows.iloc[np.lexsort((item, rows["cutoff"].to_numpy()))].reset_index(drop=True)
    rows.attrs = attrs
    return rows


def together(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other; `attrs["details"]` has {model: {item: what it settled on}} of all."""
    details: dict[str, dict[str, str]] = defaultdict(dict)
    bare = []
    for part in parts:
        for name, settled_on in part.attrs["details"].items():
            details[name].update(settled_on)
        bare.append(_bare(part))
    rows = pd.concat(bare, ignore_index=True)
    rows.attrs["details"] = Beside(details)
    return rows


def _bare(part: pd.DataFrame) -> pd.DataFrame:
    """`part` without what travels beside it, which would be compared with that of every other part."""
    bare = part.copy(deep=False)
    bare.attrs = {}
    return bare


def joined_drivers(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of `driver_tasks` as one table, in their order; `attrs["said"]` has {model: why it has no rows}."""
    rows = pd.concat([_bare(part) for part in parts], ignore_index=True)
    rows.attrs["said"] = {model: why for part in parts for model, why in part.attrs.get("said", {}).items()}
    return rows


def called(tasks: Mapping[str, Sequence[Task]]) -> dict[str, dict[str, list[pd.DataFrame]]]:
    """The parts of the tasks of each stage, by model, worked out here and now."""
    return {stage: {name: [task.call() for task in some] for name, some in by_model(own).items()} for stage, own in tasks.items()}


def by_model(tasks: Iterable[Task]) -> dict[str, list[Task]]:
    """The tasks of each model, models and tasks in their order."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault(task.what, []).append(task)
    return found


@dataclass(frozen=True, eq=False)
class Anew:
    """Tables without the rows of some items and what was settled for them, then those that say these anew, whenever gone through."""

    tables: Iterable[pd.DataFrame]
    anew: Iterable[pd.DataFrame]
    items: np.ndarray

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return chain(map(self._others, self.tables), self.anew)

    def _others(self, part: pd.DataFrame) -> pd.DataFrame:
        gone, rows = set(self.items), _bare(part)
        rows = rows[~rows["item"].isin(gone)]
        settled = {name: {item: said for item, said in told.items() if item not in gone} for name, told in part.attrs["details"].items()}
        rows.attrs = {**part.attrs, "details": Beside(settled)}
        return rows

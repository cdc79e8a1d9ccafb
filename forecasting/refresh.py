"""Refreshing: what an earlier run settled is kept where sales only went on for a few periods or items, rather than worked out anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sales.panel import SalesPanel
from sales.storage import read_panel
from workspace import home
from workspace.runs import Run

SALES = Path("sales") / "panel.parquet"  # in the folder of a run: what its tasks read
KNOWN_SALES = "known.parquet"  # beside it: of the items that an earlier run had, where there are others by now
AFTER, FINGERPRINT = "after", "fingerprint"
MOST_NEW = 0.1
MOST_CORRECTED = 0.1  # what has more of others is another shop's


@dataclass(frozen=True, eq=False)
class Earlier:
    """A run whose settled choices are kept, and the panel that it worked on."""

    run: Run
    panel: SalesPanel


def earlier(settings: Mapping[str, Any], panel: SalesPanel, horizon: int) -> Earlier | None:
    """The run to keep from: of those done with these settings but for other sales, the last one whose sales `panel` goes on from by fewer
    than `horizon` periods and at most a tenth as many items; None where there is none. One that itself kept from another is not asked:
    after a horizon, or where models would answer for many items that they never saw, all is worked out anew."""
    for found in _finished(settings):
        if sum(_added(panel, found.panel)) > 0 and _few(panel, found.panel, horizon) and continues(panel, found.panel):
            return found
    return None


def corrected(settings: Mapping[str, Any], panel: SalesPanel, horizon: int) -> tuple[Run, int] | None:
    """Where nothing can be kept as sales were corrected: the run that it would have been kept from, and how many of its units are others
    by now, at most a tenth; None where there is no such run, or another reason."""
    found = next((one for one in _finished(settings) if _few(panel, one.panel, horizon)), None)
    if found is None or not panel.periods[: len(found.panel.periods)].equals(found.panel.periods):
        return None
    past = panel.select(np.isin(panel.items, found.panel.items))
    if len(past) < len(found.panel):
        return None
    now, then = past.y[:, : found.panel.y.shape[1]], found.panel.y
    count = int(((now != then) & ~(np.isnan(now) & np.isnan(then))).sum())
    return (found.run, count) if 0 < count <= MOST_CORRECTED * then.size else None


def _finished(settings: Mapping[str, Any]) -> Iterator[Earlier]:
    """The runs done that were asked for alike, the last first."""
    done = [path.parent for path in home.folder("runs").glob("*/run.json") if (path.parent / SALES).exists()]
    for folder in sorted(done, key=lambda folder: folder.stat().st_mtime_ns, reverse=True):
        run = Run(folder.name)
        if run.ended == 0 and asked_alike(run, settings) and (found := opened(run)) is not None:
            yield found


def _added(panel: SalesPanel, before: SalesPanel) -> tuple[int, int]:
    """Periods and items that `panel` has more."""
    return len(panel.periods) - len(before.periods), int(since(panel, before).sum())


def _few(panel: SalesPanel, before: SalesPanel, horizon: int) -> bool:
    periods, items = _added(panel, before)
    return 0 <= periods < horizon and items <= MOST_NEW * len(before)


def asked_alike(run: Run, settings: Mapping[str, Any]) -> bool:
    """Whether `run` was asked for the same as these settings say, other sales aside, and kept from no other: only of such a run is there
    anything to keep."""
    return not run.settings.get(AFTER) and _comparable(run.settings) == _comparable(settings)


def since(panel: SalesPanel, before: SalesPanel) -> np.ndarray:
    """Mask of the items of `panel` that `before` did not have."""
    return ~np.isin(panel.items, before.items)


def opened(run: Run) -> Earlier | None:
    """The run with its panel; None where that is not there any more or cannot be read."""
    try:
        return Earlier(run, read_panel(home.folder("runs") / home.checked(run.name) / SALES))
    except (OSError, ValueError):
        return None


def continues(panel: SalesPanel, before: SalesPanel) -> bool:
    """Whether `panel` holds all that `before` does, and more of it only in later periods or of other items."""
    seen = len(before.periods)
    same = (panel.calendar.alias, panel.season, list(panel.covariates)) == (before.calendar.alias, before.season, list(before.covariates))
    if not same or not panel.periods[:seen].equals(before.periods) or not np.isin(before.items, panel.items).all():
        return False
    past = panel.select(np.isin(panel.items, before.items))
    pairs = [(past.y[:, :seen], before.y), (past.out_of_stock[:, :seen], before.out_of_stock)]
    pairs += [(np.minimum(past.start, seen), before.start)]
    pairs += [(past.covariates[name][:, : block.shape[1]], block) for name, block in before.covariates.items()]
    return all(np.array_equal(now, then, equal_nan=now.dtype.kind == "f") for now, then in pairs)


def _comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in (AFTER, FINGERPRINT)}

"""Refreshing: what an earlier run settled is kept where sales only went on for a few periods or items, rather than worked out anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sales.panel import SalesPanel
from sales.storage import read_panel
from workspace import home
from workspace.runs import Run

SALES = Path("sales") / "panel.parquet"  # in the folder of a run: what its tasks read
KNOWN_SALES = "known.parquet"  # beside it: of the items that an earlier run had, where there are others by now
AFTER, FINGERPRINT = "after", "fingerprint"
MOST_NEW, MOST_CORRECTED = 0.1, 0.5  # of the items that the earlier run had
MOST_TIMES, SOME_UNITS = 2.0, 10.0


@dataclass(frozen=True, eq=False)
class Earlier:
    """A run whose settled choices are kept, and the panel that it worked on."""

    run: Run
    panel: SalesPanel


def earlier(settings: Mapping[str, Any], panel: SalesPanel, horizon: int) -> Earlier | None:
    """The run to keep from: of those done with these settings but for other sales, the last one whose sales `panel` goes on from (see
    `continues`); None where there is none. One that itself kept from another is not asked: after a horizon, or where models would answer
    for many items that they never saw so, all is worked out anew."""
    for found in _finished(settings):
        if found.panel.fingerprint != panel.fingerprint and continues(panel, found.panel, horizon):
            return found
    return None


def _finished(settings: Mapping[str, Any]) -> Iterator[Earlier]:
    """The runs done that were asked for alike, the last first."""
    done = [path.parent for path in home.folder("runs").glob("*/run.json") if (path.parent / SALES).exists()]
    for folder in sorted(done, key=lambda folder: folder.stat().st_mtime_ns, reverse=True):
        run = Run(folder.name)
        if run.ended == 0 and asked_alike(run, settings) and (found := opened(run)) is not None:
            yield found


def asked_alike(run: Run, settings: Mapping[str, Any]) -> bool:
    """Whether `run` was asked for the same as these settings say, other sales aside, and kept from no other: only of such a run is there
    anything to keep."""
    return not run.settings.get(AFTER) and _comparable(run.settings) == _comparable(settings)


def since(panel: SalesPanel, before: SalesPanel) -> np.ndarray:
    """Mask of the items of `panel` that `before` did not have, or whose past it knew otherwise: a return that found its sale, another
    category. All items of `before` must be there."""
    found = ~np.isin(panel.items, before.items)
    found[~found] = _corrected(panel.select(~found), before)
    return found


def opened(run: Run) -> Earlier | None:
    """The run with its panel; None where that is not there any more or cannot be read."""
    try:
        return Earlier(run, read_panel(home.folder("runs") / home.checked(run.name) / SALES))
    except (OSError, ValueError):
        return None


def continues(panel: SalesPanel, before: SalesPanel, horizon: int) -> bool:
    """Whether `panel` has the items and the past of `before`: fewer than `horizon` periods more, at most a tenth as many items more, and at
    most half of its items corrected, none to twice or half of its units: what was learnt of such an item was of another size."""
    more = len(panel.periods) - len(before.periods)
    same = (panel.calendar.alias, panel.season, list(panel.covariates)) == (before.calendar.alias, before.season, list(before.covariates))
    if not same or not 0 <= more < horizon or not panel.periods[: len(before.periods)].equals(before.periods):
        return False
    if not np.isin(before.items, panel.items).all():
        return False
    new = len(panel) - len(before)
    if _another_size(panel.select(np.isin(panel.items, before.items)), before).any():
        return False
    return new <= MOST_NEW * len(before) and since(panel, before).sum() - new <= MOST_CORRECTED * len(before)


def _another_size(panel: SalesPanel, before: SalesPanel) -> np.ndarray:
    """Mask of the items that by now have sold more than twice, or less than half, of what `before` knew of the same periods, by over 10
    units: counted in pieces instead of boxes, say."""
    now, then = np.nansum(panel.y[:, : len(before.periods)], axis=1), np.nansum(before.y, axis=1)
    return np.maximum(now, then) > MOST_TIMES * np.minimum(now, then) + SOME_UNITS


def goes_on(panel: SalesPanel, before: SalesPanel) -> bool:
    """Whether `panel` has later periods than `before`, or columns that are known further ahead: forecasts are others then."""
    widths = [(panel.covariates[name].shape[1], block.shape[1]) for name, block in before.covariates.items()]
    return len(panel.periods) > len(before.periods) or any(now != then for now, then in widths)


def _corrected(panel: SalesPanel, before: SalesPanel) -> np.ndarray:
    """Mask of the items whose past, or what is said of them, `before` knew otherwise; both have the same."""
    seen = len(before.periods)
    pairs = [(panel.y[:, :seen], before.y), (panel.out_of_stock[:, :seen], before.out_of_stock)]
    pairs += [(np.minimum(panel.start, seen)[:, None], before.start[:, None])]
    for name, then in before.covariates.items():
        now = panel.covariates[name]
        width = min(now.shape[1], then.shape[1])
        pairs.append((now[:, :width], then[:, :width]))
    pairs += [(_attribute(panel, name), _attribute(before, name)) for name in {*panel.attributes, *before.attributes}]
    return np.any([((now != then) & ~((now != now) & (then != then))).any(axis=1) for now, then in pairs], axis=0)


def _attribute(panel: SalesPanel, name: str) -> np.ndarray:
    values = panel.attributes[name] if name in panel.attributes else pd.Series("", index=range(len(panel)))
    return values.astype("string").fillna("").to_numpy(dtype=object)[:, None]


def _comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in (AFTER, FINGERPRINT)}

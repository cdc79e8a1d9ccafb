"""Where a task finds its sales: a panel in memory, or the file that a run wrote of it once and each process reads once."""

import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sales.panel import SalesPanel
from sales.storage import read_panel, write_panel
from workspace.workers import opened

MOST_BUCKETS = 128


class Source:
    """A panel that tasks refer to. With a `path`, where `write` put it, it travels to other processes as that and its fingerprint alone."""

    def __init__(self, panel: SalesPanel, path: Path | None = None) -> None:
        self._panel: SalesPanel | None = panel
        self.path, self.fingerprint = path, panel.fingerprint if path else ""

    @property
    def panel(self) -> SalesPanel:
        """The panel. Raises ValueError where the file holds another one."""
        if self._panel is not None:
            return self._panel
        if self.path is None:
            raise ValueError("source: got neither a panel nor a file")
        return _read(self.path, self.fingerprint)

    def write(self) -> list[Path]:
        """Writes the file, where it is not there yet; the files that tasks read."""
        if self.path is None:
            return []
        if not self.path.exists():
            write_panel(self.path, self.panel)
        return [self.path]

    def part(self, rows: np.ndarray | None) -> SalesPanel:
        """The items at positions `rows`; None: all."""
        return self.panel if rows is None else self.panel.select(rows)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_panel": None if self.path else self._panel}


@lru_cache(maxsize=3)
def _read(path: Path, fingerprint: str) -> SalesPanel:
    panel = read_panel(opened(path))
    if panel.fingerprint != fingerprint:
        raise ValueError(f"{path}: got sales {panel.fingerprint}, expected {fingerprint}")
    return panel


def buckets(items: np.ndarray, size: int) -> dict[int, np.ndarray]:
    """Positions of the items of each bucket, ascending, by the bucket's number: about `size` of them or fewer, more where that would make
    more than 128. An item is in the bucket that its code says, so that a new one changes no other's but where their number doubles.

    >>> {number: rows.tolist() for number, rows in buckets(np.array(["cup", "ink", "mug", "pen"], dtype=object), 2).items()}
    {0: [0, 1], 1: [2, 3]}
    """
    count = 1
    while count * size < len(items) and count < MOST_BUCKETS:
        count *= 2
    place = np.array([zlib.crc32(item.encode()) % count for item in items], dtype=int)
    found = {number: np.flatnonzero(place == number) for number in range(count)}
    return {number: rows for number, rows in found.items() if len(rows)} or {0: np.arange(0)}

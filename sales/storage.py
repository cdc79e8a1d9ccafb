"""A panel as one Parquet file, one row an item: written and read in about a second for 50,000 items of three years of days."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sales.calendar import Calendar
from sales.mapping import Mapping
from sales.panel import SalesPanel
from sales.problems import Problem
from workspace import tables

KIND, FORMAT = "sales panel", 1
MOST_VALUES = 1_000_000_000
_KNOWN = "known:"
_ROWS = 4_096  # in a group: what is read at once


def write_panel(path: Path, panel: SalesPanel) -> None:
    """Writes `panel` to `path`, whole or not at all.

    Columns: `item`, `start`, `y` (a list of units, one a period), `out_of_stock` (one bit a period, where there are any), `known:NAME`
    (lists that may reach further) and attributes. Calendar, first period, season and fingerprint are in the file's metadata.
    """
    about = {
        "kind": KIND,
        "format": FORMAT,
        "calendar": panel.calendar.alias,
        "first": str(panel.periods[0].date()),
        "periods": len(panel.periods),
        "ahead": panel.ahead,
        "season": panel.season,
        "known": list(panel.covariates),
        "attributes": list(panel.attributes.columns),
    }
    tables.write_arrow(path, _table(panel), lambda: {**about, "fingerprint": panel.fingerprint}, row_group_size=_ROWS)


def is_panel(path: Path) -> bool:
    """Whether the file at `path` was written by `write_panel`; False where it cannot be read at all."""
    try:
        return tables.read_metadata(path).get("kind") == KIND
    except (OSError, ValueError, AttributeError):
        return False


def read_panel(path: Path | BinaryIO) -> SalesPanel:
    """The panel that `write_panel` wrote to `path`, or to what is open, equal in every part.

    Raises ValueError where the file is none, was written by a later version, holds over 1,000,000,000 values or is not what was written.
    """
    with pq.ParquetFile(path) as file:
        about = tables.metadata_of(file.metadata)
        if about.get("kind") != KIND or about.get("format") != FORMAT:
            raise ValueError(f"got {about.get('kind')} {about.get('format')}, expected {KIND} {FORMAT}")
        rows, history, width = file.metadata.num_rows, about["periods"], about["periods"] + about["ahead"]
        if min(history, about["ahead"]) < 0 or rows * (history + width * len(about["known"])) > MOST_VALUES:
            raise ValueError(f"got {rows:,} items x {width:,} periods x {1 + len(about['known'])}, expected at most {MOST_VALUES:,} values")
        panel = _panel(file, about, rows, history, width)
    if panel.fingerprint != about["fingerprint"]:
        raise ValueError(f"got fingerprint {panel.fingerprint}, expected {about['fingerprint']}")
    return panel


def opened_panel(path: Path) -> tuple[SalesPanel | None, tuple[Problem, ...]]:
    """The panel in a file that anybody may have written, or None and what is wrong with it. Never raises."""
    try:
        return read_panel(path), ()
    except Exception as error:  # a file of our kind, changed by anybody: any part of it may be of any type
        return None, (Problem("panel_unreadable", got=f"{type(error).__name__}: {error}"[:200]),)


def frame_mapping(known: Sequence[str], flagged: bool, attributes: Sequence[str]) -> Mapping:
    """Which column of `SalesPanel.to_frame` plays which role, for a panel with these columns known ahead and these attributes."""
    own: dict[str, Any] = {role: role for role in attributes}
    return Mapping("item", "ds", "y", out_of_stock="out_of_stock" if flagged else None, known=tuple(known), **own)


def _table(panel: SalesPanel) -> pa.Table:
    columns = {"item": pa.array(panel.items, pa.string()), "start": pa.array(panel.start, pa.int32()), "y": _lists(panel.y)}
    if panel.out_of_stock.any():
        bits = np.packbits(panel.out_of_stock, axis=1)
        columns["out_of_stock"] = pa.FixedSizeBinaryArray.from_buffers(pa.binary(bits.shape[1]), len(bits), [None, pa.py_buffer(bits)])
    columns |= {f"{_KNOWN}{name}": _lists(block) for name, block in panel.covariates.items()}
    columns |= {name: pa.array(panel.attributes[name], pa.string(), from_pandas=True) for name in panel.attributes.columns}
    return pa.table(columns)


def _lists(block: np.ndarray) -> pa.Array:
    values = pa.array(np.ascontiguousarray(block, dtype=np.float32).reshape(-1))
    element = pa.field("element", pa.float32(), nullable=False)
    return pa.FixedSizeListArray.from_arrays(values, type=pa.list_(element, block.shape[1]))


def _panel(file: pq.ParquetFile, about: dict[str, Any], rows: int, history: int, width: int) -> SalesPanel:
    """Row group by row group, so that the values are never held twice."""
    widths = {"y": history, **{f"{_KNOWN}{name}": width for name in about["known"]}}
    blocks = {name: np.empty((rows, length), dtype=np.float32) for name, length in widths.items()}
    out_of_stock = np.zeros((rows, history), dtype=bool)
    texts: dict[str, list[str | None]] = {name: [] for name in ("item", *about["attributes"])}
    start = np.zeros(rows, dtype=np.int64)
    end = 0
    for group in range(file.num_row_groups):
        part = file.read_row_group(group).combine_chunks()
        at, end = slice(end, end + len(part)), end + len(part)
        start[at] = part["start"].to_numpy()
        for name, block in blocks.items():
            block[at] = part[name].chunk(0).flatten().to_numpy().reshape(len(part), widths[name])
        if "out_of_stock" in part.column_names:
            packed = np.frombuffer(b"".join(part["out_of_stock"].to_pylist()), dtype=np.uint8)
            out_of_stock[at] = np.unpackbits(packed.reshape(len(part), -1), axis=1, count=history)
        for name, found in texts.items():
            found += part[name].to_pylist()
    calendar, items = Calendar(about["calendar"]), np.array(texts.pop("item"), dtype=object)
    attributes = {name: pd.array(found, dtype="str") for name, found in texts.items()}
    return SalesPanel(
        items=items,
        calendar=calendar,
        periods=calendar.range(pd.Timestamp(about["first"]), history),
        y=blocks["y"],
        start=start,
        out_of_stock=out_of_stock,
        covariates={name: blocks[f"{_KNOWN}{name}"] for name in about["known"]},
        attributes=pd.DataFrame(attributes, index=pd.Index(items, name="item")) if attributes else pd.DataFrame(),
        season=about["season"],
    )

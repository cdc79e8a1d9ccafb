"""Distinct cells: what a column holds, each once, so that a column of millions is read by the few texts in it."""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

_BLOCK = 2**16
_MANY, _FEW = 100_000, 0.1  # cells whose codes are worth keeping, and the most that may be distinct
NOTHING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none"})


def blocks(count: int) -> Iterator[slice]:
    """Slices that cover `count` rows: steps over so many stay in the processor's cache, and over millions do not."""
    for begin in range(0, count, _BLOCK):
        yield slice(begin, min(begin + _BLOCK, count))


def spread(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """`values[codes]`, quicker where codes are many; -1 is the last."""
    out = np.empty(len(codes), dtype=values.dtype)
    for at in blocks(len(codes)):
        out[at] = values[codes[at]]
    return out


def spread_mask(mask: np.ndarray, codes: np.ndarray, missing: bool = False) -> np.ndarray:
    """`mask[codes]`; `missing` where the code is -1. As a rule nothing is in the mask."""
    if mask.any():
        return spread(np.append(mask, missing), codes)
    return codes < 0 if missing else np.zeros(len(codes), dtype=bool)


def distinct(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Codes, -1 where nothing is, and the values they stand for, as objects.

    True and 1 are two values: a yes of a workbook is no number.
    """
    if isinstance(column.dtype, pd.StringDtype):
        codes, words = coded(text_cells(column))
        return codes, words.to_numpy(zero_copy_only=False)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype("int64"), column.cat.categories.to_numpy(dtype=object)
    if column.dtype == object:
        yes_no = np.array([isinstance(value, (bool, np.bool_)) for value in column], dtype=bool)
        column = column.where(~yes_no, column[yes_no].map(str)) if yes_no.any() else column
    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists and the like cannot be told apart by hash
        codes, values = pd.factorize(column.map(str, na_action="ignore"))
    return codes, np.asarray(values, dtype=object)


def text_cells(column: pd.Series) -> pa.ChunkedArray:
    """The cells of a column of texts as Arrow holds them, null where nothing is; nothing is copied, and they are the same each time."""
    cells = column.array.__arrow_array__()
    return cells if isinstance(cells, pa.ChunkedArray) else pa.chunked_array([cells])


def rows_at(table: pd.DataFrame, places: np.ndarray) -> pd.DataFrame:
    """The rows of `table` at `places`, ascending."""
    columns = [cells_at(table.iloc[:, place], places) for place in range(table.shape[1])]
    return pd.concat(columns, axis=1) if columns else table.iloc[places]


def cells_at(column: pd.Series, places: np.ndarray) -> pd.Series:
    """The cells of `column` at `places`, ascending. Of texts pandas would first put all chunks together, for the few that are wanted."""
    if not isinstance(column.dtype, pd.StringDtype):
        return column.iloc[places]
    cells = text_cells(column)
    end = np.cumsum([len(chunk) for chunk in cells.chunks], dtype="int64")
    parts = zip(cells.chunks, end, np.split(places, np.searchsorted(places, end)), strict=False)
    taken = [chunk.take(pa.array(part - last + len(chunk))) for chunk, last, part in parts if len(part)]
    texts = pd.array(pa.chunked_array(taken, cells.type), dtype=column.dtype)
    return pd.Series(texts, index=column.index[places], name=column.name, copy=False)


def coded(cells: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Codes, -1 where nothing is, and the texts they stand for, in the order in which they come first. Neither may be changed: of many
    cells with few texts they are worked out once, and kept as long as `cells` are."""
    if len(cells) < _MANY:
        return _coded(cells)
    kept = _kept(cells)
    with kept.alone:
        found = kept.found or _coded(cells)
        kept.found = found if len(found[1]) <= _FEW * len(cells) else None
    return found


def codes_kept(cells: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array] | None:
    """What `coded` found in these very cells; None where it was not asked, or has not kept it."""
    kept = _KEPT.get(id(cells))
    return None if kept is None else kept.found


def keep_codes(cells: pa.ChunkedArray, codes: np.ndarray, words: pa.Array) -> None:
    """What `coded` would find in `cells`, where that is known."""
    _kept(cells).found = codes, words


@dataclass(eq=False)
class _Kept:
    """Codes of cells that live somewhere, once they are asked for."""

    found: tuple[np.ndarray, pa.Array] | None = None
    alone: Any = field(default_factory=Lock)


def _kept(cells: pa.ChunkedArray) -> _Kept:
    with _LOCK:
        if id(cells) not in _KEPT:
            _KEPT[id(cells)] = _Kept()
            weakref.finalize(cells, _KEPT.pop, id(cells)).atexit = False
        return _KEPT[id(cells)]


_KEPT: dict[int, _Kept] = {}  # by id: cells cannot be hashed
_LOCK = Lock()


def _coded(cells: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    encoded = cells.dictionary_encode()
    if len({chunk.dictionary.buffers()[-1].address if len(chunk.dictionary) else 0 for chunk in encoded.chunks}) > 1:
        encoded = encoded.unify_dictionaries()
    if not encoded.num_chunks:
        return np.empty(0, dtype=np.int32), pa.array([], cells.type)
    codes = np.concatenate([chunk.indices.fill_null(-1).to_numpy() for chunk in encoded.chunks])
    codes.flags.writeable = False
    return codes, encoded.chunk(0).dictionary


def text_bytes(cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Where each cell's text begins in the bytes of all, in UTF-8, and behind the last its end; and these bytes."""
    cells = cells if pa.types.is_large_string(cells.type) else cells.cast(pa.large_string())
    _, places, content = cells.buffers()
    begin = np.frombuffer(places, np.int64)[cells.offset : cells.offset + len(cells) + 1] if len(cells) else np.zeros(1, np.int64)
    return begin, np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)


def texts(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Codes and sorted texts of `column`: row i holds `texts[codes[i]]`, or nothing where the code is -1.

    A text stays as it is, byte for byte; a whole number has no decimal point.

    >>> texts(pd.Series(["007", 12.0, None, " "], dtype=object))
    (array([ 0,  1, -1, -1]), array(['007', '12'], dtype=object))
    """
    codes, values = distinct(column)
    words = np.array([as_text(value) for value in values], dtype=object)
    filled = np.array([bool(word.strip()) for word in words], dtype=bool)
    names, place = np.unique(words[filled], return_inverse=True)
    translation = np.full(len(words) + 1, -1)
    translation[:-1][filled] = place
    return spread(translation, codes), names


def as_text(value: Any) -> str:
    """`value` as a text that UTF-8 can hold, a whole number without a decimal point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).encode("utf-8", "replace").decode()

"""Blocks: a file of separated text too large to be read at once, cut into files of some rows each, under the same header."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sales.problems import InputProblems, Problem
from sales.readers import encoding, packed
from sales.readers.text import plan_of
from sales.reading import Asked

BLOCK_BYTES = 2**28
_CHUNK = 2**20


def is_text(path: Path) -> bool:
    """Whether there is a file of text at `path`, and no other."""
    return path.is_file() and packed.suffix(path.name) in packed.TEXTS and packed.kind_of(path) == "text"


def lines_of(path: Path) -> int:
    """How many lines there are in the file at `path`."""
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))


def blocks_of(path: Path, folder: Path, size: int, asked: Asked) -> Iterator[tuple[Path, int]]:
    """Files in `folder`, of the same name and about `size` bytes, that hold the rows of the text at `path`, the lines down to the header
    before the rows of each; and how many rows these lines are. A row ends where a line does and no quote is open. asked: of the reader.

    Raises InputProblems where a block has no header, and for UTF-16 and UTF-32, whose line ends are several bytes.
    """
    header, rows, count = b"", 0, 0
    with path.open("rb") as source:
        while True:
            block = folder / str(count) / path.name
            block.parent.mkdir()
            with block.open("wb") as out:
                out.write(header)
                if not _copied(source, out, size):
                    return
            if count == 0:
                header, rows = _header(block, asked)
            yield block, rows
            count += 1


def _copied(source: IO[bytes], out: IO[bytes], size: int) -> int:
    """Copies about `size` bytes, up to the end of a row; how many they are."""
    left, quotes = size, 0
    while left > 0 and (chunk := source.read(min(left, _CHUNK))):
        out.write(chunk)
        left, quotes = left - len(chunk), quotes + chunk.count(b'"')
    while line := source.readline(_CHUNK):
        out.write(line)
        left, quotes = left - len(line), quotes + line.count(b'"')
        if left < -_CHUNK or (line.endswith(b"\n") and quotes % 2 == 0):  # a quote that is never closed is for the reader to tell
            break
    return size - left


def _header(block: Path, asked: Asked) -> tuple[bytes, int]:
    """The lines down to the header, and how many rows they are."""
    made = encoding.look(block, asked.encoding)
    if made.encoding.startswith(("utf-16", "utf-32")):
        raise InputProblems([Problem("not_in_blocks", got=made.encoding)])
    plan = plan_of(block, made, asked.separator, asked.header_row, asked.header_rows)
    with block.open("rb") as file:
        return b"".join(file.readline() for _ in range(plan.lines)), plan.layout.body

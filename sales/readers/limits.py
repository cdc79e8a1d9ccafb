"""How much a file may hold. Every reader checks before it parses."""

from sales.problems import InputProblems, Problem

MOST_COLUMNS = 5_000
MOST_BYTES = 2**30
MOST_CELLS = {"text": 200_000_000, "workbook": 30_000_000, "parquet": 500_000_000}
MOST_FILES = 1_000
MOST_NESTED = 3


def check_bytes(size: int) -> None:
    """Raises InputProblems for a file of more than MOST_BYTES bytes."""
    if size > MOST_BYTES:
        raise InputProblems([Problem("file_too_large", got=f"{size:,}", params={"most": f"{MOST_BYTES:,}"})])


def check_unpacked(size: int) -> None:
    """Raises InputProblems where a packed file holds more than MOST_BYTES bytes."""
    if size > MOST_BYTES:
        raise InputProblems([Problem("unpacks_too_large", params={"most": f"{MOST_BYTES:,}"})])


def check_columns(count: int) -> None:
    """Raises InputProblems for more than MOST_COLUMNS columns."""
    if count > MOST_COLUMNS:
        raise InputProblems([Problem("too_many_columns", got=f"{count:,}", params={"most": f"{MOST_COLUMNS:,}"})])


def check_cells(kind: str, rows: int, columns: int) -> None:
    """Raises InputProblems for more cells than a file of this kind may have."""
    if rows * columns > MOST_CELLS[kind]:
        raise InputProblems([Problem("too_many_cells", got=f"{rows:,} x {columns:,}", params={"most": f"{MOST_CELLS[kind]:,}"})])

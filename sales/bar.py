"""A bar on standard error that says what is being done: on a terminal one line, written anew; elsewhere, as in a log, nothing."""

import sys
from types import TracebackType

WIDTH = 20
WIDEST_LINE = 100


class Bar:
    """Shown while the `with` block lasts; gone before anything else is written."""

    def __enter__(self) -> "Bar":
        return self

    def show(self, done: int, of: int, words: str) -> None:
        """How much is `done`, of how much, and what is at work."""
        line = f"[{'#' * (WIDTH * done // max(of, 1)):<{WIDTH}}] {words}"
        self._write(f"\r{line[:WIDEST_LINE]:<{WIDEST_LINE}}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._write(f"\r{'':<{WIDEST_LINE}}\r")

    def _write(self, line: str) -> None:
        if sys.stderr.isatty():
            print(line, end="", file=sys.stderr, flush=True)

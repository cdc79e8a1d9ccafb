"""A bar on standard error that says what is being done: on a terminal one line, written anew; elsewhere, as in a log, nothing."""

import shutil
import sys
from types import TracebackType

WIDTH = 20


class Bar:
    """Shown while the `with` block lasts; gone before anything else is written."""

    def __enter__(self) -> "Bar":
        return self

    def show(self, done: int, of: int, words: str) -> None:
        """How much is `done`, of how much, and what is at work."""
        line = f"[{'#' * (WIDTH * done // max(of, 1)):<{WIDTH}}] {words}"
        self._write(line)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._write("", end="\r")

    def _write(self, line: str, end: str = "") -> None:
        if sys.stderr.isatty():
            wide = shutil.get_terminal_size().columns - 1
            print(f"\r{line[:wide]:<{wide}}", end=end, file=sys.stderr, flush=True)

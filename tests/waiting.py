"""Waiting for what another process does, for as long as it takes and no longer."""

import threading
from collections.abc import Callable
from typing import Any

PATIENCE_S, PAUSE_S = 60, 0.01


def until(condition: Callable[[], Any]) -> None:
    """Waits until the condition holds."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / PAUSE_S)):
        if condition():
            return
        pause.wait(PAUSE_S)
    raise AssertionError("it never came to that")

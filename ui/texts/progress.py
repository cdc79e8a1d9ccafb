"""How far a run is, in words, for pages and the command line alike."""

import math

from ui.texts import text
from workspace.runs import Progress

SECONDS_IN_A_MINUTE = 60


def in_words(progress: Progress) -> str:
    """What is being done, how many of how many, time left, failures so far.

    >>> in_words(Progress("prophet", 3, 8, 2, 300.0))
    'Prophet: 3 of 8 parts done, about 5 min left, 2 forecasts failed so far'
    """
    if progress.total and progress.done == progress.total:
        return text("run.assembling", total=progress.total, failed=progress.failed)
    if not progress.total:
        return text("run.reading")
    what = text(f"model.{progress.what}") if progress.what else text("run.beginning")
    left = time_left(progress.seconds_left)
    return text("run.progress", what=what, done=progress.done, total=progress.total, left=left, failed=progress.failed)


def time_left(seconds: float | None) -> str:
    """Minutes, rounded up."""
    if seconds is None:
        return text("run.left.unknown")
    if seconds < SECONDS_IN_A_MINUTE:
        return text("run.left.seconds")
    return text("run.left.minutes", minutes=math.ceil(seconds / SECONDS_IN_A_MINUTE))


def how_long(seconds: float) -> str:
    """What something will take: minutes, rounded up.

    >>> how_long(20), how_long(130)
    ('less than a minute', 'about 3 min')
    """
    if seconds < SECONDS_IN_A_MINUTE:
        return text("run.takes.seconds")
    return text("run.takes.minutes", minutes=math.ceil(seconds / SECONDS_IN_A_MINUTE))

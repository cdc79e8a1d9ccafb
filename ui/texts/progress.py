"""How far a run is, in words, for pages and the command line alike."""

import math
from collections.abc import Mapping

from ui.texts import text
from ui.texts.status import status_in_words
from workspace.runs import Progress

SECONDS_IN_A_MINUTE = 60
REASONS_NAMED = 3


def in_words(progress: Progress) -> str:
    """What is being done, how many of how many, time left, failures so far and why.

    "Prophet: 3 of 8 parts done, about 5 min left, 3 forecasts failed so far (2 LinAlgError, 1 beyond 20 times the item's most)"
    """
    why = _why(progress.reasons)
    if progress.total and progress.done == progress.total:
        return text("run.assembling", total=progress.total, failed=progress.failed, why=why)
    if not progress.total:
        return text("run.reading")
    what = text(f"model.{progress.what}") if progress.what else text("run.beginning")
    left = time_left(progress.seconds_left)
    return text("run.progress", what=what, done=progress.done, total=progress.total, left=left, failed=progress.failed, why=why)


def _why(reasons: Mapping[str, int]) -> str:
    """The most frequent reasons of failures with their counts, in brackets; nothing where nothing failed."""
    most = sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    said = [f"{count:,} {status_in_words(status).split(':')[0]}" for status, count in most[:REASONS_NAMED]]
    more = [text("run.more_reasons", count=len(most) - REASONS_NAMED)] if len(most) > REASONS_NAMED else []
    return f" ({', '.join([*said, *more])})" if said else ""


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

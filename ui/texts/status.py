"""What became of a forecast, in words: the status of an item's answer, for pages and the command line alike."""

from ui.texts import en, text


def status_in_words(status: str) -> str:
    """The reason that a status names; what a program raised stays as it is.

    >>> status_in_words("fallback: too_short"), status_in_words("failed: LinAlgError: singular"), status_in_words("ok")
    ('too few periods are known', 'LinAlgError: singular', '')
    """
    _, _, reason = status.partition(": ")
    return text(key) if (key := f"status.{reason}") in en.TEXTS else reason

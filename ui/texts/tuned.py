"""What tuning found, in words, for pages and the command line alike."""

from collections.abc import Mapping
from typing import Any

from ui.texts import text


def in_one_line(model: str, found: Mapping[str, Any]) -> str:
    """What was found for a model: its error beside that of the model as it is, after how many trials, and its settings.

    >>> in_one_line("linear", {"settings": {"l2": 10.0}, "error": 0.3, "default_error": 0.35, "trials": 8, "seconds": 61.0})
    'Linear (ridge): WAPE 30.0% (as it is 35.0%) after 8 trials in 61 s: l2 10'
    """
    if found["error"] is None:
        return text("tune.failed", model=text(f"model.{model}"))
    return text("tune.found", model=text(f"model.{model}"), **{**found, "settings": settings_in_words(found["settings"])})


def settings_in_words(settings: Mapping[str, Any]) -> str:
    """Settings side by side; those of the model as it is where there are none.

    >>> settings_in_words({"depth": None, "rate": 0.05})
    'depth any, learning rate 0.05'
    """
    return ", ".join(text("tune.setting", name=text(f"setting.{name}"), value=_value(value)) for name, value in settings.items()) or text(
        "tune.default"
    )


def _value(value: Any) -> str:
    if value is None:
        return text("tune.any")
    if isinstance(value, bool):
        return text("tune.yes" if value else "tune.no")
    return f"{value:g}" if isinstance(value, float) else str(value) or text("tune.own")

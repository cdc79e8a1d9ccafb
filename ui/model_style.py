"""How models look and are named, the same in every picture and form: a colour a family, a shade, dash and mark of its own within it."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from forecasting.forecaster import Card, Cost, Family
from forecasting.models import registry
from ui.texts import text

# Okabe & Ito (2008) and two more: told apart by colour-blind readers too
COLORS = {
    Family.BASELINE: "#5B5B5B",
    Family.SMOOTHING: "#0072B2",
    Family.ARIMA: "#009E73",
    Family.REGRESSION: "#D55E00",
    Family.INTERMITTENT: "#8A6D3B",
    Family.LEARNING: "#CC79A7",
    Family.NETWORK: "#E69F00",
    Family.COMBINATION: "#56B4E9",
    Family.ANALOGY: "#7A5195",
}
DASHES = ("solid", "dash", "dot", "dashdot")
MARKS = ("circle", "square", "diamond", "triangle-up")
SHADES = (0.0, -0.35, 0.4, -0.6)  # towards white, below 0 towards black
USUAL, QUICK, ALL = "usual", "quick", "all"


@cache
def card(model: str) -> Card:
    """The card of a model, made once."""
    return registry.card(model)


def by_family(models: tuple[str, ...] = registry.NAMES) -> dict[Family, list[str]]:
    """The models of each family that has any, families in their order."""
    return {family: own for family in Family if (own := [model for model in models if card(model).family is family])}


def choices() -> Mapping[str, tuple[str, ...]]:
    """Models that one click chooses."""
    quick = tuple(model for model in registry.NAMES if card(model).cost is not Cost.SLOW)
    return {USUAL: registry.DEFAULT, QUICK: quick, ALL: registry.NAMES}


def named(model: str) -> str:
    """The model in words."""
    return text(f"model.{model}")


def spelt(detail: str) -> str:
    """What a model settled on, the models in it in words.

    >>> spelt("0.75 moving_average + 0.25 ets")
    '0.75 Moving average + 0.25 ETS'
    """
    return re.sub("[a-z_]+", lambda word: named(word[0]) if word[0] in registry.NAMES else word[0], detail)


def with_family(model: str) -> str:
    """The model in words with its family, for a list of many."""
    return text("form.model", model=named(model), family=text(f"family.short.{card(model).family}"))


def color_of(model: str) -> str:
    """The colour of a model: its family's, in a shade of its own."""
    parts = (int(COLORS[card(model).family][k : k + 2], 16) for k in (1, 3, 5))
    shade = SHADES[_place(model) % len(SHADES)]
    return "#" + "".join(f"{round(part + (255 - part) * shade if shade > 0 else part * (1 + shade)):02X}" for part in parts)


def line_of(model: str, width: float = 2) -> dict[str, Any]:
    """How a line of the model is drawn."""
    return {"color": color_of(model), "width": width, "dash": DASHES[_place(model) % len(DASHES)]}


def marker_of(model: str, size: float = 6) -> dict[str, Any]:
    """How a point of the model is drawn."""
    return {"color": color_of(model), "size": size, "symbol": MARKS[_place(model) % len(MARKS)]}


def _place(model: str) -> int:
    """The model's place in its family."""
    return by_family()[card(model).family].index(model)

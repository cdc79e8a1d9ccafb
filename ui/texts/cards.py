"""The cards of models in words: as a table for the command line and as a line on screen."""

import inspect
import re
from collections.abc import Iterable

from forecasting.forecaster import Card
from ui.texts import text

COLUMNS = ("name", "family", "needs", "takes", "suits", "fitted", "cost", "description")


def in_words(card: Card, model: type) -> dict[str, str]:
    """The cells of COLUMNS for one model; `model`: its class, whose docstring begins with what it is."""
    suits = [text(f"card.{name}") for name in ("seasonal", "intermittent") if getattr(card, name)]
    return {
        "name": card.name,
        "family": text(f"family.{card.family}"),
        "needs": text("card.needs.periods", count=card.least_history),
        "takes": text("card.covariates" if card.uses_covariates else "card.none"),
        "suits": ", ".join(suits) or text("card.none"),
        "fitted": text("card.shared" if card.shared else "card.own"),
        "cost": text(f"card.fit.{card.cost}" if card.shared else f"card.cost.{card.cost}"),
        "description": first_sentence(inspect.getdoc(model) or ""),
    }


def first_sentence(words: str) -> str:
    """The beginning of a docstring up to its first full stop, that of an abbreviation aside.

    >>> first_sentence("Level and\\ntrend. More.")
    'Level and trend.'
    >>> first_sentence("Croston's rate (2005, eq. 5) of 1, 2, ... periods. More.")
    "Croston's rate (2005, eq. 5) of 1, 2, ... periods."
    """
    return re.split(r"(?<=\.)(?<!eq\.)(?<!ed\.)(?<!\.\.\.)\s", words.partition("\n\n")[0].replace("\n", " "))[0]


def table(rows: Iterable[dict[str, str]]) -> str:
    """Rows of `in_words` as text, one line a model under a line of headings, columns side by side.

    >>> print(table([dict.fromkeys(COLUMNS, "x") | {"family": "ARIMA"}]).splitlines()[1].rstrip())
    x      ARIMA   x      x      x      x       x                          x
    """
    lines = [[text(f"card.{column}") for column in COLUMNS], *([row[column] for column in COLUMNS] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)

"""The words by which rows, columns and places of a report call themselves a total, in five languages."""

import re

_WORDS = (
    r"(?:(?:grand|sub|sous|over ?all)[ -]?)?totals?|total g[eé]n[eé]ral|gesamt|(?:gesamt|zwischen|end|teil)?summen?|gesamtbetrag|insgesamt|"
    r"sommes?|sumas?"
)
_CHINESE = "总计|合计|小计|总和|總計|合計|小計|總和"
_SAYS = re.compile(rf"(?:{_WORDS})(?:\b.*)?|.*\b(?:{_WORDS})|(?:{_CHINESE}).*|.*(?:{_CHINESE})", re.IGNORECASE | re.DOTALL)
GLANCE = rf"(?i)total|summ|gesamt|somme|suma|{_CHINESE}"  # what is worth a closer look, where codes are many


def is_a_total(code: str) -> bool:
    """Whether a code says that it is a sum: as a whole, or by how it begins or ends.

    >>> [is_a_total(code) for code in ("Total", "Food Total", "Subtotal North:", "Zwischensumme", "小计", "Totally Mug", "SUMMER HAT")]
    [True, True, True, True, True, False, False]
    """
    return bool(_SAYS.fullmatch(code.strip(" :*.")))

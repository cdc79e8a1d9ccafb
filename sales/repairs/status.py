"""Lines that their own status says were not sold: cancelled, refunded, returned."""

import re
from typing import Any

import numpy as np

from sales.lines import SalesLines
from sales.repairs.finding import Repair

_SAYS = re.compile(
    r"\b(?:cancell?(?:ed|ation)?|voided|void|rejected|declined|failed|refund(?:ed)?|return(?:s|ed)?|reversed|reversal|chargeback|"
    r"storn\w*|gutschrift|retoure?n?|ruckgabe|rücksendung|rückgabe|annul\w*|rembours\w*|retourn[ée]e?s?|avoir|"
    r"anulad[oa]s?|cancelad[oa]s?|devuelt[oa]s?|devoluci[oó]n(?:es)?|reembols\w*|rechazad[oa]s?)\b|取消|关闭|退款|退货|退單|退单|作废|拒收",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not?|non|nicht|kein\w*|without|sin|sans|no)\b|未|无", re.IGNORECASE)


def is_not_sold(word: str) -> bool:
    """Whether a status, or a kind of transaction, says that nothing was sold in the end.

    >>> [is_not_sold(word) for word in ("Cancelled", "order_canceled", "RETURN", "Storniert", "已取消", "shipped", "Not returned")]
    [True, True, True, True, True, False, False]
    """
    plain = re.sub(r"[_\W]+", " ", word)
    return bool(_SAYS.search(plain)) and not _NOT.search(plain)


def not_sold(lines: SalesLines) -> np.ndarray:
    """Mask of the lines of units above 0 whose status says so; none where that is most of them, and the column means something else."""
    if lines.status is None:
        return np.zeros(len(lines), dtype=bool)
    says = np.array([*map(is_not_sold, lines.status.words), False], dtype=bool)
    mask = says[lines.status.codes] & (lines.units > 0)
    return mask if 2 * mask.sum() < len(lines) else np.zeros(len(lines), dtype=bool)


def _counts(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    assert lines.status is not None
    return {"words": ", ".join(lines.status.words[np.unique(lines.status.codes[where])][:10])}


NOT_SOLD = Repair("not_sold", "status", ("drop", "keep"), not_sold, about=_counts)

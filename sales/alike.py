"""Alike: codes and descriptions of items that are likely the same, in groups to merge or to leave. Nothing merges by itself."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import numpy as np
import pandas as pd

Why = Literal["case", "spaces", "zeros", "several", "description"]
LEAST_SIMILARITY = 0.7
MOST_DESCRIPTIONS = 50_000
_SPELLING = 0.8  # of the letters of two words that must agree: colour and color, light and lights; not green and cream
_MOST_COMMON = 500  # descriptions that share an n-gram: commoner ones tell little, and 50,000 descriptions would take minutes
_CHUNK = 1_000


@dataclass(frozen=True)
class Alike:
    """Items that are likely one: their codes, sorted; in what alone they differ; and how alike they are, 1 for codes.

    Raises ValueError for fewer than two items, an item twice, or a similarity outside 0 to 1.
    """

    items: tuple[str, ...]
    why: Why
    similarity: float = 1.0

    def __post_init__(self) -> None:
        if len(set(self.items)) < 2 or len(set(self.items)) < len(self.items) or not 0 <= self.similarity <= 1:
            raise ValueError(f"alike: got {self.items} of similarity {self.similarity}, expected two items or more, each once, 0 to 1")


def alike_codes(items: Sequence[str]) -> tuple[Alike, ...]:
    """Groups of codes that differ only by case, blanks or leading zeros, sorted.

    >>> [(group.items, group.why) for group in alike_codes(["85123A", "85123a", "007", "7", "A 1", "A1", "B"])]
    [(('007', '7'), 'zeros'), (('85123A', '85123a'), 'case'), (('A 1', 'A1'), 'spaces')]
    """
    codes = pd.Series(sorted(set(items)), dtype=object)
    groups = codes.groupby(codes.map(_plain), sort=False).agg(tuple)
    alike = [Alike(group, _difference(group)) for group in groups if len(group) > 1]
    return tuple(sorted(alike, key=lambda group: group.items))


def best_sellers(groups: Sequence[Alike], items: Sequence[str], units: Sequence[float]) -> list[str]:
    """For each group the item that sells most, by the `units` of each of `items`; the last by its code of equals.

    >>> best_sellers(alike_codes(["7", "007"]), ["007", "7"], [5, 9])
    ['7']
    """
    sold = dict(zip(items, units, strict=True))
    return [max(group.items, key=lambda item: (sold[item], item)) for group in groups]


def alike_descriptions(items: Sequence[str], descriptions: Sequence[str], least: float = LEAST_SIMILARITY) -> tuple[Alike, ...]:
    """Groups of items whose descriptions are the same or nearly match, the surest first. At most 50,000 descriptions; of more, only the
    same ones are found.

    Two nearly match where the cosine of their TF-IDF weights of 3- and 4-grams of characters is `least` or more, and where the words in
    which they differ are spellings of one another: letters changed, or cut short. RED MUG and BLUE MUG, CANDLE 10 CM and CANDLE 20 CM
    are as close as two spellings of one, and are two items: a word or number of its own keeps them apart.

    Raises ValueError where there is not one description for each item.

    >>> alike_descriptions(["1", "2", "3"], ["Lantern white metal", "LANTERN, WHITE METALL", "Lantern red metal"])[0].items
    ('1', '2')
    """
    if len(items) != len(descriptions):
        raise ValueError(f"alike: got {len(items)} items and {len(descriptions)} descriptions, expected one each")
    table = pd.DataFrame({"item": list(items), "text": [_words(text) for text in descriptions]}, dtype=object)
    table = table[table["text"] != ""].drop_duplicates("item")
    owners = table.groupby("text", sort=True)["item"].agg(lambda codes: tuple(sorted(codes)))
    found = [Alike(codes, "description") for codes in owners if len(codes) > 1]
    if 1 < len(owners) <= MOST_DESCRIPTIONS:
        found += _near(owners, least)
    return tuple(sorted(found, key=lambda group: (-group.similarity, group.items)))


def _near(owners: pd.Series, least: float) -> list[Alike]:
    """Pairs of descriptions that nearly match, with the items of both."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = owners.index.to_numpy(dtype=object)
    reader = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(3, 4),
        max_df=_MOST_COMMON if len(texts) > _MOST_COMMON else 1.0,
        sublinear_tf=True,
        dtype=np.float32,
    )
    try:
        weights = reader.fit_transform(texts)
    except ValueError:  # every piece is in too many of them to tell anything
        return []
    found = []
    for first in range(0, len(texts), _CHUNK):
        close = (weights[first : first + _CHUNK] @ weights.T).tocoo()
        here = (close.data >= least) & (close.row + first < close.col)
        for row, column, similarity in zip(close.row[here] + first, close.col[here], close.data[here], strict=True):
            if _spellings(texts[row], texts[column]):
                items = tuple(sorted({*owners.iloc[row], *owners.iloc[column]}))
                found.append(Alike(items, "description", round(min(float(similarity), 1.0), 3)))
    return found


def _spellings(one: str, other: str) -> bool:
    """Whether the words in which two descriptions differ are spellings of one another, pair by pair."""
    if re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return False
    left, right = (list((Counter(a.split()) - Counter(b.split())).elements()) for a, b in ((one, other), (other, one)))
    if "".join(left) == "".join(right):
        return True
    return len(left) == len(right) and all(_spelling(*pair) for pair in zip(sorted(left), sorted(right), strict=True))


def _spelling(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 3 and (long.startswith(short) or (len(short) >= 4 and SequenceMatcher(None, one, other).ratio() >= _SPELLING))


def _words(text: object) -> str:
    """Small words between single blanks, without signs."""
    return " ".join(re.findall(r"[^\W_]+", str(text).casefold())) if isinstance(text, str) else ""


def _plain(code: str) -> str:
    return "".join(code.split()).casefold().lstrip("0")


def _difference(codes: tuple[str, ...]) -> Why:
    """In what alone `codes` differ."""
    ways: dict[Why, Callable[[str], str]] = {"case": str.casefold, "spaces": lambda code: "".join(code.split()), "zeros": _without_zeros}
    return next((why for why, way in ways.items() if len({way(code) for code in codes}) == 1), "several")


def _without_zeros(code: str) -> str:
    return code.lstrip("0")

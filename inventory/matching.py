"""Matching: the items of a stock file and those of the sales, and for each that has no partner the code that is nearest to its own."""

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
import pandas as pd

from inventory.cells import listed
from sales.lines import ends_of
from sales.panel import SalesPanel
from sales.problems import Problem, Severity
from sales.role_names import plain_name

LEAST_ALIKE = 0.6
MOST_UNMATCHED = 200
_LOOKED_AT = 10


def rows_of(items: pd.Series, panel: SalesPanel) -> tuple[np.ndarray, list[Problem]]:
    """The row of `panel` for each code of a file (-1: none), and why not. A code is never changed to fit."""
    rows = pd.Index(panel.items).get_indexer(pd.Index(items, dtype=object))
    missing = (items == "").to_numpy()
    unknown = (rows < 0) & ~missing & ~items.duplicated().to_numpy()
    meant = _meant(items[unknown], panel)
    alike = unknown & items.isin(list(meant)).to_numpy()
    problems = [
        *listed(Problem("stock_item_missing"), items, missing),
        *(replace(found, params={"item": meant[found.got]}) for found in listed(Problem("stock_item_alike"), items, alike)),
        *listed(Problem("stock_unknown_item"), items, unknown & ~alike),
    ]
    return np.where(missing, -1, rows), problems


def superseded(codes: np.ndarray, merges: Mapping[str, str]) -> list[Problem]:
    """Which of the codes of a stock file count under others in the sales: their stock does not count there by itself."""
    ends = ends_of(merges)
    old = [str(code) for code in pd.unique(codes) if code in ends and ends[code] != code]
    if not old:
        return []
    pairs = "; ".join(f"{code} → {ends[code]}" for code in old[:_LOOKED_AT])
    return [Problem("stock_item_superseded", Severity.WARNING, "item", got=old[0], count=len(old), params={"pairs": pairs})]


def unmatched(codes: np.ndarray, panel: SalesPanel) -> tuple[pd.DataFrame, tuple[int, int]]:
    """The codes of a stock file that nobody sold and the items sold that it does not have: `side` ("file" or "sales"), `item`, and
    `nearest`, the code of the other side that is nearest, "" where none is; at most 200 of each side; and how many of each there are."""
    here = np.unique(codes[codes != ""])
    sides = {"file": (np.setdiff1d(here, panel.items), panel.items), "sales": (np.setdiff1d(panel.items, here), here)}
    parts = [
        pd.DataFrame({"side": side, "item": alone[:MOST_UNMATCHED], "nearest": nearest(alone[:MOST_UNMATCHED], others)}, dtype=object)
        for side, (alone, others) in sides.items()
    ]
    return pd.concat(parts, ignore_index=True), (len(sides["file"][0]), len(sides["sales"][0]))


def nearest(codes: np.ndarray, among: np.ndarray) -> np.ndarray:
    """For each of `codes` the nearest of `among`, "" where none is near: the same letters and digits but for zeros before a number, or
    at least 0.6 alike by `difflib` (2 x signs in common / signs of both) among those that share most n-grams.

    >>> nearest(np.array(["sku 7", "A-1001X", "zz"], dtype=object), np.array(["A1001", "SKU-007", "SKU-070"], dtype=object)).tolist()
    ['SKU-007', 'A1001', '']
    """
    if not len(codes) or not len(among):
        return np.full(len(codes), "", dtype=object)
    from sklearn.feature_extraction.text import TfidfVectorizer

    plain = [_plain(code) for code in among]
    same = {word: code for word, code in zip(reversed(plain), reversed(among), strict=True) if word}
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    try:
        weights = vectorizer.fit_transform(plain)
    except ValueError:  # codes of signs alone leave no letter to go by
        return np.full(len(codes), "", dtype=object)
    shared = vectorizer.transform([_plain(code) for code in codes]) @ weights.T
    found = []
    for place, code in enumerate(codes):
        row = shared[[place]]
        near = [among[column] for column in row.indices[np.argsort(-row.data, kind="stable")[:_LOOKED_AT]]]
        ratio, best = max(((SequenceMatcher(None, _plain(code), _plain(other)).ratio(), other) for other in near), default=(0.0, ""))
        found.append(same.get(_plain(code)) or (best if ratio >= LEAST_ALIKE else ""))
    return np.array(found, dtype=object)


def _plain(code: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain_name(code))


def _meant(unknown: pd.Series, panel: SalesPanel) -> dict[str, str]:
    """Unknown code -> the one item of `panel` that differs from it in case and outer spaces alone, where there is exactly one."""
    plain = pd.Series(panel.items, dtype=object).map(lambda code: code.strip().casefold())
    alone = ~plain.duplicated(keep=False)
    items = dict(zip(plain[alone], panel.items[alone], strict=True))
    return {code: items[word] for code in unknown.unique() if (word := code.strip().casefold()) in items}

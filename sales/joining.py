"""Joining: two tables become one by the columns that they share: orders and order lines, sales and a product master."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from sales.distinct import texts
from sales.problems import Problem, Severity, found
from sales.role_names import plain_name

On = Sequence[tuple[str, str]]
Side = Literal["left", "right"]
LEAST_SHARED = 0.1  # of the keys of the side with fewer: columns that share less are of different things, unless they have one name
LEAST_SHARED_BY_NAME = 0.01
_MOST_SAMPLED = 200_000


def propose_join(left: pd.DataFrame, right: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """The pair of columns, (left, right), by which `left` and `right` fit together; none where nothing fits.

    Keys are texts that are there once each on one side at least, or nearly; of those the pair that shares the largest part of its keys is
    taken, and one name before two. Numbers with a fraction, days and columns with few values are no keys of their own.

    >>> propose_join(pd.DataFrame({"order": ["1", "1", "2"], "sku": "A"}), pd.DataFrame({"order_id": ["1", "2", "3"]}))
    (('order', 'order_id'),)
    """
    keys = [[(name, *_key_words(table, name)) for name in table.columns] for table in (left, right)]
    best: tuple[float, tuple[tuple[str, str], ...]] = (0.0, ())
    for one, its_words, its_unique in keys[0]:
        for other, other_words, other_unique in keys[1]:
            if max(its_unique, other_unique) < 0.9 or not min(len(its_words), len(other_words)):
                continue
            shared = len(its_words.intersection(other_words)) / min(len(its_words), len(other_words))
            same_name = plain_name(one) == plain_name(other)
            score = shared * (1 + same_name)
            if shared >= (LEAST_SHARED_BY_NAME if same_name else LEAST_SHARED) and score > best[0]:
                best = (score, ((str(one), str(other)),))
    return best[1]


def join(left: pd.DataFrame, right: pd.DataFrame, on: On, lines: Side = "left") -> tuple[pd.DataFrame, list[Problem]]:
    """Each row of the table that holds the `lines` of the sales, with the columns of the one row of the other table that has its key, and
    problems: no line is multiplied and none is left out.

    lines: "right" where order lines are put under the orders of `left`, whose rows without a line are then left out and named. on: pairs
    of columns, (left, right), whose cells must be the same texts, byte for byte (12.0 is 12); a row with an empty cell in one of them has
    no key. The index stays that of the lines; those without a partner stay, with nothing from the other table. A column whose name is
    taken gets " (2)" at the end; the key columns of the other table are left out. Where the other table repeats keys, nothing can be
    joined: the table is empty and a problem says so. A number in `params` counts keys, `count` counts rows.

    >>> sold, orders = pd.DataFrame({"order": ["1", "1", "2"]}), pd.DataFrame({"id": ["1", "3"], "day": ["Mo", "Tu"]})
    >>> table, problems = join(sold, orders, [("order", "id")])
    >>> table.fillna("").values.tolist(), [(problem.code, problem.count) for problem in problems]
    ([['1', 'Mo'], ['1', 'Mo'], ['2', '']], [('join_row_alone', 1), ('join_key_unused', 1)])
    """
    sides = [table.set_axis([str(name) for name in table.columns], axis=1) for table in (left, right)]
    names = [[pair[side] for pair in on] for side in (0, 1)]
    if problems := _wrong_columns(sides, names):
        return left.iloc[:0], problems
    keys = _keys(sides, names)
    repeated = [_again(key) for key in keys]
    if repeated[0].any() and repeated[1].any():
        both = [
            found("join_many_to_many", again, table[own[0]], Severity.ERROR)
            for again, table, own in zip(repeated, sides, names, strict=True)
        ]
        return left.iloc[:0], both[0] + both[1]
    many = int(lines == "right")
    if repeated[1 - many].any():
        of = sides[1 - many][names[1 - many][0]]
        return left.iloc[:0], found("join_second_repeats", repeated[1 - many], of, Severity.ERROR)
    sold, ones, line_key, one_key = sides[many], sides[1 - many], keys[many], keys[1 - many]
    partner = pd.Series(np.arange(len(ones)), index=one_key)[one_key >= 0].reindex(line_key).to_numpy(dtype=float)
    partner = np.where(line_key >= 0, partner, np.nan)
    alone = np.isnan(partner)
    added = ones.drop(columns=names[1 - many])
    added = added.set_axis([_free(name, set(sold.columns)) for name in added.columns], axis=1)
    joined = pd.concat([sold, added.reset_index(drop=True).reindex(np.where(alone, -1, partner).astype(int)).set_axis(sold.index)], axis=1)
    unused = ~np.isin(one_key, line_key) & (one_key >= 0)
    problems = [
        *found("join_key_empty", line_key < 0, sold[names[many][0]]),
        *found("join_key_empty", one_key < 0, ones[names[1 - many][0]]),
        *found("join_row_alone", alone & (line_key >= 0), sold[names[many][0]], keys=len(np.unique(line_key[alone & (line_key >= 0)]))),
        *found("join_key_unused", unused, ones[names[1 - many][0]], Severity.WARNING if many else Severity.INFO),
    ]
    return joined, problems


def _wrong_columns(sides: list[pd.DataFrame], names: list[list[str]]) -> list[Problem]:
    if not names[0]:
        return [Problem("join_no_columns")]
    there = [", ".join(table.columns[:20]) for table in sides]
    return [
        Problem("column_absent", column=name, params={"columns": columns})
        for table, own, columns in zip(sides, names, there, strict=True)
        for name in own
        if name not in table.columns
    ]


def _keys(sides: list[pd.DataFrame], names: list[list[str]]) -> list[np.ndarray]:
    """A number for the key of each row of either table, the same for the same texts; -1 where a cell of it is empty."""
    size = len(sides[0])
    key = np.zeros(size + len(sides[1]), dtype="int64")
    for own in zip(*names, strict=True):
        words = [texts(table[name]) for table, name in zip(sides, own, strict=True)]
        everything, place = np.unique(np.concatenate([word for _, word in words]), return_inverse=True)
        first = len(words[0][1])
        codes = np.concatenate([np.append(place[:first], -1)[words[0][0]], np.append(place[first:], -1)[words[1][0]]])
        key = np.where((key >= 0) & (codes >= 0), pd.factorize(key)[0] * (len(everything) + 1) + codes, -1)
    return [key[:size], key[size:]]


def _again(key: np.ndarray) -> np.ndarray:
    return pd.Series(key).duplicated().to_numpy() & (key >= 0)


def _key_words(table: pd.DataFrame, name: object) -> tuple[pd.Index, float]:
    """The distinct texts of a column, and the share of its filled rows that they are; no texts where it cannot be a key."""
    column = table[name]
    if isinstance(column, pd.Series):
        column = column.iloc[:_MOST_SAMPLED]
    if not isinstance(column, pd.Series) or pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_float_dtype(column.dtype):
        return pd.Index([]), 0.0
    codes, words = texts(column)
    return pd.Index(words), len(words) / max(1, int((codes >= 0).sum()))


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else f"{name} (2)"

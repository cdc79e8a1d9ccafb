"""Parts: order lines in several files, or in one large file of text, too many to be held at once, as one panel. Each part is read and
mended alone, and what is left of it is summed by item and day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from sales.alike_files import Told
from sales.checks import EARLIEST
from sales.intake import Intake, Mended, laid_out, mended_lines
from sales.keys import distinct_days
from sales.kind import Kind
from sales.lines import Coded, SalesLines
from sales.problems import InputProblems, Problem, Severity, usable
from sales.readers.blocks import BLOCK_BYTES, blocks_of, is_text, lines_of
from sales.reading import Asked, Reading, read_table
from sales.recipe import Recipe, long_tables
from sales.repairs import Finding

MOST_AT_ONCE = 10_000_000
_NOTHING = Asked()
_FIRST_DAY, _MOST_DAY = int(EARLIEST.astype("int64")), 2**20  # days from the first one on, told apart from items by the second


@dataclass(frozen=True, eq=False)
class _Sums:
    """Units by item and day. texts: how often each item has each text, by role. key: sorted, the code into `items` times `_MOST_DAY`, plus
    days since 1900. lines: how many these units are of."""

    items: np.ndarray
    texts: Mapping[str, pd.Series]
    key: np.ndarray
    units: np.ndarray
    lines: np.ndarray


def rows_of(files: Sequence[Path]) -> list[int] | None:
    """How many rows each file has, where all are Parquet, which says so, or text, of which it is the lines; None where not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [lines_of(path) if is_text(path) else pq.read_metadata(path).num_rows for path in files]
    except (OSError, pa.ArrowException):
        return None


def too_many(files: Sequence[Path]) -> bool:
    """Whether the files hold too many rows to be read together, and can be read in parts: they are several, or text."""
    rows = rows_of(files)
    return rows is not None and sum(rows) > MOST_AT_ONCE and (len(files) > 1 or is_text(files[0]))


def intake_in_parts(
    files: Sequence[tuple[str, Path]],
    recipe_for: Callable[[pd.DataFrame], Recipe],
    passed: Callable[[int], None],
    read: Callable[[str, Path, Asked], Reading] = lambda name, path, asked: read_table(path, name, asked),
    asked: Asked = _NOTHING,
) -> tuple[Recipe, Intake]:
    """The recipe that `recipe_for` makes of the first part, and what becomes of all under it; `passed` is told the rows read so far.
    A part is a file, or a block of a large file of text.

    read: what gives the table of a part, by the file's name, its place and what is asked of the reader; asked: that. The first part tells
    whether all hold order lines; the order of day and month and the decimal mark, where a part does not tell them, are those that the
    parts before told. What is done about a finding in the first part that has it is done in all. Copies of a line, sales that a return
    undoes and unusual units are looked for within each part, not across parts: a problem says so. Findings and problems of all parts are
    counted together, and their rows and samples are those of the first part that has them. Period totals, and columns known ahead or of
    stock, are a problem: they are for files that are read together.
    """
    problems: list[Problem] = []
    findings: dict[str, Finding] = {}
    sums: list[_Sums] = []
    recipe, rows, told = Recipe(), 0, Told()
    for name, reading in _parts(files, read, asked):
        found = list(reading.problems)
        part = None
        if reading.table is not None:
            recipe = recipe_for(reading.table) if rows == 0 else recipe
            rows += len(reading.table)
            actions = {**{code: one.chosen for code, one in findings.items()}, **recipe.actions}
            told = told.further(reading.table, recipe.mapping, recipe.day_first, recipe.decimal)
            decided = replace(recipe, actions=actions, day_first=told.day_first, decimal=told.decimal)
            part = _part(reading.table, decided, "order_lines" if sums else None, findings, found)
        problems += [replace(problem, file=name) for problem in found]
        if part is None or not usable(problems):
            return recipe, Intake(None, _together(problems), recipe.frequency, None, rows, 0, tuple(findings.values()))
        sums.append(part)
        passed(rows)
    problems += [finding.problem for finding in findings.values()]
    problems.append(Problem("parts_checked_alone", Severity.WARNING, params={"parts": len(sums)}))
    return recipe, _laid_out(_joined(sums), recipe, tuple(findings.values()), rows, list(_together(problems)))


def _parts(
    files: Sequence[tuple[str, Path]], read: Callable[[str, Path, Asked], Reading], asked: Asked
) -> Iterator[tuple[str, Reading]]:
    """Each file as it is read, or block by block where it is a large one of text; rows are counted in the file."""
    for name, path in files:
        if is_text(path) and path.stat().st_size > BLOCK_BYTES:
            yield from ((name, reading) for reading in _blocks(name, path, read, asked))
        else:
            yield name, read(name, path, asked)


def _blocks(name: str, path: Path, read: Callable[[str, Path, Asked], Reading], asked: Asked) -> Iterator[Reading]:
    before = 0
    with TemporaryDirectory() as folder:
        try:
            for block, header in blocks_of(path, Path(folder), BLOCK_BYTES, asked):
                reading = read(name, block, asked)
                block.unlink()
                yield _moved(reading, before, header)
                if reading.table is None:
                    return
                how = reading.how
                asked = Asked(None, how["header_row"], how["header_rows"], how["encoding"], how["separator"])
                before += int(reading.table.index.max()) + 2 + len(how.get("rows_left_out", ())) - header
        except InputProblems as refused:
            yield Reading(None, refused.problems)


def _moved(reading: Reading, before: int, header: int) -> Reading:
    """`reading` of a block that follows so many rows, its header aside: with the rows of the file, and without what is told of a header
    that is the file's own."""
    if before == 0 or reading.table is None:
        return reading
    own = [problem for problem in reading.problems if problem.row is not None and problem.row > header]
    moved = tuple(
        replace(problem, row=(problem.row or 0) + before, also=tuple((row + before, got) for row, got in problem.also)) for problem in own
    )
    return replace(reading, table=reading.table.set_axis(reading.table.index + before), problems=moved)


def _part(table: pd.DataFrame, recipe: Recipe, kind: Kind | None, findings: dict[str, Finding], problems: list[Problem]) -> _Sums | None:
    """The sums of one file; what was found in it is added to `findings` and `problems`."""
    known = [name for name in (*recipe.mapping.known, recipe.mapping.out_of_stock, recipe.mapping.on_hand) if name is not None]
    if known:
        problems.append(Problem("parts_with_known", column=known[0]))
        return None
    (table,), of_table = long_tables(recipe, table)
    problems += of_table
    if not usable(problems):
        return None
    mended = mended_lines(table, recipe.mapping, recipe.day_first, recipe.actions, recipe.merges, None, problems, kind, recipe.decimal)
    if mended is None:
        return None
    if mended.kind != "order_lines":
        problems.append(Problem("parts_of_totals"))
        return None
    codes = {finding.code for finding in mended.findings}
    problems[:] = [problem for problem in problems if problem.code not in codes]
    for finding in mended.findings:
        findings[finding.code] = _added(findings.get(finding.code), finding)
    return _summed(mended.lines)


def _added(before: Finding | None, more: Finding) -> Finding:
    if before is None:
        return more
    effect = pd.concat([before.effect, more.effect]).groupby("day", as_index=False).sum()
    params = {name: _sum(value, more.params.get(name)) for name, value in before.params.items()}
    money = float(np.nansum([before.money, more.money])) if before.money == before.money or more.money == more.money else before.money
    return replace(before, rows=before.rows + more.rows, units=before.units + more.units, money=money, effect=effect, params=params)


def _sum(one: Any, other: Any) -> Any:
    return one + other if isinstance(one, int) and isinstance(other, int) else one


def _together(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Each problem of several files once, as in the first of them, with the rows of all."""
    merged: dict[tuple[str, Severity, str | None], Problem] = {}
    for problem in problems:
        key = (problem.code, problem.severity, problem.column)
        merged[key] = replace(merged[key], count=merged[key].count + problem.count) if key in merged else problem
    return tuple(merged.values())


def _summed(lines: SalesLines) -> _Sums:
    lines = lines.at(lines.sold)
    texts = {role: _often(lines.items, lines.item, of) for role, of in lines.attributes.items()}
    key = lines.item.astype("int64") * _MOST_DAY + lines.day.astype("int64") - _FIRST_DAY
    return _Sums(lines.items, texts, *_by_key(key, lines.units, np.ones(len(key), dtype=np.int32)))


def _by_key(key: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """The keys in order, each once, and the sums of `values` under each."""
    order = np.argsort(key, kind="stable")  # quick where the keys are runs in order
    key = key[order]
    first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    return key[first], *(np.add.reduceat(part[order], first) for part in values)


def _often(items: np.ndarray, item: np.ndarray, texts: Coded) -> pd.Series:
    """How often each item has each text, by item and text."""
    there = texts.codes >= 0
    pair, often = np.unique(item[there].astype("int64") * max(len(texts.words), 1) + texts.codes[there], return_counts=True)
    code, word = np.divmod(pair, max(len(texts.words), 1))
    return pd.Series(often, index=pd.MultiIndex.from_arrays([items[code], texts.words[word]], names=["item", "text"]), dtype="int64")


def _joined(sums: list[_Sums]) -> _Sums:
    """The sums of all files, each item and day once; `sums` is emptied on the way, for they are many."""
    items = np.unique(np.concatenate([part.items for part in sums]))
    roles = {role for part in sums for role in part.texts}
    texts = {role: pd.concat([part.texts[role] for part in sums if role in part.texts]).groupby(level=[0, 1]).sum() for role in roles}
    keys, units, lines = [], [], []
    while sums:
        part = sums.pop()
        item, day = np.divmod(part.key, _MOST_DAY)
        keys.append(np.searchsorted(items, part.items)[item] * _MOST_DAY + day)
        units.append(part.units)
        lines.append(part.lines)
    return _Sums(items, texts, *_by_key(np.concatenate(keys), np.concatenate(units), np.concatenate(lines)))


def _laid_out(sums: _Sums, recipe: Recipe, findings: tuple[Finding, ...], rows: int, problems: list[Problem]) -> Intake:
    count = len(sums.key)
    none = np.zeros(count, dtype=bool)
    item, day = np.divmod(sums.key, _MOST_DAY)
    lines = SalesLines(
        sums.items,
        np.arange(count),
        item,
        (day + _FIRST_DAY).astype("datetime64[D]"),
        sums.units,
        none,
        none,
        attributes={role: _coded(of, sums.items, item) for role, of in sums.texts.items()},
    )
    mended = Mended(lines, lines.at(none), "order_lines", findings)
    read = laid_out(mended, recipe.mapping, recipe.frequency, recipe.gaps, recipe.season, rows, problems)
    if read.panel is None:
        return read
    days = distinct_days(lines.day)
    labels = read.panel.calendar.label(pd.DatetimeIndex(days))
    full = days[(labels >= read.panel.periods[0]) & (labels <= read.panel.last)]
    used = np.isin(sums.items, read.panel.items)[item] & (lines.day >= full[0]) & (lines.day <= full[-1])
    return replace(read, rows_used=int(sums.lines[used].sum()))


def _coded(often: pd.Series, items: np.ndarray, item: np.ndarray) -> Coded:
    """For each sum the text that its item has most often, the first in order of equals."""
    best = often.reset_index(name="often").sort_values(["item", "often", "text"], ascending=[True, False, True]).drop_duplicates("item")
    code, words = pd.factorize(best["text"])
    of_item = np.full(len(items), -1)
    of_item[np.searchsorted(items, best["item"].to_numpy(dtype=object))] = code
    return Coded(of_item[item], np.asarray(words, dtype=object))

"""Recipe: every decision on the road from raw tables to a panel, as JSON; it is saved with the data and applied to tomorrow's file."""

import datetime
import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from sales import checks
from sales.alike_files import written_alike
from sales.calendar import Frequency
from sales.customers import personal
from sales.diagnosis import LOOKS, diagnose
from sales.grid import Gaps
from sales.intake import Intake, intake
from sales.joining import join
from sales.lines import ends_of
from sales.mapping import Mapping
from sales.numbers import Mark, currency_of
from sales.problems import Problem, Severity, usable
from sales.repairs import REPAIRS
from sales.shapes import Shape, to_long
from sales.stacking import Stack, counted_on, repeated, stacked, with_holes, with_latest_words

VERSION = 1
LINES, SECOND = "lines", "second"
BETWEEN = " / "
_SLASHES = re.compile(r"(?<![^ ])/+(?![^ ])")
MOST_LOOKED_AT = 50_000_000  # values: about 20 seconds on two cores, and 1.2 GB


@dataclass(frozen=True)
class Recipe:
    """What somebody decided about a table.

    reading: what was asked of the reader (sheet, header row, encoding, …). roles: what each of the tables is: "lines", the sales, or
    "second", what is joined to them; other words are those of others (`sales.context`), and a table without one holds lines. join: {"on":
    [[column of the lines, column of the second], …]}, with "lines": "right" where the second holds the order lines; None where there is no
    second. shape: how the table holds sales, None where it is long. apart: columns whose texts stand behind the item's code, so that each
    place or size is an item of its own. mapping, frequency, gaps, season, day_first, decimal: as `intake` takes them. one_a_row: the column
    of units is made where a table has none of that name, each row one unit. merges: old item codes and those they count under. actions:
    what is done about findings, by code. A finding about lines without one gets what is proposed. One about the panel without one changes
    nothing: what looks odd in a series is as often true as wrong, and only a person can tell.

    Raises ValueError for values that `intake` does not take, and for merges that run in a circle.
    """

    mapping: Mapping = field(default_factory=Mapping)
    frequency: Frequency | None = None
    gaps: Gaps = "zero"
    season: int | None = None
    day_first: bool | None = None
    actions: MappingOf[str, str] = field(default_factory=dict)
    merges: MappingOf[str, str] = field(default_factory=dict)
    reading: MappingOf[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    join: MappingOf[str, Any] | None = None
    apart: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    one_a_row: bool = False
    decimal: Mark | None = None

    def __post_init__(self) -> None:
        def expect(name: str, right: bool, expected: str) -> None:
            if not right:
                raise ValueError(f"recipe: {name}: got {getattr(self, name)!r}, expected {expected}")

        season = self.season
        expect("frequency", self.frequency in (None, "D", "W", "M"), "D, W, M or nothing")
        expect("gaps", self.gaps in ("zero", "unknown"), "zero or unknown")
        expect("season", season is None or (type(season) is int and season >= 1), "1 or more periods, or nothing")
        expect("day_first", self.day_first in (None, True, False) and type(self.day_first) is not int, "true, false or nothing")
        for name in ("actions", "merges"):
            expect(name, _is_texts(getattr(self, name)), "texts by text")
        expect("reading", isinstance(self.reading, dict), "an object")
        expect("join", self.join is None or isinstance(self.join, dict), "an object or nothing")
        expect("join", self.join is None or _is_pairs(self.join.get("on")), "pairs of columns under on")
        expect("join", self.join is None or self.join.get("lines", "left") in ("left", "right"), "left or right under lines")
        for name in ("apart", "roles"):
            expect(name, all(isinstance(text, str) for text in getattr(self, name)), "texts")
        expect("one_a_row", type(self.one_a_row) is bool, "true or false")
        expect("decimal", self.decimal in (None, ".", ","), "a point, a comma or nothing")
        ends_of(self.merges)

    def to_json(self) -> dict[str, Any]:
        """The recipe as an object of JSON; `from_json` reads it back equal, also once it was written to a file."""
        mapping = {**asdict(self.mapping), "known": list(self.mapping.known)}
        return {"version": VERSION, **asdict(self), "mapping": mapping, "apart": list(self.apart), "roles": list(self.roles)}

    @staticmethod
    def from_json(read: Any) -> "Recipe":
        """The recipe that `read`, an object of JSON, holds; keys that are not known are left aside, absent ones have their default.

        Raises ValueError where it is no recipe, or one of a later version.
        """
        if not isinstance(read, dict):
            raise ValueError(f"recipe: got {type(read).__name__}, expected an object")
        version = read.get("version")
        if type(version) is not int or not 1 <= version <= VERSION:
            raise ValueError(f"recipe: version: got {version!r}, expected 1 to {VERSION}")
        known = {part.name: read[part.name] for part in fields(Recipe) if part.name in read}
        for name in ("apart", "roles"):
            if not isinstance(known.get(name, []), list | tuple):
                raise ValueError(f"recipe: {name}: got {known[name]!r}, expected a list of texts")
            known[name] = tuple(known.get(name, ()))
        return Recipe(**{**known, "mapping": _mapping(known.get("mapping", {})), "shape": _shape(known.get("shape"))})


def apply(recipe: Recipe, tables: pd.DataFrame | Sequence[pd.DataFrame], today: datetime.date | None = None, look: bool = False) -> Intake:
    """What becomes of `tables`, read as the recipe says, under the rest of it; `today` as in `intake`. Never raises on what is in a table.

    look: whether the panel is looked at too (`Intake.looks`), unless it is so large that this takes minutes; else that is done only where
    an action of the recipe asks for it.
    """
    files, problems = long_tables(recipe, tables)
    problems += _of_no_finding(recipe.actions)
    problems += list({told.column: told for table in files for told in personal(table, recipe.mapping)}.values())
    lines = {code: action for code, action in recipe.actions.items() if code not in LOOKS}
    if not usable(problems):
        return Intake(None, tuple(problems), recipe.frequency, None, sum(map(len, files)), 0)
    files, alike = written_alike(files, recipe.mapping, recipe.day_first)
    problems += alike
    if not usable(problems):
        return Intake(None, tuple(problems), recipe.frequency, None, sum(map(len, files)), 0)
    stack = _stack(recipe, files)
    asked = (recipe.frequency, recipe.gaps, recipe.season, recipe.day_first, lines, recipe.merges, today, recipe.decimal)
    read = intake(stack.table, recipe.mapping, *asked)
    money = recipe.mapping.price or recipe.mapping.revenue
    currency = currency_of(stack.table[money]) if money in stack.table.columns else ""
    read = replace(read, problems=(*problems, *read.problems), currency=currency)
    if read.panel is not None:
        panel, holes = with_holes(read.panel, stack)
        panel = with_latest_words(panel, files, recipe.mapping, recipe.merges, stack.order)
        read = replace(read, panel=panel, problems=(*read.problems, *holes, *stack.problems))
    wanted = {code: action for code, action in recipe.actions.items() if code in LOOKS and action != "keep"}
    if read.panel is None or not (look or wanted):
        return read
    if read.panel.y.size > MOST_LOOKED_AT and not wanted:
        told = Problem("panel_not_looked_at", Severity.INFO, got=f"{read.panel.y.size:,}", params={"most": f"{MOST_LOOKED_AT:,}"})
        return replace(read, problems=(*read.problems, told))
    return _looked(read, wanted)


def _of_no_finding(actions: MappingOf[str, str]) -> list[Problem]:
    """Actions of codes that no finding ever has."""
    codes = sorted({*REPAIRS, *LOOKS})
    return [
        Problem("no_such_finding", Severity.WARNING, got=code, params={"codes": ", ".join(codes)}) for code in actions if code not in codes
    ]


def prepared(recipe: Recipe, tables: pd.DataFrame | Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, list[Problem]]:
    """The one long table that the recipe's mapping speaks of, of `long_tables` the newer in the place of the older (`sales.stacking`); and
    what was wrong."""
    files, problems = long_tables(recipe, tables)
    files, alike = written_alike(files, recipe.mapping, recipe.day_first) if usable(problems) else (files, [])
    problems += alike
    return (_stack(recipe, files).table if usable(problems) else files[0]), problems


def long_tables(recipe: Recipe, tables: pd.DataFrame | Sequence[pd.DataFrame]) -> tuple[list[pd.DataFrame], list[Problem]]:
    """Each table of lines, oldest first, with the second joined to it, laid out long, columns planned apart behind the item's code; and
    what was wrong. Rows count on from table to table."""
    several = [tables] if isinstance(tables, pd.DataFrame) else list(tables)
    roles = [*recipe.roles, *[LINES] * (len(several) - len(recipe.roles))]
    seconds = [one for one, role in zip(several, roles, strict=False) if role == SECOND]
    second = pd.concat(counted_on(seconds)).drop_duplicates() if len(seconds) > 1 else seconds[0] if seconds else None
    lines = counted_on([one for one, role in zip(several, roles, strict=False) if role == LINES])
    found = [_long(recipe, one, second) for one in lines]
    problems = [problem for _, of_table in found for problem in of_table]
    return [table for table, _ in found], problems + [told for one in lines if len(lines) > 1 for told in repeated(one)]


def _long(recipe: Recipe, table: pd.DataFrame, second: pd.DataFrame | None) -> tuple[pd.DataFrame, list[Problem]]:
    problems: list[Problem] = []
    if recipe.join is not None and second is not None:
        table, problems = join(table, second, recipe.join["on"], recipe.join.get("lines", "left"))
    if usable(problems) and recipe.shape is not None and recipe.shape.layout != "long":
        table, of_shape = _laid_out(table, recipe.shape)
        problems += of_shape
    if recipe.one_a_row and recipe.mapping.units is not None and recipe.mapping.units not in table.columns:
        table = table.assign(**{recipe.mapping.units: 1})
    if usable(problems):
        table, of_parts = _told_apart(table, recipe.mapping.item, recipe.apart)
        problems += of_parts
    return table, problems


def _stack(recipe: Recipe, files: Sequence[pd.DataFrame]) -> Stack:
    """Where a file lacks the columns to compare by, all rows: what is absent is then told of the table as a whole."""
    columns = (recipe.mapping.item, recipe.mapping.date)
    if len(files) > 1 and all(column in file.columns for file in files for column in columns):
        return stacked(files, recipe.mapping, recipe.day_first, recipe.merges)
    return Stack(pd.concat(files) if len(files) != 1 else files[0])


def _looked(read: Intake, wanted: MappingOf[str, str]) -> Intake:
    """`read` with its panel looked at and the `wanted` actions done. One that a look does not have is a problem, and nothing is done."""
    assert read.panel is not None
    odd = {code: action for code, action in wanted.items() if action not in LOOKS[code].actions}
    panel, looks = diagnose(read.panel, {code: action for code, action in wanted.items() if code not in odd}, read.prices)
    problems = [
        Problem("no_such_action", Severity.WARNING, got=f"{code}={action}", params={"actions": ", ".join(LOOKS[code].actions)})
        for code, action in odd.items()
    ]
    problems += [finding.problem for finding in looks if finding.chosen != "keep"]
    if len(panel) == 0:
        problems.append(Problem("no_items_left"))
    return replace(read, panel=panel if len(panel) else None, looks=looks, problems=(*read.problems, *problems))


def _laid_out(table: pd.DataFrame, shape: Shape) -> tuple[pd.DataFrame, list[Problem]]:
    names = [str(name) for name in table.columns]
    there = {"columns": ", ".join(names[:20])}
    wanted = [*shape.beside, *([shape.date] if shape.date else [])]
    problems = [Problem("column_absent", column=name, params=there) for name in wanted if name not in names]
    problems += [
        Problem("duplicate_columns", column=name, row=1, params={"count": names.count(name)})
        for name in {n for n in names if names.count(n) > 1}
    ]
    if not problems and not shape.across(table):
        problems.append(Problem("nothing_across", params=there))
    return (table, problems) if problems else (to_long(table, shape), [])


def _slashed(codes: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slashes that stand alone in a text get one more: item A of place B / C and item A / B of place C stay two."""
    return codes, np.array([_SLASHES.sub(r"\g<0>/", str(word)) for word in words], dtype=object)


def _told_apart(table: pd.DataFrame, item: str | None, apart: Sequence[str]) -> tuple[pd.DataFrame, list[Problem]]:
    """`table` with the texts of the columns `apart` behind the item's code; an empty cell in one of them leaves the item empty."""
    names = [str(name) for name in table.columns]
    columns = [name for name in apart if name != item]
    if item is None or not columns or names.count(item) != 1:
        return table, []
    there = {"columns": ", ".join(names[:20])}
    if problems := [Problem("column_absent", column=name, params=there) for name in columns if names.count(name) != 1]:
        return table, problems
    table = table.set_axis(names, axis=1)
    key, words = _slashed(*checks.texts(table[item]))
    for name in columns:
        more, others = _slashed(*checks.texts(table[name]))
        both = (key >= 0) & (more >= 0)
        place, pairs = pd.factorize(key[both].astype("int64") * len(others) + more[both])
        told = [f"{words[pair // len(others)]}{BETWEEN}{others[pair % len(others)]}" for pair in pairs]
        words, same = np.unique(np.array(told, dtype=object), return_inverse=True)
        key = np.full(len(table), -1)
        key[both] = same[place]
    return table.assign(**{item: pd.Categorical.from_codes(key, pd.Index(words, dtype=object))}), []


def _mapping(read: Any) -> Mapping:
    if not isinstance(read, dict):
        raise ValueError(f"recipe: mapping: got {read!r}, expected an object")
    roles: dict[str, Any] = {}
    for role in fields(Mapping):
        column = read.get(role.name)
        if role.name == "known":
            roles["known"] = tuple(column or ())
            fits = isinstance(column, (list, tuple, type(None))) and all(isinstance(name, str) for name in roles["known"])
        elif role.name == "week_ends":
            roles["week_ends"], fits = bool(column), column in (None, True, False)
        else:
            roles[role.name] = column
            fits = column is None or isinstance(column, str)
        if not fits:
            raise ValueError(f"recipe: mapping: {role.name}: got {column!r}, expected the name of a column")
    return Mapping(**roles)


def _shape(read: Any) -> Shape | None:
    if read is None:
        return None
    if not isinstance(read, dict):
        raise ValueError(f"recipe: shape: got {read!r}, expected an object")
    parts = {part.name: read[part.name] for part in fields(Shape) if part.name in read}
    try:
        return Shape(**{**parts, "beside": tuple(parts.get("beside", ())), "dates": tuple((a, b) for a, b in parts.get("dates", ()))})
    except (TypeError, ValueError) as error:
        raise ValueError(f"recipe: shape: {error}") from None


def _is_pairs(part: Any) -> bool:
    return isinstance(part, list | tuple) and all(len(pair) == 2 and all(isinstance(name, str) for name in pair) for pair in part)


def _is_texts(part: Any) -> bool:
    return isinstance(part, dict) and all(isinstance(text, str) for pair in part.items() for text in pair)

"""Flagged: what the flags of `sales.commandline` decide about tables, as the recipe that the Sales page would make of the same choices."""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sales.alike import alike_codes, best_sellers
from sales.databases import read_named
from sales.intake import Intake
from sales.joining import Side, join, propose_join
from sales.mapping import ROLES, Mapping, ends_weeks, propose
from sales.problems import InputProblems, Problem, Severity, usable
from sales.reading import Asked, Reading, in_files, read_files, read_table
from sales.recipe import Recipe, long_tables
from sales.shapes import Layout, Shape, detect_shape, free_name

_OWN_NAMES = {"item": "item", "date": "ds", "units": "y"}
_UNITS = "units"
_ASKED = tuple(part.name for part in fields(Asked))
_WHOLE = {"freq": "frequency", "gaps": "gaps", "season": "season", "day_first": "day_first", "decimal": "decimal"}
DECISIONS = (*_ASKED, "recipe", "join", "shape", "beside", "first_date", "apart", "one_a_row", "repair", "merge", "merge_alike")


@dataclass(frozen=True, eq=False)
class Raw:
    """A table as it was read and joined, how it was joined (as a part of a recipe), how the rows were read, and what was wrong."""

    table: pd.DataFrame
    joined: dict[str, Any] | None = None
    how: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def written_recipe(args: argparse.Namespace) -> Recipe | None:
    """The recipe in the file of --recipe; None where that is not given. Raises InputProblems where it cannot be read."""
    if args.recipe is None:
        return None
    try:
        recipe = Recipe.from_json(json.loads(args.recipe.read_text("utf-8")))
        _check_reading(recipe)
    except OSError as error:
        raise InputProblems([Problem("recipe_unreadable", got=error.strerror or str(error), file=str(args.recipe))]) from None
    except ValueError as error:
        raise InputProblems([Problem("recipe_unreadable", got=str(error), file=str(args.recipe))]) from None
    return replace(recipe, roles=())


def _check_reading(recipe: Recipe) -> None:
    try:
        Asked(**{name: value for name, value in recipe.reading.items() if name in _ASKED})
    except TypeError:
        raise ValueError(f"recipe: reading: got {recipe.reading}, expected rows as whole numbers and all else as texts") from None


def files_of(args: argparse.Namespace) -> list[Path]:
    """The sales files of the flags."""
    return list(args.sales) if isinstance(args.sales, list) else [args.sales]


def read_flagged(
    args: argparse.Namespace,
    base: Recipe | None,
    joining: Callable[[], None] = lambda: None,
    files: Sequence[Path] | None = None,
    asked: Asked | None = None,
) -> Raw:
    """The table that the files hold, or that the query gives, with the second one joined to it.

    joining: called before that. files, and asked of the reader: None: what the flags say. Raises InputProblems where there is no table.
    """
    if args.join is None:
        _check_unjoined(args, base)
    if getattr(args, "source", None) is not None:
        reading = read_named(args.source, args.query)
    else:
        files = files or files_of(args)
        reading = read_files([(path.name, path) for path in files], asked or Asked(**reading_of(args, base)))
        if len(files) == 1:
            reading = replace(reading, problems=_of_file(reading.problems, files[0].name))
    reading = replace(reading, problems=in_files(reading.problems, reading.how))
    if reading.table is None:
        raise InputProblems(reading.problems)
    if args.join is None:
        return Raw(reading.table, None, reading.how, reading.problems)
    joining()
    return _joined(args, base, reading.table, reading)


def _of_file(problems: Sequence[Problem], name: str) -> tuple[Problem, ...]:
    return tuple(replace(found, file=found.file or name) for found in problems)


def _check_unjoined(args: argparse.Namespace, base: Recipe | None) -> None:
    """Raises InputProblems where something is said of joining, and no table to join is given."""
    if args.on or args.join_lines:
        raise InputProblems([Problem("nothing_to_join")])
    if base is not None and base.join is not None:
        raise InputProblems([Problem("join_not_given", got=str(base.join.get("name", "")))])


def reading_of(args: argparse.Namespace, base: Recipe | None) -> dict[str, Any]:
    """What is asked of the reader: flags, else `base`."""
    before = {} if base is None else {name: value for name, value in base.reading.items() if name in _ASKED}
    return {**before, **{name: value for name in _ASKED if (value := getattr(args, name, None)) is not None}}


def decided(args: argparse.Namespace, base: Recipe | None, raw: Raw) -> Recipe:
    """The recipe for the table `raw`: each flag, else what `base` says; without `base`, what the table itself suggests."""
    recipe = replace(base or Recipe(), reading=reading_of(args, base), join=raw.joined, shape=_shape(args, base, raw.table))
    recipe = with_decisions(args, recipe)
    long = long_tables(replace(recipe, mapping=Mapping(), apart=()), raw.table)[0][0]
    one_a_row = recipe.one_a_row if args.one_a_row is None else True
    mapping = _mapping(args, base, long)
    if args.one_a_row:
        mapping = replace(mapping, units=free_name(_UNITS, [str(name) for name in long.columns]))
    return replace(recipe, mapping=mapping, apart=recipe.apart if args.apart is None else args.apart, one_a_row=one_a_row)


def with_decisions(args: argparse.Namespace, recipe: Recipe, base: Recipe | None = None) -> Recipe:
    """`recipe` with what flags decide about all sales: periods, gaps, the order of day and month, repairs and merges. base: another recipe
    whose decisions of this kind come before those of `recipe`."""
    if base is not None:
        recipe = replace(recipe, **{part: getattr(base, part) for part in (*_WHOLE.values(), "actions", "merges")})
    whole: dict[str, Any] = {part: value for flag, part in _WHOLE.items() if (value := getattr(args, flag)) is not None}
    merges = {**recipe.merges, **(args.merge or {})}
    return replace(recipe, **whole, actions={**recipe.actions, **dict(args.repair or ())}, merges=merges)


def decisions_against(args: argparse.Namespace, recipe: Recipe) -> list[Problem]:
    """A problem for each flag that decides about all sales otherwise than `recipe` does."""
    given = {flag: getattr(args, flag) for flag in ("freq", "gaps", "season", "decimal")}
    flags = [f"--{flag} {value}" for flag, value in given.items() if value not in (None, getattr(recipe, _WHOLE[flag]))]
    if recipe.day_first is not None and args.day_first not in (None, recipe.day_first):
        flags.append("--day-first" if args.day_first else "--month-first")
    flags += [f"--repair {code}={action}" for code, action in args.repair or () if recipe.actions.get(code) != action]
    flags += [f"--merge {old}={new}" for old, new in (args.merge or {}).items() if recipe.merges.get(old) != new]
    flags += ["--merge-alike"] * bool(args.merge_alike)
    return [Problem("append_flag_ignored", Severity.WARNING, got=flag) for flag in flags]


def with_alike(args: argparse.Namespace, recipe: Recipe, read: Intake, make: Callable[[Recipe], Intake]) -> tuple[Recipe, Intake]:
    """`recipe` and `read`, what `make` made of it; with --merge-alike those in which codes that differ only by case, blanks or leading
    zeros count under the one that sells most."""
    if not args.merge_alike or read.panel is None:
        return recipe, read
    items, groups = read.panel.items.tolist(), alike_codes(read.panel.items.tolist())
    ends = best_sellers(groups, items, np.nansum(read.panel.y, axis=1, dtype=float).tolist())
    merges = {item: end for group, end in zip(groups, ends, strict=True) for item in group.items if item != end}
    recipe = replace(recipe, merges={**recipe.merges, **merges})
    return recipe, make(recipe) if merges else read


def roles_asked(args: argparse.Namespace) -> bool:
    """Whether any flag says which column is what."""
    return any(getattr(args, role) is not None for role in ROLES)


def _joined(args: argparse.Namespace, base: Recipe | None, sales: pd.DataFrame, reading: Reading) -> Raw:
    second = read_table(args.join, args.join.name)
    if second.table is None:
        raise InputProblems(_of_file(second.problems, args.join.name))
    before = base.join if base is not None and base.join is not None else {}
    on = [(left, right) for left, right in args.on or before.get("on") or propose_join(sales, second.table)]
    lines: Side = "right" if args.join_lines else before.get("lines", "left")
    table, problems = join(sales, second.table, on, lines)
    told = (*reading.problems, *_of_file(second.problems, args.join.name), *problems)
    if not usable(problems):
        raise InputProblems(told)
    how = {"on": [list(pair) for pair in on], "name": args.join.name} | ({"lines": "right"} if lines == "right" else {})
    return Raw(table, how, {} if lines == "right" else reading.how, told)


def _shape(args: argparse.Namespace, base: Recipe | None, table: pd.DataFrame) -> Shape | None:
    """How the table holds sales, None where it is long; a table with a column of units is."""
    if base is not None:
        found = base.shape or Shape()
    elif args.shape is None and args.units is not None and args.units in map(str, table.columns):
        found = Shape()
    else:
        found = detect_shape(table)
    wanted: Layout = "items_across" if args.first_date is not None else "dates_across" if args.beside is not None else "long"
    layout: Layout = args.shape or (found.layout if found.layout != "long" else wanted)
    if layout == "long":
        return None
    found = found if layout == found.layout else Shape(layout)
    beside = found.beside if args.beside is None else args.beside
    if layout == "dates_across":
        return Shape(layout, beside, found.dates)
    date = found.date if args.date is None else args.date or None
    if args.first_date is not None:
        return Shape(layout, beside, first_date=args.first_date, step=args.freq or "D")
    if date is not None and date not in beside:
        return Shape(layout, beside, date=date)
    return Shape(layout, beside, first_date=found.first_date, step=found.step)


def _mapping(args: argparse.Namespace, base: Recipe | None, long: pd.DataFrame) -> Mapping:
    """A flag's column ("": none), else that of `base`; without it item, ds and y where the table has them, else what it suggests."""
    flags: dict[str, Any] = {role: value or None for role in ROLES if (value := getattr(args, role)) is not None}
    known = args.known if args.known is not None else base.mapping.known if base is not None else ()
    if base is not None:
        week_ends = base.mapping.week_ends if args.week_ends is None else args.week_ends
        return replace(base.mapping, **flags, known=known, week_ends=week_ends)
    free = {role: name for role, name in _OWN_NAMES.items() if role not in flags and name not in flags.values()}
    own: dict[str, Any] = {role: name for role, name in free.items() if name in long.columns}
    taken = {*flags.values(), *own.values(), *known}
    proposed = propose(long.drop(columns=[name for name in long.columns if name in taken]))
    mapping = replace(proposed, **{**own, **flags}, known=known)
    return replace(mapping, week_ends=ends_weeks(mapping.date) if args.week_ends is None else args.week_ends)

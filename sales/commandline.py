"""The flags that every command reads a sales file by, and what comes of them."""

import argparse
import csv
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from sales import storage
from sales.intake import Intake, intake
from sales.lines import ends_of
from sales.mapping import Mapping, propose
from sales.panel import SalesPanel
from sales.problems import Problem, Severity
from sales.reading import Reading, read_table
from sales.recipe import Recipe, apply

_OWN_NAMES = {"item": "item", "date": "ds", "units": "y"}
_ROLES = tuple(role.name for role in fields(Mapping) if role.name != "known")


def add_sales_arguments(
    parser: argparse.ArgumentParser, positional: bool = True, words: Callable[[str], str] = lambda _: "", count: str | None = None
) -> None:
    """Adds SALES (or --sales where not `positional`) and the flags that say how to read it.

    words: turns a key into the help of a flag. count: how many files, as argparse says it; None: one.
    """

    def add(*names: str, **settings: object) -> None:
        parser.add_argument(*names, help=words(f"flag.{names[0].lstrip('-').replace('-', '_')}") or None, **settings)  # type: ignore[arg-type]

    if positional:
        add("sales", type=Path, metavar="SALES", nargs=count)
    else:
        add("--sales", type=Path, required=True, metavar="SALES")
    for role in _ROLES:
        add(f"--{role.replace('_', '-')}", metavar="COLUMN")
    add("--known", type=_columns, default=(), metavar="COLUMNS")
    add("--freq", choices=("D", "W", "M"))
    add("--season", type=_season, metavar="N")
    add("--gaps", choices=("zero", "unknown"), default="zero")
    add("--day-first", action="store_true", default=None, dest="day_first")
    add("--month-first", action="store_false", default=None, dest="day_first")
    add("--repair", type=_pair, action="append", default=[], metavar="CODE=ACTION")
    add("--merge", type=_pair, action=_Merges, default={}, metavar="OLD=NEW")


def read_sales(args: argparse.Namespace) -> Intake:
    """The sales that the flags of `add_sales_arguments` name. Never raises on what is in the file."""
    return read_mapped(args)[1]


def read_mapped(args: argparse.Namespace) -> tuple[Mapping, Intake]:
    """The same, with the mapping that was used: a flag's column, else item, ds and y where the file has them, else what it suggests.

    A panel as a dataset keeps it is read as it was saved, without a mapping.
    """
    if storage.is_panel(args.sales):
        return Mapping(), _saved(args)
    return mapped(args, read_table(args.sales, args.sales.name))


def mapped(args: argparse.Namespace, reading: Reading) -> tuple[Mapping, Intake]:
    """What becomes of `reading` under the flags, and the mapping that was used."""
    if reading.table is None:
        return Mapping(), Intake(None, reading.problems, args.freq, None, 0, 0)
    mapping = mapping_for(args, reading.table)
    read = apply(recipe_for(args, mapping), reading.table)
    return mapping, replace(read, problems=(*reading.problems, *read.problems))


def roles_asked(args: argparse.Namespace) -> bool:
    """Whether any flag says which column is what."""
    return any(getattr(args, role) is not None for role in _ROLES)


def recipe_for(args: argparse.Namespace, mapping: Mapping) -> Recipe:
    """What the flags of `add_sales_arguments` decide."""
    return Recipe(mapping, args.freq, args.gaps, args.season, args.day_first, dict(args.repair), args.merge)


def _saved(args: argparse.Namespace) -> Intake:
    panel, problems = storage.opened_panel(args.sales)
    if panel is None:
        return Intake(None, problems, args.freq, None, 0, 0)
    if args.freq not in (None, panel.calendar.frequency):
        mapping = storage.frame_mapping(tuple(panel.covariates), bool(panel.out_of_stock.any()), tuple(panel.attributes.columns))
        return intake(panel.to_frame(), mapping, args.freq, "unknown", args.season, actions=None)
    panel = replace(panel, season=panel.season if args.season is None else args.season)
    return Intake(panel, _unread(args, panel), panel.calendar.frequency, "period_totals", len(panel), len(panel))


def _unread(args: argparse.Namespace, panel: SalesPanel) -> tuple[Problem, ...]:
    """What flags ask of a saved panel that it does not hold under that name."""
    own = {"item": "item", "date": "ds", "units": "y", "out_of_stock": "out_of_stock", **{name: name for name in panel.attributes.columns}}
    asked = {role: getattr(args, role) for role in _ROLES}
    other = [f"{role} {column}" for role, column in asked.items() if column not in (None, own.get(role))]
    other += [f"known {name}" for name in args.known if name not in panel.covariates]
    return tuple(Problem("panel_flag_ignored", Severity.WARNING, got=flag) for flag in other)


def report(problems: Iterable[Problem], stream: TextIO, words: Callable[[Problem], str]) -> None:
    """Writes each problem as a line of `stream`."""
    for problem in problems:
        print(words(problem), file=stream)


def mapping_for(args: argparse.Namespace, table: pd.DataFrame) -> Mapping:
    """The mapping of `table`: a flag's column, else item, ds and y where it has them, else what it suggests."""
    flags = {role: value for role in _ROLES if (value := getattr(args, role)) is not None}
    own = {role: name for role, name in _OWN_NAMES.items() if role not in flags and name in table.columns and name not in flags.values()}
    taken = {*flags.values(), *own.values(), *args.known}
    proposed = propose(table.drop(columns=[name for name in table.columns if name in taken]))
    return replace(proposed, **{**own, **flags}, known=args.known)


def _columns(typed: str) -> tuple[str, ...]:
    """Names as one line of a CSV file: a name that holds a comma stands in double quotes."""
    try:
        names = [name.strip() for row in csv.reader([typed], skipinitialspace=True) for name in row]
    except csv.Error as error:
        raise ValueError(f"known: got {typed!r}, expected names separated by commas") from error
    return tuple(name for name in names if name)


class _Merges(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, args: argparse.Namespace, pair: Any, flag: str | None = None) -> None:
        merges = {**args.merge, pair[0]: pair[1]}
        try:
            ends_of(merges)
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from None
        args.merge = merges


def _pair(typed: str) -> tuple[str, str]:
    """`left=right`, split at the first sign: only the right side may hold another."""
    left, sign, right = typed.partition("=")
    if not (sign and left and right):
        raise ValueError(f"got {typed!r}, expected two names with = between them")
    return left, right


def _season(typed: str) -> int:
    season = int(typed)
    if season < 1:
        raise ValueError(f"season: got {season}, expected 1 (none) or more periods")
    return season

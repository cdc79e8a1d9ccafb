"""The flags that every command reads a sales file by, and what comes of them. What they decide is a recipe (`sales.flagged`)."""

import argparse
import csv
import datetime
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO, get_args

from sales import storage
from sales.diagnosis import LOOKS
from sales.flagged import DECISIONS, decided, files_of, read_flagged, with_alike, written_recipe
from sales.intake import Intake, intake
from sales.lines import ends_of
from sales.mapping import ROLES, Mapping
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem, Severity
from sales.reading import in_files
from sales.recipe import apply
from sales.repairs import REPAIRS
from sales.shapes import Layout

_YES: dict[str, Any] = {"action": "store_true", "default": None}

def add_sales_arguments(
    parser: argparse.ArgumentParser, positional: bool = True, words: Callable[[str], str] = lambda _: "", count: str | None = None
) -> None:
    """Adds SALES (or --sales where not `positional`) and the flags that say how to read it.

    words: turns a key into the help of a flag. count: how many files, as argparse says it; None: one. A flag that is not given is None.
    """
    add = _adder(parser, words)
    if positional:
        add("sales", type=Path, metavar="SALES", nargs=count)
    else:
        add("--sales", type=Path, required=True, metavar="SALES")
    add = _adder(parser.add_argument_group(words("flags.reading") or None), words)
    add("--sheet", metavar="NAME")
    add("--header-row", type=_at_least(1), metavar="N")
    add("--header-rows", type=_at_least(0, 20), metavar="N")
    add("--encoding", metavar="NAME")
    add("--separator", type=_character, metavar="SIGN")
    add("--outline", action=argparse.BooleanOptionalAction)
    add("--join", type=Path, metavar="FILE")
    add("--on", type=_pair, action="append", metavar="COLUMN=COLUMN")
    add("--join-lines", **_YES)
    add("--shape", choices=get_args(Layout))
    add("--beside", type=_columns, metavar="COLUMNS")
    add("--first-date", type=_day, metavar="DAY")
    add = _adder(parser.add_argument_group(words("flags.columns") or None), words)
    for role in ROLES:
        add(f"--{role.replace('_', '-')}", metavar="COLUMN")
    add("--known", type=_columns, metavar="COLUMNS")
    add("--apart", type=_columns, metavar="COLUMNS")
    add("--one-a-row", **_YES)
    add("--week-ends", action=argparse.BooleanOptionalAction)
    add_decisions(parser, words)


def add_decisions(parser: argparse.ArgumentParser, words: Callable[[str], str] = lambda _: "") -> None:
    """Adds the flags that decide about all sales, however their files are read."""
    add = _adder(parser.add_argument_group(words("flags.decisions") or None), words)
    add("--recipe", type=Path, metavar="FILE")
    add("--freq", choices=("D", "W", "M"))
    add("--season", type=_at_least(1), metavar="N")
    add("--gaps", choices=("zero", "unknown"))
    add("--day-first", action="store_true", default=None, dest="day_first")
    add("--month-first", action="store_false", default=None, dest="day_first")
    add("--decimal", type=_mark, metavar="{point,comma}")
    add("--repair", type=_repair, action="append", metavar="CODE=ACTION")
    add("--merge", type=_pair, action=_Merges, metavar="OLD=NEW")
    add("--merge-alike", **_YES)


def _mark(typed: str) -> str:
    marks = {"point": ".", "comma": ","}
    if typed not in marks:
        raise argparse.ArgumentTypeError(f"decimal: got {typed!r}, expected point or comma")
    return marks[typed]


def _adder(into: Any, words: Callable[[str], str]) -> Callable[..., None]:
    def add(*names: str, **settings: object) -> None:
        into.add_argument(*names, help=words(f"flag.{names[0].lstrip('-').replace('-', '_')}") or None, **settings)

    return add


def read_sales(args: argparse.Namespace) -> Intake:
    """The sales that the flags of `add_sales_arguments` name. Never raises on what is in a file."""
    return read_mapped(args)[1]


def read_mapped(args: argparse.Namespace) -> tuple[Mapping, Intake]:
    """The same, with the mapping that was used: a flag's column, else item, ds and y where the file has them, else what it suggests.

    A panel as a dataset keeps it is read as it was saved, without a mapping.
    """
    files = files_of(args)
    if len(files) == 1 and storage.is_panel(files[0]):
        return Mapping(), _saved(files[0], args)
    try:
        base = written_recipe(args)
        raw = read_flagged(args, base)
    except InputProblems as found:
        return Mapping(), Intake(None, found.problems, args.freq, None, 0, 0)
    make, recipe = partial(apply, tables=raw.table), decided(args, base, raw)
    recipe, read = with_alike(args, recipe, make(recipe), make)
    return recipe.mapping, replace(read, problems=(*raw.problems, *in_files(read.problems, raw.how)))


def _saved(file: Path, args: argparse.Namespace) -> Intake:
    panel, problems = storage.opened_panel(file)
    if panel is None:
        return Intake(None, problems, args.freq, None, 0, 0)
    if args.freq not in (None, panel.calendar.frequency):
        mapping = storage.frame_mapping(tuple(panel.covariates), bool(panel.out_of_stock.any()), tuple(panel.attributes.columns))
        return intake(panel.to_frame(), mapping, args.freq, "unknown", args.season, actions=None)
    panel = replace(panel, season=panel.season if args.season is None else args.season)
    return Intake(panel, _unread(args, panel), panel.calendar.frequency, "period_totals", len(panel), len(panel))


def _unread(args: argparse.Namespace, panel: SalesPanel) -> tuple[Problem, ...]:
    """What flags ask of a saved panel that it does not hold under that name, or that is decided already."""
    own = {"item": "item", "date": "ds", "units": "y", "out_of_stock": "out_of_stock", **{name: name for name in panel.attributes.columns}}
    asked = {role: getattr(args, role) for role in ROLES}
    other = [f"{role} {column}" for role, column in asked.items() if column not in (None, own.get(role))]
    other += [f"known {name}" for name in args.known or () if name not in panel.covariates]
    other += [name for name in DECISIONS if getattr(args, name) is not None]
    return tuple(Problem("panel_flag_ignored", Severity.WARNING, got=flag) for flag in other)


def report(problems: Iterable[Problem], stream: TextIO, words: Callable[[Problem], str]) -> None:
    """Writes each problem as a line of `stream`."""
    for problem in problems:
        print(words(problem), file=stream)


def _columns(typed: str) -> tuple[str, ...]:
    """Names as one line of a CSV file: a name that holds a comma stands in double quotes."""
    try:
        names = [name.strip() for row in csv.reader([typed], skipinitialspace=True) for name in row]
    except csv.Error as error:
        raise ValueError(f"columns: got {typed!r}, expected names separated by commas") from error
    return tuple(name for name in names if name)


class _Merges(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, args: argparse.Namespace, pair: Any, flag: str | None = None) -> None:
        merges = {**(args.merge or {}), pair[0]: pair[1]}
        try:
            ends_of(merges)
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from None
        args.merge = merges


def _pair(typed: str) -> tuple[str, str]:
    """`left=right`, split at the first sign: only the right side may hold another."""
    left, sign, right = typed.partition("=")
    if not (sign and left and right):
        raise argparse.ArgumentTypeError(f"got {typed!r}, expected two names with = between them")
    return left, right


def _repair(typed: str) -> tuple[str, str]:
    code, action = _pair(typed)
    if code not in (codes := sorted({*REPAIRS, *LOOKS})):
        raise argparse.ArgumentTypeError(f"got {code!r}, expected one of {', '.join(codes)}")
    return code, action


def _at_least(least: int, most: int | None = None) -> Callable[[str], int]:
    def number(typed: str) -> int:
        if not typed.isascii() or not typed.isdigit() or int(typed) < least or (most is not None and int(typed) > most):
            raise argparse.ArgumentTypeError(f"got {typed!r}, expected " + (f"{least} or more" if most is None else f"{least} to {most}"))
        return int(typed)

    return number


def _character(typed: str) -> str:
    sign = {"tab": "\t", "\\t": "\t"}.get(typed, typed)
    if len(sign) != 1:
        raise argparse.ArgumentTypeError(f"got {typed!r}, expected one character, or tab")
    return sign


def _day(typed: str) -> str:
    try:
        return datetime.date.fromisoformat(typed).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {typed!r}, expected a day like 2024-01-31") from None

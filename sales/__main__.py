"""`python -m sales check FILE`, `python -m sales import FILE… --dataset NAME` (or `--append DATASET`, `--replace DATASET`; `--source NAME
--query SQL` in the place of files), `python -m sales recipe DATASET`, `python -m sales rebuild DATASET` and `python -m sales sample
shop|groceries --out FOLDER`."""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from sales import datasets, parts, samples, tomorrow
from sales.appending import Difference
from sales.bar import Bar
from sales.commandline import add_decisions, add_sales_arguments, read_mapped, report
from sales.customers import without_names
from sales.flagged import Raw, decided, decisions_against, read_flagged, reading_of, roles_asked, with_alike, with_decisions, written_recipe
from sales.intake import Intake
from sales.mapping import Mapping
from sales.memory import keep_freed
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from sales.reading import Asked, Reading, in_files
from sales.recipe import Recipe, apply
from ui.texts import text, typed_problem
from workspace.datasets import Dataset
from workspace.salt import salt

_EITHER = ((True, False, False), (False, True, True))  # files, source, query
SAMPLES = {"shop": samples.made_up_shop, "groceries": samples.groceries}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 it was done; 2 the input cannot be used, and nothing was changed."""
    parser = _parser()
    args = parser.parse_args(arguments)
    if "source" in args and (bool(args.sales), args.source is not None, args.query is not None) not in _EITHER:
        parser.error(text("check.either"))
    try:
        return args.command(args)
    except InputProblems as found:
        report(found.problems, sys.stderr, typed_problem)
        if isinstance(found, _Unusable):
            print(text("check.unusable"), file=sys.stderr)
    except OSError as error:
        told = Problem("workspace_unwritable", got=error.filename or "", params={"reason": error.strerror or str(error)})
        report([told], sys.stderr, typed_problem)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sales", description=text("check.description"))
    verbs = parser.add_subparsers(required=True, metavar="check|import|recipe|rebuild|sample")

    def verb(name: str, command: Any, usage: str | None = None) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, usage=usage, help=text(f"check.{name}"), description=text(f"check.{name}"))
        made.set_defaults(command=command)
        return made

    check, save = verb("check", _check, text("check.usage.check")), verb("import", _import, text("check.usage.import"))
    for one in (check, save):
        one.add_argument("--source", metavar="NAME", help=text("check.source"))
        one.add_argument("--query", metavar="SQL", help=text("check.query"))
        add_sales_arguments(one, words=text, count="*")
    place = save.add_mutually_exclusive_group(required=True)
    for flag, name in (("dataset", "NAME"), ("append", "DATASET"), ("replace", "DATASET")):
        place.add_argument(f"--{flag}", metavar=name, type=_title, help=text(f"check.import.{flag}"))
    save.add_argument("--sure", action="store_true", help=text("check.import.sure"))
    verb("recipe", _recipe).add_argument("dataset", metavar="DATASET", help=text("check.recipe.dataset"))
    rebuild = verb("rebuild", _rebuild, text("check.usage.rebuild"))
    rebuild.add_argument("dataset", metavar="DATASET", help=text("check.recipe.dataset"))
    add_decisions(rebuild, words=text)
    sample = verb("sample", _sample)
    sample.add_argument("name", choices=SAMPLES)
    sample.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=text("check.sample.out"))
    return parser


def _title(typed: str) -> str:
    if not typed.strip():
        raise argparse.ArgumentTypeError(text("check.no_name"))
    return typed.strip()


def _check(args: argparse.Namespace) -> int:
    with Bar() as bar:
        bar.show(0, 1, text("check.reading", files=_source(args)))
        mapping, read = read_mapped(args)
    _print_facts(mapping, read)
    report(read.problems, sys.stdout, typed_problem)
    print(text("check.usable" if read.panel is not None else "check.unusable"))
    return 0 if read.panel is not None else 2


def _import(args: argparse.Namespace) -> int:
    """The road of an upload, for files too large for a browser."""
    base = written_recipe(args)
    if args.append is not None:
        return _append(args, base, datasets.named(args.append))
    data = datasets.named(args.replace) if args.replace is not None else None
    with Bar() as bar, ExitStack() as ahead:
        if parts.too_many(args.sales):
            recipe, read = _in_parts(args, base, sum(parts.rows_of(args.sales) or ()), bar)
            kept: dict[str, Any] = {"raw": ()}
            facts = {"source": _source(args), datasets.FILE: recipe.to_json()}
        else:
            raw = _raw(args, base, bar)
            bar.show(2, 4, text("check.import.checking"))
            recipe = decided(args, base, raw)
            written = ahead.enter_context(datasets.kept(partial(_without_customers, raw.table, recipe.mapping)))
            recipe, read = _made(args, recipe, raw.table)
            read = replace(read, problems=(*raw.problems, *in_files(read.problems, raw.how)))
            kept = {"raw": [written], "recipe": recipe.to_json()}
            facts = {"source": _source(args)}
        panel = _panel_or_stop(read)
        bar.show(3, 4, text("check.import.saving"))
        save = partial(datasets.save_sales, args.dataset) if data is None else partial(datasets.update_sales, data)
        saved = save(panel, facts, **kept)
    _print_facts(recipe.mapping, read)
    report(read.problems, sys.stdout, typed_problem)
    print(text("check.import.saved" if data is None else "check.replace.saved", items=len(panel), name=saved.name))
    return 0


def _made(args: argparse.Namespace, recipe: Recipe, tables: pd.DataFrame | Sequence[pd.DataFrame]) -> tuple[Recipe, Intake]:
    make = partial(apply, tables=tables)
    return with_alike(args, recipe, make(recipe), make)


def _in_parts(args: argparse.Namespace, base: Recipe | None, rows: int, bar: Bar) -> tuple[Recipe, Intake]:
    """The same of files that cannot all be held at once; they are not kept with the dataset."""
    joined: dict[str, Any] = {}

    def read(name: str, path: Path, asked: Asked) -> Reading:
        try:
            raw = read_flagged(args, base, files=[path], asked=asked)
        except InputProblems as found:
            return Reading(None, found.problems)
        joined.update(raw.joined or {})
        return Reading(raw.table, raw.problems, raw.how)

    def make(recipe: Recipe | None) -> tuple[Recipe, Intake]:
        def recipe_for(table: pd.DataFrame) -> Recipe:
            return recipe or decided(args, base, Raw(table, joined or None))

        return parts.intake_in_parts([(path.name, path) for path in args.sales], recipe_for, passed, read, Asked(**reading_of(args, base)))

    def passed(done: int) -> None:
        bar.show(done, rows, text("check.import.rows", done=done, rows=rows))

    passed(0)
    recipe, whole = make(None)
    return with_alike(args, recipe, whole, lambda recipe: make(recipe)[1])


def _append(args: argparse.Namespace, base: Recipe | None, data: Dataset) -> int:
    """Puts what was read on top of a dataset, and says what that changes; the same once more changes nothing."""
    with Bar() as bar:
        raw, its = _read_for(args, base, data, bar)
        bar.show(2, 4, text("check.import.checking"))
        made = tomorrow.put_on_top(data, _without_customers(raw.table, its.mapping), its, sure=args.sure)
        problems = [*raw.problems, *in_files(made.problems, raw.how), *_ignored(args, data)]
        if made.panel is None or made.difference is None:
            raise _Unusable(problems)
        if not made.difference.same:
            bar.show(3, 4, text("check.import.saving"))
            datasets.check_unchanged(data)
            data = tomorrow.save(data, made, _source(args))
    report(problems, sys.stdout, typed_problem)
    _print_difference(made.difference)
    print(text("check.append.same" if made.difference.same else "check.append.saved", name=data.name))
    return 0


def _read_for(args: argparse.Namespace, base: Recipe | None, data: Dataset, bar: Bar) -> tuple[Raw, Recipe]:
    """What is put on top of `data`, and how it is read: as the newest file was where its columns are there, unless flags name others."""
    kept = base or datasets.file_recipe_of(data)
    if base is None and kept is not None and args.join is None:
        kept = replace(kept, join=None)
    raw = _raw(args, kept, bar)
    its = decided(args, kept, raw)
    if base is None and (roles_asked(args) or not tomorrow.fits(its, raw.table)):
        its = replace(decided(args, None, raw), reading=its.reading)
    return raw, its


def _ignored(args: argparse.Namespace, data: Dataset) -> list[Problem]:
    """Flags that decide otherwise than a dataset does about all its sales; one that keeps no files decides about its periods alone."""
    recipe = datasets.recipe_of(data)
    own = with_decisions(args, Recipe()) if recipe is None or not datasets.raw_names(data) else Recipe.from_json(recipe)
    return decisions_against(args, replace(own, frequency=data.facts["frequency"]))


def _recipe(args: argparse.Namespace) -> int:
    recipe = datasets.file_recipe_of(datasets.named(args.dataset))
    if recipe is None:
        raise InputProblems([Problem("dataset_without_files", got=args.dataset)])
    print(json.dumps(recipe.to_json(), ensure_ascii=False, indent=2))
    return 0


def _rebuild(args: argparse.Namespace) -> int:
    """What the Sales page does where the repairs of saved sales are changed."""
    data, base = datasets.named(args.dataset), written_recipe(args)
    kept = datasets.recipe_of(data)
    if kept is None or not datasets.raw_names(data):
        raise InputProblems([Problem("dataset_without_files", got=args.dataset)])
    with Bar() as bar:
        bar.show(0, 3, text("check.rebuild.reading"))
        tables, before = datasets.raw_of(data), Recipe.from_json(kept)
        bar.show(1, 3, text("check.import.checking"))
        recipe, read = _made(args, with_decisions(args, before, base), tables)
        panel = _panel_or_stop(read)
        if recipe != before:
            bar.show(2, 3, text("check.import.saving"))
            datasets.check_unchanged(data)
            data = datasets.update_sales(data, panel, {"source": data.facts.get("source")}, recipe=recipe.to_json())
    _print_facts(recipe.mapping, read)
    report(read.problems, sys.stdout, typed_problem)
    print(text("check.append.same" if recipe == before else "check.replace.saved", items=len(panel), name=data.name))
    return 0


class _Unusable(InputProblems):
    """What was read cannot become sales."""


def _raw(args: argparse.Namespace, base: Recipe | None, bar: Bar) -> Raw:
    bar.show(0, 4, text("check.import.reading", files=_source(args)))
    return read_flagged(args, base, lambda: bar.show(1, 4, text("check.import.joining", files=args.join)))


def _source(args: argparse.Namespace) -> str:
    return args.source or ", ".join(path.name for path in args.sales)


def _panel_or_stop(read: Intake) -> SalesPanel:
    if read.panel is None:
        raise _Unusable(read.problems)
    return read.panel


def _print_difference(found: Difference) -> None:
    print(text("check.append.periods", only_old=found.only_old, both=found.both, only_new=found.only_new))
    print(text("check.append.units", changed=found.changed, before=found.units_before, after=found.units_after))
    for change in found.changes.itertuples():
        print(text("check.append.change", item=change.item, ds=change.ds, before=change.before, after=change.after))
    print(text("check.append.items", new=len(found.items_new), missed=len(found.items_missed)))


def _without_customers(table: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    customer = mapping.customer
    return table if customer is None or customer not in table else without_names(table, customer, salt())


def _print_facts(mapping: Mapping, read: Intake) -> None:
    for role in fields(mapping):
        column = getattr(mapping, role.name)
        if column:
            print(text("check.role", role=role.name, column=column if isinstance(column, str) else ", ".join(column)))
    if read.kind is not None:
        print(text("check.kind", kind=text(f"check.kind.{read.kind}"), period=text(f"check.period.{read.frequency}")))
    panel = read.panel
    if panel is not None:
        first, last = panel.periods[0], panel.last
        periods = text("check.periods", count=len(panel.periods), first=first, last=last)
        print(text("check.ahead", periods=periods, ahead=panel.ahead) if panel.ahead else periods)
        print(text("check.panel", items=len(panel), units=panel.units, used=read.rows_used, rows=read.rows_read))


def _sample(args: argparse.Namespace) -> int:
    sample = SAMPLES[args.name]()
    tables: dict[str, pd.DataFrame | None] = {"sales": sample.sales, "stock": sample.stock, "truth": sample.truth}
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            if table is not None:
                table.to_csv(args.out / f"{name}.csv", index=False)
                print(text("check.sample.saved", rows=len(table), path=args.out / f"{name}.csv"))
    except OSError as error:
        raise InputProblems([Problem("folder_unwritable", got=str(args.out), params={"reason": error.strerror or str(error)})]) from None
    return 0


if __name__ == "__main__":
    keep_freed()
    sys.exit(main())

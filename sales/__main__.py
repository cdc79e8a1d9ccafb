"""`python -m sales check FILE`, `python -m sales import FILE… --dataset NAME` (or `--append DATASET`; `--source NAME --query SQL` in the
place of files) and `python -m sales sample shop|groceries --out FOLDER`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from sales import datasets, parts, samples, tomorrow
from sales.appending import Difference
from sales.commandline import add_sales_arguments, mapped, mapping_for, read_mapped, recipe_for, report, roles_asked
from sales.customers import without_names
from sales.databases import read_named
from sales.intake import Intake
from sales.mapping import Mapping
from sales.problems import Problem
from sales.reading import Reading, read_files
from sales.recipe import apply
from ui.texts import problem, text
from workspace.datasets import datasets as saved_datasets
from workspace.salt import salt

_EITHER = ((True, False, False), (False, True, True))  # files, source, query
SAMPLES = {"shop": samples.made_up_shop, "groceries": samples.groceries}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 the file can be used after the repairs named, 2 it cannot."""
    parser = _parser()
    args = parser.parse_args(arguments)
    if "source" in args and (bool(args.sales), args.source is not None, args.query is not None) not in _EITHER:
        parser.error(text("check.either"))
    return args.command(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sales", description=text("check.description"))
    verbs = parser.add_subparsers(required=True, metavar="check|import|sample")
    check = verbs.add_parser("check", help=text("check.check"), description=text("check.check"))
    add_sales_arguments(check, words=text, count="?")
    _add_source(check)
    check.set_defaults(command=_check)
    save = verbs.add_parser("import", help=text("check.import"), description=text("check.import"))
    add_sales_arguments(save, words=text, count="*")
    _add_source(save)
    place = save.add_mutually_exclusive_group(required=True)
    place.add_argument("--dataset", metavar="NAME", help=text("check.import.dataset"))
    place.add_argument("--append", metavar="DATASET", help=text("check.import.append"))
    save.add_argument("--sure", action="store_true", help=text("check.import.sure"))
    save.set_defaults(command=_import)
    sample = verbs.add_parser("sample", help=text("check.sample"), description=text("check.sample"))
    sample.add_argument("name", choices=SAMPLES)
    sample.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=text("check.sample.out"))
    sample.set_defaults(command=_sample)
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", metavar="NAME", help=text("check.source"))
    parser.add_argument("--query", metavar="SQL", help=text("check.query"))


def _check(args: argparse.Namespace) -> int:
    mapping, read = read_mapped(args) if args.source is None else mapped(args, read_named(args.source, args.query))
    _print_facts(mapping, read)
    report(read.problems, sys.stdout, problem)
    print(text("check.usable" if read.panel is not None else "check.unusable"))
    return 0 if read.panel is not None else 2


def _import(args: argparse.Namespace) -> int:
    """The road of an upload, for files too large for a browser."""
    rows = parts.rows_of(args.sales)
    if rows is not None and len(rows) > 1 and sum(rows) > parts.MOST_AT_ONCE and not args.append:
        return _import_in_parts(args, sum(rows))
    source = args.source or ", ".join(path.name for path in args.sales)
    steps = _Steps([text("check.import.reading", files=source), text("check.import.checking"), text("check.import.saving")])
    steps.next()
    reading = read_named(source, args.query) if args.source else read_files([(path.name, path) for path in args.sales])
    if reading.table is None:
        report(reading.problems, sys.stderr, problem)
        return 2
    if args.append:
        return _append(args, reading, source, steps)
    mapping = mapping_for(args, reading.table)
    table = _without_customers(reading.table, mapping)
    steps.next()
    recipe = recipe_for(args, mapping)
    read = apply(recipe, table)
    _print_facts(mapping, read)
    report((*reading.problems, *read.problems), sys.stdout, problem)
    if read.panel is None:
        print(text("check.unusable"))
        return 2
    steps.next()
    saved = datasets.save_sales(args.dataset, read.panel, {"source": source}, raw=[table], recipe=recipe.to_json())
    steps.next()
    print(text("check.import.saved", items=len(read.panel), name=saved.name))
    return 0


def _append(args: argparse.Namespace, reading: Reading, source: str, steps: "_Steps") -> int:
    """Puts what was read on top of a dataset, after saying what that changes; the same once more changes nothing."""
    there = saved_datasets()
    data = next((one for one in there if args.append in (one.name, one.title)), None)
    if data is None:
        names = ", ".join(one.title for one in there) or "-"
        report([Problem("dataset_unknown", got=args.append, params={"names": names})], sys.stderr, problem)
        return 2
    assert reading.table is not None
    recipe = None if roles_asked(args) else tomorrow.own_recipe(data, reading.table)
    recipe = recipe or recipe_for(args, mapping_for(args, reading.table))
    steps.next()
    made = tomorrow.put_on_top(data, _without_customers(reading.table, recipe.mapping), recipe, sure=args.sure)
    report((*reading.problems, *made.problems), sys.stdout, problem)
    if made.panel is None or made.difference is None:
        print(text("check.unusable"))
        return 2
    _print_difference(made.difference)
    steps.next()
    if not made.difference.same:
        data = tomorrow.save(data, made, source)
    steps.next()
    print(text("check.append.saved", name=data.name))
    return 0


def _print_difference(found: Difference) -> None:
    print(text("check.append.periods", only_old=found.only_old, both=found.both, only_new=found.only_new))
    print(text("check.append.units", changed=found.changed, before=found.units_before, after=found.units_after))
    for change in found.changes.itertuples():
        print(text("check.append.change", item=change.item, ds=change.ds, before=change.before, after=change.after))
    print(text("check.append.items", new=len(found.items_new), missed=len(found.items_missed)))


def _without_customers(table: pd.DataFrame, mapping: Mapping) -> pd.DataFrame:
    customer = mapping.customer
    return table if customer is None or customer not in table else without_names(table, customer, salt())


def _import_in_parts(args: argparse.Namespace, rows: int) -> int:
    """The same of files that cannot all be held at once; they are not kept with the dataset."""

    def passed(done: int) -> None:
        _bar(done, rows, text("check.import.rows", done=done, rows=rows))

    passed(0)
    files = [(path.name, path) for path in args.sales]
    recipe, read = parts.intake_in_parts(files, lambda table: recipe_for(args, mapping_for(args, table)), passed)
    _print_facts(recipe.mapping, read)
    report(read.problems, sys.stdout, problem)
    if read.panel is None:
        print(text("check.unusable"))
        return 2
    saved = datasets.save_sales(args.dataset, read.panel, {"source": ", ".join(path.name for path in args.sales)})
    print(text("check.import.saved", items=len(read.panel), name=saved.name))
    return 0


class _Steps:
    """A bar on standard error: which step is at work, of how many."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names, self._done = names, -1

    def next(self) -> None:
        """Says that the step before is done and the next one begins."""
        self._done += 1
        done, of = self._done, len(self._names)
        name = self._names[done] if done < of else ""
        _bar(done, of, f"{done}/{of} {name}")


def _bar(done: int, of: int, words: str) -> None:
    bar = "#" * (20 * done // of)
    print(f"[{bar:<20}] {words}", file=sys.stderr, flush=True)


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
        print(text("check.periods", count=len(panel.periods), first=first, last=last, ahead=panel.ahead))
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
        report([Problem("folder_unwritable", got=str(args.out), params={"reason": error.strerror or str(error)})], sys.stderr, problem)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

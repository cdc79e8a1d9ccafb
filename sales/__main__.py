"""`python -m sales check FILE`, `python -m sales import FILE… --dataset NAME` and `python -m sales sample shop|groceries --out FOLDER`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from sales import datasets, parts, samples
from sales.commandline import add_sales_arguments, mapping_for, read_mapped, recipe_for, report
from sales.customers import without_names
from sales.intake import Intake
from sales.mapping import Mapping
from sales.problems import Problem
from sales.reading import read_files
from sales.recipe import apply
from ui.texts import problem, text
from workspace.salt import salt

SAMPLES = {"shop": samples.made_up_shop, "groceries": samples.groceries}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 the file can be used after the repairs named, 2 it cannot."""
    args = _parser().parse_args(arguments)
    return args.command(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sales", description=text("check.description"))
    verbs = parser.add_subparsers(required=True, metavar="check|import|sample")
    check = verbs.add_parser("check", help=text("check.check"), description=text("check.check"))
    add_sales_arguments(check, words=text)
    check.set_defaults(command=_check)
    save = verbs.add_parser("import", help=text("check.import"), description=text("check.import"))
    add_sales_arguments(save, words=text, several=True)
    save.add_argument("--dataset", required=True, metavar="NAME", help=text("check.import.dataset"))
    save.set_defaults(command=_import)
    sample = verbs.add_parser("sample", help=text("check.sample"), description=text("check.sample"))
    sample.add_argument("name", choices=SAMPLES)
    sample.add_argument("--out", type=Path, required=True, metavar="FOLDER", help=text("check.sample.out"))
    sample.set_defaults(command=_sample)
    return parser


def _check(args: argparse.Namespace) -> int:
    mapping, read = read_mapped(args)
    _print_facts(mapping, read)
    report(read.problems, sys.stdout, problem)
    print(text("check.usable" if read.panel is not None else "check.unusable"))
    return 0 if read.panel is not None else 2


def _import(args: argparse.Namespace) -> int:
    """The road of an upload, for files too large for a browser."""
    rows = parts.rows_of(args.sales)
    if rows is not None and len(rows) > 1 and sum(rows) > parts.MOST_AT_ONCE:
        return _import_in_parts(args, sum(rows))
    source = ", ".join(path.name for path in args.sales)
    steps = _Steps([text("check.import.reading", files=source), text("check.import.checking"), text("check.import.saving")])
    steps.next()
    reading = read_files([(path.name, path) for path in args.sales])
    if reading.table is None:
        report(reading.problems, sys.stderr, problem)
        return 2
    mapping = mapping_for(args, reading.table)
    customer = mapping.customer
    table = reading.table if customer is None or customer not in reading.table else without_names(reading.table, customer, salt())
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

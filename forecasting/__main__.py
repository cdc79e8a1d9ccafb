"""`python -m forecasting compare|backtest|forecast SALES …`: the same functions as the pages, typed; each is a run (`workspace.runs`).
`python -m forecasting models` lists what there is."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from forecasting import comparison
from forecasting.backtest import parse_cutoffs
from forecasting.comparison import BACKTEST, BOTH, FORECAST
from forecasting.forecaster import Forecaster
from forecasting.models import registry
from forecasting.scores import scores
from sales.commandline import add_sales_arguments, read_sales, report
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from ui.texts import cards, text, typed_problem
from ui.texts.progress import in_words
from workspace import runs, tables
from workspace.tasks import TaskFailed

LONGEST_HORIZON = 1000
VERBS = (BOTH, BACKTEST, FORECAST)
CARDS = "models"
WIDEST_LINE = 78


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 the work failed or was cancelled, 2 the input cannot be used (its problems are listed on stderr)."""
    args = _parser().parse_args(arguments)
    if args.verb == CARDS:
        print(cards.table(cards.in_words(registry.card(name), type(registry.model(name))) for name in registry.NAMES))
        return 0
    try:
        return _run(args)
    except InputProblems as found:
        report(found.problems, sys.stderr, typed_problem)
        return 2
    except runs.Changed:
        print(text("forecast.changed"), file=sys.stderr)
    except TaskFailed as failure:
        print(text("forecast.task_failed", said=failure), file=sys.stderr)
    return 1


def _run(args: argparse.Namespace) -> int:
    whole = _panel(args)
    models = _models(args)
    cutoffs = parse_cutoffs(whole, args.cutoffs, args.horizon) if args.verb != FORECAST else []
    names = tuple(model.card.name for model in models)
    asked = comparison.Comparison(names, args.horizon, args.cutoffs, args.best, args.country or "", args.verb, args.seed)
    run = comparison.compared(asked, whole, models, cutoffs, partial(_tell, rewrite=sys.stderr.isatty()))
    if run.state is runs.State.CANCELLED:
        print(text("forecast.cancelled"), file=sys.stderr)
        return 1
    for name in (BACKTEST, FORECAST) if args.verb == BOTH else (args.verb,):
        made = run.folder / f"{name}.parquet"
        _say(tables.read_table(made), whole, _copied(made, args), settled=name == args.verb or name == FORECAST)
    return 0


def _copied(made: Path, args: argparse.Namespace) -> Path:
    """Where a table of the run is for the person who typed: at --out where given; copied whole or not at all."""
    if args.out is None:
        return made
    out = args.out / made.name if args.verb == BOTH else args.out
    with made.open("rb") as table:
        tables.write_atomically(out, partial(shutil.copyfileobj, table))
    return out


def _say(rows: pd.DataFrame, panel: SalesPanel, out: Path, settled: bool) -> None:
    if rows["y"].notna().any():
        for row in scores(rows, panel).itertuples():
            print(text("forecast.score", model=row.model, wape=row.WAPE, bias=row.bias, seconds=row.seconds, answered=row.answered))
    for model, details in rows.attrs["details"].items() if settled else ():
        for detail, count in pd.Series(details).value_counts().items():
            print(text("forecast.settled", model=model, detail=detail, count=count))
    print(text("forecast.saved", rows=len(rows), items=rows["item"].nunique(), out=out))


def _tell(progress: runs.Progress, rewrite: bool) -> None:
    """How far it is: on a terminal one line, written anew."""
    line = in_words(progress)
    if rewrite:
        line = f"\r{line:<{WIDEST_LINE}}"
    print(line, end="" if rewrite and progress.done < progress.total else "\n", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m forecasting", description=text("forecast.description"))
    verbs = parser.add_subparsers(required=True, metavar="|".join((*VERBS, CARDS)), dest="verb")
    verbs.add_parser(CARDS, help=text("forecast.cards"), description=text("forecast.cards"))
    for verb in VERBS:
        sub = verbs.add_parser(verb, help=text(f"forecast.{verb}"), description=text(f"forecast.{verb}"))
        add_sales_arguments(sub, words=text)
        sub.add_argument("--horizon", type=int, required=True, help=text("forecast.horizon"))
        sub.add_argument("--models", default=",".join(registry.DEFAULT), help=text("forecast.models", names=", ".join(registry.NAMES)))
        sub.add_argument("--best", type=int, metavar="N", help=text("forecast.best"))
        sub.add_argument("--country", help=text("forecast.country"))
        sub.add_argument("--seed", type=int, default=comparison.SEED, help=text("forecast.seed"))
        sub.add_argument("--out", type=Path, required=verb != BOTH, help=text("forecast.out.folder" if verb == BOTH else "forecast.out"))
        sub.add_argument("--cutoffs", default="3", help=text("forecast.cutoffs") if verb != FORECAST else argparse.SUPPRESS)
    return parser


def _panel(args: argparse.Namespace) -> SalesPanel:
    _check(args)
    read = read_sales(args)
    report(read.problems, sys.stderr, typed_problem)
    if read.panel is None:
        raise InputProblems([])
    return read.panel


def _check(args: argparse.Namespace) -> None:
    problems = []
    if not 1 <= args.horizon <= LONGEST_HORIZON:
        problems.append(Problem("bad_horizon", got=str(args.horizon), params={"most": LONGEST_HORIZON}))
    if args.best is not None and args.best < 1:
        problems.append(Problem("bad_best", got=str(args.best)))
    unknown = [name for name in args.models.split(",") if name not in registry.NAMES]
    problems += [Problem("unknown_model", got=name, params={"names": ", ".join(registry.NAMES)}) for name in unknown]
    problems += _wrong_out(args)
    if problems:
        raise InputProblems(problems)


def _wrong_out(args: argparse.Namespace) -> list[Problem]:
    if args.verb == BOTH:
        fits = args.out is None or (args.out.is_dir() and os.access(args.out, os.W_OK))
        return [] if fits else [Problem("out_unwritable", got=str(args.out))]
    if args.out.suffix != ".parquet":
        return [Problem("bad_out", got=str(args.out), params={"expected": ".parquet"})]
    fits = os.access(args.out.parent, os.W_OK) and not args.out.is_dir()
    return [] if fits else [Problem("out_unwritable", got=str(args.out))]


def _models(args: argparse.Namespace) -> list[Forecaster]:
    own = {"prophet": {"country": args.country}} if args.country else {}
    try:
        registry.model("prophet", **own.get("prophet", {}))  # a wrong country is one, whichever models are asked for
        return [registry.model(name, **own.get(name, {})) for name in dict.fromkeys(args.models.split(","))]
    except ValueError:
        raise InputProblems([Problem("unknown_country", got=args.country)]) from None


if __name__ == "__main__":
    sys.exit(runs.recorded(main))

"""`python -m forecasting backtest|forecast SALES …`: the same functions as the pages, typed."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from forecasting import backtest as backtests
from forecasting.forecaster import Forecaster
from forecasting.models import registry
from forecasting.scores import scores
from sales.commandline import add_sales_arguments, read_sales, report
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from ui.texts import problem, text
from workspace import runs, tables

LONGEST_HORIZON = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 2 the input cannot be used (its problems are listed on stderr)."""
    args = _parser().parse_args(arguments)
    try:
        whole = _panel(args)
        rows = args.command(args, whole.select(whole.best_sellers(args.best)) if args.best else whole)
    except InputProblems as found:
        report(found.problems, sys.stderr, problem)
        return 2
    tables.write_table(args.out, rows, {"details": rows.attrs["details"], "fingerprint": whole.sales_fingerprint})
    for model, details in rows.attrs["details"].items():
        for detail, count in pd.Series(details).value_counts().items():
            print(text("forecast.settled", model=model, detail=detail, count=count))
    print(text("forecast.saved", rows=len(rows), items=rows["item"].nunique(), out=args.out))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m forecasting", description=text("forecast.description"))
    verbs = parser.add_subparsers(required=True, metavar="backtest|forecast")
    for verb, command in (("backtest", _backtest), ("forecast", _forecast)):
        sub = verbs.add_parser(verb, help=text(f"forecast.{verb}"), description=text(f"forecast.{verb}"))
        add_sales_arguments(sub, words=text)
        sub.add_argument("--horizon", type=int, required=True, help=text("forecast.horizon"))
        sub.add_argument("--models", default=",".join(registry.NAMES), help=text("forecast.models", names=", ".join(registry.NAMES)))
        sub.add_argument("--best", type=int, metavar="N", help=text("forecast.best"))
        sub.add_argument("--country", help=text("forecast.country"))
        sub.add_argument("--seed", type=int, default=0, help=text("forecast.seed"))
        sub.add_argument("--out", type=Path, required=True, help=text("forecast.out"))
        sub.add_argument("--progress", type=Path, help=text("forecast.progress"))
        if verb == "backtest":
            sub.add_argument("--cutoffs", default="3", help=text("forecast.cutoffs"))
        sub.set_defaults(command=command)
    return parser


def _panel(args: argparse.Namespace) -> SalesPanel:
    _check(args)
    read = read_sales(args)
    report(read.problems, sys.stderr, problem)
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
    if args.out.suffix != ".parquet":
        problems.append(Problem("bad_out", got=str(args.out), params={"expected": ".parquet"}))
    elif not os.access(args.out.parent, os.W_OK) or args.out.is_dir():
        problems.append(Problem("out_unwritable", got=str(args.out)))
    if problems:
        raise InputProblems(problems)


def _models(args: argparse.Namespace) -> list[Forecaster]:
    own = {"prophet": {"country": args.country}} if args.country else {}
    try:
        registry.model("prophet", **own.get("prophet", {}))  # a wrong country is one, whichever models are asked for
        return [registry.model(name, **own.get(name, {})) for name in dict.fromkeys(args.models.split(","))]
    except ValueError:
        raise InputProblems([Problem("unknown_country", got=args.country)]) from None


def _backtest(args: argparse.Namespace, panel: SalesPanel) -> pd.DataFrame:
    cutoffs = backtests.parse_cutoffs(panel, args.cutoffs, args.horizon)
    rows = backtests.backtest(panel, _models(args), args.horizon, cutoffs, seed=args.seed, progress=_progress(args.progress))
    for row in scores(rows, panel).itertuples():
        print(text("forecast.score", model=row.model, wape=row.WAPE, bias=row.bias, seconds=row.seconds, answered=row.answered))
    return rows


def _forecast(args: argparse.Namespace, panel: SalesPanel) -> pd.DataFrame:
    return backtests.forecast_all(panel, _models(args), args.horizon, seed=args.seed, progress=_progress(args.progress))


def _progress(path: Path | None) -> backtests.Progress:
    def tell(model: str, done: int, total: int, failed: int) -> None:
        print(text("forecast.step", model=model, done=done, total=total, failed=failed), file=sys.stderr, flush=True)
        if path:
            runs.write_progress(path, runs.Progress(model, done, total, failed))

    return tell


if __name__ == "__main__":
    sys.exit(main())

"""`python -m inventory plan --sales SALES --forecast forecast.parquet --stock stock.csv --out reorder.csv`: the plan of the Reorder page
from files alone, without what people decided on a server (overrides, adjustments, orders sent)."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting import backtest as backtests
from forecasting.choice import OVERALL, OWN, models_of_plan
from forecasting.cutoffs import last_cutoffs, most_cutoffs
from forecasting.leaderboard import errors
from forecasting.models import registry
from forecasting.spread import demand_spread
from inventory.export import reorder_csv, reorder_xlsx
from inventory.forecasts import read_backtest, read_forecast
from inventory.plan import ReorderPlan, reorder_plan
from inventory.settings import BOUNDS, PlanSettings
from inventory.terms import StockTerms, default_terms, read_terms
from sales.commandline import add_sales_arguments, read_sales, report
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem, Severity, usable
from sales.reading import read_table
from ui.texts import text, typed_problem
from ui.texts.reasons import reasons
from workspace.tables import write_atomically

CUTOFFS = 3
WRITERS = {".csv": reorder_csv, ".xlsx": reorder_xlsx}
_FIRST_CODES = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 the order list is written, 2 the input cannot be used (its problems are listed on stderr)."""
    args = _parser().parse_args(arguments)
    try:
        _save(args, _plan(args))
    except InputProblems as found:
        report(found.problems, sys.stderr, typed_problem)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inventory", description=text("plan.description"))
    verbs = parser.add_subparsers(required=True, metavar="plan")
    plan = verbs.add_parser("plan", usage=text("plan.usage"), help=text("plan.plan"), description=text("plan.plan"))
    add_sales_arguments(plan, positional=False, words=text)
    plan.add_argument("--forecast", type=Path, required=True, metavar="PARQUET", help=text("plan.forecast"))
    plan.add_argument("--backtest", type=Path, metavar="PARQUET", help=text("plan.backtest"))
    plan.add_argument("--stock", type=Path, metavar="FILE", help=text("plan.stock"))
    plan.add_argument("--service-level", type=float, default=0.95, help=text("plan.service_level"))
    plan.add_argument("--safety-factor", type=float, default=1.0, help=text("plan.safety_factor"))
    plan.add_argument("--lead-time-days", type=float, metavar="DAYS", help=text("plan.lead_time_days"))
    plan.add_argument("--review-days", type=float, metavar="DAYS", dest="review_period_days", help=text("plan.review_days"))
    plan.add_argument("--method", choices=("backtest", "normal"), default="backtest", help=text("plan.method"))
    plan.add_argument("--model", default=OVERALL, help=text("plan.model"))
    plan.add_argument("--all-rows", action="store_true", help=text("plan.all_rows"))
    plan.add_argument("--out", type=Path, required=True, help=text("plan.out"))
    return parser


def _plan(args: argparse.Namespace) -> ReorderPlan:
    """The plan that the flags ask for. Raises InputProblems with everything wrong in all files and flags."""
    read = read_sales(args)
    problems = [*read.problems, *_flag_problems(args)]
    forecast, found = read_forecast(args.forecast, read.panel)
    problems += found
    past, found = read_backtest(args.backtest, read.panel) if args.backtest else (None, [])
    problems += found
    terms, found = _terms(args, read.panel)
    problems += found
    if past is not None and forecast is not None:
        absent = sorted(set(forecast["model"]) - set(past["model"]))
        problems += [Problem("backtest_without_model", got=name, params={"file": args.backtest.name}) for name in absent]
    if read.panel is None or forecast is None or terms is None or not usable(problems):
        raise InputProblems(problems)
    report(problems, sys.stderr, typed_problem)

    past = _backtested(read.panel, forecast) if past is None else past[past["model"].isin(forecast["model"].unique())]
    models = _models(args, forecast, past)
    report(_left_out(forecast, read.panel), sys.stderr, typed_problem)
    settings = PlanSettings(**{name: getattr(args, name) for name in BOUNDS}, method=args.method)
    plan = reorder_plan(terms, demand_spread(read.panel, forecast, past, models), read.panel.calendar, settings)
    if plan.targets_only:
        print(text("plan.targets"), file=sys.stderr)
    return plan


def _flag_problems(args: argparse.Namespace) -> Iterator[Problem]:
    for name, (least, most) in BOUNDS.items():
        value = getattr(args, name)
        if value is not None and not least <= value <= most:
            flag = "--review-days" if name == "review_period_days" else f"--{name.replace('_', '-')}"
            yield Problem("bad_setting", got=f"{value:g}", params={"flag": flag, "least": f"{least:g}", "most": f"{most:g}"})
    if args.out.suffix.lower() not in WRITERS:
        yield Problem("bad_out", got=str(args.out), params={"expected": " / ".join(WRITERS)})


def _terms(args: argparse.Namespace, panel: SalesPanel | None) -> tuple[StockTerms | None, list[Problem]]:
    if args.stock is None:
        return (None if panel is None else default_terms(panel)), []
    reading = read_table(args.stock, args.stock.name)
    if reading.table is None or panel is None:
        return None, list(reading.problems)
    terms, problems = read_terms(reading.table, panel)
    return terms, [*reading.problems, *problems]


def _backtested(panel: SalesPanel, forecast: pd.DataFrame) -> pd.DataFrame:
    """Backtest rows of the forecast's own models, items and horizon, as many cutoffs as fit; none where none fits."""
    names = sorted(forecast["model"].unique())
    unknown = [name for name in names if name not in registry.NAMES]
    if unknown:
        raise InputProblems(Problem("unknown_model", got=name, params={"names": ", ".join(registry.NAMES)}) for name in unknown)
    panel = panel.select(panel.rows_of(list(forecast["item"].unique())))
    horizon = forecast["ds"].nunique()
    count = min(CUTOFFS, most_cutoffs(panel, horizon))
    if count == 0:
        print(text("plan.no_backtest", horizon=horizon, periods=len(panel.periods)), file=sys.stderr)
        return forecast.iloc[:0]
    models = [registry.model(name) for name in names]
    print(text("plan.backtesting", models=", ".join(names), cutoffs=count, horizon=horizon), file=sys.stderr)
    by_country = [model.card.name for model in models if hasattr(model, "country")]
    if by_country:
        print(text("plan.country_unknown", models=", ".join(by_country)), file=sys.stderr)
    return backtests.backtest(panel, models, horizon, last_cutoffs(panel, count, horizon))


def _models(args: argparse.Namespace, forecast: pd.DataFrame, past: pd.DataFrame) -> dict[str, str]:
    """Each item's model, by the rule of --model; of several models it says which are used."""
    names = sorted(forecast["model"].unique())
    if args.model not in (OVERALL, OWN, *names):
        expected = ", ".join((OVERALL, OWN, *names))
        raise InputProblems([Problem("unknown_model", got=args.model, params={"names": expected})])
    try:
        models = models_of_plan(forecast, errors(past), args.model)
    except ValueError:
        raise InputProblems([Problem("no_best_model", got=", ".join(names))]) from None
    if len(names) > 1:
        used = ", ".join(sorted(set(models.values())))
        print(text("plan.best", rule=args.model, model=used, models=", ".join(names)), file=sys.stderr)
    return models


def _left_out(forecast: pd.DataFrame, panel: SalesPanel) -> Iterator[Problem]:
    """Items of the sales that no row of the forecast speaks of: they are in no plan."""
    items = np.setdiff1d(panel.items, forecast["item"].unique())
    if len(items):
        got = ", ".join(items[:_FIRST_CODES])
        yield Problem("items_without_forecast", Severity.WARNING, got=got, params={"items": len(items), "all": len(panel)})


def _save(args: argparse.Namespace, plan: ReorderPlan) -> None:
    content = WRITERS[args.out.suffix.lower()](plan, reasons(plan), args.all_rows)
    try:
        write_atomically(args.out, lambda file: file.write(content))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputProblems([Problem("folder_unwritable", got=str(args.out.parent), params={"reason": reason})]) from error
    totals = plan.totals()
    print(text("plan.saved", lines=totals.lines, items=len(plan), units=totals.units, out=args.out))
    if totals.not_planned:
        print(text("plan.not_planned", count=totals.not_planned), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m forecasting compare|backtest|forecast|tune|spread SALES …`: the same functions as the pages, typed; each is a run
(`workspace.runs`). `python -m forecasting models` lists what there is."""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from forecasting import comparison, settings, totals, tuning
from forecasting.backtest import BACKTEST, FORECAST
from forecasting.comparison import BOTH, CHOICE
from forecasting.cutoffs import parse_cutoffs
from forecasting.forecaster import Forecaster
from forecasting.models import registry
from forecasting.rule import AUTO
from forecasting.scores import scores
from forecasting.spaces import TUNABLE
from sales import datasets as saved
from sales.commandline import add_sales_arguments, read_sales, report
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem, Severity
from ui.texts import cards, text, typed_problem
from ui.texts.progress import in_words
from ui.texts.tuned import in_one_line
from workspace import runs, tables
from workspace.tasks import TaskFailed
from workspace.workers import ABSENT, BACKENDS, DASK, MALFORMED, PACKAGES, PROCESSES, UNREACHABLE, Backend, NoWorkers

LONGEST_HORIZON = 1000
VERBS = (BOTH, BACKTEST, FORECAST)
CARDS = "models"
ANEW = "none"
WIDEST_LINE = 78


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 the work failed or was cancelled, 2 the input cannot be used (its problems are listed on stderr)."""
    args = _parser().parse_args(arguments)
    if args.verb == CARDS:
        print(cards.table(cards.in_words(registry.card(name), type(registry.model(name))) for name in registry.NAMES))
        return 0
    try:
        return {tuning.VERB: _tune, totals.VERB: _spread}.get(args.verb, _run)(args)
    except InputProblems as found:
        report(found.problems, sys.stderr, typed_problem)
        return 2
    except NoWorkers as nobody:
        report([_of_workers(nobody)], sys.stderr, typed_problem)
        return 2
    except runs.Changed:
        print(text("forecast.changed"), file=sys.stderr)
    except TaskFailed as failure:
        print(text("forecast.task_failed", said=failure), file=sys.stderr)
    return 1


def _run(args: argparse.Namespace) -> int:
    whole = _panel(args)
    own, tuned = settings.read(args.settings) if args.settings else ({}, {})
    own = settings.of_models(own, args.models.split(","))
    models = _models(args, own)
    names = tuple(model.card.name for model in models)
    after = "" if args.after in (None, ANEW) else args.after
    asked = comparison.Comparison(names, args.horizon, args.cutoffs, args.best, args.country or "", args.verb, args.seed, own, after)
    asked = comparison.refreshing(asked, whole) if args.after is None else asked
    cutoffs = comparison.cutoffs_of(asked, whole)
    report(_seen_by_tuning(own, tuned, [] if args.verb == FORECAST else cutoffs), sys.stderr, typed_problem)
    if asked.after:
        new, corrected = comparison.items_since(asked, whole)
        said = {"run": asked.after, "horizon": args.horizon, "new": new, "corrected": corrected, "count": new + corrected}
        print(text("forecast.kept.but" if new + corrected else "forecast.kept", **said), file=sys.stderr)
    backend = Backend(args.backend, args.scheduler).checked()
    run = comparison.compared(asked, whole, models, cutoffs, partial(_tell, rewrite=sys.stderr.isatty()), backend)
    if _cancelled(run):
        return 1
    for name in (BACKTEST, FORECAST) if args.verb == BOTH else (args.verb,):
        made = run.folder / f"{name}.parquet"
        _say(tables.read_table(made), whole, _copied(made, args), settled=name == args.verb or name == FORECAST)
    choice = run.folder / f"{CHOICE}.parquet"
    if choice.exists() and args.out is not None:
        _copy(choice, (args.out if args.verb == BOTH else args.out.parent) / choice.name)
    return 0


def _tune(args: argparse.Namespace) -> int:
    whole = _panel(args)
    data = saved.named(args.keep) if args.keep else None
    cutoffs = parse_cutoffs(whole, args.cutoffs, args.horizon)
    names = tuple(dict.fromkeys(args.models.split(",")))
    asked = tuning.Tuning(names, args.horizon, args.cutoffs, args.before, args.best, args.budget, args.trials, args.seed)
    run = tuning.tuned(asked, whole, cutoffs, partial(_tell, rewrite=sys.stderr.isatty()))
    if _cancelled(run):
        return 1
    found = run.facts(tuning.TUNED)
    if data is not None:
        settings.keep(data, found)
    for model in names:
        print(in_one_line(model, found[model]))
    if args.out is not None:
        _copy(run.folder / f"{tuning.TUNED}.json", args.out)
        _copy(run.folder / f"{tuning.TRIALS}.parquet", args.out.with_suffix(".parquet"))
    print(text("tune.saved", out=args.out or run.folder / f"{tuning.TUNED}.json"))
    return 0


def _of_workers(nobody: NoWorkers) -> Problem:
    """What is wrong with the cluster that was asked for."""
    if nobody.code == ABSENT:
        return Problem("backend_absent", got=nobody.backend, params={"package": PACKAGES[nobody.backend]})
    if nobody.code == MALFORMED:
        return Problem("scheduler_malformed" if nobody.backend == DASK else "scheduler_malformed_ray", got=nobody.said)
    if nobody.code == UNREACHABLE:
        return Problem("scheduler_unreachable", got=nobody.said or nobody.backend)
    return Problem("scheduler_alone", got=nobody.said or nobody.backend)


def _spread(args: argparse.Namespace) -> int:
    panel = _panel(args)
    own, tuned = settings.read(args.settings) if args.settings else ({}, {})
    own = settings.of_models(own, [args.models])
    (model,) = _models(args, own)
    cutoffs = totals.dense_cutoffs(panel, totals.backtested_length(panel, args.horizon), args.cutoffs)
    report(_seen_by_tuning(own, tuned, cutoffs), sys.stderr, typed_problem)
    asked = totals.Totals(args.models, args.horizon, args.levels, args.cutoffs, args.seed, dict(own), args.country or "")
    backend = Backend(args.backend, args.scheduler).checked()
    run = totals.spread_run(asked, panel, model, partial(_tell, rewrite=sys.stderr.isatty()), backend)
    if _cancelled(run):
        return 1
    made = run.folder / f"{totals.VERB}.parquet"
    rows = tables.read_table(made)
    if rows["extrapolated"].any():
        backtested = totals.backtested_length(panel, args.horizon) if cutoffs else 0
        print(text("spread.extrapolated", interval=args.horizon, backtested=backtested), file=sys.stderr)
    if failed := int(rows["mean"].isna().sum()):
        print(text("spread.failed", count=failed), file=sys.stderr)
    print(text("spread.saved", items=len(rows), cutoffs=len(cutoffs), out=_copied(made, args)))
    return 0


def _cancelled(run: runs.Run) -> bool:
    if run.state is runs.State.CANCELLED:
        print(text("forecast.cancelled"), file=sys.stderr)
    return run.state is runs.State.CANCELLED


def _seen_by_tuning(own: settings.Own, tuned: Mapping[str, Any], cutoffs: Sequence[pd.Timestamp]) -> list[Problem]:
    """A warning for each model whose settings were tuned on periods that these cutoffs score."""
    first = min(cutoffs, default=pd.Timestamp.max)
    late = {name: tuned[name]["until"] for name in own if pd.Timestamp(tuned[name].get("until") or first) > first}
    return [
        Problem("tuned_on_scored", Severity.WARNING, got=name, params={"until": until, "first": f"{first:%Y-%m-%d}"})
        for name, until in late.items()
    ]


def _copied(made: Path, args: argparse.Namespace) -> Path:
    """Where a table of the run is for the person who typed: at --out where given."""
    if args.out is None:
        return made
    out = args.out / made.name if args.verb == BOTH else args.out
    _copy(made, out)
    return out


def _copy(made: Path, out: Path) -> None:
    """Whole or not at all."""
    with made.open("rb") as file:
        tables.write_atomically(out, partial(shutil.copyfileobj, file))


def _say(rows: pd.DataFrame, panel: SalesPanel, out: Path, settled: bool) -> None:
    if rows["y"].notna().any():
        for row in scores(rows, panel).itertuples():
            print(text("forecast.score", model=row.model, wape=row.WAPE, bias=row.bias, seconds=row.seconds, answered=row.answered))
    for model, details in rows.attrs["details"].items():
        if not settled and (model == AUTO or not registry.card(model).shared):  # what all items share is told of each table
            continue
        if model == AUTO:
            _say_chosen(rows[rows["model"] == AUTO])
            continue
        for detail, count in pd.Series(details).value_counts().items():
            print(text("forecast.settled", model=model, detail=detail, count=count))
    print(text("forecast.saved", rows=len(rows), items=rows["item"].nunique(), out=out))


def _say_chosen(rows: pd.DataFrame) -> None:
    """What auto chose at the last cutoff, and why, for how many items."""
    last = rows[rows["cutoff"] == rows["cutoff"].max()].drop_duplicates("item")
    for (used, reason), count in last[last["reason"] != ""].value_counts(["model_used", "reason"], sort=True).items():
        print(text("forecast.chosen", model=AUTO, used=used, reason=text(f"auto.reason.{reason}"), count=count))


def _tell(progress: runs.Progress, rewrite: bool) -> None:
    """How far it is: on a terminal one line, written anew."""
    line = in_words(progress)
    if rewrite:
        line = f"\r{line:<{WIDEST_LINE}}"
    print(line, end="" if rewrite and progress.done < progress.total else "\n", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m forecasting", description=text("forecast.description"))
    verbs = parser.add_subparsers(required=True, metavar="|".join((*VERBS, tuning.VERB, totals.VERB, CARDS)), dest="verb")
    verbs.add_parser(CARDS, help=text("forecast.cards"), description=text("forecast.cards"))
    usage = text("forecast.usage", needed="horizon")
    _add_tune(verbs.add_parser(tuning.VERB, usage=usage, help=text("tune.tune"), description=text("tune.tune")))
    words = text("spread.spread")
    _add_spread(verbs.add_parser(totals.VERB, usage=text("forecast.usage", needed="interval"), help=words, description=words))
    for verb in VERBS:
        sub = verbs.add_parser(verb, usage=usage, help=text(f"forecast.{verb}"), description=text(f"forecast.{verb}"))
        add_sales_arguments(sub, words=text)
        sub.add_argument("--horizon", type=int, required=True, help=text("forecast.horizon"))
        names, usual = ", ".join(registry.NAMES), ",".join(registry.DEFAULT)
        sub.add_argument("--models", default=usual, help=text("forecast.models", names=names, usual=usual))
        sub.add_argument("--best", type=int, metavar="N", help=text("forecast.best"))
        sub.add_argument("--country", help=text("forecast.country"))
        sub.add_argument("--seed", type=int, default=comparison.SEED, help=text("forecast.seed"))
        sub.add_argument("--out", type=Path, required=verb != BOTH, help=text("forecast.out.folder" if verb == BOTH else "forecast.out"))
        sub.add_argument("--cutoffs", default="3", help=text("forecast.cutoffs" if verb != FORECAST else "forecast.cutoffs.auto"))
        sub.add_argument("--settings", metavar="FILE", help=text("forecast.settings"))
        sub.add_argument("--after", metavar="RUN", help=text("forecast.after", anew=ANEW))
        _add_backend(sub)
    return parser


def _add_backend(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--backend", choices=BACKENDS, default=PROCESSES, help=text("forecast.backend"))
    sub.add_argument("--scheduler", default="", metavar="ADDRESS", help=text("forecast.scheduler"))


def _add_tune(sub: argparse.ArgumentParser) -> None:
    add_sales_arguments(sub, words=text)
    usual = tuning.Tuning((), 0)
    sub.add_argument("--horizon", type=int, required=True, help=text("forecast.horizon"))
    sub.add_argument("--models", required=True, help=text("tune.models", names=", ".join(TUNABLE)))
    sub.add_argument("--cutoffs", default=usual.cutoffs, help=text("tune.cutoffs"))
    sub.add_argument("--before", type=int, default=usual.before, metavar="N", help=text("tune.before", usual=usual.before))
    sub.add_argument("--best", type=int, default=usual.best, metavar="N", help=text("tune.best", usual=usual.best))
    sub.add_argument("--budget", type=float, default=usual.budget, metavar="SECONDS", help=text("tune.budget", usual=usual.budget))
    sub.add_argument("--trials", type=int, default=usual.trials, metavar="N", help=text("tune.trials", usual=usual.trials))
    sub.add_argument("--seed", type=int, default=usual.seed, help=text("forecast.seed"))
    sub.add_argument("--keep", metavar="DATASET", help=text("tune.keep"))
    sub.add_argument("--out", type=Path, help=text("tune.out"))


def _add_spread(sub: argparse.ArgumentParser) -> None:
    add_sales_arguments(sub, words=text)
    names, model, levels = ", ".join(registry.NAMES), totals.MODEL, ",".join(f"{level:g}" for level in totals.LEVELS)
    sub.add_argument("--interval", dest="horizon", type=int, required=True, metavar="N", help=text("spread.interval"))
    sub.add_argument("--model", dest="models", default=model, metavar="MODEL", help=text("spread.model", names=names, usual=model))
    sub.add_argument("--levels", type=_levels, default=totals.LEVELS, help=text("spread.levels", usual=levels))
    sub.add_argument(
        "--cutoffs", type=int, default=totals.MOST_CUTOFFS, metavar="N", help=text("spread.cutoffs", usual=totals.MOST_CUTOFFS)
    )
    sub.add_argument("--country", help=text("forecast.country"))
    sub.add_argument("--seed", type=int, default=comparison.SEED, help=text("forecast.seed"))
    sub.add_argument("--settings", metavar="FILE", help=text("forecast.settings"))
    sub.add_argument("--out", type=Path, required=True, help=text("forecast.out"))
    _add_backend(sub)
    sub.set_defaults(best=None)


def _levels(typed: str) -> tuple[float, ...]:
    """Rising levels from numbers between 0 and 1, separated by commas."""
    try:
        levels = tuple(sorted({float(part) for part in typed.split(",")}))
    except ValueError:
        levels = ()
    if not levels or not 0 < levels[0] <= levels[-1] < 1:
        raise argparse.ArgumentTypeError(text("spread.levels.wrong", got=typed))
    return levels


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
        params = {"most": LONGEST_HORIZON}
        problems.append(Problem("bad_interval" if args.verb == totals.VERB else "bad_horizon", got=str(args.horizon), params=params))
    if args.best is not None and args.best < 1:
        problems.append(Problem("bad_best", got=str(args.best)))
    if args.verb != tuning.VERB and args.scheduler and args.backend == PROCESSES:
        problems.append(Problem("scheduler_unused", got=args.scheduler))
    names = TUNABLE if args.verb == tuning.VERB else registry.NAMES
    asked = [args.models] if args.verb == totals.VERB else args.models.split(",")
    unknown = [name for name in asked if name not in names]
    problems += [Problem("unknown_model", got=name, params={"names": ", ".join(names)}) for name in unknown]
    if args.verb == tuning.VERB:
        wrong = {"--budget": args.budget >= 0, "--trials": args.trials >= 1}  # nan is not 0 or more
        problems += [Problem("tuning_limit", got=f"{flag} {getattr(args, flag[2:])}") for flag, fits in wrong.items() if not fits]
    if args.verb == totals.VERB and args.cutoffs < 1:
        problems.append(Problem("bad_cutoffs", got=str(args.cutoffs)))
    problems += _wrong_out(args)
    if problems:
        raise InputProblems(problems)


def _wrong_out(args: argparse.Namespace) -> list[Problem]:
    if args.verb == BOTH:
        fits = args.out is None or (args.out.is_dir() and os.access(args.out, os.W_OK))
        return [] if fits else [Problem("out_folder_unwritable", got=str(args.out))]
    if args.out is None:
        return []
    suffix = ".json" if args.verb == tuning.VERB else ".parquet"
    if args.out.suffix != suffix:
        return [Problem("bad_out", got=str(args.out), params={"expected": suffix})]
    fits = os.access(args.out.parent, os.W_OK) and not args.out.is_dir()
    return [] if fits else [Problem("out_unwritable", got=str(args.out))]


def _models(args: argparse.Namespace, own: settings.Own) -> list[Forecaster]:
    own = settings.with_country(own, args.country)
    try:
        registry.model("prophet", **own.get("prophet", {}))  # a wrong country is one, whichever models are asked for
        return settings.made(dict.fromkeys(args.models.split(",")), own)
    except ValueError:
        raise InputProblems([Problem("unknown_country", got=args.country)]) from None


if __name__ == "__main__":
    sys.exit(runs.recorded(main))

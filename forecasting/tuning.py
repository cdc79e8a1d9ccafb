"""Tuning: the settings of a model that forecast best from cutoffs before all those that a comparison scores, searched within a budget.

The first trial is the model as it is, so that what is found is never worse there. A trial is cheap first: some of the items at the last
cutoff, then all items, then one earlier cutoff after the other; at the first, second and fourth of these steps the better half goes on
(asynchronous successive halving: Li et al., A System for Massively Parallel Hyperparameter Tuning, 2020, algorithm 2). What is tried next
is drawn by a tree-structured Parzen estimator (Bergstra et al., Algorithms for Hyper-Parameter Optimization, 2011).
"""

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting import comparison
from forecasting.backtest import actual_after, rng_for
from forecasting.cutoffs import last_cutoffs, most_cutoffs
from forecasting.forecast import LEVELS
from forecasting.forecaster import Forecaster
from forecasting.models import registry
from forecasting.spaces import Choice, Real, Whole, space
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from workspace import tables
from workspace.runs import Run
from workspace.tasks import Task, Tell, work

VERB = "tune"
TUNED, TRIALS = "tuned", "trials"
BEFORE, BEST_SELLERS, BUDGET_SECONDS, MOST_TRIALS = 2, 30, 300.0, 100
HALVES = 2
ITEMS_FIRST, FEWEST_FIRST = 3, 4
MOST_REPEATS = 50
OK, HALVED, FAILED = "ok", "halved", "failed"
_ANSWERS_COME_FROM = ("tuning.py", "spaces.py")


@dataclass(frozen=True)
class Tuning:
    """What tuning is asked for.

    models: names that have a search space. horizon: periods. cutoffs: those that the comparison scores, a count or dates, as typed: what
    follows them is never looked at. before: so many cutoffs before the first of them, one horizon apart, are what is tuned on. best: so
    many best sellers. budget: seconds a model, after which no trial starts. trials: at most so many of each model.
    """

    models: tuple[str, ...]
    horizon: int
    cutoffs: str = "3"
    before: int = BEFORE
    best: int = BEST_SELLERS
    budget: float = BUDGET_SECONDS
    trials: int = MOST_TRIALS
    seed: int = comparison.SEED

    def settings(self, fingerprint: str) -> dict[str, Any]:
        """What names the run over the panel with this fingerprint."""
        asked = {**asdict(self), "models": list(self.models), "budget": float(self.budget), "verb": VERB}
        return {**asked, "fingerprint": fingerprint, "code": comparison.code(_ANSWERS_COME_FROM, ("optuna",))}

    def arguments(self, sales: Sequence[str]) -> list[str]:
        """The command that a person could type, python and these; `sales`: its words that name the sales."""
        given = {**asdict(self), "models": ",".join(self.models)}
        return ["-m", "forecasting", VERB, *sales, *(part for name, value in given.items() for part in (f"--{name}", str(value)))]


def tuned(asked: Tuning, whole: SalesPanel, scored: Sequence[pd.Timestamp], tell: Tell = lambda _: None) -> Run:
    """Works on the run that is `asked` over the panel `whole`, a task a model. Its folder then holds trials.parquet, a row a trial (see
    `searched`), and tuned.json, {model: what was found} (see `found`).

    scored: the cutoffs that the comparison scores; nothing after the first is seen. Raises InputProblems where there is no room before it,
    and what `workspace.tasks.work` raises.
    """
    seen, cutoffs = ground(asked, whole, scored)
    tasks = [
        Task(f"{VERB}-{name}", name, partial(searched, name, seen, asked.horizon, cutoffs, asked.budget, asked.trials, asked.seed))
        for name in asked.models
    ]
    about = {
        "cutoffs": [f"{cutoff:%Y-%m-%d}" for cutoff in cutoffs],
        "until": f"{seen.last:%Y-%m-%d}",
        "items": len(seen),
        "fingerprint": whole.fingerprint,
        **{name: getattr(asked, name) for name in ("horizon", "budget", "seed")},
    }

    def assemble(run: Run, parts: list[Path]) -> None:
        rows = pd.concat([tables.read_table(part) for part in parts], ignore_index=True)
        tables.write_table(run.folder / f"{TRIALS}.parquet", rows)
        tables.write_facts(run.folder / f"{TUNED}.json", {name: {**found(part), **about} for name, part in rows.groupby("model")})

    return work(asked.settings(whole.fingerprint), tasks, assemble, tell)


def ground(asked: Tuning, whole: SalesPanel, scored: Sequence[pd.Timestamp]) -> tuple[SalesPanel, list[pd.Timestamp]]:
    """What tuning may see, the best sellers up to the first scored cutoff, and the cutoffs in it, one horizon apart. Raises InputProblems
    where they do not fit."""
    seen = whole.until(min(scored), 0)
    most = most_cutoffs(seen, asked.horizon)
    if not 1 <= asked.before <= most:
        params = {"most": most, "horizon": asked.horizon, "first": f"{min(scored):%Y-%m-%d}"}
        raise InputProblems([Problem("tuning_no_room", got=str(asked.before), params=params)])
    return seen.select(seen.best_sellers(asked.best)), last_cutoffs(seen, asked.before, asked.horizon)


def searched(
    name: str, panel: SalesPanel, horizon: int, cutoffs: Sequence[pd.Timestamp], budget: float, most: int, seed: int = 0
) -> pd.DataFrame:
    """A row for each trial of the model `name`, the first being the model as it is; no other starts after `budget` seconds.

    status: "ok", "halved" (left off early, as the worse half) or "failed: WHY". error: WAPE, a share; pinball: over the sum of sales, as in
    `forecasting.scores`; both at the last step that it came to, of so many items and cutoffs. settings: JSON. began, seconds: since the
    first trial began, and what this one took. best: whether it is the one to take.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler, pruner = optuna.samplers.TPESampler(seed=seed), optuna.pruners.SuccessiveHalvingPruner(1, HALVES)
    study = optuna.create_study(sampler=sampler, pruner=pruner)
    default = registry.model(name)
    there = space(default, panel)
    study.enqueue_trial({field: getattr(default, field) for field in there})
    course = Course(panel, horizon, cutoffs, seed)
    rows: list[dict[str, Any]] = []
    known: dict[str, Any] = {}
    repeats, began = 0, time.perf_counter()
    while repeats < MOST_REPEATS and len(rows) < most and (not rows or time.perf_counter() - began < budget):
        trial = study.ask()
        settings = {field: _drawn(trial, field, values) for field, values in there.items()}
        written = json.dumps(settings)
        if written in known:
            repeats += 1
            study.tell(trial, **known[written])
            continue
        repeats, at = 0, time.perf_counter() - began
        row = _tried(name, settings, course, trial, first=not rows)
        rows.append({"model": name, "trial": len(rows), **row, "settings": written, "began": at})
        rows[-1]["seconds"] = time.perf_counter() - began - at
        known[written] = _told(row, optuna.trial.TrialState)
        study.tell(trial, **known[written])
        if row["status"].startswith(FAILED) and len(rows) == 1:
            break
    table = pd.DataFrame(rows)
    answered = table["error"].where(table["status"] == OK)
    table["best"] = table.index == (answered.idxmin() if answered.notna().any() else -1)
    reasons = Counter(table["status"][table["status"].str.startswith(FAILED)])
    table.attrs |= {"failed": reasons.total(), "reasons": dict(reasons)}
    return table


def found(trials: pd.DataFrame) -> dict[str, Any]:
    """What the trials of one model found: settings, those that differ from the model as it is (none: that is best); error and pinball of
    the best trial, default_error and default_pinball of the first (None where it failed); how many trials, halved and failed; seconds."""
    trials = trials.reset_index(drop=True)
    first, ok = trials.iloc[0], trials["status"] == OK
    best = trials[trials["best"]].iloc[0] if trials["best"].any() else first
    default, settings = json.loads(first["settings"]), json.loads(best["settings"])
    numbers = {name: row[column] for name, row, column in (
        ("error", best, "error"), ("pinball", best, "pinball"), ("default_error", first, "error"), ("default_pinball", first, "pinball")
    )}  # fmt: skip
    return {
        "settings": {field: value for field, value in settings.items() if value != default[field]},
        **{name: float(value) if ok[0] and math.isfinite(value) else None for name, value in numbers.items()},
        "trials": len(trials),
        HALVED: int((trials["status"] == HALVED).sum()),
        FAILED: int(trials["status"].str.startswith(FAILED).sum()),
        "seconds": float(trials["seconds"].sum()),
    }


class Course:
    """The steps that each trial of one model takes over `panel`, whose cutoffs stand earliest first."""

    def __init__(self, panel: SalesPanel, horizon: int, cutoffs: Sequence[pd.Timestamp], seed: int) -> None:
        self.panel, self.horizon, self.cutoffs, self.seed = panel, horizon, cutoffs, seed
        self._answered: dict[int, np.ndarray] = {}  # by step: the items that the first model answered, which every other must answer

    def results(self, model: Forecaster) -> Iterator[dict[str, Any]]:
        """After each step of `model`: error, pinball (see `searched`), items and cutoffs. Cheap first: every third item at the last cutoff
        (where there are 12 items or more), then all items at it, then at one more earlier one each.

        Raises ArithmeticError where nothing sold, or where items stay without an answer that the first model answered.
        """
        model = model.tuned(self.panel.until(self.cutoffs[0], self.horizon), rng_for(model.card.name, self.seed, -1))
        if len(self.panel) >= ITEMS_FIRST * FEWEST_FIRST:
            few = self.panel.select(np.arange(0, len(self.panel), ITEMS_FIRST))
            yield {**_shares(self._sums(model, 0, few, self.cutoffs[-1])), "items": len(few), "cutoffs": 1}
        sums = np.zeros(3)
        for step, cutoff in enumerate(reversed(self.cutoffs), start=1):
            sums = sums + self._sums(model, step, self.panel, cutoff)
            yield {**_shares(sums), "items": len(self.panel), "cutoffs": step}

    def _sums(self, model: Forecaster, step: int, panel: SalesPanel, cutoff: pd.Timestamp) -> np.ndarray:
        """Sums of absolute errors, of pinball losses (mean over the levels) and of sales, units."""
        rng = rng_for(model.card.name, self.seed, step)
        forecast = model.forecast(panel.until(cutoff, self.horizon), self.horizon, LEVELS, rng)
        wanted = self._answered.setdefault(step, ~forecast.failed)
        if (wanted & forecast.failed).any():
            raise ArithmeticError(f"{int((wanted & forecast.failed).sum())} items without an answer")
        actual = actual_after(panel, cutoff, self.horizon)
        known = wanted[:, None] & ~np.isnan(actual)
        y, levels = actual[known], np.array(LEVELS)
        above = y[:, None] - forecast.quantiles[known]
        loss = np.maximum(levels * above, (levels - 1) * above).mean(axis=1)
        return np.array([np.abs(forecast.mean[known] - y).sum(), loss.sum(), np.abs(y).sum()])


def _shares(sums: np.ndarray) -> dict[str, float]:
    absolute, loss, sold = sums
    if not sold > 0:
        raise ArithmeticError("nothing sold after the cutoffs")
    return {"error": float(absolute / sold), "pinball": float(loss / sold)}


def _tried(name: str, settings: Mapping[str, Any], course: Course, trial: Any, first: bool) -> dict[str, Any]:
    """The row of one trial."""
    row: dict[str, Any] = {"status": OK, "error": np.nan, "pinball": np.nan, "items": 0, "cutoffs": 0}
    try:
        for step, result in enumerate(course.results(registry.model(name, **settings)), start=1):
            row |= result
            trial.report(row["error"], step)
            if not first and trial.should_prune():
                return {**row, "status": HALVED}
    except Exception as error:  # settings may be what a library cannot do: other trials go on
        return {**row, "status": f"{FAILED}: {error or type(error).__name__}"[:200], "error": np.nan, "pinball": np.nan}
    return row


def _drawn(trial: Any, field: str, values: Whole | Real | Choice) -> Any:
    """A value for `field`, 3 digits of it."""
    match values:
        case Whole(low, high, log):
            return trial.suggest_int(field, low, high, log=log)
        case Real(low, high, log):
            return float(f"{trial.suggest_float(field, low, high, log=log):.3g}")
        case Choice(options):
            return trial.suggest_categorical(field, options)


def _told(row: Mapping[str, Any], states: Any) -> dict[str, Any]:
    """What Optuna is told of a trial."""
    if row["status"] == OK:
        return {"values": float(row["error"])}
    return {"state": states.PRUNED if row["status"] == HALVED else states.FAIL}

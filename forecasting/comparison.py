"""A comparison as a run: its settings, which name it, and its tables, backtest, forecast and drivers, made of the parts of its tasks."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting import refresh
from forecasting.automatic import Work
from forecasting.backtest import BACKTEST, FORECAST, driver_tasks
from forecasting.chosen import choice_table
from forecasting.cutoffs import last_cutoffs, most_cutoffs, parse_cutoffs
from forecasting.forecaster import Cost, Forecaster
from forecasting.models import registry
from forecasting.parts import by_model, joined_drivers
from forecasting.refresh import KNOWN_SALES, SALES, Earlier
from forecasting.rule import AUTO
from forecasting.source import Source
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from workspace import runs, tables
from workspace import tasks as workspace_tasks
from workspace.runs import Run
from workspace.tasks import Task, Tell, work
from workspace.workers import Backend

DRIVERS, BOTH, CHOICE = "drivers", "compare", "choice"
SEED = 0
USUAL_SECONDS = {Cost.INSTANT: 0.001, Cost.BATCHED: 0.02, Cost.FAST: 0.03, Cost.SLOW: 0.4}
USUAL_SECONDS_OF_A_FIT = {Cost.INSTANT: 0.1, Cost.BATCHED: 2.0, Cost.FAST: 10.0, Cost.SLOW: 30.0}
MANY, SHARE_OF_FEW = 100, 0.3
_PLAIN = (
    *("automatic", "backtest", "bands", "chosen", "cutoffs", "evidence", "fallbacks", "features", "forecast", "forecaster"),
    *("parts", "refresh", "rule", "selection", "source"),
)
_ANSWERS_COME_FROM = (*(f"{name}.py" for name in _PLAIN), "models/*.py", "batched/*.py")
_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "prophet", "holidays", "keras", "jax", "scikit-learn")


@dataclass(frozen=True)
class Comparison:
    """What a run of a verb is asked for: backtest, forecast, or compare, which is both.

    models: names in the registry. horizon: periods. cutoffs: as typed, a count or dates. best: so many best sellers, None all items.
    country: whose holidays count, "" none. own: settings of the models that are not their defaults, {model: {field: value}}. after: name of
    the run whose cutoffs and settled choices are kept (see `refreshing`), "" none.
    """

    models: tuple[str, ...]
    horizon: int
    cutoffs: str = ""
    best: int | None = None
    country: str = ""
    verb: str = BOTH
    seed: int = SEED
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    after: str = ""

    def panel(self, whole: SalesPanel) -> SalesPanel:
        """The items of `whole` that are asked for."""
        return whole.select(whole.best_sellers(self.best)) if self.best else whole

    def settings(self, fingerprint: str) -> dict[str, Any]:
        """What names the run over the panel with this fingerprint: everything that changes its answer."""
        asked = {**asdict(self), "models": list(self.models), "cutoffs": self.cutoffs if self.uses_cutoffs else ""}
        return {**asked, "fingerprint": fingerprint, "code": code()}

    def arguments(self, sales: Sequence[str]) -> list[str]:
        """The command that a person could type, python and these; `sales`: its words that name the sales."""
        typed = ["-m", "forecasting", self.verb, *sales, "--horizon", str(self.horizon), "--models", ",".join(self.models)]
        given = {"--cutoffs": self.cutoffs, "--best": self.best, "--country": self.country, "--seed": self.seed or None}
        given["--settings"] = json.dumps(self.own, sort_keys=True) if self.own else None
        given["--after"] = self.after or None
        return typed + [part for flag, value in given.items() if value for part in (flag, str(value))]

    def expected_seconds(self, items: int, measured: Mapping[str, float], workers: int, fits: Mapping[str, int] | None = None) -> float:
        """About how long the run takes on so many processes over a panel of so many items: for each model and item, every cutoff and the
        forecast past the end, by the seconds `measured` (see `seconds_of`), else by what models of its cost usually take. A model shared
        by all items learns from a bounded number of rows: a fit takes about as long for a hundred items as for many, and less for fewer.
        fits: how many cutoffs each model has, where the panel is known (`fits`). Where auto itself was measured, its candidates are in it.

        >>> Comparison(("seasonal_naive",), 28, "3", best=10).expected_seconds(500, {"seasonal_naive": 0.5}, 2)
        10.0
        >>> [Comparison(("linear", "forest"), 28, "3", best=best).expected_seconds(500, {}, 2) for best in (None, 50)]
        [24.0, 12.0]
        """
        own, asked = dict.fromkeys(self.models, self._count + 1), min(self.best or items, items)
        fits = fits if fits and AUTO not in measured else own
        return sum(count * _seconds_of_a_cutoff(model, asked, measured) for model, count in fits.items()) / workers

    def fits(self, panel: SalesPanel) -> dict[str, int]:
        """At how many cutoffs over `panel`, its end among them, each model is asked, auto's candidates in the place of auto."""
        counted = min(self._count, most_cutoffs(panel, self.horizon))
        models = [registry.model(name) for name in self.models]
        work = Work(panel, models, self.horizon, last_cutoffs(panel, counted, self.horizon) if counted else ())
        return work.fits

    @property
    def uses_cutoffs(self) -> bool:
        """Whether cutoffs change the answer: a forecast alone does without, but for auto, which chooses by them."""
        return self.verb != FORECAST or AUTO in self.models

    @property
    def _count(self) -> int:
        return int(self.cutoffs) if self.cutoffs.strip().isdecimal() else len(self.cutoffs.split(","))


def seconds_of(errors: pd.DataFrame) -> dict[str, float]:
    """By model the seconds of one cutoff that a backtest (rows `item, model, seconds`, an item's at a cutoff) measured: of one item, or of
    all items together where a fit is shared by them."""
    each, items = errors.groupby("model")["seconds"].mean().dropna(), errors["item"].nunique()
    return {str(model): float(seconds) * (items if _one_fit(str(model)) else 1) for model, seconds in each.items()}


def _one_fit(model: str) -> bool:
    """Whether one fit is for all items; auto asks models of each item as well, and more for more items."""
    return registry.card(model).shared and model != AUTO


def _seconds_of_a_cutoff(model: str, items: int, measured: Mapping[str, float]) -> float:
    cost = registry.card(model).cost
    if _one_fit(model):
        return measured.get(model, USUAL_SECONDS_OF_A_FIT[cost] * min(max(items / MANY, SHARE_OF_FEW), 1.0))
    return measured.get(model, USUAL_SECONDS[cost]) * items


def compared(
    asked: Comparison,
    whole: SalesPanel,
    models: Sequence[Forecaster],
    cutoffs: Sequence[pd.Timestamp],
    tell: Tell = lambda _: None,
    backend: Backend = Backend(),  # noqa: B008
) -> Run:
    """Works on the run that is `asked` over the panel `whole`; its folder then holds backtest.parquet and forecast.parquet, those of them
    that its verb asks for, for both drivers.parquet, where a model says what drives it, and with auto among the models choice.parquet (see
    `forecasting.chosen.Chosen.table`). Raises what `workspace.tasks.work` raises.

    A part is named by what it was made of: one that an earlier run made of the same items, their sales, settings and program is taken over.
    """
    panel, earlier = asked.panel(whole), refresh.opened(Run(asked.after)) if asked.after else None
    horizon, seed, verb, settings = asked.horizon, asked.seed, asked.verb, asked.settings(whole.fingerprint)
    source = Source(panel, Run(runs.name_of(settings)).folder / SALES)
    cutoffs = cutoffs if asked.uses_cutoffs else ()
    steps = Work(panel, models, horizon, cutoffs, seed=seed, beyond=verb != BACKTEST, scored=verb != FORECAST, source=source)
    explained = source
    if earlier is not None:
        steps, explained = _going_on(steps, earlier, settings["code"]), Source(earlier.panel, earlier.run.folder / SALES)
    sources = [*steps.sources, explained]
    drivers = driver_tasks(explained.panel, models, horizon, seed, explained) if verb == BOTH else []
    tasks = {stage: _of_this_program(own, settings["code"]) for stage, own in {**steps.tasks, DRIVERS: drivers}.items()}

    def assemble(run: Run, files: list[Path]) -> None:
        made = dict(zip(chain.from_iterable(tasks.values()), files, strict=True))
        parts = {
            stage: {name: tables.Tables([made[task] for task in some]) for name, some in by_model(own).items()}
            for stage, own in tasks.items()
        }
        chosen = steps.choices(parts)
        for stage in (BACKTEST, FORECAST) if verb == BOTH else (verb,):
            _write(run.folder / f"{stage}.parquet", steps.tables(stage, parts, chosen), whole.sales_fingerprint)
        told = [one.drivers() for one in chosen if one.forecast.cutoff == panel.last] if verb == BOTH else []
        settled = [rows[~rows["item"].isin(steps.items_since)] for rows in chain.from_iterable(parts[DRIVERS].values())]
        beside = {DRIVERS: joined_drivers([*settled, *told])} if drivers or told else {}
        if chosen:
            beside[CHOICE] = choice_table(chosen)
        for name, rows in beside.items():
            tables.write_table(run.folder / f"{name}.parquet", rows, {**rows.attrs, "fingerprint": whole.sales_fingerprint})

    def prepare(_: Run) -> list[Path]:
        return list(dict.fromkeys(chain.from_iterable(each.write() for each in sources)))

    return work(settings, [task for own in tasks.values() for task in own], assemble, tell, prepare, backend)


def _going_on(steps: Work, earlier: Earlier, code: str) -> Work:
    """`steps` with what the earlier run settled: its backtests, and unless sales went on its forecasts, of all items but those that it did
    not have or that were corrected since; with what its models kept."""
    then = replace(steps, panel=earlier.panel, source=Source(earlier.panel, earlier.run.folder / SALES))
    settled = _of_this_program(chain.from_iterable(then.tasks.values()), code)
    kept = {task.name: content for task in settled if (content := workspace_tasks.kept(earlier.run, task)) is not None}
    had, since = np.isin(steps.panel.items, earlier.panel.items), refresh.since(steps.panel, earlier.panel)
    known = then
    if refresh.goes_on(steps.panel, earlier.panel):
        source = steps.source
        if source is not None and source.path is not None and not had.all():
            source = Source(steps.panel.select(had), source.path.with_name(KNOWN_SALES))
        known = replace(steps, panel=steps.panel.select(had), source=source, kept=kept, then=replace(then, beyond=False))
    return replace(steps, kept=kept, known=known, since=np.flatnonzero(since)) if since.any() else known


def _write(path: Path, parts: Iterable[pd.DataFrame], fingerprint: str) -> None:
    """Writes tables as they come, and after them what models settled on."""
    details: dict[str, Any] = {}

    def told() -> Iterator[pd.DataFrame]:
        for part in parts:
            details.update(part.attrs["details"])
            yield part

    tables.write_tables(path, told(), lambda: {"details": details, "fingerprint": fingerprint})


def refreshing(asked: Comparison, whole: SalesPanel) -> Comparison:
    """`asked`, to keep what an earlier run settled, where there is one of the same settings whose sales those of `whole` go on from by
    fewer than a horizon of periods and a few items (see `forecasting.refresh.continues`).

    Then its cutoffs stay, so that its backtest and drivers are taken over, and only forecasts are made anew: with the orders, members and
    networks or trees that models settled on then (`Forecaster.trained`); a model that settles nothing is fitted as ever. Items that are
    new, or whose past was corrected, are backtested and forecast beside that, with what shared models learnt at each cutoff then: nothing
    of the others changes by them.
    """
    found = refresh.earlier(asked.settings(whole.fingerprint), asked.panel(whole), asked.horizon)
    return replace(asked, after=found.run.name if found is not None else "")


def cutoffs_of(asked: Comparison, whole: SalesPanel) -> list[pd.Timestamp]:
    """The cutoffs to score, as they were typed, over the sales of the run that is kept from, if any; for a forecast alone those by which
    auto chooses, as many of so many as there is room for. Raises InputProblems for cutoffs that cannot be, and where the earlier run is
    not there any more or has nothing to keep."""
    if asked.after:
        earlier = refresh.opened(Run(asked.after))
        alike = earlier is not None and refresh.asked_alike(earlier.run, asked.settings(whole.fingerprint))
        if earlier is None or not alike or not refresh.continues(asked.panel(whole), earlier.panel, asked.horizon):
            raise InputProblems([Problem("after_unknown", got=asked.after)])
        whole = whole.until(earlier.panel.last, asked.horizon)
    if not asked.uses_cutoffs:
        return []
    if asked.verb == FORECAST and asked.cutoffs.strip().isdecimal():
        count = min(int(asked.cutoffs), most_cutoffs(whole, asked.horizon))
        return last_cutoffs(whole, count, asked.horizon) if count else []
    return parse_cutoffs(whole, asked.cutoffs, asked.horizon)


def items_since(asked: Comparison, whole: SalesPanel) -> tuple[int, int]:
    """How many items the run that is kept from did not have, and of how many it knew the past otherwise."""
    earlier, panel = refresh.opened(Run(asked.after)), asked.panel(whole)
    if earlier is None:
        return 0, 0
    new = len(panel) - len(earlier.panel)
    return new, int(refresh.since(panel, earlier.panel).sum()) - new


def _of_this_program(tasks: Iterable[Task], code: str) -> list[Task]:
    """`tasks` whose parts are found again by the same program alone."""
    return [replace(task, of=runs.name_of({"task": task.of, "code": code})) for task in tasks]


def code(files: Sequence[str] = (), libraries: Sequence[str] = ()) -> str:
    """16 hexadecimal digits that change with the program or a library that its answers come from, and with these `files` of this package
    and `libraries`: an older run's are not taken for them."""
    digest = hashlib.blake2b(digest_size=8)
    for pattern in (*_ANSWERS_COME_FROM, *files):
        for path in sorted(Path(__file__).parent.glob(pattern)):
            digest.update(path.read_bytes())
    digest.update(" ".join(version(name) for name in (*_LIBRARIES, *libraries)).encode())
    return digest.hexdigest()

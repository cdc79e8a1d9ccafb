"""auto: for each item the model, or the mean of models, that past cutoffs speak for (`forecasting.rule`), put together from the parts of
its candidates: a run that asks for a candidate by name as well works it out once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from forecasting import bands, fallbacks, rule
from forecasting.backtest import BACKTEST, FORECAST, actual_after, backtest_tasks, forecast_tasks
from forecasting.chosen import WHY, Chosen
from forecasting.evidence import NAIVE, Evidence
from forecasting.forecast import LEVELS, OK, Forecast, blank, quantile_column
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models import registry
from forecasting.parts import Anew, called, joined, together
from forecasting.rule import AUTO, Choice
from forecasting.source import Source
from sales.panel import SalesPanel
from workspace.tasks import Task

ORIGINS = "origins"
NO_CANDIDATE = "failed: no_candidate"
Parts = Mapping[str, Mapping[str, Iterable[pd.DataFrame]]]


@dataclass(frozen=True)
class Auto(Forecaster):
    """For each item the model, or mean of models, that past cutoffs speak for, where it beats seasonal naive.

    candidates: models of the registry that are tried, seasonal naive among them; none: those that `rule.candidates` names for the panel.
    own: settings of candidates that are not their defaults, {model: {field: value}}. Each is backtested at cutoffs before the end of the
    panel (`rule.origins`); nothing after them is seen. `model_used` is the model chosen, "ensemble" where several are.

    Raises ValueError for candidates without seasonal naive, one that is named twice, and "auto" itself.
    """

    candidates: tuple[str, ...] = ()
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    card: ClassVar[Card] = Card(
        name=AUTO,
        family=Family.COMBINATION,
        least_history=2,
        uses_covariates=True,
        seasonal=True,
        intermittent=True,
        shared=True,
        cost=Cost.SLOW,
    )

    def __post_init__(self) -> None:
        names = self.candidates
        if names and (NAIVE not in names or len(set(names)) < len(names) or AUTO in names):
            raise ValueError(f"candidates: got {names}, expected different models, {NAIVE} among them")

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        work = Work(panel, (self,), horizon, (), levels, int(rng.integers(2**32)))
        return work.choices(called(work.tasks))[-1].forecast


@dataclass(frozen=True, eq=False)
class Work:
    """All steps of a backtest and a forecast of `models` over `panel`, and what their parts come to. Without auto among the models these
    are `backtest_tasks` and `forecast_tasks` and nothing else; with it, its candidates are models too, asked at earlier cutoffs as well,
    and their rows are left out unless they are asked for by name.

    cutoffs: those to score, earliest first, or, unless `scored`, those by which auto chooses what it says past the end, and nothing else.
    beyond: whether to forecast past the end. source: where tasks find the panel; None: in memory. kept: what models kept of an earlier run,
    by task. Nothing after the first cutoff has a say in which candidates there are and at which earlier cutoffs they are asked.

    then: the work over the sales of these items as an earlier run knew them, whose backtests stand; what is past the end is this one's.
    known: the work over the items that an earlier run had. since: positions of those that it had not, or whose sales were corrected since:
    these alone are then this one's steps, by the same candidates, and what is said of all others is what `known` comes to without them.
    """

    panel: SalesPanel
    models: Sequence[Forecaster]
    horizon: int
    cutoffs: Sequence[pd.Timestamp] = ()
    levels: Sequence[float] = LEVELS
    seed: int = 0
    beyond: bool = True
    source: Source | None = None
    scored: bool = True
    kept: Mapping[str, bytes] = field(default_factory=dict)
    then: "Work | None" = None
    known: "Work | None" = None
    since: np.ndarray | None = None

    @cached_property
    def auto(self) -> Auto | None:
        return next((model for model in self.models if isinstance(model, Auto)), None)

    @cached_property
    def candidates(self) -> list[Forecaster]:
        """The models that auto chooses from; none where it is not asked for."""
        if self.auto is None:
            return []
        if self._before is not None:
            return self._before.candidates
        asked = {model.card.name: model for model in self.models}
        names = self.auto.candidates or rule.candidates(self._seen, self.horizon)
        return [asked.get(name) or registry.model(name, **self.auto.own.get(name, {})) for name in names]

    @cached_property
    def origins(self) -> list[pd.Timestamp]:
        """Cutoffs before those to score at which candidates are asked for the choice alone."""
        if self._before is not None:
            return self._before.origins
        return [] if self.auto is None else rule.origins(self._seen, self._seen.last, self.horizon)

    @cached_property
    def fits(self) -> dict[str, int]:
        """At how many cutoffs, the end of the panel among them, each model is asked."""
        tried, own = {model.card.name for model in self.candidates}, len(self.cutoffs) if self.scored else 0
        return {name: (len(self._past) if name in tried else own) + self.beyond for name in (model.card.name for model in self._every)}

    @property
    def items_since(self) -> np.ndarray:
        """Codes of the items that came or were corrected since an earlier run."""
        return self.panel.items[:0] if self.since is None else self.panel.items[self.since]

    @property
    def sources(self) -> list[Source]:
        """Where its tasks find their panels, those in memory aside."""
        others = [source for each in (self.known, self.then) if each is not None for source in each.sources]
        return others if self.source is None else [self.source, *others]

    @cached_property
    def tasks(self) -> dict[str, list[Task]]:
        """The steps of each stage: origins, backtest, forecast; a stage that is not asked for has none."""
        how = (self.levels, self.seed, self.source)
        own = self._backtests if self.then is None else {**self.then.tasks}
        own[FORECAST] = forecast_tasks(self.panel, self._every, self.horizon, *how, self.since, self.kept) if self.beyond else []
        return own if self.known is None else {**self.known.tasks, **{_since(stage): tasks for stage, tasks in own.items()}}

    @property
    def _backtests(self) -> dict[str, list[Task]]:
        how, since, learnt = (self.levels, self.seed, self.source), self.since, {} if self.since is None else self.kept
        had = None if self.known is None else len(self.known.panel)
        scored = self._every if self.scored else self.candidates
        earlier = backtest_tasks(self.panel, self.candidates, self.horizon, self.origins, *how, ORIGINS, since, learnt, had)
        later = backtest_tasks(self.panel, scored, self.horizon, self.cutoffs, *how, BACKTEST, since, learnt, had)
        return {ORIGINS: [replace(task, asked=False) for task in earlier], BACKTEST: [replace(task, asked=self.scored) for task in later]}

    def choices(self, parts: Parts) -> list[Chosen]:
        """What auto decides at each cutoff, in their order, and past the end, from the parts of all stages; each time from cutoffs whose
        horizon has ended by then alone."""
        if self.auto is None:
            return []
        own = self._decided(self._whole(parts))
        if self.known is None or self.since is None:
            return own
        others = np.flatnonzero(~np.isin(self.known.panel.items, self.items_since))
        return [*(one.select(others) for one in self.known.choices(parts)), *(one.select(self.since) for one in own)]

    def _decided(self, parts: Parts) -> list[Chosen]:
        """`choices` over all items of the panel."""
        settled = [] if self.then is None else self.then.choices(parts)
        earlier, scored = self._said(parts[ORIGINS], self.origins, np.float32), self._said(parts[BACKTEST], self.cutoffs)
        before = np.concatenate([earlier.values, scored.values], axis=2, dtype=np.float32)
        own = [] if self.then is not None or not self.scored else self.cutoffs
        chosen = [*settled, *(self._chosen(cutoff, scored, at, before) for at, cutoff in enumerate(own))]
        if self.beyond:
            chosen.append(self._chosen(self.panel.last, self._said(parts[FORECAST], [self.panel.last]), 0, before))
        for one in [] if settled else chosen[:1]:  # what was asked for the choice alone counts once, as tuning does
            for said in (earlier,) if self.scored else (earlier, scored):
                one.forecast.seconds[:] += said.seconds.sum(axis=1)
        return chosen

    def rows(self, stage: str, parts: Parts, chosen: Sequence[Chosen]) -> pd.DataFrame:
        """`tables` as one."""
        return together(self.tables(stage, parts, chosen))

    def tables(self, stage: str, parts: Parts, chosen: Sequence[Chosen]) -> Iterator[pd.DataFrame]:
        """Tidy rows of the models asked for, of the stage backtest or forecast, one model after the other (see `joined`); `chosen`:
        `choices` of all parts."""
        made, parts = [one for one in chosen if (one.forecast.cutoff in self.cutoffs) == (stage == BACKTEST)], self._whole(parts)
        for model in self.models:
            own = (one.part(self._actual(one)) for one in made) if model is self.auto else parts[stage][model.card.name]
            rows = joined(own)
            yield rows.assign(**{name: "" for name in WHY if made and name not in rows})

    @cached_property
    def _every(self) -> list[Forecaster]:
        """The models that are worked through: those asked for, and auto's candidates in its place."""
        return list({model.card.name: model for model in [*self.models, *self.candidates] if model is not self.auto}.values())

    @property
    def _before(self) -> "Work | None":
        """The work that says which candidates there are, and where they are asked."""
        return self.known if self.known is not None else self.then

    def _whole(self, parts: Parts) -> Parts:
        """The parts of all items, by stage and model: of items that came or were corrected since, what was said of them since."""
        if self.known is None or self.since is None:
            return parts
        both = {stage: (own, parts[_since(stage)]) for stage, own in parts.items() if _since(stage) in parts}
        return {
            stage: {name: Anew(own.get(name, ()), new.get(name, ()), self.items_since) for name in {**own, **new}}
            for stage, (own, new) in both.items()
        }

    @property
    def _past(self) -> list[pd.Timestamp]:
        """The cutoffs at which candidates are asked."""
        return [*self.origins, *self.cutoffs]

    @cached_property
    def _seen(self) -> SalesPanel:
        return self.panel.until(min(self.cutoffs, default=self.panel.last), self.horizon)

    def _actual(self, chosen: Chosen) -> np.ndarray:
        own = self.panel.select(np.isin(self.panel.items, chosen.forecast.items))
        return actual_after(own, chosen.forecast.cutoff, self.horizon)

    def _said(self, parts: Mapping[str, Iterable[pd.DataFrame]], cutoffs: Sequence[pd.Timestamp], dtype: type = np.float64) -> "Said":
        """What all candidates said at these cutoffs, from the parts of each."""
        columns, h = ["mean", *map(quantile_column, self.levels)], self.horizon
        names = [model.card.name for model in self.candidates]
        values: np.ndarray = np.full((len(names), len(self.panel), len(cutoffs), h, len(columns)), np.nan, dtype=dtype)
        seconds, details = np.zeros((len(self.panel), len(cutoffs))), {name: dict[str, str]() for name in names}
        for block, name in zip(values, names, strict=True):
            for part in parts.get(name, ()):
                each = part.iloc[::h]  # the first row of each item and cutoff
                row = np.searchsorted(self.panel.items, each["item"].to_numpy(dtype=object))
                at = pd.DatetimeIndex(cutoffs).get_indexer(pd.DatetimeIndex(each["cutoff"]))
                own = (each["status"] == OK).to_numpy()
                block[row[own], at[own]] = part[columns].to_numpy(dtype=dtype).reshape(len(each), h, len(columns))[own]
                np.add.at(seconds, (row, at), each["seconds"].to_numpy())
                details[name].update(part.attrs["details"][name])
        return Said(values, seconds, details)

    def _chosen(self, cutoff: pd.Timestamp, said: "Said", at: int, before: np.ndarray) -> Chosen:
        """What auto says after `cutoff`: `said` is what its candidates say there, at place `at`, `before` (m x n x past x h x 1 + levels)
        what they said at past cutoffs, of which it looks at those alone whose horizon has ended."""
        panel, h, names, now = self.panel.until(cutoff, self.horizon), self.horizon, tuple(said.details), said.values[:, :, at]
        forecast, able = fallbacks.answer(AUTO, Auto.card.least_history, panel, h, self.levels)
        answered = ~np.isnan(now[..., 0]).all(axis=(0, 2))
        forecast.status[able & ~answered] = NO_CANDIDATE
        able, choice = able & answered, None
        places = self.panel.periods.get_indexer(pd.DatetimeIndex(self._past))
        ended = np.flatnonzero(places + h < len(panel.periods))
        if able.any():
            seen, now, past = panel.select(able), now[:, able], before[np.ix_(np.arange(len(names)), np.flatnonzero(able), ended)]
            judged = seen if self.then is None else self.then.panel.select(able)  # what stands is held against sales as it knew them
            y = np.stack([np.empty((len(seen), h)), *(actual_after(judged, self._past[k], h) for k in ended)], axis=1)[:, 1:]
            evidence = Evidence(names, y, past[..., 0], seen, past[..., 1:])
            choice = rule.choose(evidence, now[..., 0])
            part = blank(AUTO, seen, h, self.levels)
            part.mean[:] = rule.combined(choice, now[..., 0])
            part.quantiles[:] = bands.quantiles(evidence, choice, part.mean, now[..., 1:], tuple(self.levels))
            part.model_used[:] = choice.used
            part.detail[:] = _details(said.details, choice, seen.items)
            forecast = fallbacks.merged(forecast, fallbacks.guarded(part, seen), able)
        forecast.seconds[:] = said.seconds[:, at]
        return Chosen(forecast, np.flatnonzero(able), names, choice)


@dataclass(frozen=True, eq=False)
class Said:
    """What m candidates said at c cutoffs. values: m x n x c x h x 1 + levels, mean and quantiles, units, NaN where one has no answer of
    its own. seconds: n x c, computing time of all of them. details: by model and item what it settled on."""

    values: np.ndarray
    seconds: np.ndarray
    details: Mapping[str, Mapping[str, str]]


def _since(stage: str) -> str:
    """The stage of the items that came since."""
    return f"{stage} since"


def _details(settled_on: Mapping[str, Mapping[str, str]], choice: Choice, items: np.ndarray) -> list[str]:
    """What was chosen, by item: the model and what it settled on, or the weights."""
    names = list(settled_on)

    def said(item: str, weights: np.ndarray) -> str:
        inside = sorted((name for name, weight in zip(names, weights, strict=True) if weight > 0), key=lambda n: -weights[names.index(n)])
        if len(inside) == 1:
            return " ".join(filter(None, [inside[0], settled_on[inside[0]].get(item, "")]))
        return " + ".join(f"{weights[names.index(name)]:.2f} {name}" for name in inside)

    return [said(item, weights) for item, weights in zip(items, choice.weight, strict=True)]

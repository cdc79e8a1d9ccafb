"""What a session has open, loaded once: the panel, the stock terms, the results of a run, what was decided, the spread of demand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import streamlit as st

from forecasting import settings
from forecasting.choice import OVERALL, OWN, models_of_plan, with_own
from forecasting.chosen import CHOICE
from forecasting.forecaster import DRIVERS
from forecasting.leaderboard import errors
from forecasting.spread import DemandSpread, demand_spread
from inventory import decisions, stock
from inventory.decisions import Decisions
from inventory.terms import StockTerms, default_terms, read_terms
from sales import datasets as saved
from sales.panel import SalesPanel
from sales.problems import Problem
from workspace import facts, runs, tables
from workspace.datasets import Dataset

CURRENCY = "currency"
CURRENCIES = ("EUR", "USD", "GBP", "CNY", "CHF", "JPY")


@dataclass(frozen=True, eq=False)
class Result:
    """A finished run of Compare over the dataset `data`: what was asked, backtest rows, forecast rows past the end."""

    run: runs.Run
    data: str
    settings: Mapping[str, Any]
    backtest: pd.DataFrame
    forecast: pd.DataFrame

    @property
    def fingerprint(self) -> str:
        """That of the data it was made of."""
        return str(self.settings["fingerprint"])

    @cached_property
    def models(self) -> list[str]:
        return list(self.backtest["model"].unique())

    @cached_property
    def items(self) -> list[str]:
        return sorted(self.backtest["item"].unique())

    @cached_property
    def errors(self) -> pd.DataFrame:
        """A row for each item, cutoff and model: see `forecasting.leaderboard.errors`."""
        return errors(self.backtest)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """What models say drives their forecasts, rows `model, item, kind, name, ds, value`; empty where the run has none."""
        path = self.run.folder / "drivers.parquet"
        return tables.read_table(path) if path.exists() else pd.DataFrame(columns=["model", *DRIVERS])

    @cached_property
    def choice(self) -> pd.DataFrame:
        """What the automatic choice weighed, rows of `forecasting.chosen.Chosen.table`; empty where the run did not ask for it."""
        path = self.run.folder / "choice.parquet"
        return tables.read_table(path) if path.exists() else pd.DataFrame(columns=list(CHOICE))

    def detail(self, model: str, item: str) -> str:
        """What `model` settled on for the forecast of `item` past the end, "" where it says nothing."""
        return str(self.forecast.attrs["details"].get(model, {}).get(item, ""))


def panel_of(dataset: Dataset, fingerprint: str | None = None) -> SalesPanel:
    """The dataset's panel as it was at `fingerprint`; as it is now where that is None."""
    return _panel(dataset.name, fingerprint or dataset.facts["fingerprint"], dataset)


def terms_of(dataset: Dataset, decided: Decisions, fingerprint: str | None = None) -> tuple[StockTerms, tuple[Problem, ...]]:
    """The stock terms of the items of `panel_of` and what was wrong with them; defaults where no stock file was given."""
    table = stock.table_of(dataset, decided.stock)
    written = dataset.path(table).stat().st_mtime_ns if table else 0
    return _terms((dataset.name, fingerprint or dataset.facts["fingerprint"], written), table, dataset, fingerprint)


def finished(dataset: Dataset) -> list[runs.Run]:
    """The finished runs of this dataset, the one asked for last first."""
    return [run for run in runs.latest({"data": dataset.name}) if run.state is runs.State.DONE]


def use_run(dataset: Dataset, run: str | None) -> None:
    """Makes the run of this name the one that this session's pages rest on, as soon as it is finished; None: whatever is the latest."""
    st.session_state[f"run-{dataset.name}"] = run


def result_of(dataset: Dataset) -> Result | None:
    """The finished run that this session asked for or chose, else the latest of this dataset, though its data may have changed since
    (`is_stale`); None where there is none."""
    found, wanted = finished(dataset), st.session_state.get(f"run-{dataset.name}")
    chosen = next((run for run in found if run.name == wanted), found[0] if found else None)
    return _result(chosen.name, dataset.name) if chosen else None


def is_stale(dataset: Dataset, result: Result) -> bool:
    """Whether the data changed since the run."""
    return result.fingerprint != dataset.facts["fingerprint"]


def decisions_of(dataset: Dataset) -> Decisions:
    """What people decided about the dataset, as of now: read again only after somebody wrote."""
    return _decisions(dataset.name, dataset.facts["fingerprint"], facts.revision())


def uses_tuned(dataset: Dataset) -> str:
    """The key of whether this session's next comparison takes what tuning found for this dataset."""
    return f"use-tuned-{dataset.name}"


def own_settings(dataset: Dataset, models: Iterable[str]) -> settings.Own:
    """The settings that the next comparison of `models` takes, those kept for this dataset unless this session wants none."""
    wanted = st.session_state.get(uses_tuned(dataset), True)
    return settings.of_models(settings.of_tuned(settings.kept(dataset)), models) if wanted else {}


def spread_of(dataset: Dataset, result: Result) -> DemandSpread:
    """The spread of demand under the models that this session chose for the plan."""
    return _spread(spread_key(result), panel_of(dataset, result.fingerprint), result, chosen_models(result))


def spread_key(result: Result) -> tuple[str, ...]:
    """What `spread_of` depends on."""
    return (result.run.name, _rule(result), repr(sorted(own_choices(result).items())))


def chosen_models(result: Result) -> dict[str, str]:
    """The model of each item's plan: by the rule chosen, then item by item."""
    return with_own(_chosen((result.run.name, _rule(result)), result), own_choices(result), result.forecast)


def _rule(result: Result) -> str:
    rule = st.session_state.get("rule", OVERALL)
    return rule if rule in (OVERALL, OWN, *result.models) else OVERALL


def own_choices(result: Result) -> dict[str, str]:
    """The models chosen item by item in this session."""
    return dict(st.session_state.get(_own_key(result), {}))


def choose_for_item(result: Result, item: str, model: str) -> None:
    """Uses `model` for the plan of `item` in this session, whatever the rule says."""
    st.session_state[_own_key(result)] = {**own_choices(result), item: model}


def forget_items(result: Result) -> None:
    """Drops the choices made item by item."""
    st.session_state.pop(_own_key(result), None)


def currency() -> str:
    """The currency that this session states its money in."""
    return str(st.session_state.get(CURRENCY) or CURRENCIES[0])


def _own_key(result: Result) -> str:
    return f"own-{result.data}-{result.run.name}"


@st.cache_resource(max_entries=8, show_spinner=False)
def _panel(name: str, fingerprint: str, _dataset: Dataset) -> SalesPanel:
    now = fingerprint == _dataset.facts["fingerprint"]
    return saved.load_sales(_dataset) if now else saved.load_sales(_dataset, fingerprint)


@st.cache_resource(max_entries=8, show_spinner=False)
def _terms(
    key: tuple[str, str, int], table: str | None, _dataset: Dataset, _fingerprint: str | None
) -> tuple[StockTerms, tuple[Problem, ...]]:
    panel = panel_of(_dataset, _fingerprint)
    return read_terms(_dataset.read(table), panel) if table else (default_terms(panel), ())


@st.cache_resource(max_entries=8, show_spinner=False)
def _result(run: str, data: str) -> Result:
    made = runs.Run(run)
    backtest, forecast = (tables.read_table(made.folder / f"{name}.parquet") for name in ("backtest", "forecast"))
    return Result(made, data, made.settings, backtest, forecast)


@st.cache_resource(max_entries=8, show_spinner=False)
def _decisions(data: str, fingerprint: str, revision: str) -> Decisions:
    return decisions.decisions(data, fingerprint)


@st.cache_resource(max_entries=8, show_spinner=False)
def _chosen(key: tuple[str, ...], _result: Result) -> dict[str, str]:
    return models_of_plan(_result.forecast, _result.errors, key[-1])


# keyed by what was asked for: hashing the model of each of 10,000 items takes longer than the plan
@st.cache_resource(max_entries=8, show_spinner=False)
def _spread(key: tuple[str, ...], _panel: SalesPanel, _result: Result, _models: dict[str, str]) -> DemandSpread:
    return demand_spread(_panel, _result.forecast, _result.backtest, _models)

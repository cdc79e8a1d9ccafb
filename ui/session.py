"""What a session has open, loaded once: the panel, the stock terms, the results of a run, the spread of demand."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import streamlit as st

from forecasting.choice import OVERALL, OWN, models_of_plan
from forecasting.spread import DemandSpread, demand_spread
from inventory import adjustments
from inventory.adjustments import Adjustment
from inventory.terms import StockTerms, default_terms, read_terms
from sales import datasets as saved
from sales.panel import SalesPanel
from sales.problems import Problem
from workspace import runs, tables
from workspace.datasets import Dataset

CURRENCY = "currency"
CURRENCIES = ("EUR", "USD", "GBP", "CNY", "CHF", "JPY")


@dataclass(frozen=True)
class Result:
    """A finished run of Compare: what was asked, backtest rows, forecast rows past the end."""

    run: runs.Run
    backtest: pd.DataFrame
    forecast: pd.DataFrame

    @property
    def fingerprint(self) -> str:
        """That of the data it was made of."""
        return str(self.run.settings["fingerprint"])

    @cached_property
    def models(self) -> list[str]:
        return list(self.backtest["model"].unique())

    @cached_property
    def items(self) -> list[str]:
        return sorted(self.backtest["item"].unique())

    def detail(self, model: str, item: str) -> str:
        """What `model` settled on for `item`, "" where it says nothing."""
        return str(self.backtest.attrs["details"].get(model, {}).get(item, ""))


def panel_of(dataset: Dataset, fingerprint: str | None = None) -> SalesPanel:
    """The dataset's panel as it was at `fingerprint`; as it is now where that is None."""
    return _panel(dataset.name, fingerprint or dataset.facts["fingerprint"], dataset)


def terms_of(dataset: Dataset, fingerprint: str | None = None) -> tuple[StockTerms, tuple[Problem, ...]]:
    """The stock terms of the items of `panel_of` and what was wrong with them; defaults where no stock file was given."""
    return _terms(dataset.name, fingerprint or dataset.facts["fingerprint"], _stamp(dataset), dataset)


def result_of(dataset: Dataset) -> Result | None:
    """The latest finished run of this dataset, though its data may have changed since (`is_stale`); None where there is none."""
    for run in runs.latest({"data": dataset.name}):
        if run.state is runs.State.DONE:
            return _result(run.name, run)
    return None


def is_stale(dataset: Dataset, result: Result) -> bool:
    """Whether the data changed since the run."""
    return result.fingerprint != dataset.facts["fingerprint"]


def spread_of(dataset: Dataset, result: Result) -> DemandSpread:
    """The spread of demand under the models that this session chose for the plan and the planner's adjustments."""
    made, forecast = adjustments.load(dataset.name), adjusted_forecast(dataset, result)
    asked = (result.run.name, _rule(result), repr(own_choices(result)), repr(made), _known(dataset) if made else "")
    return _spread(*asked, _made_of(dataset, result), forecast, result, chosen_models(result))


def adjusted_forecast(dataset: Dataset, result: Result) -> pd.DataFrame:
    """The run's forecast with the planner's adjustments."""
    made = adjustments.load(dataset.name)
    return _adjusted(result.run.name, repr(made), _known(dataset), dataset, made, result) if made else result.forecast


def _known(dataset: Dataset) -> str:
    """Changes with the sales and the stock file."""
    return f"{dataset.facts['fingerprint']} {_stamp(dataset)}"


def _stamp(dataset: Dataset) -> int:
    """When the stock file was saved, nanoseconds; 0 where there is none."""
    return dataset.path(saved.STOCK).stat().st_mtime_ns if dataset.has(saved.STOCK) else 0


def _made_of(dataset: Dataset, result: Result) -> SalesPanel:
    return panel_of(dataset, result.fingerprint)


def chosen_models(result: Result) -> dict[str, str]:
    """The model of each item's plan: by the rule chosen, then item by item."""
    own = own_choices(result)
    return dict(_chosen(result.run.name, _rule(result), repr(own), own, result))


def _rule(result: Result) -> str:
    rule = st.session_state.get("rule", OVERALL)
    return rule if rule in (OVERALL, OWN, *result.models) else OVERALL


def own_choices(result: Result) -> dict[str, str]:
    """The models chosen item by item in this session."""
    return dict(st.session_state.get(f"own-{result.run.name}", {}))


def currency() -> str:
    """The currency that this session states its money in."""
    return str(st.session_state.get(CURRENCY) or CURRENCIES[0])


def choose_for_item(result: Result, item: str, model: str) -> None:
    """Uses `model` for the plan of `item` in this session, whatever the rule says."""
    st.session_state[f"own-{result.run.name}"] = {**own_choices(result), item: model}


def forget_items(result: Result) -> None:
    """Drops the choices made item by item."""
    st.session_state.pop(f"own-{result.run.name}", None)


@st.cache_resource(max_entries=8, show_spinner=False)
def _panel(name: str, fingerprint: str, _dataset: Dataset) -> SalesPanel:
    now = fingerprint == _dataset.facts["fingerprint"]
    return saved.load_sales(_dataset) if now else saved.load_sales(_dataset, fingerprint)


@st.cache_resource(max_entries=8, show_spinner=False)
def _terms(name: str, fingerprint: str, stamp: int, _dataset: Dataset) -> tuple[StockTerms, tuple[Problem, ...]]:
    panel = panel_of(_dataset, fingerprint)
    return read_terms(_dataset.read(saved.STOCK), panel) if stamp else (default_terms(panel), ())


@st.cache_resource(max_entries=8, show_spinner=False)
def _result(name: str, _run: runs.Run) -> Result:
    folder = _run.folder
    return Result(_run, tables.read_table(folder / "backtest.parquet"), tables.read_table(folder / "forecast.parquet"))


@st.cache_resource(max_entries=8, show_spinner=False)
def _chosen(run: str, rule: str, own: str, _own: dict[str, str], _result: Result) -> dict[str, str]:
    return models_of_plan(_result.forecast, _result.backtest, rule, _own)


@st.cache_resource(max_entries=8, show_spinner=False)
def _adjusted(run: str, made: str, known: str, _dataset: Dataset, _made: list[Adjustment], _result: Result) -> pd.DataFrame:
    terms = terms_of(_dataset, _result.fingerprint)[0]
    category = dict(zip(terms.items, terms.category, strict=True))  # the plan's, which the planner chose from
    return adjustments.adjusted(_result.forecast, _made_of(_dataset, _result), _made, category)


# keyed by what was asked for: hashing the model of each of 10,000 items takes longer than the plan
@st.cache_resource(max_entries=8, show_spinner=False)
def _spread(
    run: str,
    rule: str,
    own: str,
    made: str,
    known: str,
    _panel: SalesPanel,
    _forecast: pd.DataFrame,
    _result: Result,
    _models: dict[str, str],
) -> DemandSpread:
    return demand_spread(_panel, _forecast, _result.backtest, _models)

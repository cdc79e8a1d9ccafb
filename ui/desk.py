"""The desk: all that the plan of a dataset rests on, read once a script run, so that every page and file speaks of the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.spread import DemandSpread
from inventory.adjustments import adjusted
from inventory.decisions import Decisions
from inventory.plan import ReorderPlan, reorder_plan
from inventory.settings import PlanSettings
from inventory.terms import StockTerms
from sales.calendar import Calendar
from ui import session
from ui.session import Result
from ui.texts.reasons import reasons
from workspace.datasets import Dataset

LONGEST_DAYS = 180  # of lead time and of review period, each, by slider


@dataclass(frozen=True, eq=False)
class Desk:
    """The data as it is now, the result that the plan is made of, what was decided, the terms, each item's model, and the spread of demand
    with the planner's adjustments; `moved`: units by which each adjustment moved it, by its id."""

    data: Dataset
    result: Result
    decided: Decisions
    terms: StockTerms
    calendar: Calendar
    models: dict[str, str]
    spread: DemandSpread
    moved: dict[int, float]

    def plan(self, settings: PlanSettings) -> ReorderPlan:
        """The plan under `settings`; milliseconds for all items."""
        of = self.decided
        return reorder_plan(self.terms, self.spread, self.calendar, settings, overrides=of.quantities, receipts=of.receipts)

    def reasons(self, plan: ReorderPlan, rows: Sequence[int] | None = None) -> list[str]:
        """One sentence for each line of `plan`, or for those at `rows`."""
        return reasons(plan, rows, self.decided.overrides)

    def adjusted_forecast(self, item: str) -> pd.DataFrame | None:
        """Mean forecast of the item's plan, a row a period: `ds`, by the model `before`, with adjustments `after`; None where no adjustment
        changes it, or where there is no forecast."""
        changes = self.spread.changes
        row = int(np.searchsorted(self.spread.items, item))
        if changes is None or not np.any(changes[row]) or np.isnan(self.spread.cumulative[row, -1]):
            return None
        periods = max(self.spread.horizon, changes.shape[1] - 1)
        more = np.diff(changes[row], append=np.full(periods - changes.shape[1] + 1, changes[row, -1]))
        before = self.spread.means(periods)[row]
        return pd.DataFrame({"ds": self.calendar.after(self.spread.cutoff, periods), "before": before, "after": before + more})


def desk_of(data: Dataset, result: Result) -> Desk:
    """The desk of this session for `data` and its `result`."""
    decided, calendar = session.decisions_of(data), session.panel_of(data, result.fingerprint).calendar
    terms = session.terms_of(data, decided, result.fingerprint)[0]
    spread, moved = session.spread_of(data, result), {}
    if decided.adjustments:
        key = (*session.spread_key(result), data.name, decided.version, repr(decided.adjustments))
        spread, moved = _adjusted(key, spread, calendar, decided, terms)
    return Desk(data, result, decided, terms, calendar, session.chosen_models(result), spread, moved)


@st.cache_resource(max_entries=8, show_spinner=False)
def _adjusted(
    key: tuple[str, ...], _spread: DemandSpread, _calendar: Calendar, _decided: Decisions, _terms: StockTerms
) -> tuple[DemandSpread, dict[int, float]]:
    category = dict(zip(_terms.items, _terms.category, strict=True))  # the plan's, which the planner chose from
    longest = max(float(np.max(_terms.lead_time_days + _terms.review_period_days, initial=0.0)), 2.0 * LONGEST_DAYS)
    return adjusted(_spread, _calendar, _decided.adjustments, category, int(np.ceil(_calendar.periods(longest))))

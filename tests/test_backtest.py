"""Backtests: rolling origins, no look-ahead, tidy rows."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels import panel, weekly_shop

from forecasting import backtest as backtests
from forecasting.backtest import actual_after, backtest, backtest_tasks, forecast_all
from forecasting.cutoffs import last_cutoffs, most_cutoffs, parse_cutoffs
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models import registry
from forecasting.source import MOST_BUCKETS, buckets
from sales.panel import SalesPanel
from sales.problems import InputProblems

COLUMNS = ["item", "ds", "cutoff", "model", "model_used", "y", "mean", "q0.5", "q0.8", "q0.9", "q0.95", "q0.975", "seconds", "status"]


@dataclass(frozen=True)
class Spy(Forecaster):
    """Answers the last known value plus a draw, and says what it was tuned on."""

    card: ClassVar[Card] = Card("spy", Family.BASELINE, 1, True, False, False, False, Cost.INSTANT)
    tuned_to: str = ""

    def tuned(self, panel: SalesPanel, rng: np.random.Generator) -> "Spy":
        return replace(self, tuned_to=str(panel.last.date()))

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        answer = blank("spy", panel, horizon, levels)
        answer.mean[:] = panel.y[:, -1:] + rng.random()
        answer.quantiles[:] = answer.mean[:, :, None]
        answer.detail[:] = self.tuned_to
        return answer


@dataclass(frozen=True)
class SharedSpy(Spy):
    card: ClassVar[Card] = Card("network", Family.NETWORK, 1, True, False, False, True, Cost.INSTANT)


def shop(periods: int = 40) -> SalesPanel:
    return panel(np.arange(2 * periods).reshape(2, periods) + 1.0, season=7)


def test_cutoffs_are_one_horizon_apart_and_the_last_horizon_ends_at_the_last_period() -> None:
    sales = shop(40)
    cutoffs = last_cutoffs(sales, 3, 7)
    positions = [sales.periods.get_loc(c) for c in cutoffs]
    assert positions == [39 - 21, 39 - 14, 39 - 7]


def test_more_cutoffs_than_the_history_has_room_for_are_refused_with_the_most_there_can_be() -> None:
    assert most_cutoffs(shop(40), 7) == 5
    assert len(last_cutoffs(shop(40), 5, 7)) == 5
    with pytest.raises(InputProblems, match="too_many_cutoffs") as found:
        last_cutoffs(shop(40), 6, 7)
    assert found.value.problems[0].params["most"] == 5
    with pytest.raises(InputProblems, match="no_room_for_cutoffs") as found:
        last_cutoffs(shop(40), 1, 39)
    assert found.value.problems[0].params["most"] == 38
    assert len(last_cutoffs(shop(40), 1, 38)) == 1


def test_typed_cutoffs_are_a_count_or_dates_within_their_period() -> None:
    weekly = panel(np.ones((1, 30)) * np.arange(30), frequency="W", start="2023-01-02")
    assert parse_cutoffs(weekly, "2", 4) == last_cutoffs(weekly, 2, 4)
    assert parse_cutoffs(weekly, "2023-05-04, 2023-03-01", 4) == [pd.Timestamp("2023-02-27"), pd.Timestamp("2023-05-01")]


@pytest.mark.parametrize(
    ("typed", "code"), [("yesterday", "cutoff_not_a_date"), ("2022-01-01", "cutoff_outside"), ("2023-02-09", "cutoff_outside")]
)
def test_typed_cutoffs_that_cannot_be_are_problems(typed: str, code: str) -> None:
    with pytest.raises(InputProblems, match=code):
        parse_cutoffs(shop(40), typed, 7)


def test_rows_are_tidy_and_complete() -> None:
    sales = shop()
    rows = backtest(sales, [Spy(), registry.model("seasonal_naive")], 7, last_cutoffs(sales, 2, 7))
    assert list(rows.columns) == COLUMNS
    assert len(rows) == 2 * 2 * 2 * 7
    first = rows[(rows["item"] == "A000") & (rows["model"] == "spy")]
    assert list(first["y"]) == list(sales.y[0, -14:])


def test_actuals_out_of_stock_are_not_known() -> None:
    sales = shop()
    flags = np.zeros_like(sales.out_of_stock)
    flags[0, -2] = True
    after = actual_after(replace(sales, out_of_stock=flags), sales.periods[-8], 7)
    assert list(np.isnan(after[0])) == [False] * 5 + [True, False]


def test_models_are_tuned_once_at_the_first_cutoff() -> None:
    sales = shop()
    cutoffs = last_cutoffs(sales, 3, 7)
    rows = backtest(sales, [Spy()], 7, cutoffs)
    assert rows.attrs["details"] == {"spy": dict.fromkeys(sales.items, str(cutoffs[0].date()))}


def test_nothing_after_the_cutoff_moves_a_forecast() -> None:
    """Sales, stock-outs and what is not known ahead change after the cutoff; the forecasts from it do not."""
    sales = replace(shop(), covariates={"promotion": np.zeros((2, 47), dtype=np.float32)})
    cutoff = last_cutoffs(sales, 1, 7)[0]
    at = sales.periods.get_loc(cutoff) + 1
    y, out, promotion = sales.y.copy(), sales.out_of_stock.copy(), sales.covariates["promotion"].copy()
    y[:, at:], out[:, at + 3 :], promotion[:, at + 7 :] = 999.0, True, 1.0
    changed = replace(sales, y=y, out_of_stock=out, covariates={"promotion": promotion})
    models = [Spy(), registry.model("seasonal_naive")]
    before, after = (backtest(s, models, 7, [cutoff]).drop(columns=["y", "seconds"]) for s in (sales, changed))
    pd.testing.assert_frame_equal(before, after)


def test_another_model_or_cutoff_changes_no_answer() -> None:
    sales = shop()
    cutoffs = last_cutoffs(sales, 2, 7)
    alone = backtest(sales, [Spy()], 7, cutoffs)
    beside = backtest(sales, [registry.model("seasonal_naive"), Spy()], 7, cutoffs)
    pd.testing.assert_series_equal(alone["mean"], beside.loc[beside["model"] == "spy", "mean"].reset_index(drop=True))


def test_a_new_item_changes_no_answer_outside_its_bucket_and_each_bucket_draws_numbers_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backtests.ITEMS_PER_BUCKET, Cost.INSTANT, 2)
    sales = panel(np.arange(7 * 40).reshape(7, 40) + 1.0, season=7)
    fewer = sales.select(np.arange(7) != 3)
    cutoffs = last_cutoffs(sales, 2, 7)
    whole, part = (backtest(some, [Spy()], 7, cutoffs).drop(columns="seconds") for some in (sales, fewer))
    placed = buckets(sales.items, 2)
    (own,) = [rows for rows in placed.values() if 3 in rows]
    others = [item for item in sales.items if item not in set(sales.items[own])]
    assert others
    pd.testing.assert_frame_equal(*(rows[rows["item"].isin(others)].reset_index(drop=True) for rows in (whole, part)))
    drawn = (whole["mean"] % 1).groupby(whole["item"]).first().round(4)
    assert drawn.nunique() == len(placed) > 1
    keys = whole[["cutoff", "item", "ds"]]
    pd.testing.assert_frame_equal(keys, keys.sort_values(["cutoff", "item", "ds"], ignore_index=True))
    assert set(whole.attrs["details"]["spy"]) == set(sales.items)


@given(st.integers(1, 400), st.integers(1, 20))
def test_buckets_hold_each_item_once_and_are_not_too_many(count: int, size: int) -> None:
    items = np.array([f"A{i:04d}" for i in range(count)], dtype=object)
    found = buckets(items, size)
    np.testing.assert_array_equal(np.sort(np.concatenate(list(found.values()))), np.arange(count))
    assert len(found) <= MOST_BUCKETS


def test_a_model_shared_by_all_items_has_one_task_a_cutoff_and_sees_all_items() -> None:
    sales = shop()
    cutoffs = last_cutoffs(sales, 3, 7)
    tasks = backtest_tasks(sales, [SharedSpy()], 7, cutoffs)
    assert [task.name for task in tasks] == ["backtest-network-00000", "backtest-network-00001", "backtest-network-00002"]
    assert [list(task.call()["cutoff"].unique()) for task in tasks] == [[cutoff] for cutoff in cutoffs]
    assert {len(task.call()["item"].unique()) for task in tasks} == {2}
    assert [task.weight for task in backtest_tasks(sales, [Spy()], 7, cutoffs)] == [2 * 3]


def test_over_many_items_a_shared_model_learns_at_the_first_cutoff_alone_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sales = weekly_shop(8, 120, np.random.default_rng(4))
    cutoffs, tree = last_cutoffs(sales, 2, 7), [registry.model("tree")]
    anew = backtest(sales, tree, 7, cutoffs)
    monkeypatch.setattr(backtests, "TRAINED_ONCE_FROM", 16)
    assert len(backtest_tasks(sales, tree, 7, cutoffs)) == 1
    once = backtest(sales, tree, 7, cutoffs)
    first, second = (anew["cutoff"] == cutoff for cutoff in cutoffs)
    pd.testing.assert_series_equal(once.loc[first, "mean"], anew.loc[first, "mean"])
    assert (once.loc[second, "mean"] != anew.loc[second, "mean"]).any()
    (told,) = set(once.attrs["details"]["tree"].values())
    assert f"; learnt at {cutoffs[0]:%Y-%m-%d} from " in told
    assert len(backtest_tasks(sales.select(np.arange(7)), tree, 7, cutoffs)) == 2


def test_forecast_all_goes_on_from_the_last_period() -> None:
    sales = shop()
    rows = forecast_all(sales, [Spy()], 3)
    assert rows["y"].isna().all()
    assert rows["ds"].min() == sales.last + pd.Timedelta(days=1)
    assert list(rows.columns) == COLUMNS

"""Scores and the choice of model, against pandas by hand."""

import numpy as np
import pandas as pd
import pytest
from panels import panel

from forecasting import metrics
from forecasting.choice import best_model, best_models, models_of_plan, with_own
from forecasting.leaderboard import errors
from forecasting.scores import METRICS, comparable, scores, wape_by, with_step

RNG = np.random.default_rng(3)
SALES = panel(RNG.poisson(20, size=(3, 60)).astype(float), season=7)


def rows(off_by: dict[str, float]) -> pd.DataFrame:
    """Backtest rows of all items from two cutoffs, each model off by so much."""
    parts = []
    for model, off in off_by.items():
        for cutoff in (45, 52):
            for i, item in enumerate(SALES.items):
                y = SALES.y[i, cutoff + 1 : cutoff + 8].astype(float)
                ds = SALES.periods[cutoff + 1 : cutoff + 8]
                frame = pd.DataFrame({"item": item, "ds": ds, "cutoff": SALES.periods[cutoff], "model": model, "y": y, "mean": y + off})
                parts.append(frame.assign(**{"q0.5": y, "q0.95": y + off}, seconds=0.1, status="ok"))
    return pd.concat(parts, ignore_index=True)


def test_scores_hold_every_metric_best_first() -> None:
    table = scores(rows({"far": 5.0, "near": -1.0}), SALES)
    assert list(table["model"]) == ["near", "far"]
    assert set(METRICS) <= set(table.columns)
    near = table.iloc[0]
    every = rows({"near": -1.0})
    assert near["MAE"] == pytest.approx(1)
    assert near["bias"] == pytest.approx(-len(every) / every["y"].sum())
    assert near["coverage"] == 0
    assert near["pinball"] == pytest.approx(np.mean([0, 0.95]) * len(every) / every["y"].sum())
    assert near["seconds"] == pytest.approx(0.1)


def test_scaled_metrics_are_means_over_items_and_cutoffs() -> None:
    every = rows({"off": 2.0})
    scales = [metrics.naive_scale(SALES.demand[i, : c + 1].astype(float), 7) for i in range(3) for c in (45, 52)]
    assert scores(every, SALES)["MASE"].iloc[0] == pytest.approx(np.mean([2 / s for s in scales]))


def test_a_model_that_fails_on_an_item_is_compared_where_all_answered() -> None:
    every = rows({"fails": 0.0, "answers": 1.0})
    hard = (every["model"] == "fails") & (every["item"] == "A000")
    every.loc[hard, ["mean", "q0.5", "q0.95"]] = np.nan
    assert set(comparable(every)["item"]) == {"A001", "A002"}
    table = scores(every, SALES).set_index("model")
    assert table.loc["fails", "answered"] == pytest.approx(2 / 3)
    assert table.loc["answers", "answered"] == 1


def test_wape_by_step_counts_from_the_cutoff() -> None:
    table = wape_by(with_step(rows({"off": 2.0})), ["model", "step"])
    assert list(table["step"]) == list(range(1, 8))
    first = with_step(rows({"off": 2.0})).query("step == 1")
    assert table["WAPE"].iloc[0] == pytest.approx(2 * len(first) / first["y"].sum())


def test_the_best_model_overall_and_of_each_item() -> None:
    every = rows({"one": 1.0, "two": 2.0})
    every.loc[(every["model"] == "one") & (every["item"] == "A001"), "mean"] += 9
    assert best_models(errors(every)) == {"A000": "one", "A001": "two", "A002": "one"}
    assert best_model(errors(every.query("item != 'A001'"))) == "one"


def test_an_item_that_sold_nothing_takes_the_best_overall() -> None:
    every = rows({"one": 1.0, "two": 2.0})
    every.loc[every["item"] == "A002", "y"] = 0.0
    assert best_models(errors(every))["A002"] == best_model(errors(every))


def test_no_comparable_row_is_an_error() -> None:
    every = rows({"one": 1.0})
    every["mean"] = np.nan
    with pytest.raises(ValueError, match="no backtest row"):
        best_model(errors(every))


def test_a_model_that_fails_everywhere_takes_nothing_from_the_others() -> None:
    every = rows({"good": 1.0, "broken": 0.0})
    every.loc[every["model"] == "broken", ["mean", "q0.5", "q0.95"]] = np.nan
    assert best_model(errors(every)) == "good"
    table = scores(every, SALES).set_index("model")
    assert table.loc["good", "MAE"] == 1
    assert np.isnan(table.loc["broken", "WAPE"])
    assert table.loc["broken", "answered"] == 0


def test_an_item_whose_model_has_no_forecast_takes_the_best_that_has() -> None:
    every = rows({"best": 1.0, "second": 2.0, "third": 3.0})
    ahead = every.assign(y=np.nan)
    ahead.loc[(ahead["model"] == "best") & (ahead["item"] == "A001"), "mean"] = np.nan
    ahead.loc[ahead["item"] == "A002", "mean"] = np.nan
    chosen = models_of_plan(ahead, errors(every))
    assert chosen == {"A000": "best", "A001": "second", "A002": "best"}
    assert models_of_plan(ahead, errors(every), "third") == dict.fromkeys(chosen, "third")
    assert models_of_plan(ahead, errors(every), "own")["A000"] == "best"
    assert with_own(chosen, {"A000": "third", "A001": "best", "A009": "best"}, ahead) == {**chosen, "A000": "third"}


def test_one_model_needs_no_backtest_to_be_chosen() -> None:
    assert set(models_of_plan(rows({"only": 1.0}), errors(rows({"only": 1.0}).iloc[:0])).values()) == {"only"}

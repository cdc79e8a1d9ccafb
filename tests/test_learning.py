"""What the learning models share: that they learn, how sure they are, what drives them, and the features they choose."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from panels import panel, weekly_shop
from threadpoolctl import threadpool_limits

from forecasting import selection
from forecasting.forecast import LEVELS
from forecasting.forecaster import Forecaster
from forecasting.models import registry
from forecasting.models.boosting import Binned, _between
from forecasting.models.naive import SeasonalNaive
from forecasting.models.table import Table
from forecasting.models.trees import _of_leaves
from sales.panel import SalesPanel

RNG = np.random.default_rng
LEAN: dict[str, dict[str, int]] = {"linear": {}, "tree": {"leaf": 30}, "forest": {"trees": 20}, "boosting": {"iterations": 60}}
every_learner = pytest.mark.parametrize("name", LEAN)


def made(name: str, **more: int) -> Forecaster:
    return registry.model(name, **{"rows": 6000, **LEAN[name], **more})


def promoted() -> SalesPanel:
    """Sales that double under a promotion; the price says nothing."""
    mark = (RNG(1).random((8, 174)) < 0.25).astype(np.float32)
    rate = RNG(2).uniform(20, 60, (8, 1)) * (1 + mark[:, :160])
    return panel(RNG(3).poisson(rate), covariates={"promotion": mark, "price": RNG(4).uniform(5, 6, (8, 174))})


@every_learner
def test_it_beats_seasonal_naive_and_its_quantiles_hold_what_they_say(name: str) -> None:
    sales = weekly_shop(20, 210, RNG(0))
    past, actual = sales.until(sales.periods[-15], 14), sales.y[:, -14:]
    found = made(name).forecast(past, 14, (0.1, 0.5, 0.9), RNG(0))
    naive = SeasonalNaive().forecast(past, 14, (0.5,), RNG(0))
    assert np.abs(found.mean - actual).sum() < 0.9 * np.abs(naive.mean - actual).sum()
    assert found.mean.sum() == pytest.approx(actual.sum(), rel=0.05)
    below = [(actual <= found.quantiles[:, :, at]).mean() for at in (0, 2)]
    assert below == pytest.approx([0.1, 0.9], abs=0.08)


@every_learner
def test_what_matters_is_named(name: str) -> None:
    found = made(name).drivers(promoted(), 14, RNG(0))
    assert list(found.columns) == ["item", "kind", "name", "ds", "value"]
    assert set(found["kind"]) - {"coefficient"} == {"importance", "f_score", "mutual_information"}
    assert ("coefficient" in set(found["kind"])) == (name == "linear")
    assert found["ds"].isna().all()
    assert np.isfinite(found["value"]).all()
    by_name = found[found["kind"] == "importance"].groupby("name")["value"].sum()
    about = by_name.groupby(by_name.index.str.startswith("promotion")).sum()
    assert about[True] > 0.1
    assert by_name[by_name.index.str.startswith("price")].abs().max() < 0.05


@pytest.mark.parametrize("extreme", [1.05 ** np.arange(400), RNG(6).integers(1, 9, 400) * 1e9], ids=["doubles every two weeks", "huge"])
def test_one_extreme_item_moves_no_other_line_much(extreme: np.ndarray) -> None:
    usual = RNG(3).poisson(10 + 5 * np.sin(np.arange(400) * 2 * np.pi / 7), (12, 400))
    alone, beside = (registry.model("linear").forecast(panel(rows), 14, (0.5,), RNG(0)) for rows in (usual, np.vstack([usual, extreme])))
    assert set(beside.status) == {"ok"}
    assert beside.mean[:12].sum(axis=1) == pytest.approx(alone.mean.sum(axis=1), rel=0.12)


@every_learner
def test_no_item_to_learn_from_has_no_drivers(name: str) -> None:
    assert made(name).drivers(panel(np.zeros((2, 60))), 7, RNG(0)).empty


@every_learner
def test_only_the_best_features_are_used_where_asked(name: str) -> None:
    few = made(name, features=5)
    assert set(few.drivers(promoted(), 14, RNG(0)).groupby("kind")["name"].nunique()) == {5}
    assert "5 features" in few.forecast(promoted(), 14, (0.5,), RNG(0)).detail[0]


@every_learner
def test_more_threads_change_no_answer(name: str) -> None:
    import sklearn.ensemble  # noqa: F401

    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(made(name, rows=2000).forecast(promoted(), 5, (0.5, 0.9), RNG(0)))
    np.testing.assert_array_equal(found[0].mean, found[1].mean)
    np.testing.assert_array_equal(found[0].quantiles, found[1].quantiles)


@every_learner
def test_hardly_any_history_is_learnt_from_all_the_same(name: str) -> None:
    y = np.where(np.arange(60) < 50, np.nan, RNG(0).poisson(20, (1, 60)))
    found = made(name).forecast(panel(y, starts=[50]), 28, (0.5, 0.9), RNG(0))
    assert set(found.status) == {"ok"}
    assert found.mean == pytest.approx(20, rel=0.5)


@every_learner
def test_what_it_learnt_answers_a_later_panel_without_learning_anew(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sales = weekly_shop(8, 120, np.random.default_rng(4))
    early, model = sales.until(sales.periods[99], 7), made(name)
    own = model.forecast(early, 7, LEVELS, np.random.default_rng(1))
    trained = pickle.loads(pickle.dumps(model.trained(early, 7, LEVELS, np.random.default_rng(1))))
    monkeypatch.setattr(type(model), "_study", None)
    again, later = (trained.forecast(seen, 7, LEVELS, np.random.default_rng(2)) for seen in (early, sales))
    np.testing.assert_array_equal(again.mean, own.mean)
    np.testing.assert_array_equal(again.quantiles, own.quantiles)
    assert set(later.status) == {"ok"}
    assert {*again.detail, *later.detail} == {*own.detail}
    assert f"; learnt at {early.last:%Y-%m-%d} from " in own.detail[0]
    table = Table(early, 7)
    there = len(table.drawn(10**6, np.random.default_rng(0), 50, 100).target)
    assert f" of {there:,} rows, 8 items, sales since {early.periods[50]:%Y-%m-%d}" in own.detail[0]


def test_where_a_feature_is_not_there_any_more_it_learns_anew() -> None:
    sales = promoted()
    trained = made("tree").trained(sales.until(sales.periods[-8], 7), 7, LEVELS, np.random.default_rng(1))
    without = replace(sales, covariates={})
    forecast, anew = (model.forecast(without, 7, LEVELS, np.random.default_rng(1)) for model in (trained, made("tree")))
    np.testing.assert_array_equal(forecast.mean, anew.mean)
    assert forecast.detail[0] == anew.detail[0]


def test_a_category_that_sells_otherwise_is_told_apart() -> None:
    import pandas as pd

    season = np.where(np.arange(130) % 26 < 13, 3.0, 1.0)
    rate = 10 * np.stack([season if row % 2 else season[::-1] for row in range(12)])
    about = pd.DataFrame({"category": ["summer" if row % 2 else "winter" for row in range(12)]})
    sales = replace(panel(RNG(0).poisson(rate), frequency="W", season=1), attributes=about)
    assert "category summer" in set(made("tree").drivers(sales, 4, RNG(0))["name"])


def test_the_leaves_of_a_tree_hold_what_was_learnt_in_them() -> None:
    from sklearn.tree import DecisionTreeRegressor

    from forecasting.models.table import Rows

    inputs = np.arange(40, dtype=np.float32)[:, None]
    target = np.where(np.arange(40) < 20, 1.0, 5.0)
    tree = DecisionTreeRegressor(max_depth=1).fit(inputs, target)
    held = _of_leaves(tree, Rows(inputs, target, np.ones(40), np.ones(40), np.ones(40, int)), RNG(0))
    np.testing.assert_array_equal(held[tree.apply(np.array([[3.0], [33.0]], dtype=np.float32))], [[1.0] * 4, [5.0] * 4])


def test_levels_between_those_fitted_lie_between_their_values() -> None:
    values = np.array([[1.0, 2.0, 4.0]])
    np.testing.assert_allclose(_between(np.array([0.1, 0.5, 0.9]), values, (0.1, 0.3, 0.7, 0.9)), [[1.0, 1.5, 3.0, 4.0]])
    np.testing.assert_allclose(_between(np.array([0.5]), np.array([[3.0]]), (0.5,)), [[3.0]])


def test_scores_see_a_line_and_what_is_no_line() -> None:
    inputs = RNG(0).uniform(-1, 1, (600, 3)).astype(np.float32)
    target = 2 * inputs[:, 0] + 3 * inputs[:, 1] ** 2 + RNG(1).normal(0, 0.1, 600)
    inputs[::7, 2] = np.nan
    found = selection.scores(inputs, target, 0)
    assert found["f_score"].argmax() == 0
    assert found["f_score"][1] < 0.05 * found["f_score"][0]
    assert found["mutual_information"][1] > 3 * max(found["mutual_information"][2], 0.05)
    assert selection.best(inputs, target, 1).tolist() == [0]
    assert selection.best(inputs, target, 9).tolist() == [0, 1, 2]


def test_columns_that_say_nothing_are_left_out() -> None:
    inputs = np.array([[1.0, 2.0, np.nan, 3.0], [1.0, 3.0, np.nan, np.nan]])
    assert selection.varying(inputs).tolist() == [1]
    np.testing.assert_array_equal(selection.medians(inputs), [[1, 2, 0, 3], [1, 3, 0, 3]])


def test_columns_cut_at_their_quantiles_grow_the_same_trees() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    inputs = RNG(0).normal(size=(400, 3)).astype(np.float32)
    inputs[:, 1], inputs[:, 2] = RNG(1).integers(0, 4, 400), 7
    inputs[::9, 0] = np.nan
    target = RNG(2).poisson(np.exp(np.nan_to_num(inputs[:, 0]) + inputs[:, 1] / 4)).astype(float)
    plain = HistGradientBoostingRegressor(loss="poisson", max_iter=30, early_stopping=False).fit(inputs[:, :2], target)
    cut = Binned(HistGradientBoostingRegressor(loss="poisson", max_iter=30, early_stopping=False)).fit(inputs, target, np.ones(400))
    assert np.corrcoef(cut.predict(inputs), plain.predict(inputs[:, :2]))[0, 1] > 0.99

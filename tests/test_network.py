"""Networks: their windows, and that small ones learn what they should."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import realdata
from panels import panel, weekly_shop

from benchmarks import sets
from forecasting.backtest import actual_after
from forecasting.models.naive import SeasonalNaive
from forecasting.models.network import Conv, Gru, Lstm, Network
from forecasting.models.windows import CALENDAR, SALES, Windows, _relative, shuffled

RNG = np.random.default_rng


def test_a_window_holds_what_was_sold_around_its_origin() -> None:
    y = np.arange(1.0, 41.0)
    batch = Windows(panel(y), window=5, horizon=3).batch(np.array([0]), np.array([20]))
    scale = (y[15:20].sum() + 4 * y.mean()) / 9
    assert batch.scale[0] == pytest.approx(scale)
    np.testing.assert_allclose(batch.past[0, :, 0], np.log1p(y[15:20] / scale), rtol=1e-6)
    np.testing.assert_allclose(batch.target[0, :, 0] * scale, y[20:23], rtol=1e-6)
    np.testing.assert_allclose(np.expm1(batch.future[0, :, 2]) * scale, y[13:16], rtol=1e-5)
    assert batch.target[0, :, 1].tolist() == [1, 1, 1]


def test_what_is_not_known_is_masked() -> None:
    y = np.arange(1.0, 31.0)
    y[[17, 21]] = np.nan
    windows = Windows(panel(y), window=5, horizon=3)
    batch = windows.batch(np.array([0, 0, 0]), np.array([20, 2, 29]), last=22)
    assert batch.past[0, :, 1].tolist() == [1, 1, 0, 1, 1]
    assert batch.past[1, :, 1].tolist() == [0, 0, 0, 1, 1]
    assert batch.target[0, :, 1].tolist() == [1, 0, 0]
    assert batch.target[2, :, 1].tolist() == [0, 0, 0]
    assert np.isfinite(batch.past).all()
    assert (batch.target[batch.target[:, :, 1] == 0] == 0).all()


def test_windows_to_learn_from_end_before_what_is_held_out() -> None:
    windows = Windows(weekly_shop(3, 60, RNG(0)), window=10, horizon=7)
    row, origin = windows.drawn(50, 40, RNG(1))
    assert len(row) == 50
    assert len(set(zip(row, origin, strict=True))) == 50
    assert origin.min() >= 1
    assert origin.max() < 40
    known = windows.batch(row, origin, last=40).target[:, :, 1]
    positions = origin[:, None] + np.arange(7)
    np.testing.assert_array_equal(known, positions < 40)


def test_big_and_small_items_give_the_same_windows() -> None:
    y = RNG(0).poisson(20, 60).astype(float)
    batch = Windows(panel(np.stack([y, 1000 * y])), window=10, horizon=5).batch(np.array([0, 1]), np.array([30, 30]))
    np.testing.assert_allclose(batch.past[0], batch.past[1], rtol=1e-5)
    np.testing.assert_allclose(batch.target[0], batch.target[1], rtol=1e-5)


def test_covariates_are_relative_to_their_item() -> None:
    price = np.array([[1.0, 1.0, 2.0, 2.0, 2.0], [100.0, 100.0, 200.0, 200.0, 200.0]])
    relative = _relative(price, 4)
    np.testing.assert_allclose(relative[0], relative[1])
    np.testing.assert_allclose(relative[0], [-1, -1, 1, 1, 1])
    promotion = np.array([[0.0, 1.0, 0.0]])
    np.testing.assert_array_equal(_relative(promotion, 2), promotion)
    np.testing.assert_array_equal(_relative(np.full((2, 3), 7.0), 2), np.zeros((2, 3)))


@pytest.mark.parametrize("cell", [Lstm, Gru, Conv])
def test_it_beats_seasonal_naive_on_noisy_weeks(cell: type[Network]) -> None:
    sales = weekly_shop(12, 210, RNG(0))
    past, actual = sales.until(sales.periods[-15], 14), sales.y[:, -14:]
    found = cell(epochs=12, units=16, members=1, windows=1500, rate=5e-3).forecast(past, 14, (0.1, 0.5, 0.9), RNG(0))
    naive = SeasonalNaive().forecast(past, 14, (0.5,), RNG(0))
    assert np.abs(found.mean - actual).sum() < 0.92 * np.abs(naive.mean - actual).sum()
    covered = ((actual >= found.quantiles[:, :, 0]) & (actual <= found.quantiles[:, :, 2])).mean()
    assert 0.6 < covered < 0.97


def test_learning_stops_early_and_says_when() -> None:
    sales = panel(RNG(0).poisson(20, size=(4, 80)))
    detail = Lstm(epochs=200, units=8, patience=2, rate=0.02, members=1).forecast(sales, 7, (0.5,), RNG(0)).detail[0]
    assert detail.startswith("window 28, ")
    assert int(detail.split()[2]) < 100


def test_items_that_all_began_inside_what_is_held_out() -> None:
    y = np.where(np.arange(80) < 60, np.nan, RNG(0).poisson(20, size=(3, 80)))
    forecast = Lstm(epochs=2, units=4, members=1).forecast(panel(y, starts=[60, 60, 60]), 28, (0.5,), RNG(0))
    assert set(forecast.status) == {"ok"}


def test_nothing_known_in_what_is_held_out() -> None:
    sales = panel(RNG(0).poisson(20, size=(3, 80)))
    empty = replace(sales, out_of_stock=np.broadcast_to(np.arange(80) >= 70, (3, 80)).copy())
    forecast = Lstm(epochs=2, units=4, members=1).forecast(empty, 10, (0.5,), RNG(0))
    assert forecast.detail[0].startswith("window 28, 2 epochs; ")
    assert set(forecast.status) == {"ok"}


def test_another_seed_is_another_network() -> None:
    sales = panel(RNG(0).poisson(20, size=(3, 80)))
    first, second = (Lstm(epochs=2, units=4, members=1).forecast(sales, 7, (0.5,), RNG(seed)) for seed in (1, 2))
    assert not np.array_equal(first.mean, second.mean)


def test_what_it_learnt_answers_a_later_panel_without_learning_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    sales = weekly_shop(6, 80, np.random.default_rng(4))
    early, model = sales.until(sales.periods[69], 7), Gru(epochs=2, units=4, windows=200)
    own = model.forecast(early, 7, (0.5, 0.9), np.random.default_rng(1))
    trained = pickle.loads(pickle.dumps(model.trained(early, 7, (0.5, 0.9), np.random.default_rng(1))))
    monkeypatch.setattr(Network, "_fitted", None)
    again, later = (trained.forecast(seen, 7, (0.5, 0.9), np.random.default_rng(2)) for seen in (early, sales))
    np.testing.assert_array_equal(again.mean, own.mean)
    np.testing.assert_array_equal(again.quantiles, own.quantiles)
    assert set(later.status) == {"ok"}
    assert {*again.detail, *later.detail} == {*own.detail}
    learnt = f"learnt at {early.last:%Y-%m-%d} from 200 of 378 windows, 6 items, sales since {early.periods[7]:%Y-%m-%d}"
    assert own.detail[0].endswith(learnt)


def test_two_layers_and_dropout_are_fields_that_change_the_network() -> None:
    sales = panel(RNG(0).poisson(20, size=(3, 80)))
    small = {"epochs": 2, "units": 4, "members": 1}
    own = ({}, {"layers": 2}, {"dropout": 0.5}, {"rate": 0.02})
    answers = [Lstm(**small, **of).forecast(sales, 7, (0.5,), RNG(1)).mean for of in own]
    assert len({answer.tobytes() for answer in answers}) == 4


@pytest.mark.parametrize(("own", "match"), [({"units": 0}, "units: got 0"), ({"dropout": 1.0}, "dropout 1.0"), ({"rate": 0.0}, "rate 0.0")])
def test_sizes_that_cannot_be_are_refused(own: dict[str, float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Gru(**own)  # type: ignore[arg-type]


def test_anchors_carry_the_drift_since_last_season() -> None:
    y = np.concatenate([np.full(30, 10.0), np.full(30, 20.0)])
    batch = Windows(panel(y, season=30), window=20, horizon=2).batch(np.array([0]), np.array([60]))
    scale = batch.scale[0]
    drift = (14 * 20 / scale + 1) / (14 * 10 / scale + 1)
    anchors = [1, (14 * 20 / scale + 1) / 15, 20 / scale, 20 / scale * drift, 15 / scale]
    np.testing.assert_allclose(batch.anchors[0, 0], anchors, rtol=1e-5)


def test_groups_name_every_input_once_and_shuffling_one_leaves_the_others() -> None:
    covariates = {"price": RNG(1).random((6, 90)), "promotion": RNG(2).integers(0, 2, (6, 90))}
    sales = panel(RNG(0).poisson(20, size=(6, 80)), covariates=covariates)
    windows = Windows(sales, 10, 5)
    batch = windows.batch(*windows.drawn(40, 80, RNG(3)))
    groups = windows.groups()
    assert list(groups) == ["sales", "season", "price", "promotion", "calendar"]
    assert sorted(c for group in groups.values() for c in group[0]) == list(range(batch.past.shape[2]))
    assert sorted([1, *(c for group in groups.values() for c in group[1])]) == list(range(batch.future.shape[2]))
    mixed = shuffled(batch, groups["price"], RNG(4))
    moved = [(a != b).any(axis=(0, 1)).nonzero()[0].tolist() for a, b in zip(batch.inputs, mixed.inputs, strict=True)]
    assert moved == [list(groups["price"][0]), list(groups["price"][1]), []]
    assert sorted(mixed.future[:, 0, 6]) == sorted(batch.future[:, 0, 6])


def test_importance_finds_the_promotion_that_moves_sales() -> None:
    rng = RNG(5)
    promotion, noise = ((rng.random((8, 160)) < 0.3).astype(float) for _ in range(2))
    sales = panel(rng.poisson(20 * (1 + promotion[:, :150])), covariates={"noise": noise, "promotion": promotion})
    found = Conv(epochs=12, units=16, rate=0.01, windows=800).drivers(sales, 10, RNG(0)).set_index("name")
    assert set(found["kind"]) == {"importance"}
    assert found["ds"].isna().all()
    assert found.loc["promotion", "value"] > 0.1
    assert abs(found.loc["noise", "value"]) < 0.03
    assert {SALES, CALENDAR} < set(found.index)


def test_no_item_to_learn_from_has_no_importance() -> None:
    assert Lstm().drivers(panel(np.zeros((2, 50))), 7, RNG(0)).empty


@pytest.mark.slow
@pytest.mark.parametrize("cell", [Lstm, Gru, Conv])
def test_it_beats_seasonal_naive_on_real_weeks(cell: type[Network]) -> None:
    realdata.folder("walmart_weekly")
    cut = sets.load("walmart_weekly").first(64).without_covariates
    past = cut.panel.until(cut.cutoffs[0], cut.horizon)
    actual = actual_after(cut.panel, cut.cutoffs[0], cut.horizon)
    found, naive = (model.forecast(past, cut.horizon, (0.95,), RNG(0)) for model in (cell(), SeasonalNaive()))
    assert np.abs(found.mean - actual).sum() < 0.9 * np.abs(naive.mean - actual).sum()
    assert 0.92 < (actual <= found.quantiles[:, :, 0]).mean() < 0.98

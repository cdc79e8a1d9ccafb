"""The feature table: each row knows what its item did before the origin, and nothing from then on but what is known ahead."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from panels import panel, weekly_shop

from forecasting.models.table import Table
from sales.panel import SalesPanel

RNG = np.random.default_rng


def row_of(sales: SalesPanel, origin: int, step: int, row: int = 0, horizon: int = 7) -> tuple[dict[str, float], float, float]:
    """Features by name, target and scale of one row."""
    table = Table(sales, horizon)
    rows = table.rows(np.array([row]), np.array([origin]), np.array([step]))
    return dict(zip(table.names, rows.inputs[0].tolist(), strict=True)), float(rows.target[0]), float(rows.scale[0])


def test_a_row_holds_what_the_item_sold_before_its_origin() -> None:
    y = np.arange(1.0, 61.0)
    found, target, scale = row_of(panel(y), origin=40, step=2)
    assert scale == pytest.approx((y[12:40].sum() + 4 * y[:40].mean()) / 32)
    assert target * scale == pytest.approx(y[42])
    assert found["step"] == 2
    for name, expected in {
        "last 1": y[39],
        "last 3": y[37],
        "mean 7": y[33:40].mean(),
        "mean 28": y[12:40].mean(),
        "spread 28": y[12:40].std(),
        "trend 28": y[12:40].mean() - y[:12].mean(),
        "season 1 before": y[35],
        "season 2 before": y[28],
        "mean of 4 seasons": y[[35, 28, 21, 14]].mean(),
        "mean of all seasons": y[[35, 28, 21, 14, 7, 0]].mean(),
    }.items():
        assert found[name] * scale == pytest.approx(expected, rel=1e-5), name
    assert found["share sold 28"] == 1
    assert found["age"] == pytest.approx(np.log1p(40))
    assert found["weekday"] == 0


def test_a_step_past_a_season_looks_two_seasons_back() -> None:
    y = np.arange(1.0, 61.0)
    found, _, scale = row_of(panel(y), origin=40, step=8, horizon=10)
    assert found["season 1 before"] * scale == pytest.approx(y[34], rel=1e-5)


def test_a_year_before_is_taken_to_todays_level() -> None:
    y = np.repeat([10.0, 30.0], 60)
    y[27] = 40.0
    found, _, scale = row_of(panel(y, frequency="W"), origin=79, step=0, horizon=6)
    assert found["year 1 before"] * scale == pytest.approx((10 + 40 + 10) / 3, rel=1e-5)
    assert found["growth over 1 years"] == pytest.approx(30 / 10, rel=1e-5)
    assert found["year 1 before, grown"] * scale == pytest.approx(60, rel=1e-5)
    assert np.isnan(found["year 2 before"])


def test_what_is_not_known_or_out_of_stock_is_no_demand() -> None:
    y = np.full((1, 60), 4.0)
    y[0, 38] = np.nan
    empty = np.zeros((1, 60), dtype=bool)
    empty[0, 35], y[0, 35] = True, 0
    found, _, scale = row_of(panel(y, out_of_stock=empty), origin=40, step=0)
    assert scale == pytest.approx(4)
    assert np.isnan(found["last 2"])
    assert found["mean 7"] == pytest.approx(1)
    assert found["share sold 28"] == 1


def test_nothing_from_the_origin_on_is_in_a_row_but_what_is_known_ahead() -> None:
    sales = weekly_shop(4, 120, RNG(0))
    mark = (RNG(1).random((4, 127)) < 0.2).astype(np.float32)
    sales = replace(sales, covariates={"promotion": mark, "price": 5 + mark})
    y, later, price = sales.y.copy(), mark.copy(), (5 + mark)
    y[:, 80:] *= 50
    later[:, 87:] = 1 - later[:, 87:]
    price[:, 87:] = 99
    changed = replace(sales, y=y, covariates={"promotion": later, "price": price})
    row, step = np.divmod(np.arange(28), 7)
    before, after = (Table(of, 7).rows(row, np.full(28, 80), step).inputs for of in (sales, changed))
    np.testing.assert_array_equal(before, after)


def test_big_and_small_items_look_alike_but_for_their_size() -> None:
    y = RNG(0).poisson(20, 90).astype(float)
    table = Table(panel(np.stack([y, 1000 * y])), 7)
    rows = table.rows(np.array([0, 1]), np.array([70, 70]), np.array([3, 3]))
    different = [name for at, name in enumerate(table.names) if not np.isclose(*rows.inputs[:, at], rtol=1e-4, equal_nan=True)]
    assert different == ["size"]
    assert rows.target[0] == pytest.approx(rows.target[1])


def test_rows_to_learn_from_are_drawn_within_their_bounds() -> None:
    y = weekly_shop(5, 90, RNG(0)).y.astype(float)
    y[0, :50], y[1, 60:70] = np.nan, np.nan
    table = Table(panel(y), 7)
    every = table.drawn(10**6, RNG(1), first=30, last=80)
    assert (every.end.min(), every.end.max()) == (31, 80)
    assert np.isfinite(every.target).all()
    some, again = (table.drawn(200, RNG(2), first=30, last=80) for _ in range(2))
    assert len(some.target) == 200
    np.testing.assert_array_equal(some.inputs, again.inputs)


def test_a_mark_tells_how_far_it_is_and_what_it_did_to_the_item() -> None:
    mark = np.zeros(67)
    mark[[10, 11, 30, 31, 45]] = 1
    y = np.where(mark[:60] > 0, 30.0, 10.0)
    sales = panel(y, covariates={"promotion": mark})
    on, _, _ = row_of(sales, origin=44, step=1)
    assert on["promotion"] == 1
    assert on["promotion usual effect"] == pytest.approx(np.log((4 * 30 + 3 * 10) / (7 * 10)), rel=1e-5)
    off, _, _ = row_of(sales, origin=44, step=0)
    assert (off["promotion"], off["promotion periods until"]) == (0, 1)
    assert off["promotion usual effect"] == 0
    unseen, _, _ = row_of(sales, origin=36, step=0)
    assert unseen["promotion periods until"] == 28
    assert unseen["promotion periods since"] == 5


def test_a_price_is_relative_to_the_items_own() -> None:
    price = np.where(np.arange(67) < 40, 2.0, 3.0)
    found, _, _ = row_of(panel(RNG(0).poisson(9, (2, 60)), covariates={"price": np.stack([price, 100 * price])}), origin=40, step=0)
    assert found["price"] == 3
    assert found["price over its usual"] == pytest.approx(0.5)


def test_attributes_are_columns_of_zeros_and_ones() -> None:
    about = pd.DataFrame({"category": ["Toys", "Toys", "Garden", None], "supplier": ["A"] * 4})
    sales = replace(weekly_shop(4, 60, RNG(0)), attributes=about)
    table = Table(sales, 3)
    rows = table.rows(np.arange(4), np.full(4, 50), np.zeros(4, int)).inputs
    assert rows[:, table.names.index("category Toys")].tolist() == [1, 1, 0, 0]
    assert not any(name.startswith("supplier") for name in table.names)


def test_a_year_that_was_not_seen_whole_is_no_feature() -> None:
    short, long = (Table(weekly_shop(1, periods, RNG(0), "W", 52), 6) for periods in (57, 58))
    assert "day of year" not in short.names
    assert {"day of year", "year 1 before", "growth over 1 years"} <= set(long.names)

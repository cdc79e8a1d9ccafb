"""What models see beside sales: covariates are made whole item by item."""

import numpy as np
from panels import panel

from forecasting.features import known_ahead, learnable, moves

NAN = np.nan


def test_what_is_not_known_of_a_mark_is_zero_and_of_anything_else_what_was_known_last() -> None:
    sales = panel(np.ones((2, 4)), covariates={"promotion": [[NAN, 1, NAN, 1, NAN]], "width": [[NAN, 3, NAN, 4, NAN]]})
    found = known_ahead(sales, 2)
    np.testing.assert_array_equal(found["promotion"], [[0, 1, 0, 1, 0, 0]] * 2)
    np.testing.assert_array_equal(found["width"], [[3, 3, 3, 4, 4, 4]] * 2)


def test_a_price_of_one_is_a_price() -> None:
    found = known_ahead(panel(np.ones((2, 3)), covariates={"price": [[1, NAN, 1, NAN], [2, NAN, 3, NAN]]}), 1)
    np.testing.assert_array_equal(found["price"], [[1, 1, 1, 1], [2, 2, 3, 3]])


def test_other_items_do_not_change_how_an_item_is_filled() -> None:
    discount = [[0, 1, NAN, 1, NAN], [0.1, 0.5, NAN, 0.2, NAN], [NAN] * 5]
    sales = panel(np.ones((3, 4)), covariates={"discount": discount})
    whole = known_ahead(sales, 1)["discount"]
    np.testing.assert_allclose(whole, [[0, 1, 0, 1, 0], [0.1, 0.5, 0.5, 0.2, 0.2], [0] * 5])
    for row in range(3):
        np.testing.assert_array_equal(known_ahead(sales.select(np.array([row])), 1)["discount"][0], whole[row])


def test_what_only_drifts_is_not_learnt_from_and_what_comes_and_goes_is() -> None:
    rng, t = np.random.default_rng(0), np.arange(120)
    columns = {
        "consumer_prices": 200 + t / 10 + np.zeros((4, 1)),
        "unemployment": 8 - t // 60 + np.zeros((4, 1)),
        "price": np.where(t >= rng.integers(10, 90, (4, 1)), 9.0, 10.0),
        "promotion": (rng.random((4, 120)) < 0.2).astype(float),
        "width": np.where(t >= rng.integers(10, 90, (4, 1)), 9.0, 10.0),
        "fair": (t == 50)[None],
        "size": np.full((4, 120), 3.0),
    }
    assert set(learnable(panel(np.ones((4, 110)), covariates=columns), 10)) == {"price", "promotion", "width", "fair"}


def test_moves_count_items_that_move_by_themselves() -> None:
    steps = np.random.default_rng(1).normal(size=(6, 200))
    assert moves(steps) > 4 * moves(steps[:1])
    assert np.isclose(moves(np.repeat(steps[:1], 6, axis=0)), moves(steps[:1]))
    assert np.isclose(moves(1e30 * steps), moves(steps))
    assert moves(np.ones((3, 1))) == moves(np.zeros((0, 5))) == 0

"""The formulas against published examples and three-line oracles. Chopra: Chopra & Meindl, Supply Chain Management, 6th ed., chapter 12."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.formulas import inventory_position, order_up_to_level, reorder_point, round_up_to_pack, safety_stock_textbook

AMOUNTS = st.floats(0, 1e6)
PACKS = st.one_of(st.just(0.0), st.sampled_from([0.1, 0.5, 1, 6, 12, 144]), st.floats(0.01, 1000))


@pytest.mark.parametrize(
    ("arguments", "units"),
    [
        ((0.90, 2, 500), 906),  # Chopra, Example 12-3: demand 2,500 a week with 500, two weeks, 90 %: 906 (by hand 1.2816 x 707)
        ((0.90, 7, 500, 2500, 7), 22491),  # Chopra, Example 12-6: lead time of 7 days with a standard deviation of 7
        ((0.90, 7, 500, 2500, 0), 1695),  # the same with a lead time that is kept
        ((0.90, 6, 500), 1570),  # Chopra, periodic review: delivered in 2 weeks, reviewed every 4
    ],
)
def test_safety_stock_is_the_published_one(arguments: tuple[float, ...], units: float) -> None:
    assert safety_stock_textbook(*arguments) == pytest.approx(units, abs=1)


def test_safety_stock_below_one_half_is_none() -> None:
    assert safety_stock_textbook(0.5, 9, 10) == 0
    assert safety_stock_textbook(0.3, 9, 10) == 0


def test_order_up_to_is_the_published_one() -> None:
    assert order_up_to_level(15_000, safety_stock_textbook(0.90, 6, 500)) == pytest.approx(16_570, abs=1)


def test_position_and_reorder_point_add_up() -> None:
    assert inventory_position(np.array([30.0, 0.0]), np.array([12.0, 0.0]), np.array([5.0, 5.0])).tolist() == [37, -5]
    assert reorder_point(np.array([20.0]), 5.0).tolist() == [25]


@pytest.mark.parametrize(
    ("shortfall", "moq", "pack", "quantity"),
    [
        (22.2, 0, 0, 23),
        (22.2, 0, 6, 24),
        (24.0000000001, 0, 6, 24),
        (23.9999999999, 0, 6, 24),
        (24.001, 0, 6, 30),
        (22.2, 50, 0, 50),
        (22.2, 50, 6, 54),
        (60.0, 50, 6, 60),
        (0.7, 0, 0.5, 1.0),
        (0.3, 0, 0.1, 0.3),
        (1.0, 2.5, 0, 3),
        (0.0, 50, 6, 0),
        (-5.0, 50, 6, 0),
        (1e-12, 50, 6, 0),
    ],
)
def test_rounding_up(shortfall: float, moq: float, pack: float, quantity: float) -> None:
    assert round_up_to_pack(shortfall, moq, pack) == pytest.approx(quantity, rel=1e-12)


def test_what_is_not_known_stays_so() -> None:
    assert np.isnan(round_up_to_pack(np.array([np.nan, 1.0]), np.array([5.0, 5.0]), np.zeros(2))).tolist() == [True, False]


@given(shortfall=st.floats(-1e6, 1e6), moq=AMOUNTS, pack=PACKS)
def test_a_quantity_is_enough_whole_packs_and_no_pack_too_many(shortfall: float, moq: float, pack: float) -> None:
    quantity = float(round_up_to_pack(shortfall, moq, pack))
    size, needed = pack or 1.0, max(shortfall, moq)
    slack = 1e-8 * max(size, 1.0)
    assert quantity >= 0
    assert math.isclose(quantity / size, round(quantity / size), rel_tol=1e-9)
    if shortfall > 1e-9:
        assert needed - slack <= quantity < needed + size + slack
    else:
        assert quantity == 0

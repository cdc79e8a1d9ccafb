"""The reference of a single item: what it says of series whose errors are known, and how near the engine is to it."""

import numpy as np
import pytest
from panels import panel

from forecasting.batched.orders import Order
from forecasting.models.sarima import Sarima
from forecasting.reference import order_of, reference

RNG = np.random.default_rng


def weeks(noise: np.ndarray) -> np.ndarray:
    return 100 + 20 * np.sin(2 * np.pi * np.arange(len(noise)) / 7) + noise


def test_it_is_near_the_engine_and_finds_nothing_left() -> None:
    sales = panel(weeks(RNG(3).normal(0, 5, 280)), season=7)
    order = Order(0, 0, 0, 0, 1, 1, 7)
    ours = Sarima(order="(0,0,0)(0,1,1)").forecast(sales, 14, (0.5,), RNG(0))
    found = reference(sales, sales.items[0], order, 14)
    assert list(ours.status) == ["ok"]
    assert found.apart(ours.mean[0]) < 0.01
    assert found.names == ("ma.S.L7",)
    assert found.white > 0.05
    assert found.normal > 0.05
    assert 4 < found.sigma < 6
    assert found.lags == 14


def test_it_tells_of_a_pattern_that_the_order_leaves_and_of_errors_that_grow() -> None:
    noise = RNG(4).standard_t(2, 300) * np.linspace(1, 6, 300)
    found = reference(panel(weeks(noise)), panel(weeks(noise)).items[0], Order(0, 0, 0), 5)
    assert found.white < 0.01
    assert found.even < 0.01
    assert found.names == ("intercept",)
    assert found.estimates[0] == pytest.approx(weeks(noise).mean(), rel=1e-3)
    np.testing.assert_allclose(found.mean, found.estimates[0])


def test_what_names_no_order_is_none() -> None:
    assert order_of("median of ets, theta") is None
    assert order_of("(1,0,1)") == Order(1, 0, 1)

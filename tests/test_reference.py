"""The reference of a single item: what it says of series whose errors are known, and how near the engines are to it."""

import numpy as np
import pytest
from panels import panel

from forecasting.batched.orders import Order
from forecasting.models.prophet import Prophet
from forecasting.models.sarima import Sarima
from forecasting.reference import order_of, prophet_reference, sarima_reference

RNG = np.random.default_rng


def weeks(noise: np.ndarray) -> np.ndarray:
    return 100 + 20 * np.sin(2 * np.pi * np.arange(len(noise)) / 7) + noise


def test_it_is_near_the_engine_and_finds_nothing_left() -> None:
    sales = panel(weeks(RNG(3).normal(0, 5, 280)), season=7)
    order = Order(0, 0, 0, 0, 1, 1, 7)
    ours = Sarima(order="(0,0,0)(0,1,1)").forecast(sales, 14, (0.5,), RNG(0))
    found = sarima_reference(sales, sales.items[0], order, 14)
    assert list(ours.status) == ["ok"]
    assert found.apart(ours.mean[0]) < 0.01
    assert found.names == ("ma.S.L7",)
    assert found.white > 0.05
    assert found.normal > 0.05
    assert 4 < found.sigma < 6
    assert found.lags == 14


def test_it_tells_of_a_pattern_that_the_order_leaves_and_of_errors_that_grow() -> None:
    noise = RNG(4).standard_t(2, 300) * np.linspace(1, 6, 300)
    found = sarima_reference(panel(weeks(noise)), panel(weeks(noise)).items[0], Order(0, 0, 0), 5)
    assert found.white < 0.01
    assert found.even < 0.01
    assert found.names == ("intercept",)
    assert found.estimates[0] == pytest.approx(weeks(noise).mean(), rel=1e-3)
    np.testing.assert_allclose(found.mean, found.estimates[0])


def test_what_names_no_order_is_none() -> None:
    assert order_of("median of ets, theta") is None
    assert order_of("(1,0,1)") == Order(1, 0, 1)


def test_prophet_s_own_fit_tells_its_noise_and_how_near_it_came() -> None:
    sales = panel(weeks(RNG(5).normal(0, 5, 280)), season=7, covariates={"week": RNG(6).uniform(size=294)})
    ours = Prophet().forecast(sales, 14, (0.5,), RNG(0))
    found = prophet_reference(sales, sales.items[0], Prophet(), 14)
    assert found.parts == ("trend", "week", "week")
    assert found.apart(ours.mean[0]) < 0.01
    assert 4 < found.sigma < 6
    assert 0 < found.short < 2


def test_prophet_is_not_asked_about_a_few_periods() -> None:
    sales = panel(np.where(np.arange(30) < 25, np.nan, np.arange(30)))
    with pytest.raises(ValueError, match="A000: got 5 known periods, expected 10 or more"):
        prophet_reference(sales, "A000", Prophet(), 7)

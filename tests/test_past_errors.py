"""Quantiles from past errors: they cover what they say, skew as demand does, and are an item's own."""

import numpy as np
import pytest

from forecasting.models.averages import averages
from forecasting.models.past_errors import flat, quantiles

LEVELS = (0.5, 0.8, 0.95)


def of_average(demand: np.ndarray, horizon: int, window: int = 8) -> np.ndarray:
    average = averages(demand, window)
    return quantiles(np.repeat(average[:, -1:], horizon, axis=1), demand, flat(average), LEVELS)


@pytest.mark.parametrize("draw", ["poisson", "lumpy", "wandering"])
def test_they_cover_what_they_say(draw: str) -> None:
    rng, n, horizon = np.random.default_rng(0), 600, 6
    units = {
        "poisson": lambda: rng.poisson(8, (n, 126)),
        "lumpy": lambda: rng.geometric(0.1, (n, 126)) * (rng.random((n, 126)) < 0.3),
        "wandering": lambda: 500 + np.cumsum(rng.normal(0, 5, (n, 126)), axis=1),
    }[draw]()
    found = of_average(units[:, :120].astype(float), horizon)
    covered = (units[:, 120:, None] <= found).mean(axis=(0, 1))
    assert covered[2] == pytest.approx(0.95, abs=0.02)
    assert covered[1] == pytest.approx(0.8, abs=0.05 if draw != "lumpy" else 0.1)


def test_bands_of_a_random_walk_widen_with_the_root_of_the_step() -> None:
    walks = 1000 + np.cumsum(np.random.default_rng(1).normal(size=(300, 300)), axis=1)
    found = of_average(walks, 9, window=1)
    width = (found[:, :, 2] - walks[:, -1:]).mean(axis=0)
    assert width[8] / width[0] == pytest.approx(3.0, rel=0.15)


def test_an_item_is_alone() -> None:
    rng = np.random.default_rng(2)
    demand = rng.poisson(5, (4, 80)).astype(float)
    np.testing.assert_array_equal(of_average(demand, 5)[1:3], of_average(demand[1:3], 5))


@pytest.mark.parametrize("periods", [2, 3, 9])
def test_a_short_history_still_has_a_spread(periods: int) -> None:
    found = of_average(np.arange(1.0, periods + 1)[None], 12)
    assert np.isfinite(found).all()
    assert (found[:, :, 2] > found[:, :, 0]).all()

"""Croston's method and its kin, worked by hand; which of them suits which demand."""

import numpy as np
import pytest
from panels import panel

from forecasting.models import intermittent
from forecasting.models.intermittent import Croston, Imapa, Sba, Tsb, intervals_of, sizes_of, squared_rate, suited

RNG = np.random.default_rng
SALES = np.array([[0, 4, 0, 0, 6, 0, 2, 0.0]])


def test_sizes_and_intervals_by_hand() -> None:
    """Sales of 4, 6, 2 after 2, 3, 2 periods; alpha 0.5: sizes 4, 5, 3.5; the interval of the first two sales is 3, then 2.5."""
    np.testing.assert_allclose(sizes_of(SALES, 0.5)[0, 1:], [4, 4, 4, 5, 5, 3.5, 3.5])
    np.testing.assert_allclose(intervals_of(SALES, 0.5)[0, 1:], [2, 2, 2, 3, 3, 2.5, 2.5])


def test_croston_and_sba_by_hand() -> None:
    """3.5 / 2.5 = 1.4 units a period; SBA takes away 0.5 / 2 of it (Syntetos & Boylan, 2005, eq. 5)."""
    means = [model.forecast(panel(SALES), 3, (0.5,), RNG(0)).mean[0] for model in (Croston(0.5, 0.5), Sba(0.5, 0.5))]
    np.testing.assert_allclose(means[0], 1.4)
    np.testing.assert_allclose(means[1], 1.4 * 0.75)


def test_tsb_by_hand() -> None:
    """Chance 0, 0.5, 0.25, 0.125, 0.5625, 0.28125, 0.640625, 0.3203125 with beta 0.5, times a size of 3.5."""
    np.testing.assert_allclose(Tsb(0.5, 0.5).forecast(panel(SALES), 2, (0.5,), RNG(0)).mean[0], 0.3203125 * 3.5)


def test_only_tsb_falls_while_nothing_sells() -> None:
    ended = np.append(np.tile([0, 0, 3.0], 10), np.zeros(40))
    croston, tsb = (model.forecast(panel(ended), 1, (0.5,), RNG(0)).mean[0, 0] for model in (Croston(0.1, 0.1), Tsb(0.1, 0.1)))
    assert croston == pytest.approx(1.0)
    assert tsb < 0.05


def test_an_unknown_period_is_no_period_without_sales() -> None:
    holed = np.array([0, 4, np.nan, 0, 0, 6, np.nan, 0, 2, 0])
    for model in (Croston(0.5, 0.5), Sba(0.5, 0.5), Tsb(0.5, 0.5)):
        whole, with_holes = (model.forecast(panel(y), 2, (0.5, 0.9), RNG(0)) for y in (SALES, holed))
        np.testing.assert_allclose(with_holes.mean, whole.mean)


def test_buckets_end_with_the_history() -> None:
    np.testing.assert_allclose(intermittent._bucket_means(np.array([[9.0, 1, 3, np.nan, 7]]), 2), [[2, 7]])
    np.testing.assert_allclose(intermittent._held(np.array([[2.0, 7]]), 2, 5), [[np.nan, np.nan, 2, 2, 7]])


def test_imapa_of_regular_sales_is_their_rate() -> None:
    found = Imapa().forecast(panel(np.append(np.tile([0, 0, 6.0], 20), [0, 0])), 2, (0.5,), RNG(0))
    assert found.detail[0] == "1 to 3 periods"
    assert found.mean[0, 0] == pytest.approx(2.0, rel=0.2)


def test_mean_squared_rate_by_hand() -> None:
    """Means of demand so far: 2, 4, 3; a rate of 3 all along is off by 1 and by 0."""
    assert squared_rate(np.array([[2.0, 6, 1]]), np.full((1, 3), 3.0))[0] == pytest.approx(0.5)


def test_parameters_are_each_items_own() -> None:
    steady, jumping = RNG(0).poisson(5, 200), np.repeat([1, 60], 100) + RNG(1).poisson(2, 200)
    detail = Croston().forecast(panel(np.stack([steady, jumping])), 1, (0.5,), RNG(0)).detail
    assert float(detail[0].split(",")[0]) < 0.3
    assert float(detail[1].split(",")[0]) <= 0.3


def test_what_suits_which_class() -> None:
    rng = RNG(3)
    sold = rng.random(200) < 0.2
    rows = {
        "croston": rng.poisson(30, 200),
        "sba": np.where(sold, rng.geometric(0.02, 200), 0),
        "imapa": np.where(sold, 5, 0),
        "tsb": np.where(sold & (np.arange(200) < 100), 5, 0),
    }
    assert list(suited(panel(np.stack(list(rows.values()))))) == list(rows)

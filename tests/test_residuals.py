"""Residuals, their autocorrelation and what quantiles cover, against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from forecasting.residuals import Residuals, autocorrelation, coverage, histogram, residuals


def one(block: np.ndarray) -> Residuals:
    """Residuals of one item, cutoffs x steps."""
    return Residuals(np.array(["a"], dtype=object), np.asarray(block, dtype=float)[None])


def test_residuals_stand_where_their_item_cutoff_and_step_say() -> None:
    day = pd.Timestamp("2024-01-01")
    rows = pd.DataFrame(
        [("b", 1, 0, 3.0, 5.0), ("b", 2, 0, np.nan, 5.0), ("b", 3, 2, 1.0, 0.0), ("a", 1, 0, 2.0, np.nan), ("a", 4, 2, 2.0, 2.0)],
        columns=["item", "ds", "cutoff", "y", "mean"],
    )
    rows = rows.assign(
        model="m", ds=[day + pd.Timedelta(days=d) for d in rows["ds"]], cutoff=[day + pd.Timedelta(days=d) for d in rows["cutoff"]]
    )
    found = residuals(rows, "m")
    assert list(found.items) == ["a", "b"]
    np.testing.assert_array_equal(found.of("b").block[0], [[2, np.nan], [-1, np.nan]])
    np.testing.assert_array_equal(found.of("a").block[0], [[np.nan, np.nan], [np.nan, 0]])
    assert sorted(found.known()) == [-1, 0, 2]
    with pytest.raises(KeyError, match="without residuals: z"):
        found.of("z")


def test_residuals_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="items x cutoffs x steps of 1 items"):
        Residuals(np.array(["a"], dtype=object), np.zeros((2, 1, 3)))


def test_alternating_errors_are_perfectly_correlated() -> None:
    found = autocorrelation(one(np.tile([1.0, -1.0], (2, 10))), most=2)
    np.testing.assert_allclose(found.values, [[-1, 1]])
    np.testing.assert_allclose(found.bounds, [[1.96 / np.sqrt(38), 1.96 / np.sqrt(36)]])
    np.testing.assert_array_equal(found.outside, [1, 1])


def test_no_pair_spans_two_cutoffs_and_none_holds_what_is_not_known() -> None:
    rng = np.random.default_rng(1)
    block = rng.normal(size=(3, 12))
    block[1, 4] = np.nan
    centred = block - np.nanmean(block)
    early, late = zip(*[(centred[c, t], centred[c, t + 2]) for c in range(3) for t in range(10) if c != 1 or t not in (2, 4)], strict=True)
    by_hand = np.dot(early, late) / np.sqrt(np.dot(early, early) * np.dot(late, late))
    found = autocorrelation(one(block))
    assert found.values[0, 1] == pytest.approx(by_hand)
    assert found.bounds[0, 1] == pytest.approx(1.96 / np.sqrt(28))
    assert list(found.lags) == [1, 2, 3, 4, 5, 6]


def test_noise_stays_within_its_bounds_19_times_in_20() -> None:
    block = np.random.default_rng(2).normal(size=(4000, 3, 28))
    found = autocorrelation(Residuals(np.array([f"{i:04}" for i in range(4000)], dtype=object), block))
    assert found.outside == pytest.approx(np.full(14, 0.05), abs=0.02)
    assert np.abs(found.typical()[0]).max() < 0.03


def test_too_few_or_constant_residuals_have_no_correlation() -> None:
    assert np.isnan(autocorrelation(one(np.ones((3, 20)))).values).all()
    assert np.isnan(autocorrelation(one(np.arange(6.0)[None])).values).all()
    assert np.isnan(autocorrelation(one(np.full((2, 20), np.nan))).outside).all()


def test_scaling_makes_items_of_any_size_alike() -> None:
    found = Residuals(np.array(["a", "b", "c"], dtype=object), np.array([[[1.0, -1.0]], [[100.0, -100.0]], [[0.0, 0.0]]]))
    assert sorted(found.scaled()) == [-1, -1, 1, 1]


def test_the_histogram_of_normal_values_lies_on_the_normal() -> None:
    values = norm.ppf((np.arange(20_000) + 0.5) / 20_000) * 3 + 1
    found = histogram(values)
    assert found is not None
    np.testing.assert_allclose(found.share, found.normal, atol=1e-3)
    assert found.share.sum() + found.outside == pytest.approx(1)
    assert found.middle[found.share.argmax()] == pytest.approx(1, abs=found.width)


def test_one_far_error_is_counted_outside_not_stretching_the_picture() -> None:
    found = histogram(np.append(np.tile([-1.0, 1.0], 500), 1000.0))
    assert found is not None
    assert found.outside == pytest.approx(1 / 1001)


@pytest.mark.parametrize("values", [np.empty(0), np.arange(9.0), np.ones(50)])
def test_no_histogram_of_too_few_or_equal_values(values: np.ndarray) -> None:
    assert histogram(values) is None


def test_coverage_is_the_share_at_or_below_each_quantile() -> None:
    y = np.arange(1.0, 11)
    rows = pd.DataFrame({"item": "a", "cutoff": pd.Timestamp("2024-01-01"), "model": "m", "y": y, "mean": 5.0, "q0.5": 5.0, "q0.9": 8.0})
    rows = pd.concat([rows, rows.assign(item="b", y=np.nan)])
    assert coverage(rows).to_dict("records") == [
        {"model": "m", "level": 0.5, "covered": 0.5, "periods": 10},
        {"model": "m", "level": 0.9, "covered": 0.8, "periods": 10},
    ]

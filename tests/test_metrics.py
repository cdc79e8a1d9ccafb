"""Every metric against a slow oracle: three lines of its definition, or scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from forecasting import metrics

pairs = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=2, max_size=30)


def arrays(drawn: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    y, forecast = zip(*drawn, strict=True)
    return np.array(y, dtype=float), np.array(forecast, dtype=float)


def agree(ours: float, theirs: float) -> None:
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12, nan_ok=True)


@given(pairs)
def test_errors_agree_with_scikit_learn(drawn: list[tuple[int, int]]) -> None:
    y, forecast = arrays(drawn)
    agree(metrics.mae(y, forecast), oracle.mean_absolute_error(y, forecast))
    agree(metrics.mse(y, forecast), oracle.mean_squared_error(y, forecast))
    agree(metrics.rmse(y, forecast), oracle.root_mean_squared_error(y, forecast))
    agree(metrics.pinball(y, forecast, 0.9), oracle.mean_pinball_loss(y, forecast, alpha=0.9))
    agree(metrics.r2(y, forecast), oracle.r2_score(y, forecast) if len(set(y)) > 1 else float("nan"))


@given(pairs)
def test_shares_agree_with_their_definitions(drawn: list[tuple[int, int]]) -> None:
    y, forecast = arrays(drawn)
    nan = float("nan")
    agree(metrics.wape(y, forecast), sum(abs(a - f) for a, f in drawn) / sum(y) if sum(y) else nan)
    agree(metrics.bias(y, forecast), sum(f - a for a, f in drawn) / sum(y) if sum(y) else nan)
    sold = [abs(a - f) / a for a, f in drawn if a]
    agree(metrics.mape(y, forecast), sum(sold) / len(sold) if sold else nan)
    terms = [2 * abs(a - f) / (a + f) if a + f else 0 for a, f in drawn]
    agree(metrics.smape(y, forecast), sum(terms) / len(terms))
    agree(metrics.coverage(y, forecast), sum(a <= f for a, f in drawn) / len(drawn))


@given(pairs, st.lists(st.integers(0, 100), min_size=3, max_size=40), st.integers(1, 8))
def test_scaled_errors_agree_with_their_definitions(drawn: list[tuple[int, int]], past: list[int], lag: int) -> None:
    y, forecast = arrays(drawn)
    steps = [abs(past[t] - past[t - lag]) for t in range(lag, len(past))]
    absolute = sum(steps) / len(steps) if steps else 0
    squared = sum(s**2 for s in steps) / len(steps) if steps else 0
    history = np.array(past, dtype=float)
    agree(metrics.mase(y, forecast, history, lag), metrics.mae(y, forecast) / absolute if absolute else float("nan"))
    agree(metrics.rmsse(y, forecast, history, lag), np.sqrt(metrics.mse(y, forecast) / squared) if squared else float("nan"))


def test_unknown_pairs_are_left_out() -> None:
    y, forecast = np.array([1.0, np.nan, 3.0, 4.0]), np.array([2.0, 5.0, np.nan, 4.0])
    assert metrics.mae(y, forecast) == 0.5
    assert metrics.wape(y, forecast) == pytest.approx(0.2)


@pytest.mark.parametrize(
    "metric",
    [metrics.mae, metrics.mse, metrics.rmse, metrics.r2, metrics.mape, metrics.smape, metrics.wape, metrics.bias, metrics.coverage],
)
def test_nothing_known_is_nan_and_never_a_perfect_score(metric) -> None:  # type: ignore[no-untyped-def]
    assert np.isnan(metric(np.array([np.nan, 1.0]), np.array([1.0, np.nan])))


def test_lag_longer_than_the_history_is_nan() -> None:
    assert np.isnan(metrics.mase(np.array([1.0]), np.array([2.0]), history=np.arange(5.0), lag=5))

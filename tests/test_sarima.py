"""SARIMA against statsmodels itself, and its choice of order against series of known order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels import panel, weekly_shop

from forecasting.batched import catalogue, engine
from forecasting.batched.columns import Columns, Histories
from forecasting.batched.orders import LONGEST_SEASON, Order, candidates
from forecasting.models.libraries import quiet
from forecasting.models.sarima import Sarima

AIRLINE = Order(0, 1, 1, 0, 1, 1, 12)


def airline(years: int = 10) -> np.ndarray:
    """Monthly series like AirPassengers: the airline model with theta 0.4 and Theta 0.6, simulated (Box & Jenkins, 1976, 9.2)."""
    rng = np.random.default_rng(1)
    months = 12 * years
    noise = rng.normal(0, 0.04, months + 13)
    change = noise[13:] - 0.4 * noise[12:-1] - 0.6 * noise[1:-12] + 0.24 * noise[:-13]
    level = np.zeros(months + 13)
    level[:13] = 4.8 + 0.2 * np.sin(np.arange(13))
    for t in range(months):
        level[t + 13] = change[t] + level[t + 12] + level[t + 1] - level[t]
    return np.exp(level[13:])


def simulated(phi: float, theta: float, periods: int, seed: int) -> np.ndarray:
    """ARMA(1, 1) around 0 with standard normal noise."""
    noise = np.random.default_rng(seed).normal(size=periods)
    x = np.zeros(periods)
    for t in range(1, periods):
        x[t] = phi * x[t - 1] + noise[t] + theta * noise[t - 1]
    return x


def chosen(history: np.ndarray, season: int) -> Order:
    (group,) = catalogue.groups(history[None], season, [None])
    return group.fitted.each[0]


def test_forecast_equals_statsmodels_own_fit() -> None:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    history = airline()
    with quiet():
        theirs = SARIMAX(history / 100, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=False, maxiter=500)
    ahead = theirs.get_forecast(12)
    sales = panel(history, frequency="M", season=12)
    found = Sarima(order="(0,1,1)(0,1,1)").forecast(sales, 12, (0.5, 0.8413), np.random.default_rng(0))
    assert found.detail[0] == str(AIRLINE)
    np.testing.assert_allclose(found.mean[0], ahead.predicted_mean * 100, rtol=0.01)
    np.testing.assert_allclose(found.quantiles[0, :, 1] - found.mean[0], ahead.se_mean * 100, rtol=0.05)


def test_aicc_is_the_formula_over_statsmodels_likelihood() -> None:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    history = airline()
    (group,) = catalogue.groups(history[None], 12, [AIRLINE])
    with quiet():
        theirs = SARIMAX(history / group.fitted.scale[0], order=(0, 1, 1), seasonal_order=(0, 1, 1, 12), simple_differencing=True)
        likelihood = theirs.fit(disp=False, maxiter=500).llf
    k, n = 3, 120 - 13
    assert group.fitted.aicc[0] == pytest.approx(-2 * likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1), abs=1e-2)


@pytest.mark.parametrize("seed", range(3))
def test_choice_finds_the_differencing(seed: int) -> None:
    steady = 50 + simulated(0.5, 0.3, 300, seed)
    wandering = 50 + np.cumsum(simulated(0.0, -0.3, 300, seed))
    assert chosen(steady, 1).d == 0
    assert chosen(wandering, 1).d == 1


def test_choice_finds_the_season() -> None:
    rng = np.random.default_rng(0)
    week = np.array([10, 20, 30, 40, 50, 60, 70.0])
    weekly, none = chosen(np.tile(week, 40) + rng.normal(0, 3, 280), 7), chosen(50 + rng.normal(0, 3, 280), 7)
    assert weekly.P + weekly.D + weekly.Q > 0
    assert none.D == 0


def test_likelihoods_compare_across_differencing() -> None:
    """White noise around a level and a random walk whose MA root cancels it (theta = -1) are one model, so they are equally likely."""
    orders = Order(0, 0, 0), Order(0, 1, 1)
    histories = Histories(50 + np.random.default_rng(4).normal(0, 5, (1, 200)), 1)
    columns = Columns(histories, orders, np.ones((1, 2), dtype=bool))
    level, walk = engine.exact(columns, np.array([[[0.0], [8.0]]]), columns.allowed).compared[0]
    assert level == pytest.approx(walk, abs=0.25)


@pytest.mark.parametrize(("season", "known"), [(1, 100), (7, 730), (7, 20), (12, 36), (52, 156), (52, 60)])
def test_candidates_are_at_least_six_with_both_differencings(season: int, known: int) -> None:
    orders = candidates(season, known)
    assert len(set(orders)) == len(orders) >= 6
    assert {order.d for order in orders} == {0, 1}
    if season > 1 and known >= 2 * season + 12:
        assert {order.D for order in orders} == {0, 1}
    assert max(order.season * max(order.P, order.Q) for order in orders) <= LONGEST_SEASON


@given(st.lists(st.integers(0, 2), min_size=6, max_size=6), st.integers(2, 60))
def test_an_order_loses_what_it_differences(parts: list[int], season: int) -> None:
    order = Order(*parts, season)
    w, _ = Histories(np.ones((1, 300)), season).differenced(order.d, order.D)
    assert np.flatnonzero(~np.isnan(w[0])).tolist() == list(range(order.lost, 300))


@pytest.mark.parametrize(
    ("parts", "match"), [((-1, 0, 0), "negative"), ((0, 0, 0, 1), "without a season"), ((0, 0, 0, 0, 0, 0, 0), "season of 1")]
)
def test_impossible_orders_are_refused(parts: tuple[int, ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Order(*parts)


def test_tuned_orders_are_remembered_and_only_refitted(monkeypatch: pytest.MonkeyPatch) -> None:
    sales = weekly_shop(2, 200, np.random.default_rng(0))
    tuned = Sarima().tuned(sales.until(sales.periods[150], 7), np.random.default_rng(0))
    assert [item for item, _ in tuned.orders] == list(sales.items)
    assert hash(tuned) == hash(Sarima(tuned.orders))

    def forbidden(*_: object) -> None:
        raise AssertionError("chosen again")

    monkeypatch.setattr(engine, "fit", forbidden)
    forecast = tuned.forecast(sales, 7, (0.5,), np.random.default_rng(0))
    assert list(forecast.status) == ["ok", "ok"]
    assert list(forecast.detail) == [str(order) for _, order in tuned.orders]


def test_a_remembered_order_that_cannot_be_fitted_is_replaced() -> None:
    sales = panel(np.arange(60) % 7 + np.random.default_rng(0).poisson(5, 60))
    forecast = Sarima((("A000", Order(0, 1, 1, 0, 1, 1, 59)),)).forecast(sales, 5, (0.5,), np.random.default_rng(0))
    assert forecast.status[0] == "ok"
    assert forecast.detail[0].endswith("[7]")


def test_nothing_to_fit_is_a_named_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "candidates", lambda season, known: (Order(0, 1, 1),))
    sales = panel(np.where(np.arange(40) % 2 == 0, 5.0 + np.arange(40), np.nan), season=1)
    assert Sarima().forecast(sales, 3, (0.5,), np.random.default_rng(0)).status.tolist() == ["failed: no_order"]


def test_a_gap_costs_little() -> None:
    rng = np.random.default_rng(7)
    whole = np.tile([10, 20, 30, 40, 50, 60, 70.0], 30) + rng.normal(0, 2, 210)
    holed = whole.copy()
    holed[rng.choice(200, 20, replace=False)] = np.nan
    sales = panel(np.stack([whole, holed]))
    forecast = Sarima().forecast(sales, 7, (0.5,), np.random.default_rng(0))
    np.testing.assert_allclose(forecast.mean[1], forecast.mean[0], atol=4)


def test_only_the_last_three_years_are_read() -> None:
    rng = np.random.default_rng(0)
    late = rng.poisson(20, catalogue.MOST_PERIODS)
    early = [rng.poisson(level, 200) for level in (5, 500)]
    means = [Sarima().forecast(panel(np.append(part, late)), 3, (0.5,), rng).mean for part in early]
    np.testing.assert_array_equal(means[0], means[1])


def test_standard_deviation_grows_and_quantiles_are_normal() -> None:
    history = 100 + np.cumsum(np.random.default_rng(0).normal(size=200))
    forecast = Sarima((("A000", Order(0, 1, 1)),)).forecast(panel(history, season=1), 10, (0.1587, 0.8413), np.random.default_rng(0))
    width = forecast.quantiles[0, :, 1] - forecast.quantiles[0, :, 0]
    assert (np.diff(width) > 0).all()
    assert width[0] / 2 == pytest.approx(1.0, rel=0.2)

"""Prophet: what goes into the model, and what comes out."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import panel
from test_sets import loaded

from forecasting.models.prophet import Prophet, countries, holidays_of
from forecasting.reference import prophet_reference
from sales.calendar import Calendar
from sales.panel import SalesPanel

ROOT = Path(__file__).resolve().parents[1]
RNG = np.random.default_rng


def days(periods: int, **more: object) -> SalesPanel:
    return panel(20 + 5 * (np.arange(periods) % 7 == 5) + RNG(0).normal(size=periods), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("periods", "detail"),
    [(13, "trend"), (14, "trend + week"), (727, "trend + week"), (728, "trend + week + year")],
)
def test_seasons_come_as_history_allows(periods: int, detail: str) -> None:
    assert Prophet().forecast(days(periods), 3, (0.5,), RNG(0)).detail[0] == detail


@pytest.mark.parametrize(("frequency", "start", "periods"), [("W", "2021-01-04", 104), ("M", "2021-01-01", 24)])
def test_two_years_of_weeks_or_months_have_a_year(frequency: str, start: str, periods: int) -> None:
    sales = panel(RNG(0).poisson(30, periods), frequency=frequency, start=start)
    assert Prophet().forecast(sales, 3, (0.5,), RNG(0)).detail[0] == "trend + year"
    assert Prophet().forecast(sales.until(sales.periods[-2], 3), 3, (0.5,), RNG(0)).detail[0] == "trend"


def test_week_is_learnt() -> None:
    forecast = Prophet().forecast(days(140), 7, (0.1, 0.5, 0.9), RNG(0))
    np.testing.assert_allclose(forecast.mean[0], 20 + 5 * (np.arange(7) == 5), atol=1.0)
    np.testing.assert_allclose(forecast.quantiles[0, :, 2] - forecast.quantiles[0, :, 0], 2 * 1.2816, rtol=0.3)


def test_a_regressor_that_does_not_vary_in_the_past_is_left_out() -> None:
    promotion = np.append(np.zeros(60), np.ones(5))
    price = RNG(1).uniform(5, 10, 65)
    forecast = Prophet().forecast(days(60, covariates={"promotion": promotion, "price": price}), 5, (0.5,), RNG(0))
    assert forecast.detail[0] == "trend + week + price"


def test_names_of_columns_cannot_clash_with_prophets_own() -> None:
    values = RNG(1).uniform(5, 10, 65)
    forecast = Prophet().forecast(days(60, covariates={"trend": values, "holidays": values + 1, "y": -values}), 5, (0.5,), RNG(0))
    assert forecast.status[0] == "ok"


def test_a_holiday_is_learnt() -> None:
    ds = pd.date_range("2020-01-01", "2023-12-15")
    christmas = (ds.month == 12) & (ds.day == 25)
    sales = panel(np.where(christmas, 0.0, 100.0) + RNG(0).normal(0, 1, len(ds)), start="2020-01-01")
    mean = Prophet(country="DE").forecast(sales, 14, (0.5,), RNG(0)).mean[0]
    assert mean[9] < 40
    assert mean[5] > 80


def test_holidays_are_dated_by_the_week_they_fall_into() -> None:
    found = holidays_of("GB", Calendar("W-MON"), pd.DatetimeIndex(["2023-01-02", "2023-12-25"]))
    assert set(found["ds"].dt.day_of_week) == {0}
    assert not found.duplicated(["ds", "holiday"]).any()
    assert pd.Timestamp("2023-12-25") in set(found["ds"])


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(ValueError, match="country: got 'XX', expected an ISO code"):
        Prophet(country="XX")
    assert {"DE", "GB", "US", "CN"} <= set(countries())


def test_an_item_whose_noise_is_larger_than_its_demand_is_answered_by_the_library_and_a_calm_one_is_not() -> None:
    rng = RNG(1)
    peaks = np.where(rng.random(200) < 0.03, rng.gamma(2, 100, 200), 1.0).round()
    sales = panel(np.stack([20 + 5 * (np.arange(200) % 7 == 5) + rng.normal(size=200), peaks]))
    found = Prophet().forecast(sales, 7, (0.5, 0.9), RNG(0))
    assert found.detail.tolist() == ["trend + week", "trend + week, by the library"]
    theirs = prophet_reference(sales, "A001", Prophet(), 7)
    np.testing.assert_array_equal(found.mean[1], theirs.mean)
    assert theirs.parts == ("trend", "week")
    np.testing.assert_allclose(found.quantiles[1, :, 1] - found.mean[1], 1.2816 * theirs.sigma, rtol=0.15)
    np.testing.assert_array_equal(
        Prophet().forecast(sales.select(np.array([1])), 7, (0.9,), RNG(0)).quantiles[0], found.quantiles[1, :, 1:]
    )
    drivers = Prophet().drivers(sales, 7, RNG(0)).query("ds > @sales.last")
    np.testing.assert_allclose(np.maximum(drivers.groupby(["item", "ds"])["value"].sum().to_numpy().reshape(2, 7), 0), found.mean)


def test_an_item_that_the_library_cannot_fit_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no optimum")

    monkeypatch.setattr("forecasting.models.prophet_library.fit", fails)
    sales = panel(np.stack([np.arange(60) % 7 + RNG(0).normal(20, 1, 60), np.where(np.arange(60) % 23 == 7, 30.0, 0.0)]))
    found = Prophet().forecast(sales, 7, (0.5,), RNG(0))
    assert found.status.tolist() == ["ok", "failed: RuntimeError: no optimum"]
    assert set(Prophet().drivers(sales, 7, RNG(0))["item"]) == {"A000"}


def test_a_country_without_holidays_is_one_of_none() -> None:
    assert holidays_of("BV", Calendar("D"), days(60).periods).empty
    assert Prophet(country="BV").forecast(days(60), 3, (0.5,), RNG(0)).detail[0] == "trend + week"


def held(sales: SalesPanel, model: Prophet, horizon: int) -> tuple[float, float]:
    """How far our forecasts are from the library's (sum of differences over the sum of its forecasts), and the least by which its negative
    log posterior is above ours."""
    ours = model.forecast(sales, horizon, (0.5,), RNG(0)).mean
    theirs = [prophet_reference(sales, item, model, horizon) for item in sales.items]
    total = sum(found.mean.sum() for found in theirs)
    return sum(np.abs(own - found.mean).sum() for own, found in zip(ours, theirs, strict=True)) / total, min(
        found.short for found in theirs
    )


def some_days() -> SalesPanel:
    rng, t = RNG(8), np.arange(214)
    promotion, price = (rng.random(214) < 0.2).astype(float), 10 + rng.normal(0, 0.5, 214)
    level = np.array([[30.0], [80.0]]) * (1 + 0.3 * np.sin(2 * np.pi * t / 7)) * (1 + 0.5 * promotion) * (price / 10) ** -2
    y = rng.poisson(level * (1 + 0.3 * np.abs(t / 214 - 0.5)))[:, :200].astype(float)
    y[0, 40:55], y[1, :20] = np.nan, np.nan
    return panel(y, start="2023-10-02", covariates={"promotion": promotion, "price": price})


def some_periods(periods: int, frequency: str, start: str, season: int) -> SalesPanel:
    rng, t = RNG(9), np.arange(periods)
    wave = 1 + 0.4 * np.sin(2 * np.pi * (t + rng.integers(season, size=(2, 1))) / season)
    return panel(rng.poisson(50 * wave * (1 + 0.5 * t / periods)), frequency=frequency, start=start)


@pytest.mark.parametrize(
    ("sales", "model", "horizon"),
    [
        (some_days(), Prophet(), 14),
        (some_days(), Prophet(country="GB"), 14),
        (some_periods(120, "W", "2021-01-04", 52), Prophet(), 13),
        (some_periods(60, "M", "2018-01-01", 12), Prophet(multiplicative=False), 12),
    ],
    ids=["days", "days_and_holidays", "weeks", "months_that_add"],
)
def test_forecasts_are_the_library_s_within_1_percent_and_no_less_likely(sales: SalesPanel, model: Prophet, horizon: int) -> None:
    apart, short = held(sales, model, horizon)
    assert apart < 0.01
    assert short > -1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "items", "covariates"),
    [
        ("walmart_weekly", 64, False),
        ("walmart_weekly", 64, True),
        ("online_retail_weekly", 100, False),
        ("online_retail_daily", 40, False),
        ("m5_store_dept", 12, True),
    ],
)
def test_so_they_are_of_real_sales(name: str, items: int, covariates: bool) -> None:
    cut = loaded(name).first(items)
    cut = cut if covariates else cut.without_covariates
    apart, short = held(cut.panel.until(cut.cutoffs[0], cut.horizon), Prophet(), cut.horizon)
    assert apart < 0.01
    assert short > -1e-4


def test_quantiles_follow_the_seed_and_the_mean_does_not() -> None:
    first, second = (Prophet(samples=100).forecast(days(60), 5, (0.5, 0.9), RNG(seed)) for seed in (1, 2))
    assert not np.array_equal(first.quantiles, second.quantiles)
    np.testing.assert_allclose(first.mean, second.mean, rtol=1e-6)


def test_nothing_is_printed_or_logged() -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'tests']\n"
        "import numpy as np\n"
        "from panels import weekly_shop\n"
        "from forecasting.models.prophet import Prophet\n"
        "if __name__ == '__main__':\n"
        "    rng = np.random.default_rng(0)\n"
        "    print(set(Prophet(country='US').forecast(weekly_shop(4, 60, rng), 5, (0.5,), rng).status))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{'ok'}\n", "")

"""Analogues: a new item sells like those it resembles, the less so the more it has sold itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from panels import panel

from forecasting.models.analogue import Analogue, _Likeness, _ratios
from sales.panel import SalesPanel

RNG = np.random.default_rng


def shop(units: dict[str, float], own: list[float], periods: int = 120) -> SalesPanel:
    """6 items of each category with these mean units a day, selling half as much on Mondays, and a new item of the first category that sold
    `own` so far."""
    rates = np.repeat(list(units.values()), 6)
    week = np.where(np.arange(periods) % 7 == 0, 0.5, 1.0)
    y = RNG(0).poisson(rates[:, None] * week).astype(float)
    y = np.vstack([y, np.append(np.full(periods - len(own), np.nan), own)])
    categories = [*np.repeat(list(units), 6), next(iter(units))]
    starts = [*np.zeros(len(rates), int), periods - len(own)]
    return replace(panel(y, starts=starts), attributes=pd.DataFrame({"category": categories}))


def mean_of_new(sales: SalesPanel, **settings: float) -> np.ndarray:
    return Analogue(**{"analogues": 6, **settings}).forecast(sales, 14, (0.5,), RNG(0)).mean[-1]  # type: ignore[arg-type]


def test_a_new_item_sells_like_its_category_and_on_its_weekdays() -> None:
    mean = mean_of_new(shop({"Toys": 40.0, "Garden": 5.0}, own=[38.0]))
    assert mean.mean() == pytest.approx(37, rel=0.15)
    monday = (120 + np.arange(14)) % 7 == 0
    assert mean[monday].mean() / mean[~monday].mean() == pytest.approx(0.5, abs=0.1)


def test_its_own_sales_count_the_more_there_are() -> None:
    means = [mean_of_new(shop({"Toys": 40.0, "Garden": 5.0}, own=[10.0 - day % 2 for day in range(days)])).mean() for days in (2, 14, 60)]
    assert means[0] > means[1] > means[2]
    assert means[0] == pytest.approx(30, rel=0.2)
    assert means[2] == pytest.approx(9, rel=0.15)


def test_price_and_description_tell_items_of_one_category_apart() -> None:
    y = RNG(0).poisson(np.repeat([50.0, 5.0], 6)[:, None], (12, 100)).astype(float)
    y = np.vstack([y, np.append(np.full(98, np.nan), [9.0, 10.0])])
    price = np.repeat([[2.0], [20.0], [19.0]], [6, 6, 1], axis=0) * np.ones(100)
    sales = panel(y, covariates={"price": price}, starts=[0] * 12 + [98])
    assert mean_of_new(sales).mean() < 9
    words = ["red paper lantern"] * 6 + ["oak garden bench"] * 6 + ["garden bench, oak"]
    described = replace(panel(y, starts=[0] * 12 + [98]), attributes=pd.DataFrame({"description": words}))
    assert mean_of_new(described).mean() < 9


def test_likeness_is_one_for_each_thing_that_is_the_same() -> None:
    about = pd.DataFrame({"category": ["Toys", "Toys", "", ""], "description": ["tin robot", "tin robot", "", ""]})
    price = np.array([4.0, 4.0, 4.0 * np.sqrt(2), np.nan])[:, None] * np.ones(30)
    found = _Likeness(replace(panel(np.ones((4, 30)), covariates={"price": price}), attributes=about)).of(np.arange(4))
    assert found[0, 1] == pytest.approx(3)
    assert found[0, 2] == pytest.approx(np.exp(-np.log(2) / 2 / 0.5))
    assert found[2, 3] == 0


def test_its_quantiles_hold_what_the_rule_errs_by() -> None:
    rates = RNG(0).gamma(4, 5, 150)
    y = RNG(1).poisson(rates[:, None], (150, 160)).astype(float)
    y[100:, :144] = np.nan
    about = pd.DataFrame({"category": np.where(np.arange(150) % 2, "Toys", "Garden")})
    sales = replace(panel(y, starts=[0] * 100 + [144] * 50), attributes=about)
    found = Analogue().forecast(sales.until(sales.periods[-15], 14), 14, (0.1, 0.5, 0.9), RNG(0))
    actual = sales.y[100:, -14:]
    assert (actual <= found.quantiles[100:, :, 0]).mean() == pytest.approx(0.1, abs=0.07)
    assert (actual <= found.quantiles[100:, :, 2]).mean() == pytest.approx(0.9, abs=0.07)
    spread = (found.quantiles[:, :, 2] - found.quantiles[:, :, 0]).mean(axis=1) / found.mean.mean(axis=1)
    assert spread[100:].mean() > 1.2 * spread[:100].mean()


def test_a_panel_of_new_items_alone_says_how_little_it_knows() -> None:
    y = np.full((3, 40), np.nan)
    y[:, 37:] = [[3, 4, 5], [6, 5, 7], [2, 2, 3]]
    found = Analogue().forecast(panel(y, starts=[37] * 3), 7, (0.5, 0.9), RNG(0))
    assert set(found.status) == {"ok"}
    np.testing.assert_allclose(found.quantiles[:, :, 1] / found.mean, -np.log(0.1), rtol=1e-6)


def test_errors_of_the_nearest_expected_demand_count() -> None:
    said = np.repeat([1.0, 100.0], 300)
    sold = np.concatenate([RNG(0).uniform(0, 4, 300), RNG(1).uniform(90, 110, 300)])
    found = _ratios(said, sold, np.array([[1.0, 100.0]]), (0.1, 0.9), 200)
    np.testing.assert_allclose(found[0, 0], [0.4, 3.6], rtol=0.2)
    np.testing.assert_allclose(found[0, 1], [0.92, 1.08], rtol=0.03)

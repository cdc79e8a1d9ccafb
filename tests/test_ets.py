"""ETS against statsmodels, its derivatives against differences, its choice of form against series of known form."""

from typing import Any

import numpy as np
import pytest
from panels import panel
from test_sarima import airline

from forecasting.models import ets
from forecasting.models.ets import Ets, fitted, forms
from forecasting.models.libraries import quiet
from forecasting.models.smoothing_fit import Form, Pairs

RNG = np.random.default_rng
ALL = [Form(error, trend, season) for error, season in ("AN", "MN", "AA", "MA", "MM") for trend in ("N", "A", "Ad")]
KINDS = {"A": "add", "Ad": "add", "M": "mul", "N": None}


def one(y: np.ndarray, form: Form) -> Pairs:
    return Pairs(y[None], 12 if form.season != "N" else 1, np.array([0]), [form])


def some_numbers(pairs: Pairs, rng: np.random.Generator) -> np.ndarray:
    x = rng.uniform(0.2, 0.8, (pairs.numbers, 1))
    x[3:6, 0] = 0.9, 1.0, 0.01
    x[6:] = (pairs.forms[0].season == "M") + (x[6:] - 0.5) / 3
    return x


def residuals_of(y: np.ndarray, mean: np.ndarray, form: Form) -> np.ndarray:
    """The residuals whose sum of squares is least where the likelihood is largest, NaN where y is not known."""
    relative = np.where(np.isnan(y), np.nan, mean if form.error == "M" else 1.0)
    return (y - mean) / relative * np.exp(np.nanmean(np.log(relative)))


@pytest.mark.parametrize("form", ALL, ids=str)
def test_the_kernel_differentiates_as_differences_do(form: Form) -> None:
    import jax

    from forecasting.batched import smoothing

    rng = RNG(1)
    y = rng.uniform(0.7, 1.3, 41)
    y[[3, 11]] = np.nan
    pairs = one(y, form)
    x = some_numbers(pairs, rng)

    def residuals(at: np.ndarray) -> np.ndarray:
        return np.nan_to_num(residuals_of(y, pairs.smoothed(at, np.array([0])).mean[:, 0], form))

    moves = 1e-6 * np.eye(len(x))[:, :, None]
    jacobian = np.stack([(residuals(x + move) - residuals(x - move)) / 2e-6 for move in moves], axis=1)
    _, columns, cycles = next(pairs._chunks(np.array([0])))
    with jax.enable_x64(True):
        found = jax.jit(smoothing.squares)(np.tile(x, 64), columns, cycles)
    np.testing.assert_allclose(found.total, (residuals(x) ** 2).sum())
    np.testing.assert_allclose(found.gradient[:, 5], jacobian.T @ residuals(x), atol=1e-7)
    np.testing.assert_allclose(found.curvature[:, :, 63], jacobian.T @ jacobian, atol=1e-6)


@pytest.mark.parametrize("form", [form for form in ALL if form.season != "M"], ids=str)
def test_the_recursion_and_likelihood_are_those_of_statsmodels(form: Form) -> None:
    y = airline(8) / 100
    pairs = one(y, form)
    by = pairs.smoothed(some_numbers(pairs, RNG(2)), np.array([0]))
    numbers = [by.alpha, *[by.beta] * (form.trend != "N"), *[by.gamma] * (form.season != "N"), *[by.damping] * (form.trend == "Ad")]
    numbers += [by.level[0], *[by.slope[0]] * (form.trend != "N"), *[by.places[11::-1, 0]] * (form.season != "N")]
    with quiet():
        theirs = theirs_of(y, form).smooth(np.concatenate([np.ravel(number) for number in numbers]))
    np.testing.assert_allclose(by.mean[:, 0], theirs.fittedvalues, rtol=1e-6)
    least = np.array([(residuals_of(y, by.mean[:, 0], form) ** 2).sum()])
    assert pairs.likelihood(least)[0] == pytest.approx(theirs.llf, rel=1e-6)


def theirs_of(y: np.ndarray, form: Form) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    season = {"seasonal": KINDS[form.season], "seasonal_periods": 12} if form.season != "N" else {}
    return ETSModel(y, error=KINDS[form.error], trend=KINDS[form.trend], damped_trend=form.trend == "Ad", **season)


@pytest.mark.parametrize("trend", ["N", "A", "Ad"])
def test_a_season_that_multiplies_moves_as_the_book_says(trend: str) -> None:
    """Hyndman et al. (2008), table 2.3: m = (l + phi b) s; l' = (l + phi b)(1 + alpha e); b' = phi b + beta (l + phi b) e;
    s' = s (1 + gamma e), e = (y - m) / m. (statsmodels moves the season by the new level.)"""
    y = airline(3) / 100
    pairs = one(y, Form("M", trend, "M"))
    by = pairs.smoothed(some_numbers(pairs, RNG(2)), np.array([0]))
    alpha, beta, gamma, phi = (float(part[0]) for part in (by.alpha, by.beta, by.gamma, by.damping))
    level, slope, places, means = by.level[0, 0], by.slope[0, 0], list(by.places[:12, 0]), []
    for t, now in enumerate(y):
        ahead, place = level + phi * slope, places[t % 12]
        means.append(ahead * place)
        e = (now - means[-1]) / means[-1]
        level, slope, places[t % 12] = ahead * (1 + alpha * e), phi * slope + beta * ahead * e, place * (1 + gamma * e)
    np.testing.assert_allclose(by.mean[:, 0], means)


@pytest.mark.parametrize("form", [form for form in ALL if form.season != "M"], ids=str)
def test_the_fit_reaches_statsmodels_maximum(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never lower by more than 0.1; where it is not higher either, the forecast is the same."""
    y = np.log(airline())
    with quiet():
        theirs = theirs_of(y, form).fit(disp=False, maxiter=1000)
    monkeypatch.setattr(ets, "forms", lambda *_: [form])
    ours = fitted(y[None], 12)
    assert ours.names[0].startswith(str(form))
    assert ours.likelihood[0] > theirs.llf - 0.1
    if ours.likelihood[0] < theirs.llf + 0.1:
        ahead = [ours.said(np.array([119]), step)[0, 0] for step in range(1, 13)]
        np.testing.assert_allclose(ahead, theirs.forecast(12), rtol=0.03)


def test_a_quick_level_and_a_slow_one_are_told_apart() -> None:
    walk = 100 + np.cumsum(RNG(0).normal(0, 3, 200))
    found = Ets().forecast(panel(np.stack([walk, 100 + RNG(1).normal(0, 3, 200)]), season=1), 1, (0.5,), RNG(0))
    assert found.mean[0, 0] == pytest.approx(walk[-1], abs=4)
    assert found.mean[1, 0] == pytest.approx(100, abs=1.5)


def test_the_form_is_found() -> None:
    t = np.arange(140)
    rng = RNG(3)
    week = np.array([1, 1.1, 0.8, 0.9, 1.3, 1.6, 0.3])[t % 7]
    series = {
        "N": 50 + rng.normal(0, 5, 140),
        "A": 50 + 30 * (week - 1) + rng.normal(0, 5, 140),
        "M": (20 + t) * week * rng.normal(1, 0.05, 140),
    }
    found = fitted(np.stack(list(series.values())), 7).names
    assert [name.split(")")[0][-1] for name in found] == list(series)
    assert found[2].startswith("ETS(M,Ad,")


def test_zeros_leave_the_forms_that_add() -> None:
    assert len(forms(7, True)) == 10
    assert {form.error + form.season for form in forms(7, False)} == {"AN", "AA"}
    assert {form.season for form in forms(1, True)} == {"N"}
    sales = np.where(np.arange(90) % 9 == 0, 0.0, RNG(0).poisson(20, 90))
    assert fitted(sales[None], 7).names[0].startswith("ETS(A,")


def test_a_gap_costs_little_and_is_no_zero() -> None:
    rng = RNG(7)
    whole = np.tile([10, 20, 30, 40, 50, 60, 70.0], 30) + rng.normal(0, 2, 210)
    holed = whole.copy()
    holed[rng.choice(200, 20, replace=False)] = np.nan
    found = Ets().forecast(panel(np.stack([whole, holed])), 7, (0.5,), RNG(0))
    np.testing.assert_allclose(found.mean[1], found.mean[0], atol=4)


def test_a_later_start_is_the_same_series() -> None:
    y = RNG(4).poisson(30, 77) + 10.0 * (np.arange(77) % 7 == 3)
    early, late = (fitted(np.concatenate([np.full(k, np.nan), y])[None], 7) for k in (0, 12))
    assert early.names[0] == late.names[0]
    for step in (1, 5, 9):
        np.testing.assert_allclose(early.said(np.array([76]), step), late.said(np.array([88]), step), rtol=1e-6)


def test_a_long_season_is_taken_out_first() -> None:
    t, shape = np.arange(182), RNG(6).uniform(0.5, 1.5, 52)
    y = (100 + 0.2 * t[:156]) * shape[t[:156] % 52] * RNG(5).normal(1, 0.02, 156)
    found = Ets().forecast(panel(y, frequency="W"), 26, (0.5,), RNG(0))
    np.testing.assert_allclose(found.mean[0], (100 + 0.2 * t[156:]) * shape[t[156:] % 52], rtol=0.1)

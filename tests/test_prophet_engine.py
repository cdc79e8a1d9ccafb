"""Prophet's model of many series at once: that its maximum is one, that the sparse problem inside is solved, and what its paths do."""

from dataclasses import replace

import numpy as np
import pytest

from forecasting.batched import prophet as engine
from forecasting.batched.lasso import lasso

RNG = np.random.default_rng
DAYS = np.arange(19000.0, 19000 + 150)


def waves(days: np.ndarray) -> np.ndarray:
    return np.stack([f(2 * np.pi * k * days / 7) for k in (1, 2, 3) for f in (np.sin, np.cos)])


def series() -> np.ndarray:
    """Levels that turn, a week, gaps: 5 x 130."""
    rng, t = RNG(2), np.arange(130)
    level = 20 + np.cumsum(np.where(t % 40 == 0, rng.normal(0, 0.4, (5, 130)), 0).cumsum(axis=1), axis=1)
    y = rng.poisson(np.maximum(level, 3) * (1 + 0.4 * (t % 7 == 5))).astype(float)
    y[1, 60:75], y[2, :50], y[3, -4:] = np.nan, np.nan, np.nan
    return y


def test_the_sparse_problem_is_solved() -> None:
    rng = RNG(1)
    columns = np.maximum(np.linspace(0, 1, 60)[:, None] - np.linspace(0, 0.8, 12), 0) + 0.02 * rng.normal(size=(40, 60, 12))
    gram, right = columns.transpose(0, 2, 1) @ columns, (columns.transpose(0, 2, 1) @ rng.normal(size=(40, 60, 1)))[:, :, 0]
    found = lasso(gram, right, np.full(40, 0.5), rng.normal(size=(40, 12)))
    slope = right - (gram @ found[:, :, None])[:, :, 0]
    assert 0.1 < (found != 0).mean() < 0.7
    np.testing.assert_allclose(slope[found != 0], 0.5 * np.sign(found[found != 0]), atol=1e-9)
    assert (np.abs(slope) <= 0.5 + 1e-8).all()


@pytest.mark.parametrize("multiplicative", [True, False])
def test_nothing_near_the_maximum_is_more_likely(multiplicative: bool) -> None:
    y, features = series(), np.broadcast_to(waves(DAYS), (5, 6, 150))
    fitted = engine.fit(y, DAYS, features, multiplicative)
    assert fitted.settled.all()
    assert 0 < (fitted.bends != 0).sum() < 60
    found = np.concatenate([fitted.line, fitted.bends, fitted.effects, fitted.noise[:, None]], axis=1)

    def value(x: np.ndarray, row: int) -> float:
        known, t = ~np.isnan(y[row]), fitted.t[row, :130]
        g = x[0] + x[1] * t + np.maximum(t[:, None] - fitted.changes[row], 0) @ x[2:27]
        effect = x[27:33] @ features[row, :, :130]
        left = (y[row] / fitted.scale[row] - (g * (1 + effect) if multiplicative else g + effect))[known]
        s = x[33]
        priors = (x[0] ** 2 + x[1] ** 2) / 50 + np.abs(x[2:27]).sum() / 0.05 + (x[27:33] ** 2).sum() / 200 + 2 * s**2
        return float((left**2).sum() / (2 * s**2) + known.sum() * np.log(s) + priors)

    rng = RNG(3)
    for row in range(5):
        least = value(found[row], row)
        assert least == pytest.approx(fitted.objective[row], abs=1e-9)
        away = [*np.eye(34), *-np.eye(34), *rng.normal(size=(20, 34))]
        assert all(value(found[row] + size * step, row) > least - 1e-6 for step in away for size in (1e-3, 1e-5))


def test_without_bends_the_quantiles_are_those_of_the_noise() -> None:
    y = 50 + 0.2 * np.arange(130) + RNG(4).normal(0, 2, (1, 130))
    fitted = engine.fit(y, DAYS, np.zeros((1, 0, 150)), True)
    assert (fitted.bends != 0).sum() <= 2
    assert fitted.noise[0] * fitted.scale[0] == pytest.approx(2, rel=0.15)
    found = engine.quantiles(replace(fitted, bends=np.zeros((1, 25))), np.zeros((1, 20)), True, (0.5, 0.975), 20_000, RNG(0))
    np.testing.assert_allclose(found[0, :, 0], 50 + 0.2 * np.arange(130, 150), atol=2.5)
    np.testing.assert_allclose(found[0, :, 1] - found[0, :, 0], 1.96 * fitted.noise[0] * fitted.scale[0], rtol=0.05)


def test_slopes_that_change_spread_the_paths_as_the_law_says() -> None:
    """Of changes c of chance p and variance 2, the path after j periods is the sum of c_i (j - i + 1/2)."""
    rng = RNG(5)
    paths = engine._paths(rng.random((8, 50_000)) < 0.2, rng.laplace(size=(8, 50_000)))
    np.testing.assert_allclose(paths.var(axis=1), 2 * 0.2 * np.cumsum((np.arange(8) + 0.5) ** 2), rtol=0.06)


def test_histories_have_the_changes_that_they_have_room_for() -> None:
    assert [engine.number_of_changes(known) for known in (10, 31, 33, 1000)] == [7, 23, 25, 25]
    short = np.append(np.full(118, np.nan), 5 + RNG(6).normal(size=12))[None]
    fitted = engine.fit(short, DAYS, np.zeros((1, 0, 150)), True)
    assert np.isfinite(fitted.changes).sum() == 8
    assert np.isfinite(fitted.trend).all()

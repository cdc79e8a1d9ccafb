"""The ensemble: medians and weights by hand, members that do not answer, weights told from the past alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from panels import panel, weekly_shop

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models import registry
from forecasting.models.ensemble import Ensemble, _median, _weights
from sales.panel import SalesPanel

QUICK = ("naive", "moving_average", "seasonal_naive")
LEVELS = (0.5, 0.9)


def answer(ensemble: Ensemble, sales: SalesPanel) -> Forecast:
    return ensemble.forecast(sales, 7, LEVELS, np.random.default_rng(0))


def members_of(sales: SalesPanel) -> np.ndarray:
    return np.stack([registry.model(name).forecast(sales, 7, LEVELS, np.random.default_rng(0)).mean for name in QUICK])


def test_median_and_mean_are_those_of_the_members() -> None:
    sales = weekly_shop(4, 60, np.random.default_rng(1))
    np.testing.assert_allclose(answer(Ensemble(QUICK), sales).mean, np.median(members_of(sales), axis=0))
    weighted = Ensemble(QUICK, "fitted", earned=(0.5, 0.3, 0.2))
    np.testing.assert_allclose(answer(weighted, sales).mean, np.einsum("m,mnh->nh", [0.5, 0.3, 0.2], members_of(sales)))


def test_a_median_of_an_even_number_lies_between_the_middle_two() -> None:
    answers = np.array([1.0, 2.0, 9.0, 4.0]).reshape(4, 1, 1)
    assert _median(answers, np.array([4]))[0, 0] == 3.0
    assert np.isnan(_median(np.full((3, 1, 1), np.nan), np.array([0]))[0, 0])


@dataclass(frozen=True)
class Choosy(Forecaster):
    """Answers the first item alone."""

    card: ClassVar[Card] = Card("choosy", Family.BASELINE, 1, False, False, False, False, Cost.INSTANT)

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank("choosy", panel, horizon, levels)
        forecast.mean[:], forecast.quantiles[:] = 5.0, 5.0
        forecast.status[1:] = "failed: choosy"
        return forecast


def test_a_member_that_cannot_answer_an_item_is_left_out_and_named() -> None:
    sales = weekly_shop(2, 60, np.random.default_rng(2))
    found = answer(Ensemble(("naive", "choosy"), models=(registry.model("naive"), Choosy())), sales)
    assert list(found.detail) == ["median of naive, choosy", "median of naive; without choosy"]
    assert list(found.status) == ["ok", "ok"]
    np.testing.assert_array_equal(found.mean[1], np.full(7, sales.y[1, -1]))


def test_weights_are_drawn_to_equal_ones_by_the_number_of_folds() -> None:
    rng = np.random.default_rng(3)
    errors = np.stack([rng.normal(0, 1, 5000), rng.normal(0, 2, 5000)])
    own = np.array([0.8, 0.2])  # inverse variances (Bates & Granger, 1969, eq. 3)
    for folds, share in ((1, 0.25), (3, 0.5)):
        np.testing.assert_allclose(_weights(errors, folds), share * own + (1 - share) / 2, atol=0.02)


def test_fitted_weights_favour_the_member_that_was_right() -> None:
    rng = np.random.default_rng(4)
    week = 20 + 15 * np.sin(2 * np.pi * np.arange(7) / 7)
    sales = panel(np.tile(week, 20) + rng.normal(0, 1, (4, 140)))
    tuned = Ensemble(("naive", "seasonal_naive"), "fitted").tuned(sales, np.random.default_rng(0))
    assert tuned.earned[1] > 0.7
    assert sum(tuned.earned) == pytest.approx(1.0)
    weights = tuned.drivers(sales, 7, np.random.default_rng(0))
    assert dict(zip(weights["name"], weights["value"], strict=True)) == dict(zip(("naive", "seasonal_naive"), tuned.earned, strict=True))


def test_too_short_a_history_earns_equal_weights() -> None:
    sales = weekly_shop(2, 2, np.random.default_rng(0))
    assert Ensemble(QUICK, "fitted").tuned(sales, np.random.default_rng(0)).earned == ()


@pytest.mark.parametrize(
    ("settings", "match"),
    [({"members": ()}, "members: got"), ({"members": ("ets", "ets")}, "different"), ({"members": ("ensemble",)}, "none of them"),
     ({"weights": "mean"}, "weights: got 'mean'")],
)  # fmt: skip
def test_impossible_ensembles_are_refused(settings: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Ensemble(**settings)  # type: ignore[arg-type]

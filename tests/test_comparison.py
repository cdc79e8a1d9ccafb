"""How long a comparison is expected to take."""

import pandas as pd

from forecasting.comparison import Comparison, seconds_of
from forecasting.models import registry


def test_the_seconds_of_a_shared_model_are_those_of_its_fit_whatever_the_items() -> None:
    rows = pd.DataFrame({"item": ["a", "b"] * 2, "model": ["forest"] * 2 + ["theta"] * 2, "seconds": [10.0, 10.0, 0.5, 0.5]})
    measured = seconds_of(rows)
    assert measured == {"forest": 20.0, "theta": 0.5}
    many = Comparison(("forest", "theta"), 28, "1")
    assert many.expected_seconds(100, measured, 1) == 2 * (20 + 50)


def test_a_model_never_measured_is_expected_to_take_what_models_of_its_cost_do() -> None:
    usual = {name: Comparison((name,), 28, "1").expected_seconds(100, {}, 1) for name in registry.NAMES}
    assert all(seconds > 0 for seconds in usual.values())
    assert usual["linear"] == usual["tree"] < usual["boosting"] == usual["forest"] < usual["lstm"]


def test_what_auto_took_has_its_candidates_in_it() -> None:
    rows = pd.DataFrame({"item": ["a", "b"] * 2, "model": ["auto"] * 2 + ["lstm"] * 2, "seconds": [0.25, 0.25, 4.0, 4.0]})
    measured, fits = seconds_of(rows), {"lstm": 4, "boosting": 8, "ets": 8}
    asked = Comparison(("lstm", "auto"), 28, "3")
    assert asked.expected_seconds(2, measured, 1, fits) == 4 * (8 + 2 * 0.25)
    assert asked.expected_seconds(2, {"lstm": 8.0}, 1, fits) > 4 * 8 + 8 * 2

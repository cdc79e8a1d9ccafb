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

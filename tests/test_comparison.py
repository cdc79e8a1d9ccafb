"""How long a comparison is expected to take."""

import pandas as pd

from forecasting.comparison import Comparison, seconds_of


def test_the_seconds_of_a_shared_model_are_those_of_its_fit_whatever_the_items() -> None:
    rows = pd.DataFrame({"item": ["a", "b"] * 2, "model": ["forest"] * 2 + ["theta"] * 2, "seconds": [10.0, 10.0, 0.5, 0.5]})
    measured = seconds_of(rows)
    assert measured == {"forest": 20.0, "theta": 0.5}
    many = Comparison(("forest", "theta"), 28, "1")
    assert many.expected_seconds(100, measured, 1) == 2 * (20 + 50)

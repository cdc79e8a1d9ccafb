"""Pictures of errors: ticks that differ, names inside the picture, nothing that counts nothing."""

import numpy as np
import pandas as pd
import pytest

from ui import charts, error_charts


@pytest.mark.parametrize(("span", "form"), [(0.6, ".0%"), (0.05, ".0%"), (0.02, ".1%"), (0.002, ".2%"), (0.0, ".0%"), (np.nan, ".0%")])
def test_ticks_have_the_decimals_that_tell_them_apart(span: float, form: str) -> None:
    assert error_charts._percent(span) == form


def test_a_name_stands_on_the_side_that_has_room() -> None:
    board = pd.DataFrame({"model": ["auto", "naive", "ets"], "WAPE": [0.2, 0.4, 0.3], "seconds_item": [0.4, 1e-4, 1.0]})
    beside = {trace.name: trace.textposition for trace in error_charts.cost_and_error(board).data}
    assert beside == {"Automatic choice": "middle left", "Naive": "middle right", "ETS": "middle left"}


def test_names_of_two_that_err_alike_do_not_cover_each_other() -> None:
    board = pd.DataFrame({"model": ["auto", "sarima", "naive"], "WAPE": [0.5914, 0.5910, 0.76], "seconds_item": [0.08, 0.1, 1e-4]})
    beside = {trace.name: trace.textposition for trace in error_charts.cost_and_error(board).data}
    assert beside == {"Automatic choice": "top left", "SARIMA": "bottom left", "Naive": "middle right"}


def test_a_candidate_that_counts_nothing_is_left_out_of_the_shares() -> None:
    assert list(error_charts.weights(pd.Series({"naive": 0.0, "ets": 1.0})).data[0].y) == ["ETS"]


def test_a_sale_between_periods_not_known_is_a_dot() -> None:
    dots = charts._sold(np.array([np.nan, 5.0, np.nan, 1.0, 2.0]), "black")
    assert dots["mode"] == "lines+markers"
    assert dots["marker"]["size"].tolist() == [0, charts.DOT, 0, 0, 0]
    assert charts._sold(np.array([1.0, 2.0]), "black")["mode"] == "lines"

"""What models see beside sales: covariates are made whole item by item."""

import numpy as np
from panels import panel

from forecasting.features import known_ahead

NAN = np.nan


def test_what_is_not_known_of_a_mark_is_zero_and_of_anything_else_what_was_known_last() -> None:
    sales = panel(np.ones((2, 4)), covariates={"promotion": [[NAN, 1, NAN, 1, NAN]], "width": [[NAN, 3, NAN, 4, NAN]]})
    found = known_ahead(sales, 2)
    np.testing.assert_array_equal(found["promotion"], [[0, 1, 0, 1, 0, 0]] * 2)
    np.testing.assert_array_equal(found["width"], [[3, 3, 3, 4, 4, 4]] * 2)


def test_a_price_of_one_is_a_price() -> None:
    found = known_ahead(panel(np.ones((2, 3)), covariates={"price": [[1, NAN, 1, NAN], [2, NAN, 3, NAN]]}), 1)
    np.testing.assert_array_equal(found["price"], [[1, 1, 1, 1], [2, 2, 3, 3]])


def test_other_items_do_not_change_how_an_item_is_filled() -> None:
    discount = [[0, 1, NAN, 1, NAN], [0.1, 0.5, NAN, 0.2, NAN], [NAN] * 5]
    sales = panel(np.ones((3, 4)), covariates={"discount": discount})
    whole = known_ahead(sales, 1)["discount"]
    np.testing.assert_allclose(whole, [[0, 1, 0, 1, 0], [0.1, 0.5, 0.5, 0.2, 0.2], [0] * 5])
    for row in range(3):
        np.testing.assert_array_equal(known_ahead(sales.select(np.array([row])), 1)["discount"][0], whole[row])

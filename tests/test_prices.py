"""What a unit is worth: the stock file before the sales file, a price before a cost."""

import numpy as np
import pandas as pd
from panels import panel

from inventory.prices import unit_values
from inventory.terms import default_terms, read_terms

SALES = panel(np.ones((4, 3)), covariates={"price": [[2, 3, np.nan, 9], [1, 1, 1, 1], [0, 0, 0, 0], [np.nan] * 4]})


def test_price_before_cost_before_the_last_price_in_the_sales() -> None:
    table = pd.DataFrame({"item": ["A001", "A002"], "unit_price": ["5", ""], "unit_cost": ["4", "3"]})
    found = unit_values(read_terms(table, SALES)[0], SALES)
    assert found.value.tolist()[:3] == [3, 5, 3]
    assert np.isnan(found.value["A003"])
    assert found.source.tolist() == ["price", "unit_price", "unit_cost", ""]
    assert found.counts == {"unit_price": 1, "unit_cost": 1, "price": 1}


def test_without_any_price_nothing_is_known() -> None:
    bare = panel(np.ones((2, 3)))
    assert unit_values(default_terms(bare), bare).value.isna().all()

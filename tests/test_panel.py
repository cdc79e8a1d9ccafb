"""The panel holds only what fits together, tells kinds of nothing apart, and changes its fingerprint with any part."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from panels import panel

from sales.panel import SalesPanel

Y = [[1, 2, np.nan, 4], [np.nan, 0, 5, 6]]


def shop() -> SalesPanel:
    flags = [[False, True, False, False], [False] * 4]
    price = [[1, 2, 3, 4, 5, 6], [np.nan, 2, 2, 2, 2, 2]]
    found = panel(Y, starts=[0, 1], out_of_stock=flags, covariates={"price": price})
    return replace(found, attributes=pd.DataFrame({"category": ["x", "y"]}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": np.array(["B", "A"], dtype=object)}, "sorted unique"),
        ({"items": np.array(["A", "A"], dtype=object)}, "sorted unique"),
        ({"y": np.zeros((2, 3))}, "y: got shape"),
        ({"out_of_stock": np.zeros((1, 4), dtype=bool)}, "out_of_stock: got shape"),
        ({"start": np.zeros(3, dtype=int)}, "start: got shape"),
        ({"periods": pd.DatetimeIndex(["2023-01-02", "2023-01-03", "2023-01-05", "2023-01-06"])}, "without a hole"),
        ({"covariates": {"a": np.zeros((2, 3))}}, "at least 4"),
        ({"covariates": {"a": np.zeros((2, 5)), "b": np.zeros((2, 6))}}, "one shape"),
        ({"attributes": pd.DataFrame({"category": ["x"]})}, "attributes: got 1 rows"),
        ({"season": 0}, "season: got 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(shop(), **change)


def test_demand_is_nan_wherever_sales_do_not_show_it() -> None:
    np.testing.assert_array_equal(shop().demand, [[1, np.nan, np.nan, 4], [np.nan, 0, 5, 6]])


@pytest.mark.parametrize(
    "change",
    [
        {"y": np.array([[1, 2, np.nan, 4], [np.nan, 0, 5, 7]], dtype=np.float32)},
        {"start": np.array([0, 2])},
        {"out_of_stock": np.zeros((2, 4), dtype=bool)},
        {"covariates": {}},
        {"covariates": {"cost": shop().covariates["price"]}},
        {"attributes": pd.DataFrame({"category": ["x", "z"]})},
        {"items": np.array(["A000", "A002"], dtype=object)},
        {"season": 4},
    ],
)
def test_the_fingerprint_changes_with_any_part(change: dict[str, Any]) -> None:
    assert shop().fingerprint == shop().fingerprint
    assert replace(shop(), **change).fingerprint != shop().fingerprint


def test_until_hides_what_comes_after_the_cutoff() -> None:
    seen = shop().until(shop().periods[1], horizon=3)
    assert (seen.y.shape, seen.covariates["price"].shape, seen.ahead) == ((2, 2), (2, 5), 3)
    changed = replace(shop(), y=np.where(np.arange(4) > 1, 99, shop().y).astype(np.float32))
    assert changed.until(shop().periods[1], horizon=3).fingerprint == seen.fingerprint
    assert shop().until(shop().periods[0], horizon=1).start.tolist() == [0, 1]
    with pytest.raises(KeyError, match="1999"):
        shop().until(pd.Timestamp("1999-01-01"), horizon=1)


def test_items_are_found_and_chosen_in_order() -> None:
    assert shop().rows_of(["A001", "A000"]).tolist() == [0, 1]
    with pytest.raises(KeyError, match="not in the panel: \\['B'\\]"):
        shop().rows_of(["B", "A000"])
    chosen = shop().select(np.array([False, True]))
    assert (chosen.items.tolist(), chosen.attributes["category"].tolist(), chosen.units) == (["A001"], ["y"], 11)
    assert shop().best_sellers(1).tolist() == [1]


def test_rows_run_from_each_start_to_the_end_of_what_is_known() -> None:
    frame = shop().to_frame()
    assert frame.columns.tolist() == ["item", "ds", "y", "out_of_stock", "price", "category"]
    assert frame.groupby("item").size().to_dict() == {"A000": 6, "A001": 5}
    assert frame["y"].isna().sum() == 1 + 2 + 2
    assert frame.loc[frame["out_of_stock"], "y"].tolist() == [2]


def test_what_a_forecast_is_of_does_not_change_with_what_only_helps_it() -> None:
    plain = panel(np.arange(20.0), season=7)
    helped = replace(plain, covariates={"promotion": np.zeros((1, 25), dtype=np.float32)}, season=1)
    assert helped.sales_fingerprint == plain.sales_fingerprint
    assert helped.fingerprint != plain.fingerprint
    assert replace(plain, y=plain.y + 1).sales_fingerprint != plain.sales_fingerprint

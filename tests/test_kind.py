"""Kind of a file: orders of a slow shop, which hardly ever meet on an item and day, and totals of several shops, which always do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sales.intake import Intake, intake
from sales.mapping import Mapping

PLAIN = Mapping("item", "date", "units")
ROLES = {"price": "price", "order": "order", "customer": "customer"}


def slow_shop() -> pd.DataFrame:
    """600 order lines of 1 to 4 units over 300 items and 350 days, of which every twentieth comes back two days later."""
    rng = np.random.default_rng(7)
    item, day, units = rng.integers(0, 300, 600), rng.integers(0, 350, 600), rng.integers(1, 5, 600)
    sold = pd.DataFrame({"item": [f"P{code:03d}" for code in item], "day": day, "units": units, "customer": rng.integers(0, 200, 600)})
    back = sold.iloc[::20].assign(units=lambda lines: -lines["units"], day=lambda lines: lines["day"] + 2)
    both = pd.concat([sold, back]).sort_values("day", kind="stable", ignore_index=True)
    return both.assign(date=pd.Timestamp("2024-01-01") + pd.to_timedelta(both["day"], unit="D"), price=9.5, order=1_000 + both.index)


def units_of(read: Intake) -> float:
    assert read.panel is not None
    return read.panel.units


def chosen(read: Intake, code: str) -> str:
    (finding,) = [finding for finding in read.findings if finding.code == code]
    return finding.chosen


@pytest.mark.parametrize("roles", [ROLES, {}])
def test_orders_that_hardly_ever_meet_are_orders_and_their_returns_are_netted(roles: dict[str, str]) -> None:
    shop = slow_shop()
    read = intake(shop, replace(PLAIN, **roles), "D")
    assert (read.kind, units_of(read), chosen(read, "returns")) == ("order_lines", shop["units"].sum(), "net")


def test_orders_that_are_there_twice_count_once() -> None:
    shop = slow_shop()
    read = intake(pd.concat([shop, shop], ignore_index=True), replace(PLAIN, **ROLES), "D")
    assert (read.kind, units_of(read), chosen(read, "file_repeated")) == ("order_lines", shop["units"].sum(), "drop")


def test_totals_of_every_day_stay_totals_though_their_returns_look_like_sales() -> None:
    rng = np.random.default_rng(1)
    days = pd.date_range("2024-01-01", periods=100)
    totals = pd.DataFrame([(item, day, rng.integers(0, 4)) for day in days for item in "ABCDE"], columns=["item", "date", "units"])
    totals.loc[200:230:10, "units"] = -1
    assert intake(totals, PLAIN).kind == "period_totals"


def test_single_units_that_meet_by_chance_all_count_and_rows_pasted_twice_do_not() -> None:
    rng = np.random.default_rng(2)
    ones = pd.DataFrame({"item": rng.integers(0, 100, 1_000).astype(str), "units": 1})
    ones["date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, 1_000), unit="D")
    read = intake(ones, PLAIN)
    assert ones.duplicated().sum() > 10
    assert (read.kind, units_of(read), chosen(read, "duplicate_rows")) == ("period_totals", 1_000, "keep")
    totals = pd.DataFrame({"item": "A", "date": pd.date_range("2024-01-01", periods=100), "units": rng.integers(0, 20, 100)})
    pasted = intake(pd.concat([totals, totals.iloc[40:44]], ignore_index=True), PLAIN)
    assert (pasted.kind, units_of(pasted), chosen(pasted, "duplicate_rows")) == ("period_totals", totals["units"].sum(), "drop")


def test_an_order_line_is_pasted_where_its_own_number_is_there_again() -> None:
    shop = slow_shop().assign(order=1)
    for numbered, wanted in ((shop.assign(line=np.arange(len(shop))), "drop"), (shop.assign(line=np.arange(len(shop)) // 2), "keep")):
        read = intake(pd.concat([numbered, numbered.iloc[3:9]], ignore_index=True), replace(PLAIN, order="order"), "D")
        assert (read.kind, chosen(read, "duplicate_lines")) == ("order_lines", wanted)


@pytest.mark.parametrize("mapping", [PLAIN, replace(PLAIN, location="store")])
def test_a_shop_s_total_that_is_not_known_leaves_the_sum_not_known(mapping: Mapping) -> None:
    weeks = pd.date_range("2024-01-01", periods=20, freq="7D")
    rows = [(store, item, week, 10) for week in weeks for item in "AB" for store in "xyz"]
    totals = pd.DataFrame(rows, columns=["store", "item", "date", "units"]).astype({"units": object})
    totals.loc[[60, 63, 66], "units"] = [None, None, -5]
    read = intake(totals, mapping)
    assert read.panel is not None
    assert read.kind == "period_totals"
    assert not {"duplicate_rows", "conflicting_totals"} & {finding.code for finding in read.findings}
    np.testing.assert_array_equal(read.panel.y[:, 9:13], [[30, np.nan, np.nan, 30], [30, np.nan, 30, 30]])
    holed = intake(totals.drop(index=[60, 63, 66]), mapping, gaps="unknown")
    assert holed.panel is not None
    np.testing.assert_array_equal(holed.panel.y, read.panel.y)

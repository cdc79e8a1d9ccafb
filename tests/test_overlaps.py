"""Files handed over together that hold the same days."""

import numpy as np
import pandas as pd

from sales.intake import intake
from sales.mapping import Mapping
from sales.reading import Reading, read_files

DAYS = pd.date_range("2024-01-01", "2024-05-31").strftime("%Y-%m-%d")
SHOP = pd.DataFrame(
    [(item, day, 1 + (place + row) % 9) for place, day in enumerate(DAYS) for row, item in enumerate("ABCDE")],
    columns=["item", "date", "units"],
)


def read(*tables: pd.DataFrame) -> Reading:
    return read_files([(f"{place}.csv", table.to_csv(index=False).encode()) for place, table in enumerate(tables)])


def units(reading: Reading) -> float:
    assert reading.table is not None
    panel = intake(reading.table, Mapping("item", "date", "units"), "D").panel
    assert panel is not None
    return panel.units


def test_sales_in_two_exports_count_once_and_it_is_said() -> None:
    """January to March and March to May: March is in both."""
    first, second = SHOP[SHOP["date"] < "2024-04-01"], SHOP[SHOP["date"] >= "2024-03-01"]
    reading = read(first, second)
    assert units(reading) == SHOP["units"].sum()
    (told,) = reading.problems
    march = SHOP[SHOP["date"].str.startswith("2024-03")]["units"].sum()
    assert (told.code, told.severity, told.file, told.got, told.count) == ("files_overlap", "warning", "1.csv", "0.csv", 31 * 5)
    assert told.params == {"first": "2024-03-01", "last": "2024-03-31", "rows": 155, "units": str(march), "others": "0", "all": str(march)}


def test_a_line_twice_in_one_file_stays_twice_and_a_corrected_one_is_named() -> None:
    twice = pd.concat([SHOP, SHOP.iloc[[7]]])
    again = SHOP.copy()
    again.loc[3, "units"] += 100
    reading = read(twice, again)
    assert reading.table is not None
    assert len(reading.table) == len(SHOP) + 2
    assert reading.problems[0].params["others"] == str(again.loc[3, "units"])


def test_other_rows_on_the_same_days_are_added_and_the_units_are_told() -> None:
    other = SHOP.assign(units=SHOP["units"] + 20)
    reading = read(SHOP, other)
    assert units(reading) == SHOP["units"].sum() + other["units"].sum()
    assert [(told.code, told.params["all"]) for told in reading.problems] == [("files_overlap_summed", f"{other['units'].sum():,}")]


def test_other_items_or_places_are_other_sales() -> None:
    assert read(SHOP, SHOP.assign(item="X" + SHOP["item"])).problems == ()
    assert read(SHOP.assign(store="x"), SHOP.assign(store="y")).problems == ()


def test_files_of_months_in_turn_are_left_alone() -> None:
    parts = [part for _, part in SHOP.groupby(SHOP["date"].str[:7])]
    reading = read(*parts)
    assert reading.problems == ()
    assert reading.table is not None
    np.testing.assert_array_equal(reading.table["units"].astype(int), SHOP["units"])

"""Totals and subtotals among the items of a report: told by what they say and by what they hold, left out or kept."""

import pandas as pd
import pytest

from sales.mapping import Mapping
from sales.recipe import Recipe, apply
from sales.shapes import detect_shape
from sales.total_words import is_a_total

PLAIN = Mapping("item", "date", "units")
DAYS = pd.date_range("2024-01-01", periods=20)


def report(*extra: tuple[str, float]) -> pd.DataFrame:
    """Four items over 20 days, 1 + 2 + 3 + 4 units a day, and further rows each day, their units times the day's 10."""
    sold = [(code, day, units * (1 + k % 3)) for k, day in enumerate(DAYS) for units, code in enumerate(("A", "B", "C", "D"), 1)]
    sums = [(code, day, share * (1 + k % 3)) for k, day in enumerate(DAYS) for code, share in extra]
    return pd.DataFrame(sold + sums, columns=["item", "date", "units"]).sort_values("date", kind="stable", ignore_index=True)


UNITS = report()["units"].sum()


@pytest.mark.parametrize(
    "extra",
    [
        [("Total", 10)],
        [("合计", 10)],
        [("Subtotal North", 3), ("Subtotal South", 7)],
        [("North Total", 3), ("South Total", 7), ("Grand Total", 10)],
        [("Zwischensumme: Getränke", 3), ("饮料小计", 7)],
    ],
)
def test_what_holds_what_the_others_sold_is_left_out(extra: list[tuple[str, float]]) -> None:
    read = apply(Recipe(PLAIN), report(*extra))
    assert read.panel is not None
    assert (read.panel.items.tolist(), read.panel.units) == (list("ABCD"), UNITS)
    (found,) = [finding for finding in read.findings if finding.code == "totals_inside"]
    assert (found.rows, found.chosen, found.params["sure"]) == (20 * len(extra), "drop", len(extra))
    assert found.effect["before"].sum() - found.effect["after"].sum() == found.units
    kept = apply(Recipe(PLAIN, actions={"totals_inside": "keep"}), report(*extra)).panel
    assert kept is not None
    assert kept.units > UNITS


def test_an_item_called_total_that_sells_as_others_do_stays_and_is_shown() -> None:
    read = apply(Recipe(PLAIN), report(("Total", 4)))
    assert read.panel is not None
    assert "Total" in read.panel.items
    (found,) = [finding for finding in read.findings if finding.code == "totals_inside"]
    assert (found.chosen, found.params["sure"]) == ("keep", 0)
    dropped = apply(Recipe(PLAIN, actions={"totals_inside": "drop_all"}), report(("Total", 4))).panel
    assert dropped is not None
    assert dropped.items.tolist() == list("ABCD")


@pytest.mark.parametrize(("units", "chosen"), [(3, "drop"), (1, "keep")])
def test_a_place_that_holds_what_the_others_do_is_no_place(units: int, chosen: str) -> None:
    shops = pd.concat([report().assign(shop="North"), report().assign(shop="South", units=lambda t: 2 * t["units"])])
    whole = pd.concat([shops, report().assign(shop="All shops total", units=lambda t: units * t["units"])])
    read = apply(Recipe(PLAIN), whole)
    (found,) = [finding for finding in read.findings if finding.code == "totals_of_places"]
    assert (found.rows, found.units, found.chosen) == (80, units * UNITS, chosen)
    assert read.panel is not None
    assert read.panel.units == (3 * UNITS if chosen == "drop" else 4 * UNITS)
    apart = apply(Recipe(PLAIN, apart=("shop",)), whole).panel
    assert apart is not None
    assert apart.units == read.panel.units


def test_a_shop_whose_only_item_is_a_total_keeps_it() -> None:
    read = apply(Recipe(PLAIN), pd.DataFrame({"item": "Total", "date": DAYS, "units": 5}))
    assert read.panel is not None
    assert (read.panel.items.tolist(), read.findings) == (["Total"], ())


def test_a_total_of_each_group_of_columns_is_no_item() -> None:
    wide = report().pivot(index="date", columns="item", values="units").reset_index().rename(columns={"A": "Drinks A", "B": "Drinks B"})
    wide["Drinks Total"] = wide["Drinks A"] + wide["Drinks B"]
    wide["Food Total"] = wide["C"] + wide["D"]
    read = apply(Recipe(Mapping("item", "date", "units"), shape=detect_shape(wide)), wide)
    assert read.panel is not None
    assert (read.panel.items.tolist(), read.panel.units) == (["C", "D", "Drinks A", "Drinks B"], UNITS)


@pytest.mark.parametrize("code", ["Totally Mug", "SUMMER HAT", "GESAMTWERK", "TOTE BAG", "Sumac 50g"])
def test_words_that_only_begin_alike_say_no_total(code: str) -> None:
    assert not is_a_total(code)

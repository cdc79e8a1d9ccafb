"""Tomorrow's file on top of yesterday's: the same recipe over both, told before it replaces."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realdata import folder

from sales import checks
from sales import datasets as saved
from sales.additions import Holidays, with_additions
from sales.intake import intake
from sales.mapping import Mapping
from sales.panel import SalesPanel
from sales.problems import Severity
from sales.reading import read_table
from sales.recipe import Recipe, apply
from sales.shapes import Shape
from sales.tomorrow import Tomorrow, on_top, on_top_of_sales, put_on_top, save
from ui.texts import problem

RECIPE = Recipe(Mapping("item", "day", "units"), "D")


def file(first: str, days: int, units: int = 2, items: str = "AB") -> pd.DataFrame:
    dates = pd.date_range(first, periods=days).strftime("%Y-%m-%d")
    return pd.DataFrame([(item, day, units) for day in dates for item in items], columns=["item", "day", "units"])


def sold(tables: list[pd.DataFrame], recipe: Recipe = RECIPE) -> SalesPanel:
    panel = apply(recipe, tables).panel
    assert panel is not None
    return panel


def put(newer: pd.DataFrame, its: Recipe = RECIPE, tables: tuple[pd.DataFrame, ...] = (), recipe: Recipe = RECIPE) -> Tomorrow:
    tables = tables or (file("2024-01-01", 10),)
    return on_top(sold(list(tables), recipe), tables, recipe, [newer], its)


def codes(made: Tomorrow) -> list[str]:
    return [told.code for told in made.problems]


def test_the_next_days_are_added() -> None:
    made = put(file("2024-01-11", 5))
    assert made.panel is not None
    assert made.difference is not None
    assert (len(made.panel.periods), made.panel.units) == (15, 2 * 2 * 15)
    assert (made.difference.only_old, made.difference.both, made.difference.only_new) == (10, 0, 5)
    assert (made.difference.changed, made.difference.same, codes(made)) == (0, False, [])
    assert sold(list(made.tables), made.recipe).fingerprint == made.panel.fingerprint


def test_identical_data_changes_nothing() -> None:
    for same in (file("2024-01-01", 10), file("2024-01-04", 7)):
        made = put(same)
        assert made.difference is not None
        assert (made.difference.same, made.difference.changed, codes(made)) == (True, 0, ["append_same"])


def test_what_changes_in_periods_of_both_is_told_with_the_largest() -> None:
    newer = file("2024-01-09", 4)
    newer.loc[0, "units"] = 30
    made = put(newer)
    assert made.difference is not None
    assert (made.difference.only_old, made.difference.both, made.difference.only_new) == (8, 2, 2)
    assert made.difference.changes.values.tolist() == [["A", pd.Timestamp("2024-01-09"), 2, 30, 28]]
    assert codes(made) == ["append_changes"]
    assert made.panel is not None
    assert made.panel.units == 2 * 2 * 12 + 28


def test_a_week_that_one_file_begins_and_the_next_one_ends_is_whole() -> None:
    """Seventeen days from a Monday, then four more: the third week is whole."""
    weekly = replace(RECIPE, frequency="W")
    made = put(file("2024-01-18", 4), weekly, (file("2024-01-01", 17),), weekly)
    assert made.panel is not None
    assert made.panel.y.tolist() == [[14, 14, 14]] * 2


def test_a_return_in_tomorrows_file_finds_its_sale_in_yesterdays() -> None:
    recipe = replace(RECIPE, mapping=Mapping("item", "day", "units", customer="who"))
    old = pd.concat([file("2024-01-01", 10, 1).assign(who=who) for who in ("c1", "c3")], ignore_index=True)
    old.loc[len(old)] = ["A", "2024-01-10", 500, "c2"]
    newer = file("2024-01-11", 3).assign(who="c1")
    newer.loc[len(newer)] = ["A", "2024-01-11", -500, "c2"]
    made = put(newer, recipe, (old,), recipe)
    assert made.panel is not None
    assert made.difference is not None
    assert made.panel.units == 2 * 2 * 13
    assert made.difference.changes["change"].tolist() == [-500]


def test_days_that_no_file_covers_are_not_known_and_named() -> None:
    made = put(file("2024-01-13", 3))
    assert made.panel is not None
    assert np.isnan(made.panel.y).sum(axis=1).tolist() == [2, 2]
    assert codes(made) == ["append_hole"]


def test_items_new_and_missed_are_named_and_those_missed_keep_what_they_had() -> None:
    made = put(file("2024-01-10", 4, items="AC"))
    assert made.panel is not None
    assert made.difference is not None
    assert (made.difference.items_new, made.difference.items_missed) == (("C",), ("B",))
    assert made.panel.y[1].tolist() == [2] * 10 + [0] * 3


def test_a_file_with_other_names_and_another_shape_is_put_in_the_columns_of_the_first() -> None:
    wide = pd.DataFrame({"sku": ["A", "B"], "2024-01-11": [3, 4], "2024-01-12": [5, 6], "2024-01-13": [7, 8]})
    its = Recipe(Mapping("sku", "date", "units"), "D", shape=Shape("dates_across", ("sku",)))
    made = put(wide, its)
    assert made.panel is not None
    assert made.panel.y[:, 10:].tolist() == [[3, 5, 7], [4, 6, 8]]
    back = put(file("2024-01-14", 2), RECIPE, (wide,), its)
    assert back.panel is not None
    assert back.panel.y.tolist() == [[3, 5, 7, 2, 2], [4, 6, 8, 2, 2]]
    assert sold(list(back.tables), back.recipe).fingerprint == back.panel.fingerprint


def test_without_its_columns_a_file_is_refused() -> None:
    made = put(file("2024-01-11", 2).drop(columns="units"))
    assert (made.panel, made.difference, codes(made)) == (None, None, ["column_absent"])
    made = put(file("2024-01-11", 2).assign(units="many"))
    assert (made.panel, codes(made)) == (None, ["units_not_numbers"])


def test_what_the_dataset_has_from_elsewhere_is_no_change() -> None:
    holidays, old = [Holidays(("DE",))], file("2024-01-01", 10)
    panel, _ = with_additions(sold([old]), holidays, lambda _: old)
    made = on_top(panel, [old], RECIPE, [old], RECIPE, holidays)
    assert made.difference is not None
    assert made.difference.same
    later = on_top(panel, [old], RECIPE, [file("2024-01-11", 2)], RECIPE, holidays).panel
    assert later is not None
    assert list(later.covariates) == ["holiday_DE"]


def test_without_files_sales_are_put_on_top_period_by_period() -> None:
    made = on_top_of_sales(sold([file("2024-01-01", 10)]), intake(file("2024-01-10", 3, units=5), RECIPE.mapping, "D"), RECIPE)
    assert made.panel is not None
    assert made.panel.y[0].tolist() == [2] * 9 + [5] * 3
    assert (made.tables, codes(made)) == ((), ["append_changes"])


def test_saved_it_is_read_again_by_its_own_files_and_recipe() -> None:
    first, later = file("2024-01-01", 10), file("2024-01-09", 4, 3)
    data = saved.save_sales("Shop", sold([first]), {"source": "a.csv"}, [first], RECIPE.to_json())
    data = saved.change_additions(data, add=Holidays(("DE",)))
    made = put_on_top(data, later, RECIPE)
    data = save(data, made, "b.csv")
    names = saved.raw_names(data)
    data = save(data, put_on_top(data, file("2024-01-13", 2), RECIPE), "c.csv")
    assert (saved.raw_names(data)[:2], len(saved.raw_of(data)), data.facts["source"]) == (names, 3, "c.csv")
    again = apply(Recipe.from_json(saved.recipe_of(data)), saved.raw_of(data)).panel
    assert again is not None
    assert again.y.tolist() == [[2] * 8 + [3] * 4 + [2] * 2] * 2
    panel = saved.load_sales(data)
    assert (panel.sales_fingerprint, list(panel.covariates)) == (again.sales_fingerprint, ["holiday_DE"])
    assert [version["last"] for version in data.versions] == ["2024-01-14", "2024-01-12", "2024-01-10", "2024-01-10"]
    same = put_on_top(data, file("2024-01-13", 2), RECIPE)
    assert same.difference is not None
    assert same.difference.same


def test_a_dataset_without_files_takes_a_newer_one_too() -> None:
    data = saved.save_sales("Shop", sold([file("2024-01-01", 10)]), {"source": "a.csv"})
    data = save(data, put_on_top(data, file("2024-01-11", 3), RECIPE), "b.csv")
    assert (saved.load_sales(data).units, saved.raw_names(data), saved.recipe_of(data)) == (2 * 2 * 13, [], None)


def test_what_has_no_sales_is_not_saved() -> None:
    data = saved.save_sales("Shop", sold([file("2024-01-01", 10)]), {"source": "a.csv"})
    with pytest.raises(ValueError, match="got no sales to save"):
        save(data, put_on_top(data, file("2024-01-11", 3).assign(units="x"), RECIPE), "b.csv")


cells = st.sampled_from(
    ["A", "2024-01-02", "9999-12-31", "0001-01-01", "", None, 3, 2.5, float("inf"), b"x", True, "01/02/2024", pd.Timestamp("2262-01-01")]
)
tables = st.lists(st.sampled_from(["item", "day", "units", "units", "None"]), min_size=1, max_size=5).flatmap(
    lambda names: st.lists(st.lists(cells, min_size=len(names), max_size=len(names)), max_size=4).map(
        lambda rows: pd.DataFrame(rows, columns=names, dtype=object)
    )
)


@given(tables, st.sampled_from([RECIPE, Recipe(Mapping("None", "day", "units")), Recipe(Mapping("item", None, "units"))]))
def test_any_table_is_put_on_top_or_refused_with_a_reason(table: pd.DataFrame, its: Recipe) -> None:
    made = put(table, its)
    assert (made.panel is None) <= (len([told for told in made.problems if told.severity is Severity.ERROR]) > 0)
    assert all(problem(told) for told in made.problems)
    apply(its, [file("2024-01-01", 10), table])


@pytest.mark.slow
def test_a_real_shops_file_in_two_that_overlap_is_the_shop_again() -> None:
    """A year of a gift shop's lines with all their dirt, the first half and a second that begins a month before it ends."""
    whole = read_table(folder("online_retail") / "online_retail.parquet", "online_retail.parquet").table
    assert whole is not None
    mapping = Mapping("StockCode", "InvoiceDate", "Quantity", price="UnitPrice", order="InvoiceNo", customer="CustomerID")
    recipe, day = Recipe(mapping, "W"), checks.read_days(whole["InvoiceDate"], None)[0]
    first, second = whole[day <= np.datetime64("2011-06-10")], whole[day >= np.datetime64("2011-05-10")]
    old = sold([first], recipe)
    made = on_top(old, [first], recipe, [second], recipe)
    assert made.panel is not None
    assert made.panel.sales_fingerprint == sold([whole], recipe).sales_fingerprint
    assert made.difference is not None
    assert (made.difference.both, made.difference.items_new != ()) == (4, True)
    same = on_top(made.panel, made.tables, made.recipe, [second], recipe).difference
    assert same is not None
    assert same.same


def test_one_row_of_last_year_does_not_wipe_the_year() -> None:
    old = file("2023-01-01", 425, 10, "ABC")
    stray = pd.DataFrame([("A", "2023-03-11", 10)], columns=["item", "day", "units"])
    made = put(pd.concat([file("2024-03-01", 10, 10, "ABC"), stray], ignore_index=True), tables=(old,))
    assert made.panel is not None
    assert made.difference is not None
    assert (made.panel.units, made.difference.changed) == (12_750 + 300, 0)
    assert "append_strays" in codes(made)


def test_most_of_the_older_units_go_only_where_somebody_says_so() -> None:
    old = file("2024-01-01", 10)
    few = old[(old["item"] == "A") & old["day"].isin(["2024-01-03", "2024-01-08"])]
    made = put(few, tables=(old,))
    assert made.panel is None
    assert made.difference is not None
    assert [(one.severity, one.params["units"], one.params["gone"]) for one in made.problems if one.code == "append_gone"] == [
        ("error", "12", "8")
    ]
    sure = on_top(sold([old]), [old], RECIPE, [few], RECIPE, sure=True)
    assert sure.panel is not None
    assert (sure.panel.units, codes(sure)[0]) == (40 - 8, "append_gone")
    alone = on_top_of_sales(sold([old]), intake(file("2024-01-02", 5, 0), RECIPE.mapping, "D"), RECIPE)
    assert alone.panel is None
    assert "append_gone" in codes(alone)


def test_a_place_that_the_newer_file_lacks_is_not_known_and_comes_later() -> None:
    def store(name: str, first: str, days: int, units: int) -> pd.DataFrame:
        return file(first, days, units, "ABC").assign(store=name)

    old = pd.concat([store("x", "2024-01-01", 91, 10), store("y", "2024-01-01", 91, 5)], ignore_index=True)
    recipe = replace(RECIPE, mapping=replace(RECIPE.mapping, location="store"))
    data = saved.save_sales("Shop", sold([old], recipe), {"source": "a"}, [old], recipe.to_json())
    made = put_on_top(data, store("x", "2024-04-01", 10, 10), recipe)
    assert made.panel is not None
    assert "append_place_absent" in codes(made)
    assert np.isnan(made.panel.y[:, -10:]).all()
    made = put_on_top(save(data, made, "x"), store("y", "2024-04-01", 10, 5), recipe)
    assert made.panel is not None
    assert made.panel.y[:, -10:].sum() == 3 * 10 * 15
    apart = replace(RECIPE, apart=("store",))
    data = saved.save_sales("Apart", sold([old], apart), {"source": "a"}, [old], apart.to_json())
    after = put_on_top(data, store("x", "2024-04-01", 10, 10), apart).panel
    assert after is not None
    assert np.isnan(after.y[:, -10:]).all(axis=1).tolist() == [False, True] * 3


def test_a_new_supplier_counts_from_the_first_file_that_names_it_and_is_told() -> None:
    recipe = replace(RECIPE, mapping=replace(RECIPE.mapping, supplier="from", category="kind"))
    old = file("2024-01-01", 100).assign(kind="mugs", **{"from": "North"})
    newer = file("2024-04-05", 10).assign(kind=None, **{"from": ["South", "North"] * 10})
    made = put(newer, recipe, (old,), recipe)
    assert made.panel is not None
    assert made.panel.attributes.loc[["A", "B"], "supplier"].tolist() == ["South", "North"]
    assert set(made.panel.attributes["category"]) == {"mugs"}
    (told,) = [one for one in made.problems if one.code == "append_besides"]
    assert told.params == {"flags": 0, "known": 0, "words": 1}
    earlier = on_top(made.panel, made.tables, made.recipe, [file("2023-12-20", 5).assign(kind="x", **{"from": "West"})], recipe)
    assert earlier.panel is not None
    assert earlier.panel.attributes.loc[["A", "B"], "supplier"].tolist() == ["South", "North"]


def test_marks_of_out_of_stock_and_values_known_ahead_that_change_are_told() -> None:
    recipe = replace(RECIPE, mapping=replace(RECIPE.mapping, out_of_stock="out", known=("price",)))
    old = file("2024-01-01", 20).assign(out=0, price=5)
    newer = old.assign(out=[1, 0] * 2 + [0] * 36, price=[6] + [5] * 39)
    made = put(newer, recipe, (old,), recipe)
    assert made.difference is not None
    assert (made.difference.changed, made.difference.same) == (0, False)
    (told,) = [one for one in made.problems if one.code == "append_besides"]
    assert told.params == {"flags": 2, "known": 1, "words": 0}
    assert "2 marks of out of stock" in problem(told)


def test_only_tables_of_lines_are_taken_as_they_are_kept() -> None:
    recipe = replace(RECIPE, roles=("lines", "weather"))
    old, weather = file("2024-01-01", 10), pd.DataFrame({"day": ["2024-01-01"], "rain": [1]})
    data = saved.save_sales("Shop", sold([old, weather], recipe), {"source": "a"}, [old, weather], recipe.to_json())
    data = save(data, put_on_top(data, file("2024-01-11", 3), RECIPE), "b")
    again = apply(Recipe.from_json(saved.recipe_of(data)), saved.raw_of(data)).panel
    assert again is not None
    assert again.sales_fingerprint == saved.load_sales(data).sales_fingerprint

"""Weeks dated by their last day are labelled by their first: else every forecast, arrival and order would come six days late."""

import pandas as pd
import pytest
from pages_without_browser import csv, opened, ran, upload
from test_intake_page import kept, keyed

from sales import datasets as saved
from sales.mapping import Mapping, propose
from sales.recipe import Recipe, apply
from ui.texts import text


def weeks(name: str, first: str = "2024-01-07", count: int = 12, units: int = 5) -> pd.DataFrame:
    days = pd.date_range(first, periods=count, freq="7D").strftime("%Y-%m-%d")
    return pd.DataFrame({"sku": ["A"] * count + ["B"] * count, name: [*days, *days], "qty": units})


@pytest.mark.parametrize(("name", "ends"), [("Week Ending", True), ("week_end_date", True), ("Wochenende", True), ("week", False)])
def test_a_name_tells_that_dates_end_their_weeks(name: str, ends: bool) -> None:
    table = weeks(name)
    mapping = propose(table)
    assert (mapping.date, mapping.week_ends) == (name, ends)
    panel = apply(Recipe(mapping), table).panel
    assert panel is not None
    assert str(panel.periods[0].date()) == ("2024-01-01" if ends else "2024-01-07")
    assert str(panel.calendar.last_day(panel.last).date()) == ("2024-03-24" if ends else "2024-03-30")
    assert (len(panel.periods), panel.units) == (12, 120)


def test_it_is_a_decision_that_is_saved_with_the_data_and_holds_for_the_next_file() -> None:
    mapping = Mapping("sku", "week ending", "qty", week_ends=True)
    recipe = Recipe.from_json(Recipe(mapping).to_json())
    assert recipe.mapping == mapping
    panel = apply(recipe, [weeks("week ending"), weeks("week ending", "2024-03-24", 5, 7)]).panel
    assert panel is not None
    assert (str(panel.last.date()), panel.y[0].tolist()) == ("2024-04-15", [5] * 11 + [7] * 5)


def test_the_page_proposes_it_and_takes_another_choice() -> None:
    app = upload(opened("sales"), "sales-file", "weeks.csv", csv(weeks("Week Ending")))
    assert any(text("checks.range", first=pd.Timestamp("2024-01-01"), last=pd.Timestamp("2024-03-18")) == c.value for c in app.caption)
    ran(keyed(app.checkbox, "week-ends-").uncheck())
    assert str(saved.load_sales(kept(app)).periods[0].date()) == "2024-01-07"

"""Files of one shop that are written differently: each tells its own decimal mark and order of days, the others only what it does not."""

import numpy as np
import pandas as pd
import pytest

from sales.alike_files import written_alike
from sales.mapping import Mapping
from sales.problems import Severity
from sales.reading import read_files
from sales.recipe import Recipe, apply
from sales.tomorrow import Tomorrow, on_top

PLAIN = Mapping("item", "date", "units")
RECIPE = Recipe(PLAIN)


def daily(first: str, last: str, form: str = "%Y-%m-%d", units: object = 10) -> pd.DataFrame:
    rows = [(item, day.strftime(form), units) for day in pd.date_range(first, last) for item in "ABC"]
    return pd.DataFrame(rows, columns=["item", "date", "units"])


def topped(old: pd.DataFrame, new: pd.DataFrame) -> Tomorrow:
    read = apply(RECIPE, old)
    assert read.panel is not None
    return on_top(read.panel, [old], RECIPE, [new], RECIPE)


def test_a_month_first_file_on_top_of_day_first_ones_is_read_in_its_own_order() -> None:
    made = topped(daily("2022-01-01", "2024-02-29", "%d/%m/%Y"), daily("2024-03-01", "2024-03-30", "%m/%d/%Y"))
    assert made.panel is not None
    assert (made.panel.units, str(made.panel.last.date())) == (23_700 + 900, "2024-03-30")
    assert [problem.code for problem in made.problems] == ["dates_files_differ"]
    assert made.tables[1]["date"].iloc[0] == "03/01/2024"  # kept as it came


def test_days_of_excel_on_top_of_written_ones_are_read() -> None:
    new = daily("2024-07-01", "2024-07-10")
    new["date"] = (pd.to_datetime(new["date"]) - pd.Timestamp("1899-12-30")).dt.days
    made = topped(daily("2024-01-01", "2024-06-30"), new)
    assert made.panel is not None
    assert (made.panel.units, str(made.panel.last.date())) == (192 * 3 * 10, "2024-07-10")


def test_a_decimal_point_on_top_of_decimal_commas_does_not_make_thousands() -> None:
    made = topped(daily("2024-01-01", "2024-06-30", units="1,25"), daily("2024-07-01", "2024-07-10", units="7.307"))
    assert made.panel is not None
    assert made.panel.units == pytest.approx(182 * 3 * 1.25 + 30 * 7.307, rel=1e-6)
    assert [problem.code for problem in made.problems] == ["numbers_files_differ"]


def test_thousands_of_a_shop_with_decimal_commas_stay_thousands() -> None:
    old = daily("2024-01-01", "2024-06-30", units="1.250,5")
    made = topped(old, daily("2024-07-01", "2024-07-10", units="1.307"))
    assert made.panel is not None
    assert made.panel.units == pytest.approx(182 * 3 * 1250.5 + 30 * 1307, rel=1e-6)


def test_a_newer_file_that_does_not_tell_its_order_and_would_be_scattered_is_an_error() -> None:
    """03/01 to 03/10: as 3 January to 3 October it would replace ten days of the year."""
    made = topped(daily("2022-01-01", "2024-02-29", "%d/%m/%Y"), daily("2024-03-01", "2024-03-10", "%m/%d/%Y"))
    assert made.panel is None
    assert [(problem.code, problem.severity) for problem in made.problems if problem.severity is Severity.ERROR] == [
        ("dates_scattered", Severity.ERROR)
    ]


def test_a_newer_file_that_does_not_tell_its_order_has_that_of_the_others() -> None:
    made = topped(daily("2022-01-01", "2024-02-29", "%d/%m/%Y"), daily("2024-03-01", "2024-03-10", "%d/%m/%Y"))
    assert made.panel is not None
    assert (made.panel.units, str(made.panel.last.date()), made.problems) == (23_700 + 300, "2024-03-10", ())


def test_months_lie_far_apart_and_are_no_scatter() -> None:
    months = [
        pd.DataFrame({"item": "A", "date": [f"01/{month:02d}/2024" for month in at], "units": 5}) for at in (range(1, 8), range(8, 12))
    ]
    months[0].loc[7] = ["A", "31/07/2023", 5]
    assert [problem.code for problem in written_alike(months, PLAIN, True)[1]] == ["dates_scattered"]  # days and months: told, not sure
    months[0] = months[0].head(7)
    assert written_alike(months, PLAIN, True)[1] == []


def test_files_that_agree_are_left_as_they_are() -> None:
    files = [daily("2024-01-01", "2024-01-31", "%d/%m/%Y", units="1,5"), daily("2024-02-01", "2024-02-05", "%d/%m/%Y", units=np.nan)]
    made, problems = written_alike(files, PLAIN, None)
    assert problems == []
    assert all(one is other for one, other in zip(made, files, strict=True))


def test_what_is_wrong_with_the_newer_file_alone_is_told() -> None:
    new = daily("2024-07-01", "2024-07-10")
    new["units"] = ["many", *new["units"].iloc[1:]]
    made = topped(daily("2024-01-01", "2024-06-30"), new)
    assert "units_unreadable" in [problem.code for problem in made.problems]


def test_files_handed_over_together_are_each_read_in_their_own_way() -> None:
    old = daily("2024-01-01", "2024-02-29", "%d/%m/%Y", "1,25")
    new = daily("2024-03-01", "2024-03-30", "%m/%d/%Y", "7.5")
    read = read_files([(f"{k}.csv", one.to_csv(index=False, sep=";").encode()) for k, one in enumerate((old, new))])
    assert [(problem.code, problem.file, problem.row) for problem in read.problems] == [
        ("dates_files_differ", "1.csv", 2),
        ("numbers_files_differ", "1.csv", 2),
    ]
    assert read.table is not None
    made = apply(RECIPE, read.table)
    assert made.panel is not None
    assert (made.panel.units, str(made.panel.last.date())) == (60 * 3 * 1.25 + 30 * 3 * 7.5, "2024-03-30")

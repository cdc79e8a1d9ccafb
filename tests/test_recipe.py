"""Recipes: decisions as JSON, and the same decisions over tomorrow's file; hashed customers; the import command."""

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.__main__ import main
from sales.customers import without_names
from sales.datasets import load_sales, raw_of, recipe_of
from sales.mapping import Mapping, propose
from sales.recipe import Recipe, apply
from sales.shapes import Shape, to_long
from workspace.datasets import datasets
from workspace.salt import salt

LINES = pd.DataFrame(
    {
        "item": ["A", "A", "B", "a", "POST", "A"],
        "date": ["2024-01-01", "2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"],
        "units": [5, 2, 1, 3, 1, -2],
    }
)
PLAIN = Mapping("item", "date", "units")
names = st.text(max_size=4)


@given(
    st.builds(
        Recipe,
        st.builds(Mapping, *[st.none() | names] * 6, known=st.lists(names, max_size=2).map(tuple)),
        st.sampled_from([None, "D", "W", "M"]),
        st.sampled_from(["zero", "unknown"]),
        st.none() | st.integers(1, 99),
        st.sampled_from([None, True, False]),
        st.dictionaries(names, names, max_size=3),
        st.dictionaries(names, st.text(min_size=5, max_size=6), max_size=3),
        st.dictionaries(names, st.none() | st.integers() | names, max_size=2),
        st.sampled_from([None, Shape("dates_across", ("sku",), (("W5", "2024-01-29"),)), Shape("items_across", (), date="day")]),
    )
)
def test_a_recipe_written_and_read_again_is_equal(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_keys_that_are_not_known_are_left_aside_and_absent_ones_have_their_default() -> None:
    read = Recipe.from_json({"version": 1, "mapping": {"item": "sku", "colour": "x"}, "mood": 3})
    assert read == Recipe(Mapping(item="sku"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version: got 2, expected 1 to 1"),
        ({"version": None}, "version: got None"),
        ({"mapping": "item"}, "mapping: got 'item', expected an object"),
        ({"mapping": {"item": 3}}, "mapping: item: got 3, expected the name of a column"),
        ({"mapping": {"known": "price"}}, "mapping: known: got 'price'"),
        ({"frequency": "H"}, "frequency: got 'H', expected D, W, M or nothing"),
        ({"gaps": 0}, "gaps: got 0, expected zero or unknown"),
        ({"season": 0}, "season: got 0, expected 1 or more"),
        ({"season": True}, "season: got True"),
        ({"day_first": 1}, "day_first: got 1, expected true, false or nothing"),
        ({"actions": {"returns": 1}}, "actions: got .* expected texts by text"),
        ({"shape": 3}, "shape: got 3, expected an object"),
        ({"shape": {"layout": "round"}}, "shape: .* got 'round'"),
        ({"shape": {"beside": 3}}, "shape: "),
        ({"join": 3}, "join: got 3, expected an object or nothing"),
        ({"reading": None}, "reading: got None, expected an object"),
        ({"join": {"on": [["order"]]}}, "join: got .* expected pairs of columns"),
        ({"apart": "Store"}, "apart: got 'Store', expected a list of texts"),
        ({"roles": [1]}, "roles: got .* expected texts"),
        ({"one_a_row": 1}, "one_a_row: got 1, expected true or false"),
        ({"merges": {"a": "b", "b": "a"}}, "merges: got a circle through 'a', expected chains that end"),
    ],
)
def test_what_is_no_recipe_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Recipe.from_json({**Recipe().to_json(), **change})


def test_a_text_is_no_recipe() -> None:
    with pytest.raises(ValueError, match="got list, expected an object"):
        Recipe.from_json([])


def test_a_recipe_decides_the_panel_and_another_one_undoes_it() -> None:
    today = datetime.date(2024, 2, 1)
    merged = Recipe(PLAIN, "D", actions={"returns": "drop"}, merges={"a": "A"})
    assert apply(merged, LINES, today).panel is not None
    for recipe, items, y in [
        (Recipe(PLAIN, "D"), ["A", "B", "a"], [[5, 0, np.nan], [1, 0, np.nan], [np.nan, 3, np.nan]]),
        (merged, ["A", "B"], [[7, 3], [1, 0]]),
        (replace(merged, actions={"returns": "drop", "no_product": "keep"}), ["A", "B", "POST"], [[7, 3], [1, 0], [np.nan, 1]]),
    ]:
        panel = apply(recipe, LINES, today).panel
        assert panel is not None
        assert panel.items.tolist() == items
        np.testing.assert_array_equal(panel.y, np.array(y)[:, : len(panel.periods)])


def test_merged_codes_are_named() -> None:
    merges = {"a": "A", "Q": "A"}
    (named,) = [p for p in apply(Recipe(PLAIN, "D", merges=merges), LINES).problems if p.code == "codes_merged"]
    assert (named.count, named.params) == (1, {"codes": 1, "pairs": "a -> A"})


def test_a_wide_table_is_laid_out_as_the_recipe_says() -> None:
    wide = pd.DataFrame({"sku": ["A", "B"], "2024-01-01": [1, 2], "2024-01-02": [3, 4]})
    shape = Shape("dates_across", ("sku",))
    long = to_long(wide, shape)
    panel = apply(Recipe(propose(long), "D", shape=shape), wide).panel
    assert panel is not None
    np.testing.assert_array_equal(panel.y, [[1, 3], [2, 4]])


def test_what_the_shape_names_and_the_table_lacks_is_a_problem() -> None:
    wide = pd.DataFrame({"sku": ["A", "B"], "2024-01-01": [1, 2]})
    for beside, code in [(("code",), "column_absent"), (("sku", "2024-01-01"), "nothing_across")]:
        read = apply(Recipe(PLAIN, shape=Shape("dates_across", beside)), wide)
        assert (read.panel, [problem.code for problem in read.problems]) == (None, [code])


def test_orders_are_joined_to_their_lines_and_later_ones_to_theirs() -> None:
    """Tables of a kind stand below each other before they are joined, so that a line may find its order in another file."""
    lines = pd.DataFrame({"order": ["1", "1", "2"], "sku": ["A", "B", "A"], "n": [1, 2, 3]})
    orders = pd.DataFrame({"id": ["1", "2"], "day": ["2024-01-01", "2024-01-02"]})
    more = pd.DataFrame({"order": ["3"], "sku": ["B"], "n": [4]}), pd.DataFrame({"id": ["2", "3"], "day": ["2024-01-02", "2024-01-03"]})
    recipe = Recipe(
        Mapping("sku", "day", "n"), "D", join={"on": [["order", "id"]]}, roles=("lines", "second", "lines", "second", "weather")
    )
    panel = apply(Recipe.from_json(json.loads(json.dumps(recipe.to_json()))), [lines, orders, *more, pd.DataFrame({"x": [1]})]).panel
    assert panel is not None
    np.testing.assert_array_equal(panel.y, [[1, 3, 0], [2, 0, 4]])
    alone = apply(recipe, [lines, orders, more[0], orders]).problems
    assert [(problem.code, problem.row, problem.got) for problem in alone if problem.code == "join_row_alone"] == [
        ("join_row_alone", 6, "3")
    ]


def test_slashes_in_codes_and_places_keep_two_items_apart() -> None:
    pairs = [("A", "x / y"), ("A / x", "y"), ("A /", "x"), ("A", "/ x"), ("B", "x/y"), ("B", "x")]
    days = pd.date_range("2024-01-01", periods=3)
    table = pd.DataFrame([(*pair, day, 1 + k) for k, pair in enumerate(pairs) for day in days], columns=["item", "shop", "date", "units"])
    panel = apply(Recipe(Mapping("item", "date", "units"), apart=("shop",)), table).panel
    assert panel is not None
    assert (len(panel), sorted(panel.y[:, 0].tolist())) == (6, [1, 2, 3, 4, 5, 6])
    assert {"B / x/y", "B / x", "A / x // y", "A // x / y"} <= set(panel.items)


def test_prices_and_their_currency_come_with_what_is_read() -> None:
    days = pd.date_range("2024-01-01", periods=4).strftime("%Y-%m-%d").tolist()
    table = pd.DataFrame({"item": ["A"] * 4 + ["B"] * 4, "date": days * 2, "units": [1, 1, 2, -4, 1, 1, 1, 1]})
    prices = ["2 €", "4 €", "3,50 €", "3,00 €", None, None, None, None]
    read = apply(Recipe(Mapping("item", "date", "units", price="price")), table.assign(price=prices))
    assert read.currency == "€"
    assert read.prices is not None
    np.testing.assert_allclose(read.prices[["A", "B"]], [(2 + 4 + 7) / 4, np.nan])  # what came back as a total below 0 is not known
    assert (apply(Recipe(Mapping("item", "date", "units")), table).prices, read.currency) == (None, "€")


def test_each_place_may_be_planned_apart() -> None:
    table = pd.DataFrame({"Store": [1, 1, 2, None], "Dept": ["7", "07", "7", "7"], "size": ["S / M", "M", "M", "M"]})
    table = table.assign(date=["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03"], units=[1, 2, 3, 4])
    read = apply(Recipe(Mapping("Dept", "date", "units"), "D", apart=("Store", "size")), table)
    assert read.panel is not None
    assert read.panel.items.tolist() == ["07 / 1 / M", "7 / 1 / S // M", "7 / 2 / M"]
    assert [problem.code for problem in read.problems if problem.code == "item_empty"] == ["item_empty"]
    (absent,) = apply(Recipe(Mapping("Dept", "date", "units"), apart=("City",)), table).problems
    assert (absent.code, absent.column) == ("column_absent", "City")


def test_each_row_may_be_one_unit() -> None:
    table = pd.DataFrame(
        {"item": ["A", "A", "B", "A"], "date": ["2024-01-01", "2024-01-01", "2024-01-01", "2024-01-02"], "order": range(4)}
    )
    panel = apply(Recipe(PLAIN, "D", one_a_row=True), table).panel
    assert panel is not None
    np.testing.assert_array_equal(panel.y, [[2, 1], [1, 0]])
    assert apply(Recipe(PLAIN, "D"), table).panel is None


def test_a_panel_too_large_to_be_looked_at_in_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sales.recipe.MOST_LOOKED_AT", 100)
    read = apply(Recipe(PLAIN, "D"), closed_on_three_days(), look=True)
    assert [problem.got for problem in read.problems if problem.code == "panel_not_looked_at"] == ["180"]
    assert apply(Recipe(PLAIN, "D", actions={"closed_periods": "closed"}), closed_on_three_days(), look=True).looks


def closed_on_three_days() -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=90)
    sold = np.where((days >= "2024-02-01") & (days <= "2024-02-03"), 0, 20)
    return pd.DataFrame({"item": np.repeat(["A", "B"], 90), "date": np.tile(days, 2), "units": np.tile(sold, 2)})


def test_a_look_at_the_panel_changes_nothing_until_somebody_chooses() -> None:
    """Closed days may be a holiday or a file cut short: what is proposed is shown, and done only by name."""
    table, recipe = closed_on_three_days(), Recipe(PLAIN, "D")
    plain, looked = apply(recipe, table), apply(recipe, table, look=True)
    assert (plain.looks, plain.panel is not None, looked.panel is not None) == ((), True, True)
    assert plain.panel is not None
    assert looked.panel is not None
    assert plain.panel.fingerprint == looked.panel.fingerprint
    (closed,) = [finding for finding in looked.looks if finding.code == "closed_periods"]
    assert (closed.proposed, closed.chosen, closed.rows) == ("closed", "keep", 6)
    assert "panel_changed" not in {problem.code for problem in looked.problems}

    chosen = apply(replace(recipe, actions={"closed_periods": "closed"}), table)
    assert chosen.panel is not None
    assert int(np.isnan(chosen.panel.y).sum()) == 6
    (told,) = [problem for problem in chosen.problems if problem.code == "panel_changed"]
    assert (told.count, told.params["look"], told.params["chosen"]) == (6, "closed_periods", "closed")


def test_an_action_for_what_is_no_finding_is_said() -> None:
    read = apply(Recipe(PLAIN, "D", actions={"retuns": "drop", "conflicting_totals": "sum"}), LINES)
    assert [problem.got for problem in read.problems if problem.code == "no_such_finding"] == ["retuns"]


def test_an_action_that_no_look_has_is_said_and_nothing_is_done() -> None:
    read = apply(Recipe(PLAIN, "D", actions={"closed_periods": "burn"}), closed_on_three_days())
    assert read.panel is not None
    assert not np.isnan(read.panel.y).any()
    assert [problem.got for problem in read.problems if problem.code == "no_such_action"] == ["closed_periods=burn"]


def test_a_panel_whose_items_were_all_left_out_is_none() -> None:
    table = pd.DataFrame({"item": "A", "date": pd.date_range("2024-01-01", periods=9), "units": 3})
    read = apply(Recipe(PLAIN, "D", actions={"short_history": "drop"}), table)
    assert read.panel is None
    assert "no_items_left" in {problem.code for problem in read.problems}


def test_tomorrows_file_gets_the_same_decisions() -> None:
    tomorrow = pd.DataFrame({"item": ["A", "POST", "a"], "date": ["2024-01-04"] * 3, "units": [1, 1, 2]})
    recipe = Recipe.from_json(Recipe(PLAIN, "D", actions={"returns": "drop"}, merges={"a": "A"}).to_json())
    both = apply(recipe, pd.concat([LINES, tomorrow], ignore_index=True)).panel
    assert both is not None
    np.testing.assert_array_equal(both.y, [[7, 3, 0, 3], [1, 0, 0, 0]])


def test_customers_are_hashed_and_equal_ones_stay_equal() -> None:
    who = pd.DataFrame({"who": ["17850", None, " ", 17850.0, "17851"], "n": range(5)}, index=[3, 4, 5, 6, 9])
    hashed = without_names(who, "who", bytes(16))
    first, empty, blank, again, other = hashed["who"]
    assert (first == again, first != other, pd.isna(empty), pd.isna(blank), len(first)) == (True, True, True, True, 16)
    assert without_names(who, "who", b"another salt, 16+")["who"].iloc[0] != first
    assert (hashed["n"].tolist(), hashed.index.tolist()) == (list(range(5)), [3, 4, 5, 6, 9])
    with pytest.raises(ValueError, match="got 3 bytes, expected 16 to 64"):
        without_names(who, "who", b"abc")


def test_the_salt_of_a_workspace_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path))
    assert salt() == salt()
    assert [path.name for path in tmp_path.iterdir()] == ["salt"]
    assert (tmp_path / "salt").stat().st_mode & 0o777 == 0o600
    (tmp_path / "salt").write_bytes(b"short")
    with pytest.raises(ValueError, match="got 5 bytes, expected 32"):
        salt()


def written(folder: Path, table: pd.DataFrame, name: str) -> str:
    table.to_csv(folder / name, index=False)
    return str(folder / name)


def test_files_are_imported_as_one_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [written(tmp_path, LINES, "one.csv"), written(tmp_path, LINES.assign(date="2024-01-04"), "two.csv")]
    flags = ["--dataset", "Shop", "--freq", "D", "--repair", "returns=drop", "--merge", "a=A"]
    assert main(["import", *files, *flags]) == 0
    said = capsys.readouterr()
    assert "negative units, 4 in all" in said.out
    assert said.err == ""
    (dataset,) = [kept for kept in datasets() if kept.title == "Shop"]
    panel = load_sales(dataset)
    np.testing.assert_array_equal(panel.y, [[7, 3, 0, 10], [1, 0, 0, 1]])
    (raw,), recipe = raw_of(dataset), Recipe.from_json(recipe_of(dataset))
    assert (len(raw), recipe.actions, recipe.merges) == (12, {"returns": "drop"}, {"a": "A"})
    again = apply(recipe, raw).panel
    assert again is not None
    assert again.fingerprint == panel.fingerprint


def test_what_cannot_be_imported_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = len(datasets())
    assert main(["import", written(tmp_path, LINES.drop(columns="date"), "x.csv"), "--dataset", "None"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()[-1]) == ("", "The file cannot be used.")
    assert "error: no column is chosen as the date; there are: item, units; expected the column of dates. Name it (--date)." in said.err
    assert main(["import", str(tmp_path / "absent.csv"), "--dataset", "None"]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert len(datasets()) == before


def test_a_repair_that_there_is_not_is_said_and_what_is_proposed_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, LINES, "x.csv")
    assert main(["check", file, "--freq", "D", "--repair", "returns=burn"]) == 0
    assert "there is no such action for what was found, got 'returns=burn'; expected one of net, drop, keep" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["check", file, "--merge", "x"])
    with pytest.raises(SystemExit, match="2"):
        main(["check", file, "--merge", "a=b", "--merge", "b=a"])

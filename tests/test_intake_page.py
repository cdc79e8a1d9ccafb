"""From file to saved data on the Sales page: read otherwise, joined, laid out, mapped, decided upon, saved, and undone."""

import datetime
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import journey
import numpy as np
import pandas as pd
import pytest
from browser import open_page
from pages_without_browser import csv, lines, metrics, opened, ran, upload
from streamlit.testing.v1 import AppTest

from sales import datasets as saved
from sales.recipe import Recipe, apply
from ui.texts import plain, text
from workspace import facts
from workspace.datasets import Dataset, datasets, delete, open_dataset

if TYPE_CHECKING:
    from playwright.sync_api import Page


def orders() -> pd.DataFrame:
    """Order lines of one item in two spellings, a sale of 500 that was undone, and postage; two orders on each of 60 days: 309 units."""
    days = pd.date_range("2024-01-01", periods=60).repeat(2).strftime("%Y-%m-%d")
    usual = {"sku": "ab1", "day": days, "qty": [3, 2] * 60, "who": "ann", "price": 2.0}
    table = pd.DataFrame({"order": [f"{1000 + k}" for k in range(120)], **usual})
    odd = pd.DataFrame(
        {
            "order": ["1200", "C1201", "1202", "1203", "1203"],
            "sku": ["cd2", "cd2", "POST", "AB1", "cd2"],
            "day": ["2024-01-10", "2024-01-11", "2024-01-12", "2024-01-13", "2024-01-13"],
            "qty": [500, -500, 1, 7, 2],
            "who": ["bob", "bob", "bob", "cyd", "cyd"],
            "price": [1.0, 1.0, 9.0, 2.0, 1.0],
        }
    )
    return pd.concat([table, odd], ignore_index=True)


def keyed(found: Any, prefix: str) -> Any:
    """The one widget whose key begins with `prefix`."""
    (one,) = [widget for widget in found if str(widget.key).startswith(prefix)]
    return one


def file_key(app: AppTest) -> str:
    return str(keyed(app.selectbox, "role-item-").key).split("-")[2]


def unfolded(app: AppTest, key: str) -> AppTest:
    """The page with the box of this key open: in a browser it stays so, here it is told before each run."""
    app.session_state[key] = True
    return ran(app)


def labels(app: AppTest) -> list[str]:
    return [box.label for box in app.expander]


def kept(app: AppTest) -> Dataset:
    """What the page saves."""
    ran(app.button(key="save-sales").click())
    return datasets()[0]


def mapped(content: pd.DataFrame | None = None, **chosen: str) -> AppTest:
    app = upload(opened("sales"), "sales-file", "orders.csv", csv(orders() if content is None else content))
    for role, column in chosen.items():
        ran(keyed(app.selectbox, f"role-{role}-").set_value(column))
    return app


def test_every_role_is_proposed_with_how_sure_that_is() -> None:
    app = mapped()
    chosen = {role: keyed(app.selectbox, f"role-{role}-").value for role in ("item", "date", "units", "order", "price", "revenue")}
    assert chosen == {"item": "sku", "date": "day", "units": "qty", "order": "order", "price": "price", "revenue": None}
    assert text("mapping.sure", share=1.0) in [caption.value for caption in app.caption]
    ran(keyed(app.selectbox, "role-revenue-").set_value("who"))
    assert text("mapping.chosen", share=0.0) in [caption.value for caption in app.caption]


def test_what_was_found_is_opened_and_decided_upon_and_the_choice_is_saved_and_undone() -> None:
    """The return is netted against its sale: as proposed cd2 sold 2 units, kept it sold 502 on two days."""
    app = mapped(customer="who")
    (returns,) = [label for label in labels(app) if text("repair.returns") in label]
    assert text("repair.returns.net") in returns
    assert "500 units" in returns
    assert metrics(app)[text("checks.units")] == "309"
    unfolded(app, f"finding-returns-{file_key(app)}")
    (sample,) = [table.value for table in app.dataframe if "order" in table.value and text("problems.row") in table.value]
    assert sample[["sku", "qty", text("problems.row")]].to_numpy().tolist() == [["cd2", "-500", 123]]
    assert "who" not in sample
    ran(keyed(app.radio, "action-returns-").set_value("drop"))
    assert metrics(app)[text("checks.units")] == "809"
    data = kept(app)
    recipe = Recipe.from_json(saved.recipe_of(data))
    assert recipe.actions == {"returns": "drop"}
    assert recipe.mapping.customer == "who"
    (raw,) = saved.raw_of(data)
    assert set(raw["who"]).isdisjoint({"ann", "bob", "cyd"})
    assert raw["who"].nunique() == 3

    app = opened("sales", data)
    assert not any(text("repair.returns") in label for label in labels(app))
    ran(keyed(app.toggle, "repairs-").set_value(True))
    assert any(text("repair.returns.drop") in label for label in labels(app))
    rebuild = keyed(app.button, "rebuild-")
    assert rebuild.disabled
    key = f"{data.name}-{data.facts['fingerprint']}"
    unfolded(app, f"finding-returns-{key}")
    ran(keyed(app.radio, "action-returns-").set_value("net"))
    ran(keyed(app.button, "rebuild-").click())
    (now,) = datasets()
    assert now.name == data.name
    assert saved.load_sales(now).units == 309
    assert saved.load_sales(now, data.facts["fingerprint"]).units == 809
    assert Recipe.from_json(saved.recipe_of(now)).actions == {"returns": "net"}


def decided_anew(data: Dataset) -> AppTest:
    """The page with the saved returns left out, not yet rebuilt."""
    app = opened("sales", data)
    ran(keyed(app.toggle, "repairs-").set_value(True))
    unfolded(app, f"finding-returns-{data.name}-{data.facts['fingerprint']}")
    return ran(keyed(app.radio, "action-returns-").set_value("drop"))


def test_files_put_on_top_are_repaired_together_and_a_repair_of_them_is_undone() -> None:
    """cd2's 500 of the first file come back in the second."""
    whole = orders()
    data = kept(mapped(whole[whole["order"] != "C1201"]))
    assert saved.load_sales(data).units == 809
    back = pd.concat([whole[whole["order"] == "C1201"].assign(day="2024-03-02"), whole.tail(1).assign(order="1300", day="2024-03-03")])
    app = upload(opened("sales", data), "sales-file", "later.csv", csv(back))
    ran(keyed(app.radio, "save-place").set_value("append"))
    ran(app.button(key="save-tomorrow").click())
    now = open_dataset(data.name)
    assert saved.load_sales(now).units == 311
    ran(keyed(decided_anew(now).button, "rebuild-").click())
    assert saved.load_sales(open_dataset(data.name)).units == 811
    assert len(saved.raw_of(open_dataset(data.name))) == 2


def test_sales_that_somebody_changed_or_deleted_meanwhile_are_not_rebuilt() -> None:
    data = kept(mapped())
    app, other = decided_anew(data), decided_anew(data)
    ran(keyed(other.button, "rebuild-").click())
    ran(keyed(app.button, "rebuild-").click())
    assert text("tomorrow.moved_on", title="orders") in [error.value for error in app.error]
    app = decided_anew(gone := kept(mapped()))
    delete(gone, "Bob")
    ran(keyed(app.button, "rebuild-").click())
    assert [text("data.gone", title=plain(gone.title))] == [error.value for error in app.error]


def test_nothing_proposed_for_the_series_is_done_until_somebody_says_so() -> None:
    days = pd.date_range("2024-01-01", periods=90)
    sold = np.where((days >= "2024-02-01") & (days <= "2024-02-03"), 0, 20)
    table = pd.DataFrame({"sku": np.repeat(["A", "B"], 90), "day": np.tile(days, 2), "qty": np.tile(sold, 2)})
    app = mapped(table)
    (closed,) = [label for label in labels(app) if text("look.closed_periods") in label]
    assert text("look.closed_periods.keep") in closed
    ran(keyed(app.button, "take-").click())
    (closed,) = [label for label in labels(app) if text("look.closed_periods") in label]
    assert text("look.closed_periods.closed") in closed
    assert not [button for button in app.button if str(button.key).startswith("take-")]
    assert int(np.isnan(saved.load_sales(kept(app)).y).sum()) == 6


def opened_merges(app: AppTest) -> AppTest:
    return unfolded(app, f"merging-{file_key(app)}")


def test_codes_that_are_likely_one_are_merged_by_a_click_and_taken_back() -> None:
    app = mapped()
    assert any(text("merges.title.alike", count=1) in label for label in labels(app))
    opened_merges(app)
    (groups,) = [table.value for table in app.dataframe if text("alike.items") in table.value]
    assert groups[text("alike.items")].tolist() == ["AB1  ·  ab1"]
    assert groups[text("alike.into")].tolist() == ["ab1"]
    assert metrics(app)[text("checks.items")] == "3"
    ran(keyed(app.button, "merge-codes-").click())
    assert metrics(app)[text("checks.items")] == "2"
    assert Recipe.from_json(saved.recipe_of(kept(app))).merges == {"AB1": "ab1"}


def test_rows_of_no_customer_are_counted() -> None:
    table = orders()
    app = mapped(table.assign(who=table["who"].where(table.index % 5 != 0)), customer="who")
    told = [row for problems in app.table for row in problems.value.to_numpy().tolist()]
    assert any("no customer, in 20" in str(cell) for row in told for cell in row)


def test_a_code_that_took_the_place_of_another_is_typed_or_uploaded_and_never_runs_in_a_circle() -> None:
    app = mapped()

    def typed(old: str, new: str) -> None:
        for side, code in (("old", old), ("new", new)):
            keyed(opened_merges(app).text_input, f"merge-{side}-").set_value(code)
            unfolded(app, f"merging-{file_key(app)}")
        ran(keyed(app.button, "merge-add-").click())

    typed("cd2", "ab1")
    assert metrics(app)[text("checks.items")] == "2"
    typed("ab1", "cd2")
    assert text("merges.circle") in [error.value for error in app.error]
    assert metrics(app)[text("checks.items")] == "2"
    keyed(app.file_uploader, "merge-file-").set_value(
        ("old.csv", csv(pd.DataFrame({"from": ["AB1", "x"], "to": ["ab1", "ab1"]})), "text/csv")
    )
    ran(keyed(opened_merges(app).button, "merge-take-").click())
    assert metrics(app)[text("checks.items")] == "1"
    opened_merges(app)
    (listed,) = {key for f in app.dataframe if (key := f.proto.id.split("-", 2)[-1]).startswith("merged-")}
    app.session_state[listed] = {"selection": {"rows": [0]}}
    ran(keyed(opened_merges(app).button, "undo-").click())
    assert metrics(app)[text("checks.items")] == "2"


def test_order_lines_are_put_under_their_orders_only_where_somebody_says_so() -> None:
    table = orders()
    heads = table[["order", "day"]].drop_duplicates("order").rename(columns={"order": "id"})
    app = upload(opened("sales"), "sales-file", "heads.csv", csv(heads))
    upload(app, "second-", "lines.csv", csv(table[["order", "sku", "qty"]]))
    assert not [box for box in app.selectbox if str(box.key).startswith("role-date-")]
    ran(keyed(app.checkbox, "join-lines-").check())
    assert metrics(app)[text("checks.units")] == "309"


def test_orders_are_joined_to_their_lines_by_the_columns_chosen() -> None:
    table = orders()
    details = table[["order", "sku", "qty"]]
    heads = table[["order", "day"]].drop_duplicates("order").rename(columns={"order": "id"})
    app = upload(opened("sales"), "sales-file", "lines.csv", csv(details))
    assert app.error
    upload(app, "second-", "heads.csv", csv(heads))
    assert keyed(app.selectbox, "role-date-").value == "day"
    assert metrics(app)[text("checks.units")] == "309"
    later = heads.assign(day=["2024-01-01"] * 60 + ["2024-01-02"] * (len(heads) - 60))
    upload(app, "second-", "heads.csv", csv(later))
    assert metrics(app)[text("checks.periods", period=text("frequency.D"))] == "2"
    upload(app, "second-", "heads.csv", csv(heads))
    data = kept(app)
    assert Recipe.from_json(saved.recipe_of(data)).join == {"on": [["order", "id"]], "name": "heads.csv"}
    assert saved.raw_of(data)[0].columns.tolist() == ["order", "sku", "qty", "day"]
    app = opened("sales", data)
    ran(keyed(app.toggle, "repairs-").set_value(True))
    assert app.metric[-4].value == metrics(app)[text("checks.rows_used", read=125)]


@pytest.mark.parametrize("across", ["items", "dates"])
def test_a_wide_table_is_laid_out_long(across: str) -> None:
    table = lines().pivot(index="day", columns="sku", values="qty")
    wide = (table if across == "items" else table.set_axis(table.index.strftime("%Y-%m-%d"), axis=0).T).reset_index()
    app = mapped(wide)
    assert keyed(app.radio, "layout-").value == f"{across}_across"
    assert (metrics(app)[text("checks.items")], metrics(app)[text("checks.units")]) == ("4", f"{lines()['qty'].sum():,}")
    data = kept(app)
    assert saved.raw_of(data)[0].shape == wide.shape
    shape = Recipe.from_json(saved.recipe_of(data)).shape
    assert shape is not None
    assert shape.layout == f"{across}_across"


def test_several_files_are_one_table_and_a_problem_names_its_file() -> None:
    app = opened("sales")
    first, second = lines()[:180], lines()[180:].astype({"qty": str})
    second.iloc[4, 2] = "many"
    files = [("a.csv", csv(first), "text/csv"), ("b.csv", csv(second), "text/csv")]
    keyed(app.file_uploader, "sales-file").set_value(files)
    ran(app)
    assert metrics(app)[text("checks.items")] == "4"
    assert any(text("source.files", count=2) in caption.value for caption in app.caption)
    (table,) = [table.value for table in app.table if text("problems.row") in table.value]
    assert "6" in table[text("problems.row")].tolist()


def test_a_zip_of_several_tables_is_read_whole_or_one_of_them() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, part in (("january.csv", lines(days=31)), ("april.csv", lines(days=90)[lines(days=90)["day"] >= "2024-02-01"])):
            file.writestr(name, csv(part))
    app = upload(opened("sales"), "sales-file", "shop.zip", out.getvalue())
    whole = metrics(app)[text("checks.rows_used", read=4 * 90)]
    assert whole == "360"
    ran(keyed(app.selectbox, "asked-sheet-").set_value("january.csv"))
    assert metrics(app)[text("checks.rows_used", read=4 * 31)] == "124"


def test_items_across_without_dates_begin_on_the_day_that_is_said() -> None:
    wide = lines(days=20).pivot(index="day", columns="sku", values="qty").reset_index(drop=True)
    app = mapped(wide)
    assert keyed(app.radio, "layout-").value == "items_across"
    assert not [button for button in app.button if button.key == "save-sales"]
    ran(keyed(app.date_input, "first-date-").set_value(datetime.date(2024, 1, 1)))
    panel = saved.load_sales(kept(app))
    assert (len(panel), len(panel.periods), str(panel.last.date())) == (4, 20, "2024-01-20")


def test_a_file_is_read_otherwise_where_somebody_says_so() -> None:
    content = "Größe;Menge;Tag\nTür;3;2024-01-01\nTür;5;2024-01-02\nTür;4;2024-01-03\n".encode("utf-16")
    app = upload(opened("sales"), "sales-file", "x.csv", b"a title\n" + csv(lines()))
    assert any("header in row 2" in caption.value for caption in app.caption)
    ran(keyed(app.number_input, "asked-header_row-").set_value(3))
    assert keyed(app.selectbox, "role-item-").options[0] not in ("sku", "a title")
    app = upload(opened("sales"), "sales-file", "x.csv", content)
    assert any("utf-16" in caption.value and "separated by ;" in caption.value for caption in app.caption)
    ran(keyed(app.selectbox, "asked-separator-").set_value("|"))
    assert not app.button or not [button for button in app.button if button.key == "save-sales"]


def test_the_next_file_with_the_same_header_is_mapped_as_the_last_one() -> None:
    table = lines().rename(columns={"qty": "amount_a"}).assign(amount_b=1)
    app = mapped(table, units="amount_b")
    kept(app)
    app = mapped(table.iloc[:200], category="sku")
    assert keyed(app.selectbox, "role-units-").value == "amount_b"
    assert text("mapping.remembered") in [caption.value for caption in app.caption]
    kept(app)
    bodies = [record.body for record in facts.records("mapping", "") if record.body["mapping"]["units"] == "amount_b"]
    assert [body["mapping"]["category"] for body in bodies] == ["sku"]
    other = mapped(table.rename(columns={"amount_b": "amount_c"}))
    assert text("mapping.remembered") not in [caption.value for caption in other.caption]


def test_places_are_planned_apart_and_each_row_is_one_unit() -> None:
    table = lines(2).loc[lambda t: t.index.repeat(t["qty"].clip(1, 3))].drop(columns="qty").assign(store="north")
    table.loc[table["day"].dt.day_of_week < 3, "store"] = "south"
    app = mapped(table)
    ran(keyed(app.checkbox, "one-a-row-").set_value(True))
    ran(keyed(app.multiselect, "apart-").set_value(["store"]))
    panel = saved.load_sales(kept(app))
    assert panel.items.tolist() == ["00 / north", "00 / south", "01 / north", "01 / south"]
    assert panel.units == len(table)


@pytest.mark.slow
def test_in_a_browser_a_finding_stays_open_while_its_decision_changes(app: str, page: "Page", tmp_path: Path) -> None:
    from playwright.sync_api import expect

    orders().to_csv(tmp_path / "orders.csv", index=False)
    open_page(page, app)
    journey.go(page, "sales")
    journey.upload(page, "upload.sales", tmp_path / "orders.csv")
    page.get_by_text(text("repair.returns")).click()
    page.get_by_text(text("repair.returns.drop"), exact=True).click()
    expect(page.get_by_test_id("stMetric").filter(has_text=text("checks.units"))).to_contain_text("809")
    expect(page.get_by_role("radiogroup", name=text("findings.action"))).to_be_visible()
    expect(page.get_by_test_id("stExpander").filter(has_text=text("repair.returns.drop")).first).to_be_visible()
    journey.save_checked(page, "Decided")
    page.get_by_text(text("saved.repairs")).click()
    page.get_by_text(text("repair.returns"), exact=True).click()
    page.get_by_text(text("repair.returns.net")).click()
    page.get_by_role("button", name=text("saved.rebuild")).click()
    expect(page.get_by_test_id("stMetric").filter(has_text=text("checks.units")).first).to_contain_text("309")


def test_a_sample_keeps_the_table_that_it_was_made_of() -> None:
    ran(opened("sales").button(key="sample-groceries").click())
    data = datasets()[0]
    read = apply(Recipe.from_json(saved.recipe_of(data)), saved.raw_of(data))
    assert read.panel is not None
    assert read.panel.fingerprint == data.facts["fingerprint"]


def test_problems_are_downloaded_with_those_of_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[bytes] = []
    monkeypatch.setattr("ui.findings.st.download_button", lambda label, content, *_, **__: files.append(content))
    upload(opened("sales"), "sales-file", "orders.csv", b"sales of the shop\n" + csv(orders()))
    told = pd.read_csv(io.BytesIO(files[-1]))
    assert told[text("problems.severity")].tolist()[:2] == [text("severity.info"), text("severity.warning")]
    assert told[text("problems.what")].str.contains("rows above the header").tolist()[0]
    assert told[text("problems.count")].dtype == int

"""Every page without a browser: empty, with a bad file, a good file; sliders move the plan; one session does not see another's choices."""

import io
import os
import signal
from dataclasses import replace

import pandas as pd
import pytest
from pages_without_browser import PAGES, csv, finished, lines, metrics, opened, plan, ran, sold, stock, upload
from streamlit.testing.v1 import AppTest
from waiting import until

from forecasting.backtest import backtest, forecast_all
from forecasting.comparison import Comparison
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from inventory.stock import save_stock, table_of
from sales import datasets as saved
from ui import session
from ui.runs import start
from ui.texts import text
from workspace import runs, tables
from workspace.datasets import Dataset, datasets


@pytest.fixture
def data() -> Dataset:
    """Saved sales without stock terms."""
    return saved.save_sales("Shop", sold(), {"source": "test"})


@pytest.fixture
def compared(data: Dataset) -> Dataset:
    """The same with a finished comparison, by the page's own command."""
    assert start(Comparison(("seasonal_naive",), 14, "3"), data).wait() is runs.State.DONE
    return data


def problems(app: AppTest) -> pd.DataFrame:
    return app.table[0].value.reset_index()


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_workspace_shows_the_frame_and_where_to_go(page: str) -> None:
    app = opened(page)
    assert app.title[0].value == text(f"{page}.title")
    if page in ("compare", "reorder"):
        assert app.info[0].value == text("need.data")


def test_a_good_file_is_mapped_checked_and_saved() -> None:
    app = upload(opened("sales"), "sales-file", "shop.csv", csv(lines()))
    assert [box.value for box in app.selectbox if str(box.key).startswith("role-")][:3] == ["sku", "day", "qty"]
    assert metrics(app)[text("checks.items")] == "4"
    ran(app.button(key="save-sales").click())
    assert [d.title for d in datasets()] == ["shop"]
    assert app.session_state["data"] == "shop"
    panel = saved.load_sales(datasets()[0])
    assert list(panel.items) == ["00", "01", "02", "03"]
    assert panel.units == lines()["qty"].sum()


def test_a_title_typed_just_before_saving_is_the_one_saved() -> None:
    app = upload(opened("sales"), "sales-file", "shop.csv", csv(lines()))
    next(box for box in app.text_input if box.key.startswith("save-title")).set_value("Spring")
    ran(app.button(key="save-sales").click())
    assert [d.title for d in datasets()] == ["Spring"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("notes.txt2", b"hello"),
        ("nodate.csv", b"item,units\na,1\nb,2\n"),
        ("bad.csv", b"item,date,units\na,someday,1\na,never,2\n"),
        ("words.csv", b"item,date,units\na,2024-01-01,few\na,2024-01-02,many\n"),
        ("one.csv", b"item,date,units\na,2024-01-01,3\n"),
        ("wide.csv", ",".join(f"c{i}" for i in range(50_000)).encode() + b"\n"),
    ],
)
def test_a_bad_file_gets_problems_with_a_fix_and_nothing_saved_is_lost(data: Dataset, name: str, content: bytes) -> None:
    app = upload(opened("sales", data), "sales-file", name, content)
    found = problems(app)
    assert text("severity.error") in set(found[text("problems.severity")])
    assert (found[text("problems.fix")].str.len() > 0).all()
    assert not [button for button in app.button if button.key == "save-sales"]
    assert [d.name for d in datasets()] == [data.name]
    assert saved.load_sales(data).fingerprint == data.facts["fingerprint"]


def test_repairs_are_listed_before_they_are_accepted() -> None:
    dirty = pd.concat([lines(), pd.DataFrame({"sku": ["00"], "day": ["2024-01-05"], "qty": [-3]})])
    app = upload(opened("sales"), "sales-file", "shop.csv", csv(dirty))
    (below,) = [box.label for box in app.expander if text("repair.negative_totals") in box.label]
    assert "1 row · 3 units" in below
    assert text("repair.negative_totals.unknown") in below
    assert app.button(key="save-sales").label == text("save.repaired")


def test_xlsx_and_parquet_are_read_like_csv() -> None:
    for name, write in (
        ("shop.xlsx", lambda t, b: t.to_excel(b, index=False, engine="xlsxwriter")),
        ("shop.parquet", lambda t, b: t.to_parquet(b)),
    ):
        content = io.BytesIO()
        write(lines(), content)
        app = upload(opened("sales"), "sales-file", name, content.getvalue())
        assert metrics(app)[text("checks.units")] == f"{lines()['qty'].sum():,}"


@pytest.mark.parametrize(
    ("name", "sample", "items"), [("sample-made_up_shop", "Made-up shop", "200"), ("sample-groceries", "Groceries (simulated)", "300")]
)
def test_a_sample_is_one_click(name: str, sample: str, items: str) -> None:
    app = opened("home")
    ran(app.button(key=name).click())
    assert metrics(app)[text("checks.items")] == items
    assert [d.title for d in datasets()] == [sample]
    assert app.header[0].value == text("home.today", title=sample)


def saved_stock(data: Dataset) -> pd.DataFrame:
    """The stock file that holds."""
    table = table_of(data, session.decisions_of(data).stock)
    assert table is not None
    return data.read(table)


def test_a_stock_file_with_unknown_items_and_a_negative_moq_is_listed(data: Dataset) -> None:
    bad = pd.DataFrame({"item": ["00", "ghost"], "moq": [-5, 1]})
    app = upload(opened("sales", data), "stock-file", "stock.csv", csv(bad))
    assert {"-5", "ghost"} <= set(problems(app)[text("problems.got")])
    ran(app.button(key="save-stock").click())
    assert list(saved_stock(data)["item"]) == ["00", "ghost"]


def test_a_workbook_with_numbers_and_texts_as_codes_is_saved(data: Dataset) -> None:
    content = io.BytesIO()
    pd.DataFrame({"item": [1001, "00", "A-1"], "on_hand": [1, 2.5, 3]}).to_excel(content, index=False, engine="xlsxwriter")
    app = upload(opened("sales", data), "stock-file", "stock.xlsx", content.getvalue())
    ran(app.button(key="save-stock").click())
    assert list(saved_stock(data)["item"]) == ["1001", "00", "A-1"]
    assert session.terms_of(data, session.decisions_of(data))[0].on_hand[0] == 2.5


def test_compare_asks_first_and_then_shows_scores_pictures_and_the_choice(compared: Dataset) -> None:
    app = opened("compare", compared)
    scores = app.dataframe[0].value
    assert list(scores["model"]) == [text("model.seasonal_naive")]
    assert scores["WAPE"].notna().all()
    assert len(app.get("plotly_chart")) >= 4
    assert app.radio(key="rule").value == "overall"


def test_compare_starts_the_command_as_a_process_of_its_own(data: Dataset) -> None:
    app = opened("compare", data)
    app.multiselect(key="models").set_value(["seasonal_naive"])
    app.number_input(key=f"horizon-{data.name}").set_value(14)
    ran(app.button[0].click())
    (run,) = runs.latest({"data": data.name})
    assert run.wait() is runs.State.DONE
    ran(app)
    assert app.dataframe[0].value["WAPE"].notna().all()


WAITS = """
import os, signal
from workspace import runs, tables
run = runs.Run(os.environ[runs.HANDED].partition(":")[0])
lock = runs.handed(run)
tables.write_facts(run.folder / "progress.json", {"what": "prophet", "done": 3, "total": 8, "failed": 2, "seconds_left": 300.0})
runs.sign(lock)
signal.pause()
"""


def test_a_run_under_way_shows_how_far_it_is_and_can_be_cancelled(data: Dataset) -> None:
    run = runs.start(Comparison(("prophet",), 14, "3").settings(data.facts["fingerprint"]), ["-c", WAITS], {"data": data.name})
    until(lambda: (run.folder / "lock").read_text())
    app = opened("compare", data)
    assert app.get("progress")[0].proto.text == "Prophet: 3 of 8 parts done, about 5 min left, 2 forecasts failed so far"
    ran(app.button(key=f"cancel-{run.name}").click())
    assert run.wait() is runs.State.CANCELLED
    asked = "all items · Prophet · horizon 14 · cutoffs 3"
    assert text("run.cancelled", asked=asked) in [info.value for info in ran(app).info]


def test_a_killed_run_goes_on_when_its_page_is_opened(data: Dataset) -> None:
    wanted = Comparison(("seasonal_naive",), 14, "3")
    run = runs.start(wanted.settings(data.facts["fingerprint"]), ["-c", WAITS], {"data": data.name})
    until(lambda: (run.folder / "lock").read_text())
    tables.write_facts(run.folder / "run.json", {**run.facts("run"), "arguments": wanted.arguments(saved.arguments_of(data))})
    os.kill(int((run.folder / "lock").read_text()), signal.SIGKILL)
    assert run.wait() is runs.State.STOPPED
    app = opened("compare", data)
    assert run.wait() is runs.State.DONE
    assert ran(app).dataframe[0].value["WAPE"].notna().all()


def test_a_result_of_older_data_is_still_there_and_known_to_be_old(compared: Dataset) -> None:
    newer = replace(compared, facts={**compared.facts, "fingerprint": "0" * 16})
    result = session.result_of(newer)
    assert result is not None
    assert result.fingerprint == compared.facts["fingerprint"]
    assert [session.is_stale(compared, result), session.is_stale(newer, result)] == [False, True]


def test_reorder_without_a_comparison_says_where_to_make_one(data: Dataset) -> None:
    assert opened("reorder", data).info[0].value == text("need.result")


def test_without_stock_the_plan_is_targets_and_asks_before_it_exports(compared: Dataset) -> None:
    app = opened("reorder", compared)
    assert app.warning[0].value == text("reorder.targets")
    assert app.download_button(key="download-csv").disabled
    ran(app.checkbox(key="agree").check())
    assert not app.download_button(key="download-csv").disabled


@pytest.mark.parametrize(("slider", "value"), [("service-level", 99.0), ("safety-factor", 2.0), ("lead_time", 40), ("review", 30)])
def test_every_slider_moves_all_quantities(compared: Dataset, slider: str, value: float) -> None:
    save_stock(compared, stock(), "stock.csv", [], "Ann")
    app = opened("reorder", compared)
    before = plan(app)
    assert metrics(app)[text("reorder.lines")] == "4"
    if slider in ("lead_time", "review"):
        ran(app.toggle(key=f"{slider}-own-{compared.name}").set_value(False))
    ran(app.slider(key=f"{slider}-{compared.name}").set_value(value))
    assert (plan(app)["quantity"] > before["quantity"]).all()


def test_another_factor_shows_the_effective_service_level(compared: Dataset) -> None:
    app = opened("reorder", compared)
    app.slider(key=f"safety-factor-{compared.name}").set_value(0.0)
    ran(app)
    assert "effective service level" in app.info[0].value


def test_filters_narrow_the_list_and_its_totals(compared: Dataset) -> None:
    save_stock(compared, stock(), "stock.csv", [], "Ann")
    app = opened("reorder", compared)
    app.multiselect(key=f"suppliers-{compared.name}").set_value(["North"])
    ran(app)
    assert set(plan(app)["supplier"]) == {"North"}
    assert metrics(app)[text("reorder.lines")] == "2"


def test_settings_outlive_a_change_of_page(compared: Dataset) -> None:
    app = opened("reorder", compared)
    app.slider(key=f"service-level-{compared.name}").set_value(80.0)
    ran(app)
    ran(app.switch_page(PAGES["compare"]))
    ran(app.switch_page(PAGES["reorder"]))
    assert app.slider(key=f"service-level-{compared.name}").value == 80.0


def test_two_sessions_do_not_share_what_is_moved_or_chosen(compared: Dataset) -> None:
    one, other = opened("reorder", compared), opened("reorder", compared)
    one.slider(key=f"service-level-{compared.name}").set_value(80.0)
    ran(one)
    ran(other)
    assert other.slider(key=f"service-level-{compared.name}").value == 95.0
    assert (plan(other)["quantity"] > plan(one)["quantity"]).all()


def test_home_says_what_needs_attention(compared: Dataset) -> None:
    app = opened("home", compared)
    assert metrics(app)[text("home.lines")] == "4"
    assert text("home.note.targets") in [m.value for m in app.markdown]


def test_a_session_rests_on_the_comparison_that_it_chose(data: Dataset) -> None:
    """Who chose nothing sees the latest; the choice of one is not that of another."""
    panel = saved.load_sales(data)
    first, second = (
        finished(data, backtest(panel, models, 14, last_cutoffs(panel, 3, 14)), forecast_all(panel, models, 14))
        for models in ([registry.model("seasonal_naive")], [registry.model("seasonal_naive"), registry.model("sarima")])
    )
    app = opened("compare", data)
    assert rests_on(app, second)
    box = next(box for box in app.selectbox if str(box.key).startswith("choose-run"))
    assert len(box.options) == 2
    ran(box.set_value(first.name))
    assert rests_on(app, first)
    assert rests_on(ran(app.switch_page(PAGES["reorder"])), first)
    assert rests_on(opened("reorder", data), second)


def rests_on(app: AppTest, run: runs.Run) -> bool:
    said = [*(expander.label for expander in app.expander), *(caption.value for caption in app.caption)]
    return any(run.name in words for words in said)

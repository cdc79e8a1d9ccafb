"""Benchmarks: the command, its report, and each one's own contract; the figures themselves are `make bench`'s."""

import importlib
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from panels import panel

from benchmarks import ROOT, __main__, catalogue, compare50, models, peers, plan_latency, shop
from benchmarks import intake as bench_intake
from benchmarks.figures import Figure, Skipped, report, table
from benchmarks.sets import SalesSet
from forecasting.models import registry
from sales.datasets import load_sales
from workspace.datasets import open_dataset

NUMBER = Figure("speed", 12.0, "ms", at_most=20)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three benchmarks: one that measures, one that fails, one that has nothing to measure here."""

    def fails() -> list[Figure]:
        raise ValueError("it broke")

    def skips() -> list[Figure]:
        raise Skipped("no such machine")

    made = {"benchmarks.good": lambda: [NUMBER], "benchmarks.bad": fails, "benchmarks.absent": skips}
    modules = {name: SimpleNamespace(__doc__=f"What {name} measures.\n\nMore.", run=run) for name, run in made.items()}
    monkeypatch.setattr(importlib, "import_module", modules.__getitem__)
    monkeypatch.setattr(__main__, "NAMES", ("bad", "absent", "good"))


@pytest.mark.parametrize("name", __main__.NAMES)
def test_every_benchmark_has_a_line_and_a_run(name: str) -> None:
    assert 20 < len(__main__.one_line(name)) < 160
    assert callable(importlib.import_module(f"benchmarks.{name}").run)


def test_every_benchmark_is_registered() -> None:
    found = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} | {path.parent.name for path in (ROOT / "benchmarks").glob("*/*.py")}
    assert found - {"__init__", "__main__", "figures", "shop", "sets", "peers"} == set(__main__.NAMES)


@pytest.mark.usefixtures("pretended")
def test_without_a_name_it_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main([]) == 0
    assert [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()] == [
        [name, f"What benchmarks.{name} measures."] for name in ("bad", "absent", "good")
    ]


@pytest.mark.usefixtures("pretended")
def test_one_writes_its_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["good", "--json", str(tmp_path / "out.json")]) == 0
    written = json.loads((tmp_path / "out.json").read_text())
    assert set(written) == {"name", "figures", "versions", "cores"}
    assert (written["name"], written["figures"]) == ("good", [{"name": "speed", "value": 12.0, "unit": "ms"}])
    assert written["versions"]["numpy"] == np.__version__
    assert written["cores"] >= 1
    assert "speed" in capsys.readouterr().out


@pytest.mark.usefixtures("pretended")
def test_one_that_fails_does_not_take_the_others_along(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["all"]) == 1
    shown = capsys.readouterr()
    assert "speed" in shown.out
    assert "absent: no such machine" in shown.out
    assert "ValueError: it broke" in shown.err
    assert "bad: failed" in shown.err


@pytest.mark.usefixtures("pretended")
def test_one_that_fails_writes_no_report(tmp_path: Path) -> None:
    assert __main__.main(["bad", "--json", str(tmp_path / "out.json")]) == 1
    assert not (tmp_path / "out.json").exists()


@pytest.mark.usefixtures("pretended")
def test_a_report_of_all_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["all", "--json", str(tmp_path / "out.json")])
    assert "--json goes with one benchmark" in capsys.readouterr().err


def test_what_could_not_be_measured_is_null_and_never_a_number() -> None:
    missing = Figure("seen", None, "s", at_most=1, note="no eyes")
    assert report("x", [missing])["figures"] == [{"name": "seen", "value": None, "unit": "s"}]
    assert missing.kept == ""
    assert table([("x", missing)]).endswith("seen: no eyes")
    with pytest.raises(ValueError, match="a note that says why"):
        Figure("seen", None, "s")
    with pytest.raises(ValueError, match="expected a finite number"):
        Figure("seen", float("nan"), "s")


def test_a_promise_is_kept_up_to_its_number() -> None:
    assert [Figure("x", value, "s", at_most=5).kept for value in (4.9, 5.0, 5.1)] == ["yes", "yes", "no"]


def test_ten_thousand_items_are_planned() -> None:
    figure = plan_latency.computed()
    assert figure.unit == "ms"
    assert figure.value is not None
    assert figure.value > 0


def test_seconds_of_a_model_are_those_of_every_item_and_cutoff_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two items, two cutoffs, three steps: 4 x 0.5 s in the backtest, 2 x 0.25 s in the forecast."""
    monkeypatch.setattr(compare50, "ASKED", SimpleNamespace(models=("naive",)))
    cutoffs = pd.to_datetime(["2024-01-01", "2024-01-08"])
    rows = pd.DataFrame([("naive", item, cutoff, 0.5) for item in "ab" for cutoff in cutoffs for _ in range(3)])
    rows.columns = ["model", "item", "cutoff", "seconds"]
    rows.to_parquet(tmp_path / "backtest.parquet")
    rows[rows["cutoff"] == cutoffs[1]].assign(seconds=0.25).to_parquet(tmp_path / "forecast.parquet")
    assert compare50.per_model(tmp_path) == [Figure("computing of naive", 2.5, "s")]


def test_without_a_browser_the_waits_are_said_to_be_skipped() -> None:
    assert [(figure.value, figure.note) for figure in compare50.answers([])] == [(None, compare50.NO_BROWSER)] * 2
    assert [figure.value for figure in compare50.answers([0.1, 0.4, 0.2])] == [3, 0.2, 0.4]


PANEL = panel(np.arange(40.0).reshape(2, 20) + 1)
CUT = SalesSet("two", PANEL, 2, (PANEL.periods[15], PANEL.periods[17]), order=("A001", "A000"))


def test_peers_are_skipped_where_they_are_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "PYTHON", tmp_path / "python")
    with pytest.raises(Skipped, match=r"make \.venv-peers/made"):
        peers.rows(CUT, ["Naive"])


def test_peers_are_asked_once_and_scored_by_what_then_sold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A peer that always says 7: asked again only for other sales."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    monkeypatch.setattr(peers, "PYTHON", python)
    asked = []

    def answer(command: list[str], **settings: Any) -> SimpleNamespace:
        told = json.loads(Path(command[-1]).read_text())
        asked.append((list(told["models"]), told["season"], told["cutoffs"]))
        known = pd.read_parquet(told["sales"])
        assert list(known.columns) == ["unique_id", "ds", "y"]
        rows = pd.concat([peers.sales_after(CUT, cutoff) for cutoff in CUT.cutoffs]).drop(columns="y")
        for path in told["models"].values():
            rows.assign(mean=7.0, seconds=0.1, **{"q0.5": 7.0}).to_parquet(path)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(peers.subprocess, "run", answer)
    rows = peers.rows(CUT, ["Naive", "Prophet"])
    assert set(rows["model"]) == {"statsforecast Naive", "prophet Prophet"}
    found = rows[(rows["item"] == "A001") & (rows["cutoff"] == CUT.cutoffs[1]) & (rows["model"] == "prophet Prophet")]
    assert found["y"].tolist() == [39, 40]
    peers.rows(CUT, ["Naive"])
    assert asked == [(["Naive", "Prophet"], 7, ["2023-01-17", "2023-01-19"])]
    monkeypatch.setattr(peers.subprocess, "run", lambda *a, **k: SimpleNamespace(returncode=3, stderr="no such model"))
    with pytest.raises(RuntimeError, match="status 3:\nno such model"):
        peers.rows(CUT, ["TSB"])


def scored(**wape: float) -> pd.DataFrame:
    """Scores of these models, all else as the WAPE."""
    return pd.DataFrame([{**dict.fromkeys(models.COLUMNS, value), "model": name} for name, value in wape.items()]).set_index("model")


def test_a_model_is_held_to_the_best_peer_of_its_name() -> None:
    theirs = scored(a=0.5, b=0.4, c=0.1)
    theirs.index = ["statsforecast AutoARIMA", "statsmodels SARIMAX", "statsforecast AutoETS"]
    compared = models.Compared(CUT, scored(sarima=0.41, ets=0.2, lstm=0.3), theirs, {"gru": "ValueError: it broke"})
    found = {figure.name: figure for figure in models.figures(compared)}
    assert found["two: sarima / statsmodels SARIMAX"].value == pytest.approx(1.025)
    assert found["two: sarima / statsmodels SARIMAX"].kept == "yes"
    assert found["two: ets / statsforecast AutoETS"].kept == "no"
    assert not any("lstm /" in name for name in found)
    assert found["two: gru"].note == "ValueError: it broke"
    table = models.markdown(compared)
    assert "| sarima | 0.410 | 0.41 | 0.4100 | 41.0% | 0.4100 | statsmodels SARIMAX | 0.400 | 0.4000 | 1.025 |" in table
    assert "gru: ValueError: it broke" in table
    assert {line.count("|") for line in table.splitlines() if line.startswith("|")} == {11}


def test_a_table_is_written_between_its_marks_alone(tmp_path: Path) -> None:
    page = tmp_path / "models.md"
    page.write_text("Before.\n<!-- table: two -->\nold\n<!-- end: two -->\nAfter.\n")
    for _ in range(2):
        models.write(page, "two", "| new |")
    assert page.read_text() == "Before.\n<!-- table: two -->\n| new |\n<!-- end: two -->\nAfter.\n"
    with pytest.raises(ValueError, match="expected <!-- table: three -->"):
        models.write(page, "three", "")


def test_the_document_has_room_for_every_table_and_a_word_on_every_model() -> None:
    page = models.DOCUMENT.read_text()
    for name in models.ITEMS:
        assert page.index(f"<!-- table: {name} -->") < page.index(f"<!-- end: {name} -->")
    assert [name for name in registry.NAMES if f"`{name}`" not in page] == []


def test_make_bench_builds_the_peers_apart_from_shelfcast(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "constraints.txt", "benchmarks/peers/requirements.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    planned = subprocess.check_output(["make", "-n", "bench"], cwd=tmp_path, text=True)
    order = ["-r requirements-dev.txt", "-m venv .venv-peers", "-r benchmarks/peers/requirements.txt", "python -m benchmarks all"]
    assert [planned.index(step) for step in order] == sorted(planned.index(step) for step in order)
    apart = next(line for line in planned.splitlines() if "peers/requirements" in line)
    assert apart.startswith(".venv-peers/bin/python")


@pytest.mark.parametrize("names", [["orders.csv"], ["one.parquet", "two.parquet"]])
def test_made_up_order_lines_are_imported(names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path / "home"))
    for part, name in enumerate(names):
        shop.write_order_lines(tmp_path / name, 5_000, 50, 60, "%d/%m/%Y %H:%M", part)
    taken, held = bench_intake.imported([tmp_path / name for name in names])
    assert taken > 0
    assert 0.05 < held < 20
    saved = load_sales(open_dataset("benchmark"))
    assert (len(saved.periods), str(saved.periods[0].date())) == (60 * len(names), "2022-01-01")
    assert saved.units > 0


def test_duckdb_parses_what_is_imported(tmp_path: Path) -> None:
    shop.write_order_lines(tmp_path / "orders.csv", 1_000, 50, 60, "%d/%m/%Y %H:%M")
    assert len(bench_intake.parsed(tmp_path / "orders.csv", "%d/%m/%Y %H:%M")) == bench_intake.PARSES
    with pytest.raises(duckdb.Error, match="TIMESTAMP"):
        bench_intake.parsed(tmp_path / "orders.csv", "%Y-%m-%d")


def test_without_a_browser_the_page_is_said_to_be_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_intake, "has_chromium", lambda: False)
    assert [(figure.value, figure.note) for figure in bench_intake._page(tmp_path)] == [(None, compare50.NO_BROWSER)] * 2


@pytest.mark.slow
def test_a_catalogue_is_measured_by_the_command_with_all_its_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "MODELS", ("naive", "seasonal_naive"))
    monkeypatch.setattr(catalogue, "LOOKED_AT_EVERY", 0.05)
    took = catalogue.measured(6)
    assert took.seconds > 0
    assert took.processor > 0
    assert took.memory > 50e6


def test_what_a_catalogue_took_becomes_figures_with_their_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {catalogue.FEW: catalogue.Measured(60.0, 100.0, 10**9), catalogue.MANY: catalogue.Measured(2400.0, 1000.0, 9 * 10**9)}
    monkeypatch.setattr(catalogue, "measured", took.get)
    monkeypatch.setattr(catalogue, "once", lambda panel: [])
    monkeypatch.setattr(catalogue, "shop", lambda items: None)
    found = catalogue.run()
    assert [figure.value for figure in found] == [1.0, 100 / 60, 1.0, 40.0, 1000 / 60, 9.0, 1.0]
    assert [figure.kept for figure in found] == ["", "", "", "no", "", "no", "yes"]


def test_the_catalogue_is_the_same_for_the_same_seed_and_holds_all_kinds() -> None:
    first, again = catalogue.shop(200), catalogue.shop(200)
    assert first.fingerprint == again.fingerprint
    assert first.y.shape == (200, catalogue.DAYS)
    sold = (first.y > 0).mean(axis=1)
    assert (sold < 0.3).sum() > 10
    assert (first.start > 0).sum() > 10


def test_learning_once_is_held_against_learning_anew_and_from_more() -> None:
    panel = catalogue.shop(20)
    (figure,) = catalogue.once(panel.until(panel.periods[199], 0), {"tree": {"rows": 200_000}})
    assert figure.value is not None
    assert 0.8 < figure.value < 1.3
    usual, more = figure.note.split(" / ")
    assert "; learnt at 2023-04-26 from " in usual
    assert "; learnt at 2023-06-21 from " in more

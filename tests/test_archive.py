"""Archives: a workspace comes back equal, and a file that somebody made up leaves nothing behind."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from panels import panel
from test_storage import rich

from sales import datasets as saved
from sales.problems import Problem
from sales.recipe import Recipe
from ui.texts import problem
from workspace import archive, facts, home, runs, tables
from workspace.datasets import Dataset, create, datasets, open_dataset
from workspace.runs import Run

STOCK = pd.DataFrame({"item": ["007"], "on_hand": ["3"]})
RAW = pd.DataFrame({"sku": ["007", "a"], "qty": [1, 2]}, index=[4, 9])
SETTINGS = {"fingerprint": "f", "horizon": 14}


def finished(settings: dict[str, object], about: dict[str, str]) -> Run:
    run = Run(runs.name_of(settings))
    tables.write_facts(run.folder / "run.json", {"settings": settings, "arguments": ["-c", "1"]})
    tables.write_facts(run.folder / f"asked-{runs.name_of(about)}.json", about)
    tables.write_table(run.folder / "forecast.parquet", STOCK, {"details": {"a": 1}})
    run.end(0)
    return run


@pytest.fixture
def shop() -> Dataset:
    """Two versions with raw tables and a recipe, stock, records of which one follows another, and a run."""
    made = saved.save_sales(
        "Spring: Köln", panel([[1, 2]]), {"source": "a.csv"}, raw=[RAW], recipe=Recipe(gaps="zero").to_json(), stock=STOCK
    )
    made = saved.update_sales(made, rich(), {"source": "b.csv"}, raw=[*saved.raw_names(made), RAW], recipe=Recipe(gaps="unknown").to_json())
    facts.add("other", "else", [{}], "Ann")
    first, _ = facts.add("note", made.name, [{"n": 1}, {"n": 2}], "Ann")
    facts.replace(first.id, {"n": 3, "text": "Größe"}, "Bob")
    finished(SETTINGS, {"data": made.name})
    return made


def packed(names: list[str] | None = None) -> io.BytesIO:
    out = io.BytesIO()
    archive.export(out, names)
    return out


def content(name: str) -> dict[str, object]:
    """All that there is to know of a dataset, without the numbers that a database gives."""
    dataset = open_dataset(name)
    records = facts.everything(name)
    place = {record.id: number for number, record in enumerate(records)}
    return {
        "facts": dataset.facts,
        "tables": {path.name: path.read_bytes() for path in sorted(dataset.folder.glob("*.parquet"))},
        "sales": [saved.load_sales(dataset, version["fingerprint"]).fingerprint for version in dataset.versions],
        "raw": [table.to_dict() for table in saved.raw_of(dataset)],
        "records": [(r.kind, r.body, r.by, r.at, r.ended_at, r.ended_by, r.ended_why, place.get(r.follows or 0)) for r in records],
        "runs": [(run.name, run.settings, run.state, tables.read_table(run.folder / "forecast.parquet").attrs) for run in of(name)],
    }


def of(name: str) -> list[Run]:
    return runs.latest({"data": name})


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_HOME", str(tmp_path / "elsewhere"))


def test_a_workspace_comes_back_equal_in_an_empty_one(shop: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved.save_sales("Other", panel([[5, 6]]), {"source": "c.csv"})
    before = {dataset.name: content(dataset.name) for dataset in datasets()}
    file = packed()
    elsewhere(tmp_path, monkeypatch)
    assert datasets() == []
    made, problems = saved.import_archive(file)
    assert problems == ()
    assert {dataset.name: content(dataset.name) for dataset in made} == before
    assert len(before[shop.name]["records"]) == 3  # type: ignore[arg-type]
    assert before[shop.name]["runs"]
    assert not list(home.home().glob(".*"))


def test_beside_one_of_the_same_name_it_is_another(shop: Dataset) -> None:
    made, problems = saved.import_archive(packed([shop.name]))
    assert problems == ()
    assert [(dataset.name, dataset.title) for dataset in made] == [(f"{shop.name}-2", "Spring: Köln (2)")]
    assert content(shop.name)["records"] == content(f"{shop.name}-2")["records"]
    assert of(shop.name) == of(f"{shop.name}-2"), "the same settings are the same run"
    assert saved.load_sales(made[0]).fingerprint == saved.load_sales(shop).fingerprint


def test_what_an_archive_says_is_never_run(shop: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = packed()
    elsewhere(tmp_path, monkeypatch)
    saved.import_archive(file)
    assert "arguments" not in of(shop.name)[0].facts("run")
    assert runs.resume() == []


def test_an_unknown_dataset_cannot_be_exported() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        packed(["nowhere"])


def rewritten(file: io.BytesIO, change: Callable[[str, bytes], bytes | None], **more: bytes) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            kept = change(name, old.read(name))
            if kept is not None:
                new.writestr(name, kept)
        for name, body in more.items():
            new.writestr(name, body)
    return out


def refused(file: io.BytesIO) -> Problem:
    """The one problem of a file that leaves nothing behind."""
    before = sorted(str(path) for path in home.home().rglob("*"))
    made, problems = saved.import_archive(file)
    assert made == []
    assert sorted(str(path) for path in home.home().rglob("*")) == before
    (found,) = problems
    assert problem(found)
    return found


def same(name: str, body: bytes) -> bytes:
    return body


@pytest.mark.parametrize(
    "member",
    [
        "../evil.json",
        "/etc/evil.json",
        "datasets/../../x/facts.json",
        "datasets/shop/run.py",
        "datasets/shop/.lock",
        "x",
        "datasets/a\\b/facts.json",
    ],
)
def test_a_file_that_leads_elsewhere_or_does_not_belong_is_refused(shop: Dataset, member: str) -> None:
    assert (refused(rewritten(packed(), same, **{member: b"{}"})).code, member) == ("archive_member", member)


def changing(part: str, body: bytes | None) -> Callable[[str, bytes], bytes | None]:
    return lambda name, old: body if name.endswith(part) else old


def other_facts(**about: object) -> Callable[[str, bytes], bytes]:
    return lambda name, old: json.dumps({**json.loads(old), **about}).encode() if name.endswith("facts.json") else old


def text_bomb() -> bytes:
    """64 MiB of text in each of 1,000 rows, in a few kilobytes."""
    out = io.BytesIO()
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000, pa.int32()), pa.array(["x" * 2**26])).cast(
        pa.dictionary(pa.int32(), pa.string())
    )
    pq.write_table(pa.table({"item": words}), out, compression="zstd", store_schema=False)
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (changing("manifest.json", None), "archive_foreign"),
        (changing("manifest.json", b'{"kind": "other"}'), "archive_foreign"),
        (changing("manifest.json", b'{"kind": "shelfcast archive", "format": 2}'), "archive_too_new"),
        (changing("manifest.json", b"["), "archive_unreadable"),
        (changing("facts.json", None), "archive_unreadable"),
        (changing("facts.json", b"[" * 100_000), "archive_unreadable"),
        (changing("facts.json", b'{"title": 3}'), "archive_unreadable"),
        (changing("records.json", b'[{"id": 1}]'), "archive_unreadable"),
        (changing("records.json", b'{"id": 1}'), "archive_unreadable"),
        (changing("settings.json", b'{"fingerprint": "g"}'), "archive_member"),
        (changing("stock.parquet", b"PAR1"), "archive_unreadable"),
        (changing("stock.parquet", text_bomb()), "archive_unreadable"),
        (changing("stock.parquet", b"0" * 2**27), "archive_too_large"),
        (changing("forecast.parquet", b""), "archive_unreadable"),
        (other_facts(items=4), "archive_unreadable"),
        (other_facts(fingerprint="0" * 16), "archive_unreadable"),
        (other_facts(raw=["raw-none"]), "archive_unreadable"),
        (other_facts(raw=["../../datasets/shop/stock"]), "archive_unreadable"),
        (other_facts(raw=[3]), "archive_unreadable"),
        (other_facts(saved="nonsense"), "archive_unreadable"),
        (other_facts(saved=7), "archive_unreadable"),
        (other_facts(source=["a.csv"]), "archive_unreadable"),
        (other_facts(recipe={"version": 1, "mapping": 5}), "archive_unreadable"),
        (other_facts(recipe=[]), "archive_unreadable"),
        (other_facts(earlier=[3]), "archive_unreadable"),
    ],
)
def test_what_somebody_changed_is_refused(shop: Dataset, change: Callable[[str, bytes], bytes | None], code: str) -> None:
    assert refused(rewritten(packed(), change)).code == code


def test_facts_that_cannot_be_read_leave_the_others_listed(shop: Dataset) -> None:
    odd = create("Odd", {}, {"saved": "nonsense", "first": 3, "last": None, "source": ["x"]})
    rows = saved.listed([shop, odd])
    assert rows["title"].tolist() == [shop.title, odd.title]
    assert rows["saved"].isna().tolist() == rows["last"].isna().tolist() == rows["periods"].isna().tolist() == [False, True]


def test_what_is_no_zip_or_half_of_one_is_refused(shop: Dataset) -> None:
    assert refused(io.BytesIO(b"item,ds,y\n")).code == "archive_unreadable"
    assert refused(io.BytesIO(packed().getvalue()[:-100])).code == "archive_unreadable"
    broken = bytearray(packed().getvalue())
    broken[len(broken) // 3] ^= 255
    assert refused(io.BytesIO(bytes(broken))).code in ("archive_unreadable", "archive_member")


def test_an_archive_of_nothing_brings_nothing() -> None:
    assert saved.import_archive(packed()) == ([], ())


def test_tables_that_are_no_sales_are_refused() -> None:
    create("Shop", {"stock": STOCK}, {})
    assert refused(packed()).code == "archive_unreadable"

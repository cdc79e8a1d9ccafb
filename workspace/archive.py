"""Archives: datasets with their records and finished runs as one zip of Parquet and JSON, written, and read back however it was made.

datasets/NAME/facts.json, datasets/NAME/TABLE.parquet, datasets/NAME/records.json, datasets/NAME/runs/RUN/settings.json, and beside that one
the run's tables. What an archive says is never run: of a run only settings and answers are kept, not the command that it was.
"""

import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from workspace import datasets, facts, home, runs, tables
from workspace.datasets import FACTS, Dataset
from workspace.facts import Record

KIND, FORMAT = "shelfcast archive", 1
MOST_FILES = 20_000
MOST_BYTES = 2**33
MOST_TIMES = 100  # a table is packed already and shrinks little in an archive
MOST_WORDS = 2**28
ALWAYS_FITS = 2**24
_MANIFEST, _RECORDS, _SETTINGS = "manifest.json", "records.json", "settings.json"
_NAME = r"\w[\w-]{0,67}"
_MEMBER = re.compile(
    rf"datasets/{_NAME}/(facts\.json|records\.json|{_NAME}\.parquet|runs/[0-9a-f]{{16}}/(settings\.json|{_NAME}\.parquet))"
)
_CHUNK = 2**20


class Refused(Exception):
    """A file that cannot be taken in, with the code of what is wrong with it; nothing of it was kept."""

    def __init__(self, code: str, got: str = "", **params: Any) -> None:
        self.code, self.got, self.params = code, got[:200], params
        super().__init__(f"{code}: {got[:200]}")


@dataclass(frozen=True)
class Packed:
    """A dataset of an archive, unpacked in `folder` and not yet in the workspace: its facts, its records, and the settings of its runs."""

    folder: Path
    facts: Mapping[str, Any]
    records: Sequence[Record]
    runs: Mapping[str, Mapping[str, Any]]

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"


def export(out: BinaryIO, names: Sequence[str] | None = None) -> None:
    """Writes an archive of the datasets of these names, None: all, to `out`. Raises KeyError for a name that there is not."""
    chosen = datasets.datasets() if names is None else [datasets.open_dataset(name) for name in names]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_MANIFEST, _json({"kind": KIND, "format": FORMAT, "datasets": [dataset.name for dataset in chosen]}))
        for dataset in chosen:
            with datasets.writing(dataset) as now:
                _pack(file, now)


@contextmanager
def unpacked(source: BinaryIO | Path) -> Iterator[list[Packed]]:
    """The datasets of an archive, in a folder that is gone afterwards unless `place` takes them.

    Raises Refused, before anything reaches the workspace, for what is no archive of ours, is broken, holds a file that it should not, leads
    out of its folder, or unpacks to more than 8 GiB or 100 times its weight.
    """
    with tables.unfinished_folder(home.home()) as folder:
        try:
            with zipfile.ZipFile(source) as file:
                _check(file)
                _extract(file, folder)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
            raise Refused("archive_unreadable", f"{type(error).__name__}: {error}") from error
        yield [_packed(path) for path in sorted((folder / "datasets").iterdir())]


def place(packed: Packed) -> Dataset:
    """`packed` as a new dataset of this workspace, under a free name and title, with its records and its runs."""
    made = [path.name for path in packed.folder.glob("runs/*")]
    staged = packed.folder.with_name(f"{packed.folder.name}.runs")
    if made:
        os.rename(packed.folder / "runs", staged)
    (packed.folder / _RECORDS).unlink()
    dataset = datasets.publish(packed.folder, packed.facts["title"], packed.facts, packed.folder.name)
    facts.restore(packed.records, dataset.name)
    for name in made:
        _place_run(staged / name, packed.runs[name], {"data": dataset.name})
    return dataset


def _pack(file: zipfile.ZipFile, dataset: Dataset) -> None:
    root = f"datasets/{dataset.name}"
    file.writestr(f"{root}/{FACTS}", _json(dataset.facts))
    file.writestr(f"{root}/{_RECORDS}", _json([asdict(record) for record in facts.everything(dataset.name)]))
    for path in sorted(dataset.folder.glob("[!.]*.parquet")):
        file.write(path, f"{root}/{path.name}", zipfile.ZIP_STORED)
    for run in runs.latest({"data": dataset.name}):
        if run.state is runs.State.DONE and runs.name_of(run.settings) == run.name:
            file.writestr(f"{root}/runs/{run.name}/{_SETTINGS}", _json(run.settings))
            for path in sorted(run.folder.glob("[!.]*.parquet")):
                file.write(path, f"{root}/runs/{run.name}/{path.name}", zipfile.ZIP_STORED)


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, default=datetime.isoformat)


def _check(file: zipfile.ZipFile) -> None:
    members = file.infolist()
    names = [member.filename for member in members]
    if _MANIFEST not in names or file.getinfo(_MANIFEST).file_size > ALWAYS_FITS:
        raise Refused("archive_foreign")
    manifest = json.loads(file.read(_MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise Refused("archive_foreign")
    if manifest.get("format") != FORMAT:
        raise Refused("archive_too_new", str(manifest.get("format")), most=FORMAT)
    if len(members) > MOST_FILES:
        raise Refused("archive_too_large", f"{len(members):,} files", most=f"{MOST_FILES:,} files")
    foreign = [name for name in names if name != _MANIFEST and not _MEMBER.fullmatch(name)]
    if foreign or len(set(names)) < len(names):
        raise Refused("archive_member", *foreign[:1])
    words = [member.file_size for member in members if member.filename.endswith(".json")]
    if max(words) > MOST_WORDS:
        raise Refused("archive_too_large", f"{max(words):,} bytes", most=f"{MOST_WORDS:,} bytes of JSON")
    unpacked, packed = (sum(getattr(member, size) for member in members) for size in ("file_size", "compress_size"))
    if unpacked > min(MOST_BYTES, max(ALWAYS_FITS, MOST_TIMES * packed)):
        raise Refused("archive_too_large", f"{unpacked:,} bytes", most=f"{min(MOST_BYTES, MOST_TIMES * packed):,} bytes")


def _extract(file: zipfile.ZipFile, folder: Path) -> None:
    (folder / "datasets").mkdir()
    for member in file.infolist():
        if member.filename == _MANIFEST:
            continue
        path = folder / member.filename
        path.parent.mkdir(parents=True, exist_ok=True)
        with file.open(member) as packed, path.open("xb") as out:
            shutil.copyfileobj(packed, out, _CHUNK)  # never more than the size that was added up


def _packed(folder: Path) -> Packed:
    try:
        about = json.loads((folder / FACTS).read_bytes())
        records = [_record(body) for body in json.loads((folder / _RECORDS).read_bytes())]
        settings = {path.name: json.loads((path / _SETTINGS).read_bytes()) for path in folder.glob("runs/*")}
        if not isinstance(about["title"], str) or not all(isinstance(version, dict) for version in Dataset("", about).versions):
            raise TypeError("facts.json")
        wrong = [name for name, of in settings.items() if runs.name_of(of) != name]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("archive_unreadable", f"{folder.name}: {type(error).__name__}: {error}") from error
    if wrong:
        raise Refused("archive_member", f"runs/{wrong[0]}")
    for path in sorted(folder.rglob("*.parquet")):
        if not tables.bounded(path):
            raise Refused("archive_unreadable", f"{folder.name}: {path.name}")
    return Packed(folder, about, records, settings)


def _record(body: dict[str, Any]) -> Record:
    times = {name: datetime.fromisoformat(body[name]) for name in ("at", "ended_at") if body[name] is not None}
    record = Record(**{**body, **times})
    texts = (record.kind, record.by, record.ended_by, record.ended_why)
    follows = record.follows is None or isinstance(record.follows, int)
    if not (isinstance(record.id, int) and follows and isinstance(record.body, dict) and all(isinstance(text, str) for text in texts)):
        raise TypeError("records.json")
    facts.named(record.by)
    return record


def _place_run(staged: Path, settings: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """The run in the folder `staged`, finished; where there is one of the same settings already, that one stays and is asked for too."""
    root = home.folder("runs")
    (staged / _SETTINGS).unlink()
    tables.write_facts(staged / "run.json", {"settings": settings})
    tables.write_facts(staged / "ended.json", {"code": 0})
    tables.write_facts(staged / f"asked-{runs.name_of(about)}.json", about)
    if (root / staged.name).exists():
        tables.write_facts(root / staged.name / f"asked-{runs.name_of(about)}.json", about)
    else:
        os.rename(staged, root / staged.name)

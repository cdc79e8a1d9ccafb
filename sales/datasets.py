"""Saved sales: panels in the workspace, with the raw tables and the recipe that they were made of, and stock terms. The sales of a dataset
may be replaced by later ones; each version has a file of its own, named by its fingerprint."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO

import pandas as pd

from sales import additions, storage
from sales.additions import Addition, Holidays
from sales.cells import as_arrow, as_cells, from_cells
from sales.panel import SalesPanel
from sales.problems import InputProblems, Problem
from sales.recipe import Recipe
from workspace import archive, datasets, home, tables
from workspace.datasets import FACTS, Dataset

SALES, STOCK, TRUTH = "sales", "stock", "truth"
TABLE, RAW, RECIPE, FILE, ADDITIONS, SAVED = "table", "raw", "recipe", "file", "additions", "saved"
_ROW = "row"


def save_sales(
    title: str,
    panel: SalesPanel,
    facts: MappingOf[str, Any],
    raw: Sequence[tables.Content] = (),
    recipe: MappingOf[str, Any] | None = None,
    **others: pd.DataFrame | None,
) -> Dataset:
    """Saves `panel` as a new dataset; `facts` say where it came from.

    raw: the tables that it was made of, as they were read, or what `kept` makes of them. recipe: how it was made of them, plain JSON.
    others: stock, truth.
    """
    with _version(panel, raw) as (content, about):
        content |= {name: table for name, table in others.items() if table is not None}
        return datasets.create(title, content, {**facts, **about, RECIPE: recipe, SAVED: _now()})


def kept(table: Callable[[], pd.DataFrame]) -> AbstractContextManager[tables.Content]:
    """The table that `table` gives, for `save_sales` to keep beside the panel: made and written while the panel is made."""
    return datasets.ahead(lambda path: tables.write_arrow(path, as_arrow(_raw(table())), {}))


def update_sales(
    dataset: Dataset,
    panel: SalesPanel,
    facts: MappingOf[str, Any],
    raw: Sequence[tables.Content | str] | None = None,
    recipe: MappingOf[str, Any] | None = None,
) -> Dataset:
    """`dataset` with `panel` as its sales from now on; its stock terms stay, and so do the sales that it had, under their fingerprint.
    What was added to it from elsewhere (`additions_of`) is added to `panel` too.

    facts: where the new sales came from. raw: the tables that they were made of, new ones or names out of `raw_names`; None: those of the
    version before, as for a panel made of the same tables by another recipe.
    """
    if raw is None and FILE in dataset.facts:
        facts = {FILE: dataset.facts[FILE], **facts}
    added = additions_of(datasets.open_dataset(dataset.name))
    panel, _ = additions.with_additions(panel, added, partial(addition_table, dataset))
    return _update(dataset, panel, {**facts, RECIPE: recipe}, added, raw_names(dataset) if raw is None else raw)


def change_additions(
    dataset: Dataset, drop: Addition | None = None, add: Addition | None = None, table: pd.DataFrame | None = None
) -> Dataset:
    """`dataset` without what `drop` added to it from elsewhere and with what `add` adds, whose table is `table`, kept under a free name.

    Its raw tables and its recipe stay. Raises KeyError where the dataset was deleted meanwhile.
    """
    now, content = datasets.open_dataset(dataset.name), {}
    there = additions_of(now)
    after = [one for one in there if one != drop]
    if add is not None:
        if table is not None and not isinstance(add, Holidays):
            add = replace(add, table=f"{ADDITIONS}-{token_hex(8)}")
            content[add.table] = _raw(table)
        after.append(add)

    def read(name: str) -> pd.DataFrame:
        return table if table is not None and name in content else addition_table(now, name)

    panel, _ = additions.instead(load_sales(now), there, after, read)
    return _update(now, panel, now.facts, after, raw_names(now), content)


def addition_table(dataset: Dataset, name: str) -> pd.DataFrame:
    """The table that an addition speaks of, as it was uploaded."""
    return _without_row(dataset.read(name))


def _update(
    dataset: Dataset,
    panel: SalesPanel,
    facts: MappingOf[str, Any],
    added: Sequence[Addition],
    raw: Sequence[tables.Content | str],
    more: MappingOf[str, tables.Content] | None = None,
) -> Dataset:
    with _version(panel, raw) as (content, about):
        facts = {**facts, **about, ADDITIONS: additions.to_json(added), SAVED: _now()}
        return datasets.update(dataset, {**content, **(more or {})}, facts)


def named(name: str) -> Dataset:
    """The dataset of this name or title. Raises InputProblems where there is none, or its sales cannot be read."""
    there = datasets.datasets()
    dataset = next((one for one in there if name in (one.name, one.title)), None)
    if dataset is None:
        titles = ", ".join(one.title for one in there) or "-"
        raise InputProblems([Problem("dataset_unknown", got=name, params={"names": titles})])
    try:
        load_sales(dataset)
    except ValueError as error:
        raise InputProblems([Problem("dataset_unreadable", got=str(error))]) from None
    return dataset


def check_unchanged(dataset: Dataset) -> None:
    """Raises InputProblems where somebody saved other sales, or deleted the dataset, since `dataset` was opened."""
    try:
        unchanged = datasets.open_dataset(dataset.name).facts["fingerprint"] == dataset.facts["fingerprint"]
    except KeyError:
        unchanged = False
    if not unchanged:
        raise InputProblems([Problem("append_moved_on", got=dataset.title)])


def additions_of(dataset: Dataset, fingerprint: str | None = None) -> tuple[Addition, ...]:
    """What the sales hold from elsewhere: holidays, events, columns of other tables."""
    return additions.from_json(facts_of(dataset, fingerprint).get(ADDITIONS) or ())


def load_sales(dataset: Dataset, fingerprint: str | None = None) -> SalesPanel:
    """The panel as it was saved; the one with this fingerprint, None: the latest.

    Raises KeyError where the dataset never had that one, ValueError where the file no longer gives it.
    """
    facts = facts_of(dataset, fingerprint)
    try:
        panel = storage.read_panel(dataset.path(facts.get(TABLE, SALES)))
    except (OSError, ValueError) as error:
        raise ValueError(f"dataset {dataset.name}: its sales cannot be read: {error}") from error
    if panel.fingerprint != facts["fingerprint"]:
        raise ValueError(f"dataset {dataset.name}: its sales are not those that were saved")
    return panel


def facts_of(dataset: Dataset, fingerprint: str | None = None) -> MappingOf[str, Any]:
    """What is known of the sales with this fingerprint, None: the latest. Raises KeyError where the dataset never had them."""
    for version in dataset.versions:
        if fingerprint in (None, version["fingerprint"]):
            return version
    raise KeyError(f"dataset {dataset.name}: got fingerprint {fingerprint}, expected one of {[v['fingerprint'] for v in dataset.versions]}")


def raw_names(dataset: Dataset, fingerprint: str | None = None) -> list[str]:
    """The names of the tables that `raw_of` answers with."""
    return list(facts_of(dataset, fingerprint).get(RAW, ()))


def raw_of(dataset: Dataset, fingerprint: str | None = None) -> list[pd.DataFrame]:
    """The tables that the sales were made of, as they were read, oldest first. Empty: none were kept."""
    return [_without_row(dataset.read(name)) for name in raw_names(dataset, fingerprint)]


def recipe_of(dataset: Dataset, fingerprint: str | None = None) -> MappingOf[str, Any] | None:
    """How the sales were made of `raw_of`, as it was saved; None where that is not known."""
    return facts_of(dataset, fingerprint).get(RECIPE)


def file_recipe_of(dataset: Dataset) -> Recipe | None:
    """How a file like the newest one becomes sales of `dataset`: read, laid out and its columns taken as that one was, and all else as for
    the dataset; None where none of this is known."""
    kept, its = (None if of is None else Recipe.from_json(of) for of in (recipe_of(dataset), dataset.facts.get(FILE)))
    if kept is None or its is None:
        return its or kept
    return replace(
        kept, reading=its.reading, join=its.join, shape=its.shape, mapping=its.mapping, apart=its.apart, one_a_row=its.one_a_row
    )


def listed(datasets: Sequence[Dataset]) -> pd.DataFrame:
    """A row for each dataset, in their order: title, items, periods (how many), last (the label of the last one), source, saved (when, in
    UTC) and versions (how many). What a dataset's facts do not say is empty."""
    facts = [one.facts for one in datasets]
    moments = [
        of.get(SAVED) or datetime.fromtimestamp(one.folder.stat().st_mtime, UTC).isoformat()
        for one, of in zip(datasets, facts, strict=True)
    ]
    table = pd.DataFrame({name: [of.get(name) for of in facts] for name in ("title", "items", "source")})
    first, last = (_moments([of.get(name) for of in facts]) for name in ("first", "last"))
    frequency = [of.get("frequency") for of in facts]
    periods = [_periods(a, b, of) if a <= b else None for a, b, of in zip(first, last, frequency, strict=True)]
    table["periods"] = pd.Series(periods, dtype="int64" if None not in periods else object)
    table["last"] = last.dt.date
    table["saved"] = _moments(moments, utc=True)
    table["versions"] = [len(one.versions) for one in datasets]
    return table


def _moments(written: Sequence[Any], utc: bool = False) -> pd.Series:
    texts = [one if isinstance(one, str) else None for one in written]
    return pd.to_datetime(pd.Series(texts, dtype="str"), utc=utc, format="ISO8601", errors="coerce")


def _periods(first: pd.Timestamp, last: pd.Timestamp, frequency: object) -> int:
    """How many periods there are from one label to another, both included."""
    if frequency == "M":
        return 12 * (last.year - first.year) + last.month - first.month + 1
    return (last - first).days // (7 if frequency == "W" else 1) + 1


def import_archive(source: BinaryIO | Path) -> tuple[list[Dataset], tuple[Problem, ...]]:
    """The datasets of an archive (`workspace.archive.export`) as new ones of this workspace, or none and what is wrong with it. Never
    raises on what is in the file."""
    try:
        with archive.unpacked(source) as packed:
            for one in packed:
                _check_sales(one)
            return [archive.place(one) for one in packed], ()
    except archive.Refused as refused:
        return [], (Problem(refused.code, got=refused.got, params=refused.params),)


def _check_sales(packed: archive.Packed) -> None:
    """Raises `archive.Refused` unless each version's facts are those of its sales and the tables that they were made of are there."""
    for version in Dataset("", packed.facts).versions:
        panel, problems = storage.opened_panel(packed.folder / f"{SALES}-{version.get('fingerprint')}.parquet")
        if panel is None:
            raise archive.Refused("archive_unreadable", f"{packed.folder.name}: {problems[0].got}")
        _check_additions(packed, version)
        if not (_sound(packed, version) and _facts(panel).items() <= version.items()):
            raise archive.Refused("archive_unreadable", f"{packed.folder.name}: {FACTS}")


def _sound(packed: archive.Packed, version: MappingOf[str, Any]) -> bool:
    """Whether the facts of a version say when it was saved, of what and how, in a way that everything else here can read."""
    raw, moment, source = version.get(RAW, []), version.get(SAVED), version.get("source")
    try:
        for recipe in (version.get(RECIPE), version.get(FILE)):
            if recipe is not None:
                Recipe.from_json(recipe)
        if moment is not None:
            datetime.fromisoformat(moment)
        there = isinstance(raw, list) and all(packed.path(home.checked(name)).exists() for name in raw)
    except (ValueError, TypeError):
        return False
    return there and isinstance(source, str | None)


def _check_additions(packed: archive.Packed, version: MappingOf[str, Any]) -> None:
    try:
        added = additions.from_json(version.get(ADDITIONS) or ())
        there = all(one.table is None or packed.path(home.checked(one.table)).exists() for one in added)
    except ValueError:
        there = False
    if not there:
        raise archive.Refused("archive_unreadable", f"{packed.folder.name}: {ADDITIONS}")


def arguments_of(dataset: Dataset) -> list[str]:
    """What a person would type after a command to read this dataset: its file."""
    return [str(dataset.path(dataset.facts.get(TABLE, SALES)))]


@contextmanager
def _version(panel: SalesPanel, raw: Sequence[tables.Content | str]) -> Iterator[tuple[dict[str, tables.Content], dict[str, Any]]]:
    """What to write, and the facts of this version. The panel is written while its fingerprint is taken."""
    with datasets.ahead(partial(storage.write_panel, panel=panel)) as written:
        about = _facts(panel)
        content: dict[str, tables.Content] = {about[TABLE]: written}
        names = []
        for table in raw:
            name = table if isinstance(table, str) else f"{RAW}-{token_hex(8)}"
            if not isinstance(table, str):
                content[name] = table if callable(table) else _raw(table)
            names.append(name)
        yield content, {**about, RAW: names}


def _raw(table: pd.DataFrame) -> pd.DataFrame:
    """`table` as it is kept."""
    return _with_row(as_cells(table))


def _with_row(table: pd.DataFrame) -> pd.DataFrame:
    """The index as the last column: it says in which row of the file each line stands."""
    return table.assign(**{_row_name(table): table.index})


def _without_row(table: pd.DataFrame) -> pd.DataFrame:
    index = pd.Index(table.iloc[:, -1].to_numpy())
    return from_cells(table.iloc[:, :-1].set_axis(index, axis=0))


def _row_name(table: pd.DataFrame) -> str:
    name = _ROW
    while name in table.columns:
        name += "_"
    return name


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _facts(panel: SalesPanel) -> dict[str, Any]:
    return {
        TABLE: f"{SALES}-{panel.fingerprint}",
        "fingerprint": panel.fingerprint,
        "frequency": panel.calendar.frequency,
        "season": panel.season,
        "items": len(panel),
        "first": str(panel.periods[0].date()),
        "last": str(panel.last.date()),
    }

"""Context: what is known ahead of sales from elsewhere: holidays, events and promotions, weather and other columns, joined to a panel."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sales import checks
from sales.panel import ATTRIBUTES, SalesPanel
from sales.problems import Problem, Severity, found

FURTHEST = {"D": 731, "W": 105, "M": 25}  # periods ahead: two years and a little
MOST_EVENTS = 10_000
MOST_EVENT_NAMES = 50
_RESERVED = ("item", "ds", "y", "out_of_stock", *ATTRIBUTES)

Answer = tuple[SalesPanel, tuple[Problem, ...]]


@dataclass(frozen=True)
class EventColumns:
    """Which columns of a table of events say what: first, last (empty: one day), name; value (empty: 1); item and category (both empty:
    all items)."""

    first: str
    name: str
    last: str | None = None
    value: str | None = None
    item: str | None = None
    category: str | None = None


def with_known(
    panel: SalesPanel, table: pd.DataFrame, columns: Sequence[str], by: Mapping[str, str], day_first: bool | None = None
) -> Answer:
    """`panel` with `columns` of `table` as columns known ahead, at most two years beyond its history; and what was wrong.

    by: which columns of `table` tell the row: `date`, and at most one of `item` or an attribute of the panel (`category`, say, where stores
    are categories); without one a row is for all items. Several rows of a period: the largest of zeros and ones, the mean of others. NaN
    where no row is. A column that cannot be read is left out; the panel comes back as it was where dates or keys cannot be read.

    Raises ValueError where `by` holds no date, or what the panel does not have.
    """
    key = _key_of(panel, by)
    problems = _absent(table, [*by.values(), *columns])
    if problems:
        return panel, tuple(problems)
    days, of_days = checks.read_days(table[by["date"]], day_first)
    problems += of_days
    if any(problem.severity is Severity.ERROR for problem in of_days):
        return panel, tuple(problems)
    group, groups, of_keys = _groups(panel, table, key, by)
    problems += of_keys
    column = _columns_of(panel, days, table[by["date"]], problems)
    blocks = {}
    for name in columns:
        values, wrong = checks.read_known(table[name])
        if name in panel.covariates or name in _RESERVED:
            wrong = [Problem("known_there_already", Severity.ERROR, column=name)]
        problems += wrong
        if not wrong:
            blocks[name] = _spread(values, group, column, int(groups.max(initial=-1)) + 1)[:, : _furthest(panel)][groups]
            blocks[name][groups < 0] = np.nan
    problems += [Problem("known_not_ahead", Severity.INFO, column=name) for name, block in blocks.items() if not _ahead(panel, block)]
    return _joined(panel, blocks), tuple(problems)


def countries() -> dict[str, str]:
    """The codes of countries whose holidays are known, each with its English name, by name."""
    from holidays.registry import COUNTRIES

    names = {codes[1]: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", codes[0]) for codes in COUNTRIES.values()}
    return dict(sorted(names.items(), key=lambda pair: pair[1]))


def with_holidays(panel: SalesPanel, countries: Sequence[str], ahead: int) -> Answer:
    """`panel` with a column `holiday_XX` for each country, 1 in a period that holds a public holiday, `ahead` periods beyond the history;
    and a problem for each country whose holidays are not known. countries: ISO codes of two letters; a part of one after a dash: DE-BY.

    Raises ValueError where `ahead` is negative.
    """
    import holidays

    if ahead < 0:
        raise ValueError(f"ahead: got {ahead}, expected 0 or more periods")
    labels = _labels(panel, len(panel.periods) + ahead)
    end = panel.calendar.last_day(labels[-1])
    blocks, problems = {}, []
    for country in dict.fromkeys(countries):
        code, _, part = country.partition("-")
        try:
            known = holidays.country_holidays(code, subdiv=part or None, years=range(labels[0].year - 1, end.year + 1))
        except NotImplementedError:
            problems.append(Problem("country_unknown", Severity.ERROR, got=country))
            continue
        at = labels.get_indexer(panel.calendar.label(pd.DatetimeIndex(sorted(known))))
        row = np.zeros(len(labels), dtype=np.float32)
        row[at[at >= 0]] = 1
        if f"holiday_{country}" in panel.covariates:
            problems.append(Problem("known_there_already", Severity.ERROR, column=f"holiday_{country}"))
        else:
            blocks[f"holiday_{country}"] = np.broadcast_to(row, (len(panel), len(row)))
    return _joined(panel, blocks), tuple(problems)


def with_events(panel: SalesPanel, table: pd.DataFrame, columns: EventColumns, day_first: bool | None = None) -> Answer:
    """`panel` with a column for each name of an event or promotion in `table`, and what was wrong.

    In a period that any day of the event falls into the column holds its value (1 without one), the largest where events overlap, 0
    elsewhere up to the end of the last event of any name; beyond, nothing is known. A row whose item or category the panel does not have
    is left out, as is one that ends before it begins.
    """
    of_roles = [name for name in vars(columns).values() if name is not None]
    if problems := _absent(table, of_roles):
        return panel, tuple(problems)
    if len(table) > MOST_EVENTS:
        return panel, (Problem("too_many_events", got=f"{len(table):,}", params={"most": f"{MOST_EVENTS:,}"}),)
    first, of_first = checks.read_days(table[columns.first], day_first)
    last = first
    of_last: list[Problem] = []
    if columns.last is not None and table[columns.last].notna().any():
        last, of_last = checks.read_days(table[columns.last], day_first)
        of_last = [problem for problem in of_last if problem.code != "date_empty"]
        last = np.where(np.isnat(last), first, last)
    problems += [*of_first, *of_last]
    value = np.ones(len(table))
    wrong: list[Problem] = []
    if columns.value is not None:
        value, wrong = checks.read_known(table[columns.value])
        value = np.where(np.isnan(value), 1.0, value)
    code, names = checks.texts(table[columns.name])
    problems += [*wrong, *found("event_unnamed", code < 0, table[columns.name])]
    if len(names) > MOST_EVENT_NAMES:
        problems.append(Problem("too_many_event_names", column=columns.name, got=str(len(names)), params={"most": MOST_EVENT_NAMES}))
    problems += [
        Problem("known_there_already", Severity.ERROR, column=str(name)) for name in names if name in {*panel.covariates, *_RESERVED}
    ]
    if any(problem.severity is Severity.ERROR for problem in problems):
        return panel, tuple(problems)
    backwards = last < first
    problems += found("event_backwards", backwards, table[columns.last] if columns.last else table[columns.first])
    rows, of_rows = _rows_of_events(panel, table, columns)
    problems += of_rows
    good = ~np.isnat(first) & ~np.isnat(last) & ~backwards & (code >= 0)
    blocks = _event_blocks(panel, first, last, value, code, names, rows, good)
    if not any(_ahead(panel, block) for block in blocks.values()):
        problems.append(Problem("events_past", Severity.WARNING, column=columns.first))
    history = len(panel.periods)
    new = [name for name, block in blocks.items() if block[:, history:].any() and not block[:, :history].any()]
    problems += [Problem("event_never_before", Severity.INFO, columns.name, got=name) for name in new]
    return _joined(panel, blocks), tuple(problems)


def _key_of(panel: SalesPanel, by: Mapping[str, str]) -> str | None:
    keys = [role for role in by if role != "date"]
    if "date" not in by or len(keys) > 1 or not set(keys) <= {"item", *panel.attributes.columns}:
        known = ", ".join(["item", *panel.attributes.columns])
        raise ValueError(f"by: got {', '.join(by)}, expected date and at most one of {known}")
    return keys[0] if keys else None


def _absent(table: pd.DataFrame, names: Sequence[str]) -> list[Problem]:
    there = table.columns.tolist()
    params = {"columns": ", ".join(map(str, there[:20]))}
    absent = [Problem("column_absent", column=name, params=params) for name in dict.fromkeys(names) if name not in there]
    twice = [
        Problem("duplicate_columns", column=name, row=1, params={"count": there.count(name)})
        for name in dict.fromkeys(names)
        if there.count(name) > 1
    ]
    return absent + twice


def _groups(panel: SalesPanel, table: pd.DataFrame, key: str | None, by: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """The group of each row of `table`, -1 where the panel has none, the group of each item, -1 where the table has none, and problems."""
    if key is None:
        return np.zeros(len(table), dtype=np.intp), np.zeros(len(panel), dtype=np.intp), []
    column = table[by[key]]
    of_items = pd.Index(panel.items if key == "item" else panel.attributes[key].astype(str).to_numpy(dtype=object))
    code, names = checks.texts(column)
    shared = pd.Index(names)
    groups = shared.get_indexer(of_items)
    used = np.append(np.isin(np.arange(len(names)), groups), False)
    group = np.where(used[code], code, -1)
    problems = found("known_key_unmatched", group < 0, column, Severity.INFO)
    if (groups < 0).any():
        absent = of_items[groups < 0]
        problems.append(
            Problem("known_key_absent", Severity.WARNING, by[key], got=str(absent[0]), params={"items": int((groups < 0).sum())})
        )
    return group, groups, problems


def _labels(panel: SalesPanel, width: int) -> pd.DatetimeIndex:
    return panel.periods.append(panel.calendar.after(panel.last, width - len(panel.periods)))


def _furthest(panel: SalesPanel) -> int:
    return len(panel.periods) + FURTHEST[panel.calendar.frequency]


def _columns_of(panel: SalesPanel, days: np.ndarray, column: pd.Series, problems: list[Problem]) -> np.ndarray:
    """The period that each day falls into, -1 outside the history and two years on, which are named."""
    labels = _labels(panel, _furthest(panel))
    known = ~np.isnat(days)
    at = np.full(len(days), -1)
    at[known] = labels.get_indexer(panel.calendar.label(pd.DatetimeIndex(days[known])))
    beyond = known & (at < 0) & (days > np.datetime64(labels[-1]))
    problems += found("known_too_far", beyond, column, Severity.INFO)
    if not (at >= 0).any():
        problems.append(Problem("known_no_overlap", Severity.WARNING, column=str(column.name)))
    return at


def _spread(values: np.ndarray, group: np.ndarray, column: np.ndarray, groups: int) -> np.ndarray:
    """One value a group and period, groups x periods up to the last with any, NaN where there is none."""
    there = ~np.isnan(values) & (group >= 0) & (column >= 0)
    width = int(column[there].max(initial=-1)) + 1
    groups = max(groups, 1)
    cell, size = group[there] * width + column[there], groups * width
    if np.isin(values[there], (0, 1)).all():
        block = np.full(size, np.nan)
        np.fmax.at(block, cell, values[there])
    else:
        count = np.bincount(cell, minlength=size)
        block = np.divide(np.bincount(cell, values[there], size), count, out=np.full(size, np.nan), where=count > 0)
    return block.reshape(groups, width).astype(np.float32)


def _ahead(panel: SalesPanel, block: np.ndarray) -> bool:
    return not np.isnan(block[:, len(panel.periods) :]).all()


def _joined(panel: SalesPanel, blocks: Mapping[str, np.ndarray]) -> SalesPanel:
    """`panel` with `blocks` beside its covariates, all as wide as the widest, NaN before an item's start and where nothing is known."""
    if not blocks:
        return panel
    together = {**panel.covariates, **blocks}
    width = max(len(panel.periods), *(block.shape[1] for block in together.values()))
    before = np.arange(width) < panel.start[:, None]
    covariates = {}
    for name, block in together.items():
        wide = np.full((len(panel), width), np.nan, dtype=np.float32)
        wide[:, : block.shape[1]] = block
        covariates[name] = np.where(before, np.float32(np.nan), wide)
    return replace(panel, covariates=covariates)


def _rows_of_events(panel: SalesPanel, table: pd.DataFrame, columns: EventColumns) -> tuple[list[np.ndarray], list[Problem]]:
    """The places of the items that each event is for, and the events for none."""
    everybody = np.arange(len(panel))
    rows, problems = [everybody] * len(table), []
    for key, name in (("category", columns.category), ("item", columns.item)):
        if name is None:
            continue
        code, texts = checks.texts(table[name])
        of_items = panel.items if key == "item" else panel.attributes.get(key, pd.Series(dtype=object)).to_numpy(dtype=object)
        members = [np.flatnonzero(of_items == text) for text in texts]
        unknown = np.array([len(places) == 0 for places in members] + [False])
        problems += found("event_for_none", unknown[code], table[name])
        rows = [np.intersect1d(places, members[c]) if c >= 0 else places for places, c in zip(rows, code, strict=True)]
    return rows, problems


def _event_blocks(
    panel: SalesPanel,
    first: np.ndarray,
    last: np.ndarray,
    value: np.ndarray,
    code: np.ndarray,
    names: np.ndarray,
    rows: list[np.ndarray],
    good: np.ndarray,
) -> dict[str, np.ndarray]:
    labels = _labels(panel, _furthest(panel))
    begin, end = (labels.searchsorted(panel.calendar.label(pd.DatetimeIndex(days[good]))) for days in (first, last))
    end = np.minimum(end + 1, len(labels))
    before = pd.DatetimeIndex(last[good]) < panel.calendar.first_day(labels[0])
    width = max(int(end.max(initial=0)), len(panel.periods))
    blocks = {str(name): np.zeros((len(panel), width), dtype=np.float32) for name in names}
    for place, a, b, gone in zip(np.flatnonzero(good), begin, end, before, strict=True):
        if not gone and a < b:
            block = blocks[str(names[code[place]])]
            block[rows[place], a:b] = np.maximum(block[rows[place], a:b], value[place])
    return blocks

"""Tomorrow's file: what it makes of a dataset's sales, put on top of its files, or of its sales where no files are kept."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sales import datasets
from sales.additions import Addition, Read, with_additions
from sales.alike_files import written_alike
from sales.appending import Difference, appended, compared
from sales.intake import Intake
from sales.lines import read_lines
from sales.mapping import REQUIRED, ROLES, Mapping
from sales.panel import SalesPanel
from sales.problems import Problem, Severity, usable
from sales.recipe import LINES, Recipe, apply, long_tables
from sales.stacking import Stack, counted_on, repeated, stacked
from workspace.datasets import Dataset

_TOLD_TOGETHER = ("dates_ambiguous", "numbers_unclear")  # what all files together may tell
MOST_GONE = 0.2  # of the units that a newer file replaces, on items and days of which it holds nothing


@dataclass(frozen=True, eq=False)
class Tomorrow:
    """What a newer file makes of a dataset's sales.

    panel: the sales to keep, None where the file cannot be put on top. difference: what changes, None where nothing could be compared.
    problems: of the reading and of the comparison. tables: all files, oldest first, and recipe: what makes `panel` of them. kept: how many
    of the files, from the first on, are as the dataset keeps them already. file: how the newer file was read.
    """

    panel: SalesPanel | None
    difference: Difference | None
    problems: tuple[Problem, ...]
    tables: tuple[pd.DataFrame, ...]
    recipe: Recipe
    kept: int = 0
    file: Recipe = field(default_factory=Recipe)


def on_top(
    old: SalesPanel,
    tables: Sequence[pd.DataFrame],
    recipe: Recipe,
    newer: Sequence[pd.DataFrame],
    its: Recipe,
    additions: Sequence[Addition] = (),
    read: Read = lambda _: pd.DataFrame(),
    today: datetime.date | None = None,
    sure: bool = False,
) -> Tomorrow:
    """The files `newer`, as their own recipe `its` reads them, on top of `tables`, of which `recipe` made `old`.

    All of them go through the dataset's repairs together, so that a return finds its sale in whichever file it is, and a week that one
    file begins and the next one ends is whole. On the days in which the newer is dense it replaces the rows of the items and places that
    it holds (`sales.stacking`). Where more than a fifth of the units that it replaces would be gone, as it holds nothing of their items
    on their days, that is an error, and with `sure` a warning. additions: what the dataset has from elsewhere, their tables given by
    `read`. Never raises on what is in a table.
    """
    (before, wrong), (after, of_newer) = long_tables(recipe, tables), long_tables(its, newer)
    files = [*before, *(_in_columns_of(recipe.mapping, its.mapping, file) for file in after)]
    as_kept = (recipe.shape is None or recipe.shape.layout == "long") and not recipe.apart and set(recipe.roles) <= {LINES}
    kept = len(before) if as_kept else 0
    order = its.day_first if recipe.day_first is None else recipe.day_first
    decimal = its.decimal if recipe.decimal is None else recipe.decimal
    over = replace(recipe, shape=None, join=None, apart=(), roles=(), frequency=old.calendar.frequency, day_first=order, decimal=decimal)
    problems = [*wrong, *of_newer, *(problem for file in files for problem in (*_absent(file, recipe.mapping), *repeated(file)))]
    alike, alone = files, list[Problem]()
    if usable(problems):  # alone: among many good rows of the older files all of the newer may be bad
        alike, _ = written_alike(files, recipe.mapping, order)
        for file in alike[len(before) :]:
            mapping, lacking = _there(recipe.mapping, file)
            alone += [*lacking, *read_lines(file, mapping, order, decimal)[1]]
        alone = [problem for problem in alone if problem.code not in _TOLD_TOGETHER]
        problems += alone
    if not usable(problems):
        return Tomorrow(None, None, tuple(problems), tuple(files), over, kept)
    made = apply(over, files, today)
    made = replace(made, problems=_of_newer(made.problems, before))
    if made.panel is None:
        return Tomorrow(None, None, (*made.problems, *_besides(made.problems, [*of_newer, *alone])), tuple(files), over, kept)
    panel, _ = with_additions(made.panel, additions, read)
    stack = stacked(alike, over.mapping, over.day_first, over.merges)
    difference = compared(old, panel, _spoken_of(panel, stack), stack.items)
    gone = _gone(stack.units, stack.gone, sure)
    of_files = [one for one in made.problems if one.code in ("append_strays", "append_place_absent", "append_hole")]
    problems = [one for one in made.problems if one not in of_files] + _besides(made.problems, [*of_newer, *alone])
    difference = replace(difference, problems=(*gone, *of_files, *difference.problems))
    result = difference.panel if usable(gone) else None
    return Tomorrow(result, difference, (*problems, *difference.problems), tuple(files), over, kept)


def on_top_of_sales(old: SalesPanel, newer: Intake, recipe: Recipe, sure: bool = False) -> Tomorrow:
    """The same for a dataset that keeps no files: period by period (`sales.appending.appended`)."""
    if newer.panel is None:
        return Tomorrow(None, None, newer.problems, (), recipe)
    difference = appended(old, newer.panel, "zero" if newer.kind == "order_lines" else recipe.gaps)
    gone = _gone(difference.units_before, difference.units_before - difference.units_after, sure)
    difference = replace(difference, problems=(*gone, *difference.problems))
    return Tomorrow(difference.panel if usable(gone) else None, difference, (*newer.problems, *difference.problems), (), recipe)


def fits(recipe: Recipe, table: pd.DataFrame) -> bool:
    """Whether `table` is one that `recipe` can read: one with the columns that it names."""
    (long,), problems = long_tables(recipe, table)
    return usable(problems) and not _absent(long, recipe.mapping)


def put_on_top(dataset: Dataset, newer: pd.DataFrame, its: Recipe, today: datetime.date | None = None, sure: bool = False) -> Tomorrow:
    """`newer`, one table as `its` recipe reads it, on top of what `dataset` keeps; nothing is saved. sure: as in `on_top`."""
    old, tables, recipe = datasets.load_sales(dataset), datasets.raw_of(dataset), datasets.recipe_of(dataset)
    if not tables or recipe is None:
        mapping, lacking = _there(its.mapping, long_tables(its, newer)[0][0])
        its_sales = apply(replace(its, mapping=mapping, frequency=old.calendar.frequency), newer, today)
        made = on_top_of_sales(old, replace(its_sales, problems=(*lacking, *its_sales.problems)), its, sure)
    else:
        added, read = datasets.additions_of(dataset), partial(datasets.addition_table, dataset)
        made = on_top(old, tables, Recipe.from_json(recipe), [newer], its, added, read, today, sure)
    return replace(made, file=its)


def save(dataset: Dataset, made: Tomorrow, source: str) -> Dataset:
    """`dataset` with what `made` says in the place of its sales; source: the name of the newer file.

    Raises KeyError where the dataset was deleted meanwhile, ValueError where `made` has no sales.
    """
    if made.panel is None:
        raise ValueError("tomorrow: got no sales to save, expected a file that can be put on top")
    raw: list[pd.DataFrame | str] = [*datasets.raw_names(dataset)[: made.kept], *made.tables[made.kept :]]
    recipe = made.recipe.to_json() if made.tables else None
    facts = {**dataset.facts, "source": source, datasets.FILE: made.file.to_json()}
    return datasets.update_sales(dataset, made.panel, facts, raw, recipe)


def _of_newer(problems: Sequence[Problem], before: Sequence[pd.DataFrame]) -> tuple[Problem, ...]:
    """`problems` with the rows of the newer files alone, counted as these do: those of older files stand in none that is at hand."""
    begin = counted_on([*before, pd.DataFrame(index=[0])])[-1].index[0]

    def placed(problem: Problem) -> Problem:
        rows = [(row - begin, got) for row, got in ((problem.row, problem.got), *problem.also) if row is not None and row > begin + 1]
        return replace(problem, row=rows[0][0] if rows else None, got=rows[0][1] if rows else problem.got, also=tuple(rows[1:]))

    return tuple(map(placed, problems))


def _besides(problems: Sequence[Problem], more: Sequence[Problem]) -> list[Problem]:
    """What `more` says of a column that `problems` do not say of it."""
    told = {(problem.code, problem.column) for problem in problems}
    return [problem for problem in more if (problem.code, problem.column) not in told]


def _gone(units: float, gone: float, sure: bool) -> list[Problem]:
    """Whether too much of the units that the newer sales replace would be gone."""
    if gone <= MOST_GONE * units:
        return []
    params = {"units": f"{units:,.10g}", "gone": f"{gone:,.10g}", "most": f"{MOST_GONE:.0%}"}
    return [Problem("append_gone", Severity.WARNING if sure else Severity.ERROR, got=f"{gone / units:.0%}", params=params)]


def _spoken_of(panel: SalesPanel, stack: Stack) -> np.ndarray:
    """Mask over the periods of which the newest file covers any day."""
    if stack.days is None:
        return np.zeros(len(panel.periods), dtype=bool)
    begin, end = panel.calendar.label(pd.DatetimeIndex(stack.days))
    return np.asarray((panel.periods >= begin) & (panel.periods <= end))


def _in_columns_of(wanted: Mapping, its: Mapping, table: pd.DataFrame) -> pd.DataFrame:
    """`table` with the columns of its roles under the names that `wanted` has for them; others of those names are left out."""
    names: dict[str, str] = {}
    for role in ROLES:
        old, new = getattr(its, role), getattr(wanted, role)
        if old is not None and new is not None:
            names.setdefault(old, new)
    taken = [name for name in table.columns if name in names.values() and name not in names]
    return table.drop(columns=taken).rename(columns=names)


def _there(mapping: Mapping, table: pd.DataFrame) -> tuple[Mapping, list[Problem]]:
    """`mapping` without the columns that `table` lacks and may lack, and a problem that names them."""
    asked = {role: getattr(mapping, role) for role in ROLES if role not in REQUIRED}
    lacking = {role: column for role, column in asked.items() if column is not None and column not in table.columns}
    known = tuple(name for name in mapping.known if name in table.columns)
    told = [Problem("columns_absent", Severity.WARNING, got=", ".join(dict.fromkeys(lacking.values()))[:100])] if lacking else []
    gone: dict[str, Any] = dict.fromkeys(lacking)
    return replace(mapping, known=known, **gone), told


def _absent(table: pd.DataFrame, mapping: Mapping) -> list[Problem]:
    """The columns without which a file cannot be put on top."""
    there = [str(name) for name in table.columns]
    needed = [str(name) for name in (mapping.item, mapping.date, mapping.units)]
    return [Problem("column_absent", column=name, params={"columns": ", ".join(there[:20])}) for name in needed if there.count(name) != 1]

"""A workspace of the format before is brought up to date, once, and one of a later format is left alone."""

from collections.abc import Callable

import pandas as pd
import pytest
from panels import panel
from test_storage import rich

from sales import datasets as saved
from sales.migrations import prepare
from sales.panel import ATTRIBUTES, SalesPanel
from workspace import home, migration, tables
from workspace.datasets import Dataset, create, datasets, open_dataset, update


def facts_before(made: SalesPanel) -> dict[str, object]:
    return {
        "table": f"sales-{made.fingerprint}",
        "fingerprint": made.fingerprint,
        "frequency": made.calendar.frequency,
        "season": made.season,
        "known": sorted(made.covariates),
        "out_of_stock": bool(made.out_of_stock.any()),
        "attributes": [name for name in ATTRIBUTES if name in made.attributes.columns],
        "items": len(made),
        "first": str(made.periods[0].date()),
        "last": str(made.last.date()),
    }


def saved_before(title: str, made: SalesPanel, **others: pd.DataFrame) -> Dataset:
    """A dataset as format 1 kept it: the sales as a long table."""
    about = facts_before(made)
    return create(title, {str(about["table"]): made.to_frame(), **others}, {"source": "old.csv", **about})


def daily() -> SalesPanel:
    return panel([[1, 2, None, 4], [None, 0, 0, 3]], items=["007", "a"], starts=[0, 1], season=7)


def test_every_version_of_every_dataset_comes_over_and_nothing_else_changes() -> None:
    stock = pd.DataFrame({"item": ["007"], "on_hand": ["3"]})
    old = saved_before("Shop", rich(), stock=stock)
    later = daily()
    update(old, {f"sales-{later.fingerprint}": later.to_frame()}, {"source": "new.csv", **facts_before(later)})
    saved_before("Other", daily())
    with pytest.raises(ValueError, match="cannot be read"):
        saved.load_sales(open_dataset("shop"))
    prepare()
    now = open_dataset("shop")
    assert saved.load_sales(now).fingerprint == later.fingerprint
    assert saved.load_sales(now, rich().fingerprint).fingerprint == rich().fingerprint
    assert saved.load_sales(open_dataset("other")).fingerprint == daily().fingerprint
    assert [version["source"] for version in now.versions] == ["new.csv", "old.csv"]
    pd.testing.assert_frame_equal(now.read("stock"), stock)
    assert (saved.raw_of(now), saved.recipe_of(now)) == ([], None)
    assert tables.read_facts(home.home() / "format.json") == {"format": 2}


def test_a_step_cut_short_is_taken_again() -> None:
    old = saved_before("Shop", daily())
    saved_before("Other", rich())
    panel_file = old.path(str(old.facts["table"]))
    saved.storage.write_panel(panel_file, daily())  # as if killed after the first
    prepare()
    assert [saved.load_sales(dataset).fingerprint for dataset in datasets()] == [rich().fingerprint, daily().fingerprint]


def test_sales_that_are_not_those_that_were_saved_are_never_passed_off_as_them() -> None:
    made = daily()
    about = facts_before(made)
    create("Shop", {str(about["table"]): made.to_frame().assign(y=1.0)}, about)
    prepare()
    with pytest.raises(ValueError, match="cannot be read"):
        saved.load_sales(open_dataset("shop"))


def step(done: list[str], name: str) -> Callable[[], None]:
    return lambda: done.append(name)


def test_steps_are_taken_in_order_and_once() -> None:
    done: list[str] = []
    create("Shop", {}, {})
    assert migration.migrate([step(done, "to 2")]) == 2
    assert migration.migrate([step(done, "to 2"), step(done, "to 3"), step(done, "to 4")]) == 4
    assert migration.migrate([step(done, "to 2"), step(done, "to 3"), step(done, "to 4")]) == 4
    assert done == ["to 2", "to 3", "to 4"]


def test_a_new_workspace_needs_none() -> None:
    done: list[str] = []
    assert migration.migrate([step(done, "to 2")]) == 2
    create("Shop", {}, {})
    assert migration.migrate([step(done, "to 2")]) == 2
    assert done == []


def test_a_later_format_is_left_alone() -> None:
    migration.migrate([step([], "to 2"), step([], "to 3")])
    with pytest.raises(migration.TooNew, match="got format 3, expected at most 2"):
        prepare()

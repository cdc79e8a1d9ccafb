"""What brings the sales of an older workspace up to date, a function for each step of its format."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sales import storage
from sales.calendar import calendar_for
from sales.datasets import SALES, TABLE
from sales.panel import SalesPanel
from workspace import home, migration, tables
from workspace.datasets import Dataset, datasets


def prepare() -> None:
    """Makes the workspace ready: what killed processes left unfinished is deleted, and an older format is brought up to date. For every
    entry point, once. Raises `workspace.migration.TooNew`."""
    tables.clean(home.home())
    migration.migrate([long_tables_to_panels])


def long_tables_to_panels() -> None:
    """Format 1 to 2: a version's sales were a long table (item, ds, y, …), now they are a panel, in a file of the same name. A table that
    does not give the sales that were saved stays as it is: opening it says so."""
    for dataset in datasets():
        for facts in dataset.versions:
            _to_panel(dataset, facts)


def _to_panel(dataset: Dataset, facts: Mapping[str, Any]) -> None:
    name = facts.get(TABLE, SALES)
    if not dataset.has(name) or storage.is_panel(dataset.path(name)):
        return
    try:
        panel = _panel(dataset.read(name), facts)
    except (OSError, ValueError, KeyError):
        return
    if panel.fingerprint == facts["fingerprint"]:
        dataset.write(name, lambda path: storage.write_panel(path, panel))


def _panel(table: pd.DataFrame, facts: Mapping[str, Any]) -> SalesPanel:
    """The panel whose `to_frame` is `table`: a row for each item and period from the item's start to the end of its covariates."""
    items, row = np.unique(table["item"].to_numpy(dtype=object), return_inverse=True)
    labels = pd.DatetimeIndex(table["ds"].unique()).sort_values()
    calendar = calendar_for(labels, facts["frequency"])
    column = labels.get_indexer(table["ds"])
    history = int(labels.get_loc(pd.Timestamp(facts["last"]))) + 1

    def block(name: str, width: int) -> np.ndarray:
        values = np.full((len(items), len(labels)), np.nan, dtype=np.float32)
        values[row, column] = table[name]
        return values[:, :width]

    start = np.full(len(items), len(labels))
    np.minimum.at(start, row, column)
    first = table.drop_duplicates("item").set_index("item").loc[items]
    attributes = {name: pd.array(first[name], dtype="str") for name in facts["attributes"]}
    flagged = block("out_of_stock", history) == 1 if facts["out_of_stock"] else np.zeros((len(items), history), dtype=bool)
    return SalesPanel(
        items=items,
        calendar=calendar,
        periods=calendar.range(labels[0], history),
        y=block("y", history),
        start=start,
        out_of_stock=flagged,
        covariates={name: block(name, len(labels)) for name in facts["known"]},
        attributes=pd.DataFrame(attributes, index=pd.Index(items, name="item")) if attributes else pd.DataFrame(),
        season=facts["season"],
    )

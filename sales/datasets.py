"""Saved sales: a panel and its stock terms in the workspace, read back through the same door as any file."""

import csv
import io
from collections.abc import Mapping as MappingOf
from typing import Any

import pandas as pd

from sales.intake import Intake, intake
from sales.mapping import Mapping
from sales.panel import ATTRIBUTES, SalesPanel
from workspace import datasets
from workspace.datasets import Dataset

SALES, STOCK, TRUTH = "sales", "stock", "truth"


def save_sales(title: str, panel: SalesPanel, facts: MappingOf[str, Any], **others: pd.DataFrame | None) -> Dataset:
    """Saves `panel`, with `others` (stock, truth) where given, as a new dataset; `facts` say where it came from."""
    content = {SALES: panel.to_frame(), **{name: table for name, table in others.items() if table is not None}}
    own = {
        "fingerprint": panel.fingerprint,
        "frequency": panel.calendar.frequency,
        "season": panel.season,
        "known": sorted(panel.covariates),
        "out_of_stock": bool(panel.out_of_stock.any()),
        "attributes": [name for name in ATTRIBUTES if name in panel.attributes.columns],
        "items": len(panel),
        "first": str(panel.periods[0].date()),
        "last": str(panel.last.date()),
    }
    return datasets.create(title, content, {**facts, **own})


def load_sales(dataset: Dataset) -> SalesPanel:
    """The panel as it was saved.

    Raises ValueError where the file no longer gives it.
    """
    read: Intake = intake(
        dataset.read(SALES), mapping_of(dataset), dataset.facts["frequency"], gaps="unknown", season=dataset.facts["season"]
    )
    if read.panel is None or read.panel.fingerprint != dataset.facts["fingerprint"]:
        raise ValueError(f"dataset {dataset.name}: its sales are not those that were saved")
    return read.panel


def mapping_of(dataset: Dataset) -> Mapping:
    """Which column of the saved table plays which role."""
    attributes = {name: name for name in dataset.facts["attributes"]}
    flag = "out_of_stock" if dataset.facts["out_of_stock"] else None
    return Mapping("item", "ds", "y", out_of_stock=flag, known=tuple(dataset.facts["known"]), **attributes)


def arguments_of(dataset: Dataset) -> list[str]:
    """What a person would type after a command to read this dataset: the file and its flags."""
    facts = dataset.facts
    typed = [str(dataset.path(SALES)), "--freq", facts["frequency"], "--season", str(facts["season"]), "--gaps", "unknown"]
    if facts["known"]:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(facts["known"])
        typed += [f"--known={line.getvalue()}"]
    if facts["out_of_stock"]:
        typed += ["--out-of-stock", "out_of_stock"]
    return typed

"""Saved sales: a panel and its stock terms in the workspace, read back through the same door as any file. The sales of a dataset may be
replaced by later ones; each version has a table of its own, named by its fingerprint."""

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
TABLE = "table"


def save_sales(title: str, panel: SalesPanel, facts: MappingOf[str, Any], **others: pd.DataFrame | None) -> Dataset:
    """Saves `panel`, with `others` (stock, truth) where given, as a new dataset; `facts` say where it came from."""
    about = {**facts, **_facts(panel)}
    content = {about[TABLE]: panel.to_frame(), **{name: table for name, table in others.items() if table is not None}}
    return datasets.create(title, content, about)


def update_sales(dataset: Dataset, panel: SalesPanel, facts: MappingOf[str, Any]) -> Dataset:
    """`dataset` with `panel` as its sales from now on; its stock terms stay, and so do the sales that it had, under their fingerprint.

    facts: where the new sales came from.
    """
    about = {**facts, **_facts(panel)}
    return datasets.update(dataset, {about[TABLE]: panel.to_frame()}, about)


def load_sales(dataset: Dataset, fingerprint: str | None = None) -> SalesPanel:
    """The panel as it was saved; the one with this fingerprint, None: the latest.

    Raises KeyError where the dataset never had that one, ValueError where the file no longer gives it.
    """
    facts = facts_of(dataset, fingerprint)
    table = dataset.read(facts.get(TABLE, SALES))
    read: Intake = intake(table, _mapping(facts), facts["frequency"], gaps="unknown", season=facts["season"])
    if read.panel is None or read.panel.fingerprint != facts["fingerprint"]:
        raise ValueError(f"dataset {dataset.name}: its sales are not those that were saved")
    return read.panel


def facts_of(dataset: Dataset, fingerprint: str | None = None) -> MappingOf[str, Any]:
    """What is known of the sales with this fingerprint, None: the latest. Raises KeyError where the dataset never had them."""
    for version in dataset.versions:
        if fingerprint in (None, version["fingerprint"]):
            return version
    raise KeyError(f"dataset {dataset.name}: got fingerprint {fingerprint}, expected one of {[v['fingerprint'] for v in dataset.versions]}")


def mapping_of(dataset: Dataset) -> Mapping:
    """Which column of the saved table plays which role."""
    return _mapping(dataset.facts)


def arguments_of(dataset: Dataset) -> list[str]:
    """What a person would type after a command to read this dataset: the file and its flags."""
    facts = dataset.facts
    file, season = str(dataset.path(facts.get(TABLE, SALES))), str(facts["season"])
    typed = [file, "--freq", facts["frequency"], "--season", season, "--gaps", "unknown"]
    if facts["known"]:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(facts["known"])
        typed += [f"--known={line.getvalue()}"]
    if facts["out_of_stock"]:
        typed += ["--out-of-stock", "out_of_stock"]
    for name in facts["attributes"]:
        typed += [f"--{name}", name]
    return typed


def _facts(panel: SalesPanel) -> dict[str, Any]:
    return {
        TABLE: f"{SALES}-{panel.fingerprint}",
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


def _mapping(facts: MappingOf[str, Any]) -> Mapping:
    attributes = {name: name for name in facts["attributes"]}
    flag = "out_of_stock" if facts["out_of_stock"] else None
    return Mapping("item", "ds", "y", out_of_stock=flag, known=tuple(facts["known"]), **attributes)

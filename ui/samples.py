"""Samples to open with one click, and templates to fill in."""

import streamlit as st

from inventory import terms
from sales import datasets as saved
from sales import samples
from sales.intake import intake
from sales.recipe import Recipe
from ui import shell
from ui.texts import text
from workspace.datasets import Dataset


def buttons() -> None:
    """One click each: the made-up shop and the groceries, saved as new data and opened."""
    columns = st.columns(2)
    for column, make in zip(columns, (samples.made_up_shop, samples.groceries), strict=True):
        name = make.__name__
        with column.container(border=True):
            st.markdown(text(f"sample.{name}"))
            st.button(text("sample.open"), key=f"sample-{name}", on_click=_open, args=(name,), width="stretch")


def _open(name: str) -> None:
    for dataset in _saved(name):
        return shell.use(dataset.name)
    with st.spinner(text("sample.making")):
        sample = getattr(samples, name)()
        read = intake(sample.sales, sample.mapping, sample.frequency)
        facts = {"source": text(f"sample.{name}.source"), "sample": name}
        made = Recipe(sample.mapping, sample.frequency).to_json()
        kept = {"raw": [sample.sales], "recipe": made, "stock": sample.stock, "truth": sample.truth}
        dataset = saved.save_sales(text(f"sample.{name}.title"), read.panel, facts, **kept)
    return shell.use(dataset.name)


def _saved(name: str) -> list[Dataset]:
    return [dataset for dataset in saved.datasets.datasets() if dataset.facts.get("sample") == name]


def templates() -> None:
    """The two files to fill in."""
    left, right = st.columns(2)
    sales_template = samples.template().to_csv(index=False)
    left.download_button(text("template.sales"), sales_template, "sales-template.csv", "text/csv", key="template-sales", width="stretch")
    stock_template = terms.template().to_csv(index=False)
    right.download_button(text("template.stock"), stock_template, "stock-template.csv", "text/csv", key="template-stock", width="stretch")

"""Datasets and runs that benchmarks measure, made through the same doors as a person's, in a workspace of their own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from sales import datasets as saved
from sales.calendar import Calendar
from sales.intake import intake
from sales.panel import SalesPanel
from sales.samples import LAST, made_up_shop
from workspace.datasets import Dataset


@contextmanager
def workspace() -> Iterator[Path]:
    """An empty workspace folder, for this process and those it starts; gone after."""
    before = os.environ.get("SHELFCAST_HOME")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["SHELFCAST_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("SHELFCAST_HOME")
            if before is not None:
                os.environ["SHELFCAST_HOME"] = before


def days_of_the_shop(items: int, years: int) -> Dataset:
    """Every third item of the made-up shop among those sold all the time, the last `years` of days, saved with what is known ahead."""
    sample = made_up_shop()
    first = LAST - pd.DateOffset(years=years) + pd.Timedelta(days=1)
    sold_since = sample.sales.groupby("item")["date"].min()
    chosen = sorted(sold_since.index[sold_since <= first])[::3][:items]
    lines = sample.sales[sample.sales["item"].isin(chosen) & (sample.sales["date"] >= first)]
    panel = intake(lines, sample.mapping, sample.frequency).panel
    if panel is None or len(panel) != items:
        raise ValueError(f"expected {items} items of the made-up shop, got {0 if panel is None else len(panel)}")
    return saved.save_sales("Shop", panel, {"source": "generated from a seed, not real"})


def weeks_of_many(items: int, weeks: int = 60) -> Dataset:
    """A catalogue of `items` with Poisson sales a week, saved with stock terms of each."""
    rng = np.random.default_rng(10)
    calendar = Calendar("W-MON")
    codes = np.array([f"P{i:05d}" for i in range(items)], dtype=object)
    periods = calendar.range(pd.Timestamp("2024-01-01"), weeks)
    rates = rng.gamma(1.5, 6.0, items)
    units = rng.poisson(rates[:, None], (items, weeks)).astype(np.float32)
    empty = np.zeros(units.shape, dtype=bool)
    panel = SalesPanel(codes, calendar, periods, units, np.zeros(items, dtype=int), empty)
    terms = pd.DataFrame({"item": codes, "on_hand": rng.poisson(rates * 3), "lead_time_days": rng.integers(7, 29, items)})
    terms["review_period_days"], terms["pack"] = 7, rng.choice([1, 6, 12], items)
    terms["unit_cost"], terms["supplier"] = (
        rng.uniform(0.5, 40, items).round(2),
        np.array([f"S{k:02d}" for k in rng.integers(0, 40, items)]),
    )
    return saved.save_sales("Catalogue", panel, {"source": "generated from a seed, not real"}, stock=terms)


def write_order_lines(path: Path, lines: int, items: int, days: int, stamp: str = "%Y-%m-%d %H:%M:%S", part: int = 0) -> None:
    """Writes made-up order lines of a shop to `path`, as CSV with dates written as `stamp` says, or as Parquet by its ending.

    A few items sell most; 15 of 1,000 lines are returns under an order id that begins with C. `part`: of parts that follow each other in
    time, `days` each, from 0.
    """
    rng = np.random.default_rng(part)
    second = np.sort(rng.integers(0, days * 86_400, lines))
    at = np.datetime64("2022-01-01", "s") + part * days * 86_400 + second
    order = 500_000 + part * lines // 4 + np.arange(lines) // 4
    popular = (rng.pareto(1.1, lines) * items * 0.02).astype("int64")
    item = np.where(popular < items, popular, rng.integers(0, items, lines))
    back = rng.random(lines) < 0.015
    units = rng.choice([1, 1, 1, 2, 2, 3, 4, 6, 12, 24, 48], lines) * np.where(back, -1, 1)
    price = np.random.default_rng(0).gamma(2.0, 2.0, items).round(2) + 0.19
    codes = pa.array([f"{number:05d}{'ABCDE'[number % 5]}" for number in range(items)])
    ids = pc.binary_join_element_wise(pc.if_else(pa.array(back), "C", ""), pc.cast(pa.array(order), pa.string()), "")
    customer = pa.array(10_000 + order * 7_919 % 60_000, mask=order % 4 == 0)
    country = pa.array(["United Kingdom", "Germany", "France", "EIRE"]).take(pa.array(order // 4 % 4))
    table = pa.table(
        {
            "order": ids,
            "item": codes.take(pa.array(item)),
            "units": units,
            "date": pa.array(at) if path.suffix == ".parquet" else pc.strftime(pa.array(at), format=stamp),
            "price": price[item].round(2),
            "customer": customer,
            "country": country,
        }
    )
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        csv.write_csv(table, path, csv.WriteOptions(quoting_style="none"))

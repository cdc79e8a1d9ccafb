"""Ours and statsforecast's seasonal naive and AutoETS on the same items of the online retail weeks: WAPE, pinball, coverage, seconds.

The peers live in an environment of their own, `make .venv-peers/made`, and are called as a process. How the sales are cut: no cancelled
invoices, quantity 1 to 10,000, price above 0, codes of five digits (and letters) in upper case; 52 full weeks from Monday, items sold in
at least 40 of them; horizon 6, two cutoffs, no yearly season.
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import realdata

from benchmarks import ROOT
from benchmarks.figures import Figure, Skipped
from forecasting.backtest import actual_after, backtest
from forecasting.models import registry
from forecasting.scores import scores
from sales.calendar import Calendar
from sales.panel import SalesPanel

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
ITEMS, HORIZON, LEAST_WEEKS, WEEKS = 100, 6, 40, 52
FIRST = pd.Timestamp("2010-12-06")
CUTOFFS = (pd.Timestamp("2011-09-05"), pd.Timestamp("2011-10-17"))
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.975)
SHOWN = {"WAPE": "share of sales", "pinball": "share of sales", "coverage": "share of weeks", "seconds": "s an item and cutoff"}


def run() -> list[Figure]:
    """Each metric of each model and peer, best WAPE first."""
    sales, order = realdata.place("data", "online_retail"), realdata.place("splits", "online_retail_weekly.csv")
    if sales is None or order is None:
        raise Skipped("no real sales: SHELFCAST_REAL_DATA may name the folder that holds data/ and splits/")
    if not PYTHON.exists():
        raise Skipped("the peers are not installed: make .venv-peers/made")
    panel = weeks(pd.read_parquet(sales / "online_retail.parquet"))
    chosen = pd.read_csv(order, dtype=str)["item"]
    if set(chosen) != set(panel.items):
        raise ValueError(f"the items of the split are not those of the sales: {sorted(set(chosen) ^ set(panel.items))[:5]}")
    panel = panel.select(panel.rows_of(list(chosen[:ITEMS])))
    ours = backtest(panel, [registry.model(name) for name in registry.DEFAULT], HORIZON, CUTOFFS, LEVELS)
    return figures(pd.concat([ours, peers(panel)], ignore_index=True), panel)


def weeks(lines: pd.DataFrame) -> SalesPanel:
    """The order lines as the docstring above cuts them, every item from its first week with sales."""
    code = lines["StockCode"].astype(str).str.upper()
    kept = ~lines["InvoiceNo"].astype(str).str.startswith("C") & lines["Quantity"].between(1, 10_000) & (lines["UnitPrice"] > 0)
    lines = lines.assign(item=code)[kept & code.str.fullmatch(r"\d{5}[A-Z]*")]
    calendar = Calendar("W-MON")
    periods = calendar.range(FIRST, WEEKS)
    week = calendar.label(pd.DatetimeIndex(lines["InvoiceDate"]))
    units = lines.groupby(["item", week])["Quantity"].sum().unstack().reindex(columns=periods).fillna(0)
    units = units[(units > 0).sum(axis=1) >= LEAST_WEEKS].sort_index()
    y = units.to_numpy(dtype=np.float32)
    start = (y > 0).argmax(axis=1)
    return SalesPanel(units.index.to_numpy(dtype=object), calendar, periods, y, start, np.zeros(y.shape, dtype=bool), season=1)


def peers(panel: SalesPanel) -> pd.DataFrame:
    """Backtest rows of the peers on the items of `panel`, fit for `scores`. Raises RuntimeError with what their process said."""
    with tempfile.TemporaryDirectory() as folder:
        sales, out = Path(folder, "sales.parquet"), Path(folder, "rows.parquet")
        panel.to_frame().rename(columns={"item": "unique_id"})[["unique_id", "ds", "y"]].to_parquet(sales, index=False)
        cutoffs = [f"{cutoff:%Y-%m-%d}" for cutoff in CUTOFFS]
        command = [str(part) for part in (PYTHON, Path(__file__).parent / "forecast.py", sales, out, HORIZON, *cutoffs)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the peers ended with status {done.returncode}:\n{done.stderr}")
        rows = pd.read_parquet(out)
    sold = pd.concat([sales_after(panel, cutoff) for cutoff in CUTOFFS])
    return rows.merge(sold, on=["item", "cutoff", "ds"], validate="many_to_one")


def sales_after(panel: SalesPanel, cutoff: pd.Timestamp) -> pd.DataFrame:
    """What sold over the horizon: rows item, ds, cutoff, y."""
    ds = np.tile(panel.calendar.after(cutoff, HORIZON), len(panel))
    rows = pd.DataFrame({"item": np.repeat(panel.items, HORIZON), "ds": ds, "cutoff": cutoff})
    return rows.assign(y=actual_after(panel, cutoff, HORIZON).ravel())


def figures(rows: pd.DataFrame, panel: SalesPanel) -> list[Figure]:
    """One figure a model and metric."""
    found = scores(rows, panel)
    return [Figure(f"{row['model']}: {name}", float(row[name]), unit) for row in found.to_dict("records") for name, unit in SHOWN.items()]

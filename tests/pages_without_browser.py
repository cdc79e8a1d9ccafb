"""The pages without a browser: opened, run, read; and a small shop whose comparison is finished."""

from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from forecasting.backtest import backtest, forecast_all
from forecasting.comparison import Comparison
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from inventory.stock import save_stock
from sales import datasets as saved
from sales.intake import intake
from sales.mapping import Mapping
from sales.panel import SalesPanel
from ui.texts import text
from workspace import runs, tables
from workspace.datasets import Dataset, open_dataset
from workspace.runs import Run

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"home": "app.py", "sales": "pages/Sales.py", "data": "pages/Data.py", "compare": "pages/Compare.py", "reorder": "pages/Reorder.py"}
PATIENCE = 60
HORIZON = 14


def opened(page: str, data: Dataset | None = None) -> AppTest:
    """The page as a browser meets it first, with `data` in its address; no exception on it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    if data is not None:
        app.query_params["data"] = data.title
    if page != "home":
        app.switch_page(PAGES[page])
    return ran(app)


def ran(touched: Any) -> AppTest:
    """The app after the script has run for `touched`, a widget or the app itself; no exception on it."""
    app = touched.run()
    assert [exception.message for exception in app.exception] == []
    return app


def asked(app: AppTest, data: Dataset, question: str) -> AppTest:
    """Compare after somebody opened the tab of one of its questions."""
    app.session_state[f"question-{data.name}"] = text(f"question.{question}")
    return ran(app)


def upload(app: AppTest, key: str, name: str, content: bytes) -> AppTest:
    uploader = next(u for u in app.file_uploader if str(u.key).startswith(key))
    uploader.set_value((name, content, "application/octet-stream"))
    return ran(app)


def metrics(app: AppTest) -> dict[str, str]:
    return {m.label: m.value for m in app.metric}


def listed(app: AppTest) -> pd.DataFrame:
    """The order list by item, as it is shown."""
    return next(table.value for table in app.dataframe if "order_up_to" in table.value).set_index("item")


def plan(app: AppTest) -> pd.DataFrame:
    """The order list by item."""
    return listed(app).sort_index()


def signed(data: Dataset, name: str = "Ada") -> AppTest:
    """The Reorder page, its reader's name typed."""
    app = opened("reorder", data)
    return ran(app.text_input(key="planner-name").set_value(name))


def choose(app: AppTest, data: Dataset, *items: str) -> AppTest:
    """Chooses rows of the order list."""
    app.session_state[f"chosen-{data.name}"] = list(items)
    return ran(app)


def tick(app: AppTest, table: str, *rows: int) -> AppTest:
    """Ticks rows of the table whose key begins with `table`."""
    (key,) = {key for frame in app.dataframe if (key := frame.proto.id.split("-", 2)[-1]).startswith(table)}
    app.session_state[key] = {"selection": {"rows": list(rows)}}
    return ran(app)


def submit(app: AppTest, label: str) -> AppTest:
    return ran(next(button for button in app.button if button.label == text(label)).click())


def override(app: AppTest, data: Dataset, amount: float, kind: str = "units", reason: str = "fair next week") -> AppTest:
    next(radio for radio in app.radio if str(radio.key).startswith("override-kind-")).set_value(kind)
    app.number_input(key=f"override-amount-{data.name}").set_value(amount)
    app.text_input(key=f"override-reason-{data.name}").set_value(reason)
    return submit(app, "override.save")


def said(app: AppTest) -> list[str]:
    return [message.value for message in (*app.success, *app.error)]


def none_ticked(app: AppTest, *buttons: str) -> bool:
    """Whether a click on any of these buttons would do nothing: no row is ticked in the list as it is now."""
    return all(app.button(key=key).disabled for key in buttons)


def table_of(app: AppTest, column: str) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if column in table.value)


def signed_by(name: str) -> str:
    """What a line's reason says of an override of today."""
    return f"set by hand instead: 7, by {name} on {datetime.now(UTC):%Y-%m-%d} (fair next week)"


def csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def lines(items: int = 4, days: int = 90) -> pd.DataFrame:
    """Order lines of a few items, their units a seeded Poisson draw."""
    rng = np.random.default_rng(5)
    dates = pd.date_range("2024-01-01", periods=days)
    parts = [pd.DataFrame({"sku": f"0{i}", "day": dates, "qty": rng.poisson(5 * (i + 1), days)}) for i in range(items)]
    return pd.concat(parts, ignore_index=True)


def stock(items: int = 4) -> pd.DataFrame:
    """Stock terms of the items of `lines`."""
    table = pd.DataFrame({"item": [f"0{i}" for i in range(items)], "on_hand": 20, "lead_time_days": 10, "review_period_days": 4})
    return table.assign(unit_cost=2.5, supplier=["North", "South"] * (items // 2))


def sold(items: int = 4, days: int = 90) -> SalesPanel:
    """The panel of `lines`."""
    panel = intake(lines(items, days), Mapping("sku", "day", "qty")).panel
    assert panel is not None
    return panel


def planned(title: str = "Shop") -> Dataset:
    """Saved sales, a stock file with packs of 6 and two categories, and a finished comparison of one model."""
    data = saved.save_sales(title, sold(), {"source": "test"})
    save_stock(data, stock().assign(pack=6, category=["Mugs", "Pans"] * 2), "stock.csv", [], "Ann")
    compared(data)
    return data


def sold_more(data: Dataset, items: int = 4, days: int = 100) -> Dataset:
    """The same dataset with more days of sales than 90, and with so many items left."""
    saved.update_sales(data, sold(items, days), {"source": "test"})
    return open_dataset(data.name)


def compared(data: Dataset) -> Run:
    """A finished comparison of one model over `data` as it is now."""
    panel, model = saved.load_sales(data), [registry.model("seasonal_naive")]
    return finished(data, backtest(panel, model, HORIZON, last_cutoffs(panel, 3, HORIZON)), forecast_all(panel, model, HORIZON))


def finished(data: Dataset, backtest: pd.DataFrame, forecast: pd.DataFrame, **asked: Any) -> Run:
    """A run of Compare over `data` as it is now, asked for (with what else is `asked` of `Comparison`) and done, whose answers are these
    rows."""
    models, cutoffs = list(backtest["model"].unique()), str(backtest["cutoff"].nunique())
    about = Comparison(tuple(models), forecast["ds"].nunique(), cutoffs, **asked).settings(data.facts["fingerprint"])
    settings = {**about, "rows": _digest(backtest, forecast)}
    run = Run(runs.name_of(settings))
    for name, rows in (("backtest", backtest), ("forecast", forecast)):
        tables.write_table(run.folder / f"{name}.parquet", rows, {"details": rows.attrs.get("details", {})})
    tables.write_facts(run.folder / "run.json", {"settings": settings})
    run.end(0)
    return runs.start(settings, [], {"data": data.name})


def _digest(*tables: pd.DataFrame) -> str:
    """Other rows are another run: what the pages remember of one is not taken for the other."""
    return blake2b(b"".join(pd.util.hash_pandas_object(table).to_numpy().tobytes() for table in tables), digest_size=8).hexdigest()

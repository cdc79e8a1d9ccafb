"""One item's past on the Sales page: the kinds of nothing are drawn and counted apart."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pages_without_browser import opened, ran, sold
from streamlit.testing.v1 import AppTest

from sales import datasets as saved
from sales.nothing import estimated_demand, inferred_out_of_stock
from sales.summary import hidden
from ui import explore
from ui.texts import text
from workspace.datasets import Dataset


@pytest.fixture
def data() -> Dataset:
    """Four items of ninety days: the best seller out of stock for five days as given, not known for two, and without a sale for nine."""
    panel = sold()
    y, out = panel.y.copy(), panel.out_of_stock.copy()
    y[3, 20:25], out[3, 20:25] = 0, True
    y[3, 40:42] = np.nan
    y[3, 60:69] = 0
    return saved.save_sales("Shop", replace(panel, y=y, out_of_stock=out), {"source": "test"})


def traces(app: AppTest) -> dict[str, int]:
    (chart,) = [one for one in app.get("plotly_chart") if "sales-chart" in one.proto.id]
    drawn = {trace["name"]: trace for trace in json.loads(chart.proto.spec)["data"]}
    return {name: len(trace["x"]) if isinstance(trace["x"], list) else -1 for name, trace in drawn.items()}


def test_each_kind_is_drawn_and_counted(data: Dataset) -> None:
    app = opened("sales", data)
    drawn = traces(app)
    assert {text(f"chart.{kind}") for kind in ("sales", "given", "inferred", "unknown", "estimated")} <= set(drawn)
    captions = " ".join(caption.value for caption in app.caption)
    for kind, count in (("given", 5), ("inferred", 9), ("unknown", 2)):
        assert text(f"explore.kind.{kind}", count=count) in captions
    said = " ".join(m.value for m in app.markdown)
    assert "units** of demand were not sold while" in said
    assert text("explore.not_taken", count=9) in said


def test_what_stock_outs_hid_is_told_for_the_whole_shop_and_what_is_only_inferred_apart(data: Dataset) -> None:
    said = " ".join(m.value for m in opened("sales", data).markdown)
    panel = saved.load_sales(data)
    out, usual = panel.out_of_stock, float(np.nanmean(panel.demand[3][panel.demand[3] > 0]))
    inferred = inferred_out_of_stock(panel)
    estimate = estimated_demand(panel, out | inferred)
    for kind, where, periods in (("given", out, 5), ("inferred", inferred, 9)):
        found = hidden(panel, where, estimate)
        assert (found.periods, found.items) == (periods, 1)
        assert found.units == pytest.approx(periods * usual, rel=0.1)
        assert found.share == pytest.approx(found.units / np.nansum(estimate.demand, dtype=float))
        assert text(f"explore.hidden.{kind}", period="days", **vars(found)) in said


def test_of_a_large_panel_stock_outs_are_looked_for_when_asked(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "MOST_LOOKED_AT", 10)
    app = opened("sales", data)
    assert text("chart.inferred") not in traces(app)
    ran(app.toggle(key=f"look-{data.name}").set_value(True))
    assert text("chart.inferred") in traces(app)


def test_among_many_items_one_is_searched(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "MOST_LISTED", 3)
    app = opened("sales", data)
    ran(app.text_input(key=f"search-{data.name}").set_value("02"))
    assert app.selectbox(key=f"explore-{data.name}").options == ["02"]
    ran(app.text_input(key=f"search-{data.name}").set_value("99"))
    assert text("explore.no_hit") in [info.value for info in app.info]

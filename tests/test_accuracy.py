"""The accuracy benchmark: its bars are the published ones, its bootstrap knows better from worse, its WRMSSE is the competition's."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import panel

from benchmarks import accuracy, sets
from benchmarks.sets import SalesSet
from forecasting.backtest import backtest
from forecasting.models import registry

PANEL = panel(np.arange(60.0).reshape(3, 20) % 7 + 1)
CUT = SalesSet("three", PANEL, 2, (PANEL.periods[15], PANEL.periods[17]), order=("A002", "A001", "A000"))


def rows(off: float, spread: float = 0.0) -> pd.DataFrame:
    """Backtest rows that are too high by `off`, and by more or less from item to item."""
    found = backtest(PANEL, [registry.model("naive")], 2, CUT.cutoffs, (0.5, 0.95))
    by_item = found["item"].map(dict(zip(PANEL.items, spread * np.array([-1, 0, 1]), strict=True)))
    return found.assign(mean=found["y"] + off + by_item, **{"q0.5": found["y"] + off + by_item, "q0.95": found["y"] + 3.0})


def test_bars_are_the_lowest_of_all_peers_that_ran_on_as_many_items() -> None:
    bars = {(name, count): best for name in accuracy.RETAIL for count, best in accuracy.published(name)}
    assert set(bars) == {
        ("online_retail_weekly", 200), ("online_retail_weekly", 500), ("online_retail_weekly", 750), ("online_retail_weekly", 1029),
        ("online_retail_daily", 300), ("walmart_weekly", 200), ("walmart_weekly", 300), ("walmart_weekly", 2660), ("m5_store_dept", 70),
    }  # fmt: skip
    assert bars["walmart_weekly", 2660].tolist() == [0.089, 0.0247]
    assert bars["online_retail_weekly", 1029].tolist() == [0.613, 0.2428]  # of two peers: IMAPA and AutoETS
    assert bars["m5_store_dept", 70].tolist() == [0.102, 0.0331]


def test_only_the_first_items_of_the_order_count() -> None:
    own = accuracy.beside(CUT, rows(1.0, spread=1.0), 1, pd.Series({"WAPE": 0.1, "pinball": 9.0}))
    sold = PANEL.y[2, 16:20]
    assert own[0].value == pytest.approx(8 / sold.sum())  # A002 is off by 2 in each of 4 periods
    assert [figure.kept for figure in own] == ["no", "yes"]


def test_coverage_has_two_sides() -> None:
    figure = accuracy.covered(CUT, rows(0.0))
    assert figure.value == pytest.approx(5)
    assert figure.kept == "no"


def test_the_bootstrap_tells_worse_from_better_and_from_chance() -> None:
    better = accuracy.worse(rows(0.5), rows(1.0))
    assert max(better.values()) < 0
    worse = accuracy.worse(rows(1.0), rows(0.5))
    assert min(worse.values()) > 0
    alike = accuracy.worse(rows(1.0, spread=0.9), rows(1.0))  # better for one item, worse for another
    assert max(alike.values()) < 0


def test_an_answer_is_kept_by_the_sources_it_came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(accuracy, "KEPT", tmp_path)
    asked = []
    told = rows(1.0)

    def once(*question: object) -> pd.DataFrame:
        asked.append(question)
        return told

    monkeypatch.setattr(accuracy, "backtest", once)
    monkeypatch.setattr(accuracy.registry, "model", lambda name: name)
    first, minutes = accuracy.answered(CUT)
    again, same = accuracy.answered(CUT)
    assert len(asked) == 1
    assert minutes == same
    pd.testing.assert_frame_equal(first, again)


def test_wrmsse_is_that_of_the_competition() -> None:
    """Seasonal naive had 0.888 at level 9 on the official score sheet."""
    name = "m5_store_dept"
    try:
        cut = sets.load(name)
    except sets.Skipped as reason:
        pytest.skip(str(reason))
    naive = backtest(cut.panel, [registry.model("seasonal_naive")], cut.horizon, cut.cutoffs[-1:])
    (figure,) = accuracy.wrmsse(cut, naive)
    assert figure.value == pytest.approx(0.888, abs=0.005)
    assert figure.kept == "no"

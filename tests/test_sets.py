"""The public sets are cut as published: their items are the split's, and seasonal naive reaches the published error."""

import numpy as np
import pandas as pd
import pytest
from panels import panel

from benchmarks import sets
from benchmarks.figures import Skipped
from benchmarks.sets import SalesSet
from forecasting.backtest import backtest
from forecasting.metrics import smape
from forecasting.models import registry
from forecasting.scores import scores


def loaded(name: str) -> SalesSet:
    """The set; skips the test where its data are not there."""
    try:
        return sets.load(name)
    except Skipped as reason:
        pytest.skip(str(reason))


def test_weeks_are_cut_as_published() -> None:
    """Sold in 40 of 52 weeks: in; 39: out; a cancelled line, a free one, a huge one and a code that is no product do not count."""
    weeks = pd.date_range("2010-12-08", periods=52, freq="7D")
    lines = [("1", "12345a", week, 2, 1.0) for week in weeks[12:]] + [("1", "54321", week, 2, 1.0) for week in weeks[13:]]
    for invoice, code, units, price in (
        ("C1", "54321", 1, 1.0),
        ("1", "54321", 1, 0.0),
        ("1", "54321", 10_001, 1.0),
        ("1", "POST", 1, 1.0),
    ):
        lines += [(invoice, code, week, units, price) for week in weeks]
    cut = sets.weeks(pd.DataFrame(lines, columns=["InvoiceNo", "StockCode", "InvoiceDate", "Quantity", "UnitPrice"]))
    assert list(cut.items) == ["12345A"]
    assert (len(cut.periods), str(cut.last.date()), cut.season, cut.start[0]) == (52, "2011-11-28", 1, 12)
    assert cut.y[0].sum() == 80


def test_a_set_takes_its_items_in_the_order_of_the_split() -> None:
    whole = panel([[1, 2, 3], [4, 5, 6], [7, 8, 9]], covariates={"price": [1, 1, 1, 2]})
    cut = SalesSet("three", whole, 1, (whole.periods[1],), lag=1, order=("A002", "A000", "A001"))
    assert list(cut.first(2).panel.items) == ["A000", "A002"]
    assert cut.first(2).order == ("A002", "A000")
    assert not cut.without_covariates.panel.covariates
    assert (cut.scale.season, whole.season) == (1, 7)
    for wrong in (("A000", "A001"), ("A000", "A001", "A003")):
        with pytest.raises(ValueError, match="three: the items of the split are not those of the sales"):
            SalesSet("three", whole, 1, (whole.periods[1],), order=wrong)


def test_without_the_data_a_set_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets.realdata, "place", lambda *parts: None)
    with pytest.raises(Skipped, match="no real sales"):
        sets.load("walmart_weekly")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "items", "metric", "published"),
    [
        ("online_retail_weekly", 1029, "WAPE", 0.734),
        ("online_retail_daily", 300, "WAPE", 1.023),
        ("walmart_weekly", 2660, "WAPE", 0.105),
        ("m5_store_dept", 70, "WAPE", 0.145),
        ("m3_monthly", 1428, "sMAPE", 0.1723),
        ("m3_monthly", 1428, "MASE", 1.146),
    ],
)
def test_seasonal_naive_reaches_what_is_published(name: str, items: int, metric: str, published: float) -> None:
    cut = loaded(name)
    rows = backtest(cut.without_covariates.panel, [registry.model("seasonal_naive")], cut.horizon, cut.cutoffs)
    digits = len(str(published).split(".")[1])
    assert len(cut.panel) == items
    assert round(scores(rows, cut.scale).iloc[0][metric], digits) == published


@pytest.mark.slow
def test_m4_weekly_is_cut_as_published() -> None:
    """By plain repetition of the last 52 weeks: our seasonal naive does not trust a single season, and is better here."""
    cut = loaded("m4_weekly")
    after = cut.panel.y[:, -cut.horizon :].astype(float)
    repeated = cut.panel.y[:, -cut.horizon - 52 :][:, : cut.horizon].astype(float)
    assert len(cut.panel) == 359
    assert round(100 * smape(after.ravel(), repeated.ravel()), 2) == 14.52
    scale = [np.nanmean(np.abs(np.diff(row[: -cut.horizon]))) for row in cut.panel.y.astype(float)]
    assert round(float(np.mean(np.abs(after - repeated).mean(axis=1) / scale)), 3) == 9.578


@pytest.mark.slow
def test_what_is_known_ahead_reaches_past_the_last_cutoff() -> None:
    for name, wanted in (("walmart_weekly", {"markdown1", "isholiday", "temperature"}), ("m5_store_dept", {"snap", "event_national"})):
        cut = loaded(name)
        assert wanted <= set(cut.panel.covariates)
        reach = int(cut.panel.periods.get_loc(cut.cutoffs[-1])) + 1 + cut.horizon
        assert all(not np.isnan(cut.panel.covariates[one][:, :reach]).any() for one in wanted)


@pytest.mark.slow
def test_food_stamp_days_are_those_of_the_store_s_own_state() -> None:
    cut = loaded("m5_store_dept").panel
    rows = pd.read_parquet(sets.data("m5_store_dept", "history_daily.parquet"))
    for item, state in (("TX_2_FOODS_1", "TX"), ("WI_1_HOBBIES_1", "WI")):
        given = rows.drop_duplicates("date").set_index("date")[f"snap_{state}"].sort_index()
        block = pd.Series(cut.covariates["snap"][cut.rows_of([item])[0]][: len(cut.periods)], index=cut.periods)
        assert block.reindex(given.index).astype(int).tolist() == given.tolist()

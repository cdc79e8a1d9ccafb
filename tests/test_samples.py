"""The samples are what they say, and the same for the same seed."""

import numpy as np
import pandas as pd
import pytest

from sales import samples
from sales.intake import intake
from sales.mapping import propose
from sales.samples import Sample

STOCK_HEADERS = (
    "item on_hand on_order on_order_due backorders lead_time_days lead_time_sd_days review_period_days moq pack unit_cost unit_price "
    "supplier category"
)  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Sample:
    return samples.made_up_shop()


@pytest.fixture(scope="module")
def truth(shop: Sample) -> pd.DataFrame:
    assert shop.truth is not None
    return shop.truth


def test_the_shop_is_the_same_for_the_same_seed(shop: Sample) -> None:
    again = samples.made_up_shop(20)
    for name in ("sales", "stock", "truth"):
        pd.testing.assert_frame_equal(getattr(shop, name), getattr(again, name))
    assert not samples.made_up_shop(21).sales["units"].equals(shop.sales["units"])


def test_the_shop_is_read_without_a_problem(shop: Sample) -> None:
    read = intake(shop.sales, shop.mapping, shop.frequency)
    assert read.panel is not None
    assert read.problems == ()
    assert (len(read.panel), len(read.panel.periods), read.panel.ahead, str(read.panel.last.date())) == (200, 1096, 56, "2025-06-30")
    assert sorted(read.panel.covariates) == ["price", "promotion"]
    assert propose(shop.sales) == pd.Series([shop.mapping]).map(lambda m: type(m)(**{**vars(m), "known": ()}))[0]


def test_stock_outs_hide_demand(shop: Sample, truth: pd.DataFrame) -> None:
    history = shop.sales[shop.sales["units"].notna()].reset_index(drop=True)
    empty = history["out_of_stock"] == 1
    assert 0.05 < empty.mean() < 0.10
    assert (history.loc[empty, "units"] == 0).all()
    assert truth.loc[empty, "demand"].sum() > 0
    assert (truth["lost"] == np.where(empty, truth["demand"], 0)).all()
    run = empty.ne(empty.groupby(history["item"]).shift()).cumsum()
    assert history[empty].groupby(["item", run[empty]]).size().median() >= 3


def test_demand_is_as_varied_as_said(shop: Sample, truth: pd.DataFrame) -> None:
    mean = truth.groupby("item")["demand"].mean()
    assert ((mean > 15) & (mean < 75)).sum() >= 10
    assert 30 <= (mean < 0.2).sum() <= 60
    assert (truth["uplift"].min() >= 1.2) & (truth["uplift"].max() <= 2.5)
    assert (truth.groupby("item")["date"].min() > "2025-01-15").sum() >= 15
    drawn = truth[truth["expected"] > 5]
    surprise = (drawn["demand"] - drawn["expected"]) / np.sqrt(drawn["expected"])
    assert abs(surprise.mean()) < 0.05
    assert surprise.var() > 1.5


def test_promotions_lift_expected_demand_by_the_uplift(shop: Sample, truth: pd.DataFrame) -> None:
    history = shop.sales[shop.sales["units"].notna()].reset_index(drop=True)
    flat = truth["expected"] / np.where(history["promotion"] == 1, truth["uplift"], 1)
    step = flat.groupby(truth["item"]).pct_change(7).abs()
    assert step.quantile(0.99) < 0.2
    assert history.groupby("item")["price"].nunique().median() >= 3


def test_stock_terms_are_complete(shop: Sample) -> None:
    stock = shop.stock
    assert stock is not None
    assert stock.columns.tolist() == STOCK_HEADERS.split()
    assert sorted(stock["item"]) == sorted(shop.sales["item"].unique())
    assert stock["lead_time_days"].between(5, 45).all()
    assert set(stock["review_period_days"]) == {7, 14}
    assert (stock["unit_cost"] < stock["unit_price"]).all()
    assert (stock["pack"] == 0).any()
    assert (stock["backorders"] > 0).any()
    due = stock.loc[stock["on_order"] > 0, "on_order_due"]
    assert due.between("2025-07-01", "2025-07-28").all()
    assert stock.loc[stock["on_order"] == 0, "on_order_due"].isna().all()


def test_the_groceries_are_a_year_of_weeks() -> None:
    sample = samples.groceries()
    read = intake(sample.sales, sample.mapping, sample.frequency)
    assert read.panel is not None
    assert (len(read.panel), len(read.panel.periods), read.panel.calendar.alias) == (300, 52, "W-MON")
    assert {problem.code for problem in read.problems} == {"partial_first_period", "partial_last_period", "price_not_positive"}
    assert not sample.sales["category"].isin(samples.NO_GROCERIES).any()
    assert sample.sales["units"].max() < 1_000
    assert (sample.sales["price"] >= 0).all()


def test_the_template_can_be_read() -> None:
    template = samples.template()
    read = intake(pd.concat([template, template.assign(date="2025-06-29")]), propose(template))
    assert read.panel is not None
    assert read.panel.items.tolist() == ["007", "A-100"]

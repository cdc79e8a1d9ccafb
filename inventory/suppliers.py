"""Suppliers: what a plan orders from each, against the least that it takes an order for."""

import numpy as np
import pandas as pd

from inventory.plan import ReorderPlan
from inventory.terms import StockTerms


def below_minimum(plan: ReorderPlan, terms: StockTerms) -> pd.DataFrame:
    """The suppliers whose lines to order do not reach their minimum, a row each: supplier, value (money; lines without a unit cost count as
    nothing), minimum (money an order: the largest that `terms` has for the supplier), without_cost (how many such lines there are).
    """
    own = terms.select(plan.items)
    lines = pd.DataFrame({"supplier": own.supplier, "value": plan.order_value, "minimum": own.supplier_minimum})
    minimum = lines.groupby("supplier")["minimum"].max()
    ordered = lines[plan.to_order & (own.supplier != "")].groupby("supplier")["value"]
    made = pd.DataFrame({"value": ordered.sum(), "without_cost": ordered.size() - ordered.count()}).join(minimum)
    below = made[made["value"] < made["minimum"]]
    return below.reset_index()[["supplier", "value", "minimum", "without_cost"]].astype({"without_cost": np.int64})

"""Spreads of demand and stock terms for tests, made without a model or a file."""

from typing import Any

import numpy as np
import pandas as pd

from forecasting.calibration import EMPTY, pool_of
from forecasting.spread import DemandSpread
from inventory.plan import ReorderPlan, reorder_plan
from inventory.receipts import NO_RECEIPTS
from inventory.settings import PlanSettings
from inventory.terms import CARRIED, StockTerms
from sales.calendar import Calendar
from sales.panel import SalesPanel

NORMAL = PlanSettings(method="normal")


def codes(n: int) -> np.ndarray:
    """A000, A001, … sorted."""
    width = max(3, len(str(n - 1)))
    return np.array([f"A{i:0{width}d}" for i in range(n)], dtype=object)


def spread(rate: Any, sigma: Any = 1.0, horizon: int = 28, errors: int = 400, cutoff: str = "2024-03-03") -> DemandSpread:
    """Items with `rate` units a period (n, or n x periods, which are the horizon then) and normal errors of `sigma`."""
    rates = np.asarray(rate, dtype=float)
    means = rates if rates.ndim == 2 else np.repeat(np.atleast_1d(rates)[:, None], horizon, axis=1)
    n, horizon = means.shape
    sigmas = np.broadcast_to(np.asarray(sigma, dtype=float), n).copy()
    normal = pool_of(np.random.default_rng(3).normal(size=errors))
    cumulative = np.concatenate([np.zeros((n, 1)), np.cumsum(means, axis=1)], axis=1)
    pooled = {"AX": (EMPTY, *[normal] * horizon)}
    kind, model = (np.full(n, name, dtype=object) for name in ("AX", "naive"))
    return DemandSpread(codes(n), pd.Timestamp(cutoff), cumulative, sigmas, sigmas, kind, pooled, model)


def terms(n: int = 1, **given: Any) -> StockTerms:
    """Terms of n items: nothing in stock, on order or owed, 14 + 7 days, no minimum, no pack, 2 of cost; except as given."""
    values: dict[str, Any] = {
        "on_hand": 0, "on_order": 0, "on_order_due": np.datetime64("NaT"), "backorders": 0, "lead_time_days": 14, "lead_time_sd_days": 0,
        "review_period_days": 7, "moq": 0, "pack": 0, "order_multiple": 0,
        "unit_cost": 2, "unit_price": 5, "supplier": "Acme", "category": "Mugs",
        "assumed_lead_time": False, "assumed_review": False, "unusable": False,
        "lead_time_orders": 0, "lead_time_from": "", "supplier_minimum": np.nan,
        **dict.fromkeys(CARRIED, np.nan), **given,
    }  # fmt: skip
    orders = values.pop("orders", NO_RECEIPTS)
    arrays = {name: np.broadcast_to(np.asarray(value, dtype=_dtype(name, value)), n).copy() for name, value in values.items()}
    return StockTerms(items=codes(n), orders=orders, **arrays)


def planned(n: int = 1, rate: Any = 2.0, sigma: Any = 1.0, settings: PlanSettings = NORMAL, errors: int = 400, **given: Any) -> ReorderPlan:
    """The plan of n items a day, nothing decided."""
    return reorder_plan(terms(n, **given), spread(np.full(n, rate, dtype=float), sigma, errors=errors), Calendar("D"), settings)


def _dtype(name: str, value: Any) -> Any:
    if name == "on_order_due":
        return "datetime64[D]"
    return {"U": object, "O": object, "b": bool}.get(np.asarray(value).dtype.kind, float)


def rows(panel: SalesPanel, cutoff: pd.Timestamp, horizon: int, mean: Any, y: Any = np.nan, model: str = "naive") -> pd.DataFrame:
    """Tidy rows of one forecast; `mean` and `y` are numbers or items x horizon."""
    n = len(panel)
    frame = pd.DataFrame({"item": np.repeat(panel.items, horizon), "ds": np.tile(panel.calendar.after(cutoff, horizon), n)})
    blocks = {name: np.broadcast_to(np.asarray(block, dtype=float), (n, horizon)).ravel() for name, block in {"y": y, "mean": mean}.items()}
    return frame.assign(cutoff=cutoff, model=model, **blocks)

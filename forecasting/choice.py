"""Which model a plan uses: the best overall, or each item's own best."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecasting.scores import wape_by


def best_model(rows: pd.DataFrame) -> str:
    """The model with the lowest WAPE over all comparable backtest rows, the first by name among equals.

    Raises ValueError where no model has one.
    """
    table = wape_by(rows, ["model"]).dropna()
    if table.empty:
        raise ValueError("best_model: no backtest row has both an actual and a forecast of every model")
    return str(table.sort_values(["WAPE", "model"])["model"].iloc[0])


def best_models(rows: pd.DataFrame) -> dict[str, str]:
    """Each item's model of lowest WAPE in the backtest; the best overall where an item has none (nothing sold, nothing answered)."""
    overall = best_model(rows)
    table = wape_by(rows, ["item", "model"]).dropna().sort_values(["item", "WAPE", "model"]).drop_duplicates("item")
    own = dict(zip(table["item"], table["model"], strict=True))
    return {item: own.get(item, overall) for item in np.unique(rows["item"].to_numpy(dtype=object))}


def answering(chosen: Mapping[str, str], forecast: pd.DataFrame, backtest: pd.DataFrame) -> dict[str, str]:
    """`chosen`, item -> model, but another model for the items that theirs did not forecast: the first that did, the best overall first."""
    order = list(wape_by(backtest, ["model"]).sort_values(["WAPE", "model"])["model"])
    there = forecast[forecast["mean"].notna()].groupby("item")["model"].unique()
    answered = {item: set(models) for item, models in there.items()}
    return {
        item: model if model in answered.get(item, set()) else next((m for m in order if m in answered.get(item, set())), model)
        for item, model in chosen.items()
    }

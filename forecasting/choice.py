"""Which model a plan uses: the best overall, or each item's own best."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecasting.scores import wape_by

OVERALL, OWN = "overall", "own"


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


def models_of_plan(
    forecast: pd.DataFrame, backtest: pd.DataFrame, rule: str = OVERALL, own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The model that each item of the forecast is planned by: of the best overall, each item's own best, or the one named by `rule`; `own`
    names others for single items. Where that model did not forecast the item, the best overall of those that did.

    Raises ValueError where the best is asked for and the backtest cannot tell.
    """
    items, models = np.unique(forecast["item"].to_numpy(dtype=object)), sorted(forecast["model"].unique())
    if len(models) == 1:
        return dict.fromkeys(items, models[0])
    one = best_model(backtest) if rule == OVERALL else rule
    chosen = best_models(backtest) if rule == OWN else dict.fromkeys(items, one)
    return _answering({**chosen, **(own or {})}, forecast, backtest)


def _answering(chosen: Mapping[str, str], forecast: pd.DataFrame, backtest: pd.DataFrame) -> dict[str, str]:
    order = list(wape_by(backtest, ["model"]).sort_values(["WAPE", "model"])["model"])
    there = forecast[forecast["mean"].notna()].groupby("item")["model"].unique()
    answered = {item: set(models) for item, models in there.items()}

    def model_of(item: str, wanted: str) -> str:
        able = answered.get(item, set())
        return wanted if wanted in able else next((model for model in order if model in able), wanted)

    return {item: model_of(item, wanted) for item, wanted in chosen.items()}

"""Which model a plan uses: the best overall, or each item's own best. `parts`: see `leaderboard.errors`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecasting.leaderboard import item_wapes, lowest, shares

OVERALL, OWN = "overall", "own"


def ranked(parts: pd.DataFrame) -> list[str]:
    """The models that can be scored, lowest WAPE over all that was compared first, by name where several are alike."""
    wapes = shares(parts, ["model"])["WAPE"].dropna()
    order = []
    while len(wapes):
        order.append(str(lowest(wapes.to_frame().T).iloc[0]))
        wapes = wapes.drop(order[-1])
    return order


def best_model(parts: pd.DataFrame) -> str:
    """The first of `ranked`. Raises ValueError where there is none."""
    order = ranked(parts)
    if not order:
        raise ValueError("best_model: no backtest row has both an actual and a forecast of every model")
    return order[0]


def best_models(parts: pd.DataFrame) -> dict[str, str]:
    """Each item's model of lowest WAPE in the backtest; the best overall where an item has none (nothing sold, nothing answered)."""
    overall = best_model(parts)
    return {item: own or overall for item, own in lowest(item_wapes(parts)).items()}


def models_of_plan(forecast: pd.DataFrame, parts: pd.DataFrame, rule: str = OVERALL) -> dict[str, str]:
    """The model that each item of the forecast is planned by: the best overall, each item's own best, or the one named by `rule`. Where
    that model did not forecast the item, the best overall of those that did.

    Raises ValueError where the best is asked for and the backtest cannot tell.
    """
    items, models = np.unique(forecast["item"].to_numpy(dtype=object)), sorted(forecast["model"].unique())
    if len(models) == 1:
        return dict.fromkeys(items, models[0])
    one = best_model(parts) if rule == OVERALL else rule
    chosen = {**dict.fromkeys(items, one), **(best_models(parts) if rule == OWN else {})}
    order, answered = ranked(parts), _answered(forecast)

    def model_of(item: str) -> str:
        able = answered.get(item, set())
        return chosen[item] if chosen[item] in able else next((model for model in order if model in able), chosen[item])

    return {item: model_of(item) for item in items}


def with_own(chosen: Mapping[str, str], own: Mapping[str, str], forecast: pd.DataFrame) -> dict[str, str]:
    """`chosen` with other models for single items, as far as these forecast them."""
    of_them = forecast[forecast["item"].isin(list(own))] if own else forecast.iloc[:0]
    answered = _answered(of_them)
    return {**chosen, **{item: model for item, model in own.items() if model in answered.get(item, set())}}


def _answered(forecast: pd.DataFrame) -> dict[str, set[str]]:
    pairs = forecast.loc[forecast["mean"].notna(), ["item", "model"]].drop_duplicates()
    return pairs.groupby("item")["model"].agg(set).to_dict()

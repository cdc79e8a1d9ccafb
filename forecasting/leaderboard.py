"""Leaderboard: which model wins how often, where, and whether it is worth its seconds, from backtest rows summed up once.

All that follows starts from `errors`: some millions of rows become a table of items x cutoffs x models, and the rest is quick.
"""

import numpy as np
import pandas as pd

from forecasting.scores import comparable
from sales.panel import SalesPanel
from sales.summary import pattern

BASELINE = "seasonal_naive"
CLASS_LIMITS = {"A": 0.80, "B": 0.95, "C": 1.0}
_TIE = 1e-9
_PART = ["item", "cutoff", "model"]


def errors(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each item, cutoff and model of backtest `rows`.

    absolute, signed: sums over the periods of known sales of |forecast - sales| and of forecast - sales, units; NaN where the model did
    not answer. sold: units sold in them. known: how many they are. answered: share of the periods that have a forecast. seconds:
    computing time (NaN where the rows do not say). compared: whether every model that takes part answered, so that all are scored on it
    (see `comparable`).
    """
    known = rows["y"].notna()
    off = (rows["mean"] - rows["y"]).where(known, 0.0)
    parts = {
        "absolute": off.abs(),
        "signed": off,
        "sold": rows["y"].abs().where(known, 0.0),
        "known": known.astype(float),
        "answered": rows["mean"].notna().astype(float),
        "periods": 1.0,
        "failed": off.isna().astype(float),
        "seconds": rows.get("seconds", np.nan),
    }
    summed = pd.DataFrame({**{c: rows[c] for c in _PART}, **parts}).groupby(_PART, sort=True, observed=True).sum(min_count=1)
    summed["seconds"] /= summed["periods"]
    summed["answered"] /= summed["periods"]
    summed.loc[summed["failed"] > 0, ["absolute", "signed"]] = np.nan
    kept = comparable(rows)[_PART].drop_duplicates()
    summed["compared"] = summed.index.isin(pd.MultiIndex.from_frame(kept))
    return summed.drop(columns=["failed", "periods"]).reset_index()


def leaderboard(parts: pd.DataFrame, group: pd.Series | None = None) -> pd.DataFrame:
    """A row a model, lowest WAPE first; with `group` (the group of each item, by item) a row for each group and model, as a column `group`.

    items: those that can be scored: compared, and something sold. wins: how many of them this model has the lowest WAPE of; models that
    share it share the win, so wins add up to items. WAPE, bias: of all items together, shares. beats: the share of items on which its WAPE
    is lower than that of seasonal naive, out of beats_of items, those that both answered; NaN where either takes no part.
    seconds: all its computing time. seconds_item: that of one item at one cutoff. answered: the share of items x cutoffs that it answered.
    """
    parts = parts.assign(group="" if group is None else parts["item"].map(group))
    keys = ["group", "model"]
    asked = parts.groupby(keys, sort=True).agg(seconds=("seconds", "sum"), seconds_item=("seconds", "mean"), answered=("answered", "mean"))
    table = asked.join(shares(parts, keys)).join(_wins(parts)).join(_beats(parts))
    table[["items", "wins", "beats_of"]] = table[["items", "wins", "beats_of"]].fillna(0)
    columns = ["items", "wins", "WAPE", "bias", "beats", "beats_of", "seconds", "seconds_item", "answered"]
    table = table[columns].reset_index().sort_values(["group", "WAPE", "model"], ignore_index=True)
    return table.drop(columns="group") if group is None else table


def by_cutoff(parts: pd.DataFrame) -> pd.DataFrame:
    """WAPE and bias of each model at each cutoff, shares, over what was compared; NaN where nothing sold."""
    return shares(parts, ["model", "cutoff"]).reset_index()


def shares(parts: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """WAPE and bias of what was compared, by the columns `keys`; NaN where nothing sold."""
    sums = parts[parts["compared"]].groupby(keys)[["absolute", "signed", "sold"]].sum(min_count=1)
    sold = sums["sold"].where(sums["sold"] > 0)
    return pd.DataFrame({"WAPE": sums["absolute"] / sold, "bias": sums["signed"] / sold})


def lowest(wapes: pd.DataFrame) -> pd.Series:
    """The column of the lowest value of each row, the first by name where several differ by no more than rounding; "" where none is known.

    >>> lowest(pd.DataFrame({"b": [0.3, 0.2], "a": [0.1 + 0.2, 0.4]})).tolist()
    ['a', 'b']
    """
    ordered = wapes.reindex(columns=sorted(wapes.columns))
    good = ordered.le(ordered.min(axis=1) * (1 + _TIE), axis=0)
    names = np.array(ordered.columns, dtype=object)[good.to_numpy().argmax(axis=1)] if len(ordered.columns) else ""
    return pd.Series(np.where(good.any(axis=1), names, ""), index=wapes.index, dtype=object)


def item_wapes(parts: pd.DataFrame) -> pd.DataFrame:
    """WAPE of what was compared, items x models, all of both; NaN where nothing sold or nothing was compared."""
    items, models = (np.unique(parts[name].to_numpy(dtype=object)) for name in ("item", "model"))
    return shares(parts, ["item", "model"])["WAPE"].unstack("model").reindex(index=items, columns=models)


def by_item(parts: pd.DataFrame, units: pd.Series) -> pd.DataFrame:
    """A row an item, by `units` (of each item, by item) from the highest: item, units, best (the model of lowest WAPE, the first by name
    among equals; "" where nobody can be scored), a column of WAPE for each model, and value_added: the WAPE of seasonal naive less that of
    the best, a share; NaN where either is not known."""
    table = item_wapes(parts)
    best, added = lowest(table), table[BASELINE] - table.min(axis=1) if BASELINE in table else np.nan
    table["value_added"] = added
    table.insert(0, "best", best)
    table.insert(0, "units", units.reindex(table.index))
    return table.rename_axis("item").reset_index().sort_values(["units", "item"], ascending=[False, True], ignore_index=True)


def long(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every metric of every table as a row `scope, item, group, model, metric, value`. tables: by scope, each with a column model, and
    item or group where it has them; any other column that is not a number is left out."""
    parts = []
    for scope, table in tables.items():
        wide = table.assign(scope=scope, item=table.get("item", ""), group=table.get("group", ""))
        parts.append(wide.melt(["scope", "item", "group", "model"], list(table.select_dtypes("number")), "metric", "value"))
    return pd.concat(parts, ignore_index=True)


def units_until(panel: SalesPanel, cutoff: pd.Timestamp) -> pd.Series:
    """Units sold up to and with period `cutoff`, by item. Raises KeyError where `cutoff` is no period of the panel."""
    seen = int(panel.periods.get_loc(cutoff)) + 1
    return pd.Series(np.nansum(panel.y[:, :seen], axis=1, dtype=float), index=pd.Index(panel.items, dtype=object), name="units")


def volume_classes(units: pd.Series) -> pd.Series:
    """The class of each item by its share of `units`: A for the best sellers that make up the first 80 %, B for the next to 95 %, C for the
    rest and all that sold nothing. The item that crosses a limit is in the class that it completes.

    Units of the history before the first cutoff (`units_until`) keep out what only the backtest knows.

    >>> volume_classes(pd.Series({"mug": 70.0, "pen": 20.0, "cup": 8.0, "ink": 2.0, "pot": 0.0})).to_dict()
    {'mug': 'A', 'pen': 'A', 'cup': 'B', 'ink': 'C', 'pot': 'C'}
    """
    ranked = units.sort_index().sort_values(ascending=False, kind="stable")
    total = ranked.sum()
    before = (ranked.cumsum() - ranked) / total if total > 0 else pd.Series(1.0, index=ranked.index)
    a, b, c = CLASS_LIMITS
    cut = np.select([(before < CLASS_LIMITS[a] - _TIE) & (ranked > 0), (before < CLASS_LIMITS[b] - _TIE) & (ranked > 0)], [a, b], c)
    return pd.Series(cut, index=ranked.index, dtype=object).reindex(units.index)


def demand_classes(panel: SalesPanel, cutoff: pd.Timestamp) -> pd.Series:
    """The class of demand of each item up to and with period `cutoff` (`sales.summary.pattern`): smooth, erratic, intermittent, lumpy, or
    none where nothing sold. Raises KeyError where `cutoff` is no period of the panel."""
    demand = panel.demand[:, : int(panel.periods.get_loc(cutoff)) + 1].astype(float)
    found = [pattern(row[~np.isnan(row)]) for row in demand]
    return pd.Series(found, index=pd.Index(panel.items, dtype=object), dtype=object)


def _wins(parts: pd.DataFrame) -> pd.DataFrame:
    """Wins, and the items that can be won, of each group and model."""
    wapes = item_wapes(parts)
    wapes = wapes[wapes.notna().any(axis=1)].dropna(axis=1, how="all")
    won = wapes.le(wapes.min(axis=1) * (1 + _TIE), axis=0)
    share = won.div(won.sum(axis=1), axis=0).stack().rename("wins").reset_index()
    share["group"] = share["item"].map(_groups(parts))
    return share.groupby(["group", "model"])["wins"].agg(wins="sum", items="size")


def _beats(parts: pd.DataFrame) -> pd.DataFrame:
    """The share of items of each group whose WAPE a model has lower than seasonal naive, where both take part and answered."""
    parts = parts[parts["model"].isin(parts.loc[parts["compared"], "model"].unique()) & parts["absolute"].notna()]
    naive = parts.loc[parts["model"] == BASELINE, ["item", "cutoff", "absolute"]]
    both = parts[parts["model"] != BASELINE].merge(naive, on=["item", "cutoff"], suffixes=("", "_naive"))
    sums = both.groupby(["group", "item", "model"])[["absolute", "absolute_naive", "sold"]].sum()
    sums = sums[sums["sold"] > 0]
    better = sums["absolute"] < sums["absolute_naive"] * (1 - _TIE)
    return better.groupby(["group", "model"]).agg(beats="mean", beats_of="size")


def _groups(parts: pd.DataFrame) -> pd.Series:
    return parts.drop_duplicates("item").set_index("item")["group"]

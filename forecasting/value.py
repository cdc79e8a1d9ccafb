"""Value added: how much less a model errs than seasonal naive, as a share of sales, in units, and in money (Gilliland, 2010, ch. 4)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.leaderboard import BASELINE, item_wapes, lowest

Missing = Literal["", "no_baseline", "no_price"]


def value_added(parts: pd.DataFrame, prices: pd.Series) -> pd.DataFrame:
    """A row a model, most units first, of `leaderboard.errors` where seasonal naive took part too; empty where it did not.

    share: WAPE of seasonal naive less the model's. units: absolute errors of seasonal naive less the model's, all that was compared. money:
    the same, each item's times its price (`prices`, by item, money a unit; NaN: not known), over the items whose price is known; NaN
    where none is. priced: the share of units sold that these items have.
    """
    compared = parts[parts["compared"]]
    naive = compared.loc[compared["model"] == BASELINE, ["item", "cutoff", "absolute"]]
    both = compared.merge(naive, on=["item", "cutoff"], suffixes=("", "_naive"))
    price = both["item"].map(prices).astype(float)
    gained = both["absolute_naive"] - both["absolute"]
    known = both["sold"].where(price.notna())
    table = pd.DataFrame({"model": both["model"], "units": gained, "sold": both["sold"], "money": gained * price, "sold_priced": known})
    sums = table.groupby("model", sort=True).sum(min_count=1)
    sold = sums["sold"].where(sums["sold"] > 0)
    found = pd.DataFrame({"share": sums["units"] / sold, "units": sums["units"], "money": sums["money"]})
    found["priced"] = (sums["sold_priced"] / sold).fillna(0.0)
    return found.reset_index().sort_values(["units", "model"], ascending=[False, True], ignore_index=True)


@dataclass(frozen=True)
class Why:
    """Why a model is an item's: its WAPE beside those of the runner-up and of seasonal naive, shares; NaN and "" where there is none.

    ahead, cutoffs: at how many of the cutoffs it erred less than the runner-up. value_added: WAPE of seasonal naive less the best one's.
    """

    best: str
    runner_up: str
    wape: float
    runner_up_wape: float
    baseline_wape: float
    ahead: int
    cutoffs: int

    @property
    def value_added(self) -> float:
        return self.baseline_wape - self.wape


def why(parts: pd.DataFrame, item: str) -> Why | None:
    """The best model of `item` in the backtest, of `leaderboard.errors`; None where no model can be scored on it."""
    own = parts[(parts["item"] == item) & parts["compared"]]
    wapes = item_wapes(own).reindex([item]).iloc[0].dropna() if len(own) else pd.Series(dtype=float)
    if wapes.empty:
        return None
    best = str(lowest(wapes.to_frame().T).iloc[0])
    rest = wapes.drop(best)
    second = str(lowest(rest.to_frame().T).iloc[0]) if len(rest) else ""
    wide = own.pivot(index="cutoff", columns="model", values="absolute")
    ahead = int((wide[best] < wide[second]).sum()) if second else 0
    at = {name: float(wapes.get(name, np.nan)) for name in (best, second, BASELINE)}
    return Why(best, second, at[best], at[second], at[BASELINE], ahead, len(wide))

"""What a unit of each item is worth, by the best of what is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from inventory.terms import StockTerms
from sales.panel import SalesPanel

PRICE = "price"
SOURCES = ("unit_price", "unit_cost", PRICE)


@dataclass(frozen=True, eq=False)
class UnitValues:
    """value: money a unit, by item, NaN: not known. source: where it comes from, by item: one of SOURCES, "" where it is not known."""

    value: pd.Series
    source: pd.Series

    @property
    def counts(self) -> dict[str, int]:
        """How many items each source gave, those that gave any."""
        return {name: int((self.source == name).sum()) for name in SOURCES if (self.source == name).any()}


def unit_values(terms: StockTerms, panel: SalesPanel) -> UnitValues:
    """Each item's unit price of the stock terms, else its unit cost, else the last price known in the history of the panel's column
    price."""
    index = pd.Index(panel.items, dtype=object)
    of_terms = pd.DataFrame({name: getattr(terms, name) for name in SOURCES[:2]}, index=pd.Index(terms.items, dtype=object))
    found = {str(name): column for name, column in of_terms.reindex(index).items()}
    found[PRICE] = pd.Series(_last_prices(panel), index=index)
    value, source = pd.Series(np.nan, index=index), pd.Series("", index=index, dtype=object)
    for name in SOURCES:
        new = value.isna() & (found[name] > 0)
        value, source = value.where(~new, found[name]), source.where(~new, name)
    return UnitValues(value, source)


def _last_prices(panel: SalesPanel) -> np.ndarray:
    if PRICE not in panel.covariates:
        return np.full(len(panel), np.nan)
    return pd.DataFrame(panel.covariates[PRICE][:, : len(panel.periods)].T).ffill().iloc[-1].to_numpy(dtype=float)

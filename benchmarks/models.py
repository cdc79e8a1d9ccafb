"""Every model beside its peers on the same items of two retail sets: WAPE, MASE, pinball, coverage, seconds; writes docs/models.md."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks import ROOT, peers, sets
from benchmarks.figures import Figure
from benchmarks.sets import SalesSet
from forecasting.backtest import backtest
from forecasting.models import registry
from forecasting.scores import scores
from sales.panel import SalesPanel
from workspace.workers import one_job

DOCUMENT = ROOT / "docs" / "models.md"
ITEMS = {"walmart_weekly": 64, "online_retail_weekly": 100}
MOST_TIMES_PEER = 1.03
WITH = "{model} + covariates"
PEERS_OF = {
    "naive": ("Naive",),
    "seasonal_naive": ("SeasonalNaive",),
    "moving_average": ("WindowAverage",),
    "seasonal_average": ("SeasonalWindowAverage",),
    "ets": ("AutoETS",),
    "theta": ("Theta", "AutoTheta"),
    "arima": ("AutoARIMA, no season",),
    "sarima": ("AutoARIMA", "SARIMAX"),
    "prophet": ("Prophet",),
    "croston": ("CrostonClassic",),
    "sba": ("CrostonSBA",),
    "tsb": ("TSB",),
    "imapa": ("IMAPA",),
    "boosting": ("LightGBM, one for all", "LightGBM, scaled", "LightGBM, quantiles, direct"),
}
TOO_SLOW = {"walmart_weekly": ("SARIMAX",)}  # a state of more than a hundred at a season of 52: minutes an item
COLUMNS = {"WAPE": ".3f", "MASE": ".2f", "pinball": ".4f", "coverage": ".1%", "seconds": ".4f"}
UNITS = {
    "WAPE": "share of sales",
    "MASE": "ratio",
    "pinball": "share of sales",
    "coverage": "share of periods",
    "seconds": "s an item and cutoff",
}
HEAD = ("model", "WAPE", "MASE", "pinball", "95 % covers", "s an item and cutoff", "peer", "its WAPE", "its pinball", "ours / its WAPE")
NONE = "–"


@dataclass(frozen=True, eq=False)
class Compared:
    """One set: a row of `forecasting.scores.scores` for each of our models and each peer, by name; why a model of ours has none."""

    cut: SalesSet
    ours: pd.DataFrame
    theirs: pd.DataFrame
    failed: dict[str, str]

    def peer_of(self, model: str) -> str | None:
        """The peer of a model's name; of several the one with the lowest WAPE. None where there is none."""
        asked = [peers.named(peer) for peer in PEERS_OF.get(model, ())]
        known = self.theirs.loc[self.theirs.index.isin(asked), "WAPE"].dropna()
        return None if known.empty else str(known.idxmin())

    def ratio(self, model: str) -> float | None:
        """Our WAPE over that of `peer_of`."""
        peer = self.peer_of(model)
        return None if peer is None or model not in self.ours.index else float(self.ours.loc[model, "WAPE"] / self.theirs.loc[peer, "WAPE"])


def run() -> list[Figure]:
    """Each metric of each model, and its WAPE over that of the peer of its name. Writes the tables into docs/models.md."""
    found = []
    with one_job():
        for name, items in ITEMS.items():
            compared = measured(sets.load(name).first(items))
            write(DOCUMENT, name, markdown(compared))
            found += figures(compared)
    return found


def measured(cut: SalesSet) -> Compared:
    """All registered models and all peers on the items of `cut`, scored on the rows that every one of them answered."""
    wanted = [peer for several in PEERS_OF.values() for peer in several if peer not in TOO_SLOW.get(cut.name, ())]
    parts, failed = [peers.rows(cut, wanted)], {}
    for name in registry.NAMES:
        for label, panel in _panels(name, cut):
            began = time.perf_counter()
            try:
                rows = backtest(panel, [registry.model(name)], cut.horizon, cut.cutoffs)
            except Exception as error:  # one that fails must not take the others along
                failed[label] = f"{type(error).__name__}: {error}"
                continue
            parts.append(rows.assign(model=label))
            print(f"{cut.name}: {label}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    table = scores(pd.concat(parts, ignore_index=True), cut.scale).set_index("model")
    theirs = table.index.isin([peers.named(peer) for peer in wanted])
    return Compared(cut, table[~theirs], table[theirs], failed)


def _panels(name: str, cut: SalesSet) -> Iterator[tuple[str, SalesPanel]]:
    """What a model is given: as its peers, without covariates; then with them, where there are any that it uses."""
    yield name, cut.without_covariates.panel
    if cut.panel.covariates and registry.card(name).uses_covariates:
        yield WITH.format(model=name), cut.panel


def figures(compared: Compared) -> list[Figure]:
    """A figure a model and metric, a ratio for each that has a peer; a model that failed says why."""
    name = compared.cut.name
    found = []
    for model, row in compared.ours.iterrows():
        for metric, unit in UNITS.items():
            known = pd.notna(row[metric])
            value, note = (float(row[metric]), "") if known else (None, "not known")
            found.append(Figure(f"{name}: {model}: {metric}", value, unit, note=note))
        if (ratio := compared.ratio(str(model))) is not None:
            found.append(Figure(f"{name}: {model} / {compared.peer_of(str(model))}", ratio, "ratio of WAPE", at_most=MOST_TIMES_PEER))
    return found + [Figure(f"{name}: {model}", None, "", note=reason) for model, reason in compared.failed.items()]


def markdown(compared: Compared) -> str:
    """The table of one set, lowest WAPE first, peers that nobody is compared with among them."""
    cut = compared.cut
    cutoffs = ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in cut.cutoffs)
    head = f"{len(cut.panel)} items, horizon {cut.horizon}, cutoffs {cutoffs}; one process on {os.cpu_count()} cores.\n"
    lines = [_line(HEAD), _line(["---"] + ["---:" if name != "peer" else "---" for name in HEAD[1:]])]
    lines += [_line(_cells(compared, str(model))) for model in compared.ours.index]
    alone = [_line([f"*{peer}*", *_numbers(compared.theirs.loc[peer]), *[""] * 4]) for peer in compared.theirs.index]
    failed = [f"\n{model}: {reason}" for model, reason in compared.failed.items()]
    return "\n".join([head, *lines, *alone, *failed])


def _cells(compared: Compared, model: str) -> list[str]:
    own = [model, *_numbers(compared.ours.loc[model])]
    if (peer := compared.peer_of(model)) is None:
        return [*own, NONE, "", "", ""]
    theirs, ratio = compared.theirs.loc[peer], compared.ratio(model)
    return [*own, peer, f"{theirs['WAPE']:.3f}", f"{theirs['pinball']:.4f}", f"{ratio:.3f}"]


def _numbers(row: pd.Series) -> list[str]:
    return [format(row[metric], form) if pd.notna(row[metric]) else NONE for metric, form in COLUMNS.items()]


def _line(cells: object) -> str:
    return f"| {' | '.join(cells)} |"  # type: ignore[arg-type]


def write(path: Path, name: str, table: str) -> None:
    """Puts `table` between the marks of `name` in the document. Raises ValueError where the document does not have them."""
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- table: {name} -->", f"<!-- end: {name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{path.name}: expected {begin} and after it {end}")
    path.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")

"""The peers: what other libraries forecast for a set of sales, each with its defaults, in an environment of their own.

`make .venv-peers/made` builds it; its Python is called as a process. What a peer said once is kept beside it, under a name that changes
with the sales, the question, the versions and the machine.
"""

import hashlib
import json
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import ROOT
from benchmarks.figures import Skipped
from benchmarks.sets import SalesSet
from forecasting.backtest import actual_after

PYTHON = ROOT / ".venv-peers" / "bin" / "python"
NOT_INSTALLED = "the peers are not installed: make .venv-peers/made"
LIBRARY = {"LightGBM": "mlforecast", "Prophet": "prophet", "SARIMAX": "statsmodels"}
_HERE = Path(__file__).parent
_FORECAST, _VERSIONS = _HERE / "forecast.py", _HERE / "requirements.txt"


def named(peer: str) -> str:
    """A peer with its library: "statsforecast AutoETS"."""
    return f"{LIBRARY.get(peer.split(',')[0], 'statsforecast')} {peer}"


def rows(cut: SalesSet, peers: Sequence[str]) -> pd.DataFrame:
    """Backtest rows of the peers named, fit for `forecasting.scores.scores`. Raises Skipped where they are not installed, RuntimeError
    with what their process said."""
    if not PYTHON.exists():
        raise Skipped(NOT_INSTALLED)
    folder = _folder(cut)
    kept = {peer: folder / f"{peer}.parquet" for peer in peers}
    absent = {peer: str(path) for peer, path in kept.items() if not path.exists()}
    if absent:
        _ask(cut, folder, absent)
    parts = [pd.read_parquet(path).assign(model=named(peer)) for peer, path in kept.items()]
    sold = pd.concat([sales_after(cut, cutoff) for cutoff in cut.cutoffs])
    return pd.concat(parts, ignore_index=True).merge(sold, on=["item", "cutoff", "ds"], validate="many_to_one")


def _ask(cut: SalesSet, folder: Path, absent: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sales, request = folder / "sales", folder / "request.json"
    frame = cut.without_covariates.panel.to_frame().dropna(subset="y").rename(columns={"item": "unique_id"})
    frame[["unique_id", "ds", "y"]].to_parquet(sales, index=False)
    request.write_text(json.dumps({**_question(cut), "sales": str(sales), "models": absent}), encoding="utf-8")
    done = subprocess.run([str(PYTHON), str(_FORECAST), str(request)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the peers ended with status {done.returncode}:\n{done.stderr}")


def _question(cut: SalesSet) -> dict[str, object]:
    cutoffs = [f"{cutoff:%Y-%m-%d}" for cutoff in cut.cutoffs]
    return {"frequency": cut.panel.calendar.alias, "season": cut.panel.season, "horizon": cut.horizon, "cutoffs": cutoffs}


def _folder(cut: SalesSet) -> Path:
    digest = hashlib.blake2b(json.dumps(_question(cut)).encode(), digest_size=8)
    for part in (cut.panel.sales_fingerprint.encode(), _FORECAST.read_bytes(), _VERSIONS.read_bytes(), platform.node().encode()):
        digest.update(part)
    return PYTHON.parents[1] / "answers" / f"{cut.name}-{digest.hexdigest()}"


def sales_after(cut: SalesSet, cutoff: pd.Timestamp) -> pd.DataFrame:
    """What sold over the horizon: rows item, ds, cutoff, y."""
    panel = cut.panel
    ds = np.tile(panel.calendar.after(cutoff, cut.horizon), len(panel))
    found = pd.DataFrame({"item": np.repeat(panel.items, cut.horizon), "ds": ds, "cutoff": cutoff})
    return found.assign(y=actual_after(panel, cutoff, cut.horizon).ravel())

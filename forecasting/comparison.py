"""A comparison as a run: its settings, which name it, and its two tables, backtest and forecast, made of the parts of its tasks."""

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from forecasting.backtest import backtest_tasks, forecast_tasks, joined
from forecasting.forecaster import Forecaster
from sales.panel import SalesPanel
from workspace import tables
from workspace.runs import Run
from workspace.tasks import Tell, work

BACKTEST, FORECAST, BOTH = "backtest", "forecast", "compare"
SEED = 0
_ANSWERS_COME_FROM = ("backtest.py", "fallbacks.py", "features.py", "forecast.py", "forecaster.py", "models/*.py")
_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "prophet", "keras", "jax")


def settings(
    verb: str,
    fingerprint: str,
    models: Sequence[str],
    horizon: int,
    cutoffs: str = "",
    best: int | None = None,
    country: str | None = None,
    seed: int = SEED,
) -> dict[str, Any]:
    """What names the run of a verb (backtest, forecast, or compare: both): everything that changes its answer.

    fingerprint: that of the whole panel. cutoffs: as typed, a count or dates. best: so many best sellers, None all items.
    """
    return {
        "verb": verb,
        "fingerprint": fingerprint,
        "models": list(models),
        "horizon": horizon,
        "cutoffs": cutoffs if verb != FORECAST else "",
        "best": best,
        "country": country or "",
        "seed": seed,
        "code": _code(),
    }


def compared(
    asked: dict[str, Any], whole: SalesPanel, models: Sequence[Forecaster], cutoffs: Sequence[pd.Timestamp], tell: Tell = lambda _: None
) -> Run:
    """Works on the run of the settings `asked` over the panel `whole`; its folder then holds backtest.parquet and forecast.parquet, those
    of them that its verb asks for. Raises what `workspace.tasks.work` raises."""
    panel = whole.select(whole.best_sellers(asked["best"])) if asked["best"] else whole
    horizon, seed, verb = asked["horizon"], asked["seed"], asked["verb"]
    steps = {
        BACKTEST: backtest_tasks(panel, models, horizon, cutoffs, seed=seed) if verb != FORECAST else [],
        FORECAST: forecast_tasks(panel, models, horizon, seed=seed) if verb != BACKTEST else [],
    }

    def assemble(run: Run, parts: list[pd.DataFrame]) -> None:
        for name, tasks in steps.items():
            own, parts = parts[: len(tasks)], parts[len(tasks) :]
            if own:
                rows = joined(own, models)
                facts = {"details": rows.attrs["details"], "fingerprint": whole.sales_fingerprint}
                tables.write_table(run.folder / f"{name}.parquet", rows, facts)

    return work(asked, [*steps[BACKTEST], *steps[FORECAST]], assemble, tell)


def _code() -> str:
    """16 hexadecimal digits that change with the program or a library that its answers come from: an older run's are not taken for them."""
    digest = hashlib.blake2b(digest_size=8)
    for pattern in _ANSWERS_COME_FROM:
        for path in sorted(Path(__file__).parent.glob(pattern)):
            digest.update(path.read_bytes())
    digest.update(" ".join(version(name) for name in _LIBRARIES).encode())
    return digest.hexdigest()

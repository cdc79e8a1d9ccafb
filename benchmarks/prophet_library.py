"""Prophet's model beside its library, one item at a time: how far forecasts are apart, errors of both, which fit is likelier, and time."""

import resource
import time

import numpy as np

from benchmarks import sets
from benchmarks.figures import Figure
from benchmarks.sets import SalesSet
from forecasting.metrics import wape
from forecasting.models.prophet import BY_LIBRARY, Prophet
from forecasting.reference import prophet_reference
from workspace.workers import one_job

ITEMS = {"walmart_weekly": 64, "online_retail_weekly": 100, "online_retail_daily": 40, "m5_store_dept": 70}
MOST_APART, SAME_FIT = 0.01, 1e-3


def run() -> list[Figure]:
    """Each set without covariates, and with those it has, at its first scored cutoff."""
    found = []
    with one_job():
        for name, items in ITEMS.items():
            cut = sets.load(name).first(items)
            found += figures(cut.without_covariates, name)
            if cut.panel.covariates:
                found += figures(cut, f"{name} + covariates")
    return found


def figures(cut: SalesSet, name: str) -> list[Figure]:
    """Of the items of `cut` at its first cutoff. Time is the processor's, that of the library's programs with it."""
    past = cut.panel.until(cut.cutoffs[0], cut.horizon)
    at = len(past.periods)
    actual = cut.panel.demand[:, at : at + cut.horizon].astype(float)
    began = _processor()
    forecast = Prophet().forecast(past, cut.horizon, (0.5, 0.95), np.random.default_rng(0))
    between = _processor()
    fits = [prophet_reference(past, item, Prophet(), cut.horizon) for item in past.items]
    ended = _processor()
    ours, theirs, n = forecast.mean, np.stack([fit.mean for fit in fits]), len(past)
    served = sum(what.endswith(BY_LIBRARY) for what in forecast.detail)
    likelier = sum(fit.short < -SAME_FIT for fit in fits)
    return [
        Figure(f"{name}: forecasts apart", float(np.abs(ours - theirs).sum() / theirs.sum()), "share of forecast", at_most=MOST_APART),
        Figure(f"{name}: served by the library", float(served), f"of {n} items"),
        Figure(f"{name}: the library's fit is likelier", float(likelier), f"of {n} items"),
        Figure(f"{name}: its fit falls short, median", float(np.median([fit.short for fit in fits])), "log posterior"),
        Figure(f"{name}: WAPE", wape(actual, ours), "share of sales"),
        Figure(f"{name}: the library's WAPE", wape(actual, theirs), "share of sales"),
        Figure(f"{name}: time", 1000 * (between - began) / n, "ms an item"),
        Figure(f"{name}: the library's time", 1000 * (ended - between) / n, "ms an item"),
    ]


def _processor() -> float:
    """Seconds of this process and of the programs that it has run."""
    programs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + programs.ru_utime + programs.ru_stime

"""Four models, 50 items x 2 years of days, 3 cutoffs, horizon 28, by the run that Compare starts; and how long the page takes meanwhile."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import journey
from browser import chromium, has_chromium, open_page, served

from benchmarks import shop
from benchmarks.figures import Figure, seconds
from forecasting.comparison import Comparison
from ui.runs import start
from ui.texts import text
from workspace import runs, tables

if TYPE_CHECKING:
    from playwright.sync_api import Page

ITEMS, YEARS = 50, 2
ASKED = Comparison(("seasonal_naive", "prophet", "sarima", "lstm"), horizon=28, cutoffs="3")
MOST_SECONDS = 300
NO_BROWSER = "no Chromium on the PATH"


def run() -> list[Figure]:
    """Seconds of the whole run and of each model's own computing, and how long the page took to answer a person meanwhile."""
    with shop.workspace() as home, ThreadPoolExecutor(1) as beside, ExitStack() as opened:
        data = shop.days_of_the_shop(ITEMS, YEARS)
        visit = None
        if has_chromium():
            page = opened.enter_context(chromium()).new_page()
            visit = f"{opened.enter_context(served(home))}/Compare?data={data.title}"
            answer_times(page, visit)  # the first visit loads the server's libraries, with or without a run
        began = time.perf_counter()
        started = start(ASKED, data)
        ended = beside.submit(_end_of, started)
        waits: list[float] = []
        while visit and not ended.done():
            waits += answer_times(page, visit)
        state, end = ended.result()
        if state is not runs.State.DONE:
            raise RuntimeError(f"the run ended as {state}:\n{started.log}")
        whole = Figure("the whole run", end - began, "s", at_most=MOST_SECONDS)
        return [whole, *per_model(started.folder), *answers(waits)]


def _end_of(started: runs.Run) -> tuple[runs.State, float]:
    return started.wait(), time.perf_counter()


def answer_times(page: "Page", url: str) -> list[float]:
    """Seconds that each step of a person took until the page had answered: Compare opened, over to Sales, and back."""
    ask = page.get_by_role("button", name=text("form.run"))

    def opens() -> None:
        open_page(page, url)
        ask.wait_for()

    def comes_back() -> None:
        journey.go(page, "compare")
        ask.wait_for()

    return [seconds(step) for step in (opens, lambda: journey.go(page, "sales"), comes_back)]


def per_model(folder: Path) -> list[Figure]:
    """Seconds of computing of each model, all items, cutoffs and the forecast past the end together; runs beside each other add up."""
    rows = [tables.read_table(folder / f"{name}.parquet") for name in ("backtest", "forecast")]
    taken = [part.groupby(["model", "item", "cutoff"], sort=False)["seconds"].first().groupby("model").sum() for part in rows]
    return [Figure(f"computing of {model}", float(taken[0][model] + taken[1][model]), "s") for model in ASKED.models]


def answers(waits: list[float]) -> list[Figure]:
    """The median and the longest wait."""
    median, worst = "the page answers, median", "the page answers, worst"
    if not waits:
        return [Figure(name, None, "s", note=NO_BROWSER) for name in (median, worst)]
    steps = Figure("steps on the page meanwhile", len(waits), "steps")
    return [steps, Figure(median, statistics.median(waits), "s"), Figure(worst, max(waits), "s")]

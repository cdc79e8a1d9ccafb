"""The plan of 10,000 items after a slider moved: computed, and seen in the browser."""

import statistics
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import stock
from browser import chromium, has_chromium, open_page, served, settled

from benchmarks import shop
from benchmarks.figures import Figure, seconds
from forecasting.comparison import Comparison
from inventory.plan import reorder_plan
from inventory.settings import PlanSettings
from sales.calendar import Calendar
from ui.runs import start
from ui.texts import text
from workspace import runs

if TYPE_CHECKING:
    from playwright.sync_api import Page

ITEMS, COMPUTED, MOVES = 10_000, 30, 10
MOST_MS, MOST_SECONDS = 20, 0.5
ASKED = Comparison(("seasonal_naive",), horizon=6, cutoffs="2")
SEEN = "slider moved until its totals are seen"


def run() -> list[Figure]:
    """Median ms of the plan alone; median and worst seconds from a key press on the slider to the new totals."""
    return [computed(), *(seen() if has_chromium() else [Figure(f"{SEEN}, median", None, "s", note="no Chromium on the PATH")])]


def computed() -> Figure:
    """Median over plans whose service level moves each time, so that nothing can be remembered from the one before."""
    rng = np.random.default_rng(1)
    spread = stock.spread(rng.gamma(1.5, 2.0, ITEMS), rng.gamma(2.0, 1.0, ITEMS), horizon=56)
    terms = stock.terms(
        ITEMS, on_hand=rng.poisson(40, ITEMS), lead_time_days=rng.integers(5, 46, ITEMS), pack=rng.choice([1, 6, 12], ITEMS), moq=6
    )
    asked = [PlanSettings(0.90 + k / 1000) for k in range(COMPUTED)]
    taken = [seconds(partial(reorder_plan, terms, spread, Calendar("D"), settings)) for settings in asked]
    return Figure(f"plan of {ITEMS:,} items, median of {COMPUTED}", 1000 * statistics.median(taken), "ms", at_most=MOST_MS)


def seen() -> list[Figure]:
    """Moves of the service level on the Reorder page, over a catalogue saved and compared like a person's."""
    with shop.workspace() as home, served(home) as url, chromium() as opened:
        data = shop.weeks_of_many(ITEMS)
        started = start(ASKED, data)
        if started.wait() is not runs.State.DONE:
            raise RuntimeError(f"the run ended as {started.state}:\n{started.log}")
        page = opened.new_page()
        open_page(page, f"{url}/Reorder?data={data.title}")
        taken = moves(page)
    return [
        Figure(f"{SEEN}, median of {MOVES}", statistics.median(taken), "s", at_most=MOST_SECONDS),
        Figure(f"{SEEN}, worst of {MOVES}", max(taken), "s"),
    ]


def moves(page: "Page") -> list[float]:
    """Seconds of each move, one tenth of a percent up from 95 %; the first, which loads the plan's data, is not among them."""
    thumb = page.get_by_test_id("stSlider").filter(has_text=text("reorder.service_level")).get_by_role("slider")

    def move(level: float) -> None:
        thumb.press("ArrowRight")
        page.get_by_text(f"service level of {level:.1%}").wait_for()

    taken = []
    for step in range(1, MOVES + 2):
        taken.append(seconds(partial(move, 0.95 + step / 1000)))
        settled(page)
    return taken[1:]

"""The plan of 10,000 items after a slider moved: computed, and seen in the browser, also with thousands of decisions."""

import statistics
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import stock
from browser import chromium, has_chromium, open_page, served, settled

from benchmarks import shop
from benchmarks.figures import Figure, seconds
from forecasting.comparison import Comparison
from inventory import adjustments, overrides, sent
from inventory.adjustments import Adjustment
from inventory.plan import reorder_plan
from inventory.settings import PlanSettings
from sales import datasets as saved
from sales.calendar import Calendar
from ui.runs import start
from ui.texts import text
from workspace import facts, runs
from workspace.datasets import Dataset

if TYPE_CHECKING:
    from playwright.sync_api import Page

ITEMS, COMPUTED, MOVES = 10_000, 30, 10
MOST_MS, MOST_SECONDS = 20, 0.5
SENT, OVERRIDDEN = 8_000, 1_000
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
    """Moves of the service level on the Reorder page, over a catalogue saved and compared like a person's: as it is, and with decisions."""
    with shop.workspace() as home, served(home) as url, chromium() as opened:
        data = shop.weeks_of_many(ITEMS)
        started = start(ASKED, data)
        if started.wait() is not runs.State.DONE:
            raise RuntimeError(f"the run ended as {started.state}:\n{started.log}")
        page = opened.new_page()
        open_page(page, f"{url}/Reorder?data={data.title}")
        plain = moves(page)
        decide(data)
        open_page(page, f"{url}/Reorder?data={data.title}")
        decided = moves(page)
    told = f"with {SENT:,} orders sent, {OVERRIDDEN:,} overrides, an adjustment"
    return [
        Figure(f"{SEEN}, median of {MOVES}", statistics.median(plain), "s", at_most=MOST_SECONDS),
        Figure(f"{SEEN}, worst of {MOVES}", max(plain), "s"),
        Figure(f"the same {told}, median of {MOVES}", statistics.median(decided), "s", at_most=MOST_SECONDS),
    ]


def decide(data: Dataset) -> None:
    """What planners of a large shop have decided by the end of a day."""
    items = [str(item) for item in saved.load_sales(data).items]
    by, last = "Ann", pd.Timestamp(data.facts["last"])
    overrides.save(data.name, data.facts["fingerprint"], dict.fromkeys(items[:OVERRIDDEN], 12.0), "campaign", by)
    days = (last + pd.Timedelta(days=7), last + pd.Timedelta(days=20))
    adjustments.save(data.name, [Adjustment(0, "all", "", *days, 20.0, None, "campaign", by, datetime.now(UTC))], by)
    about = {"quantity": 24.0, "supplier": "", "state": "open", "due": f"{days[0]:%Y-%m-%d}", "sent_as_of": f"{last:%Y-%m-%d}"}
    facts.add(sent.KIND, data.name, [{"item": item, **about} for item in items[-SENT:]], by)


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

"""What all questions of Compare are asked about: one item, and the few models that the pictures show."""

from dataclasses import dataclass

import streamlit as st

from forecasting.choice import ranked
from forecasting.leaderboard import BASELINE
from sales import summary
from sales.panel import SalesPanel
from ui import leaderboard
from ui.model_style import named
from ui.session import Result
from ui.texts import text

FEW = 3


@dataclass(frozen=True)
class Focus:
    """The item looked at, and the models shown in pictures, the best over all items first."""

    item: str
    shown: tuple[str, ...]


def choose(result: Result, panel: SalesPanel) -> Focus:
    """Asks for the item, of most units first, and the models."""
    left, right = st.columns([1, 2])
    labels = _labels(panel.fingerprint, panel)
    item = left.selectbox(
        text("compare.choose_item"),
        leaderboard.overview(result.run.name, result, panel).items["item"].tolist(),
        format_func=labels.get,
        key=leaderboard.key_of(leaderboard.ITEM, result),
        persist_state="session",
    )
    order = best_first(result)
    shown = right.multiselect(
        text("compare.shown"),
        order,
        default=few(order),
        format_func=named,
        key=f"shown-{result.run.name}",
        persist_state="session",
        help=text("compare.shown.help"),
    )
    return Focus(item, tuple(model for model in order if model in shown))


def best_first(result: Result) -> list[str]:
    """The run's models, lowest WAPE over all items first; those without one last."""
    order = ranked(result.errors)
    return order + [model for model in result.models if model not in order]


def few(order: list[str]) -> list[str]:
    """The best three and seasonal naive, which all others are measured by; of four models or fewer all."""
    return order if len(order) <= FEW + 1 else [*order[:FEW], *([BASELINE] if BASELINE in order[FEW:] else [])]


@st.cache_resource(max_entries=8, show_spinner=False)
def _labels(fingerprint: str, _panel: SalesPanel) -> dict[str, str]:
    return summary.labels(_panel)

"""The settings of the plan: sliders with a place of their own for each dataset, saving and resetting them, and what changed since."""

import numpy as np
import streamlit as st

from inventory.plan import ReorderPlan
from inventory.settings import PlanSettings, save_settings
from inventory.terms import DEFAULT_LEAD_TIME_DAYS, DEFAULT_REVIEW_PERIOD_DAYS
from ui import session
from ui.desk import LONGEST_DAYS
from ui.planner import name_of_planner
from ui.texts import text
from ui.texts.reasons import number
from workspace.datasets import Dataset

_DEFAULT_DAYS = {"lead_time": DEFAULT_LEAD_TIME_DAYS, "review": DEFAULT_REVIEW_PERIOD_DAYS}


def sliders(data: Dataset, saved: PlanSettings) -> PlanSettings:
    """The settings that this session has chosen; at its first visit those last `saved`."""
    if _key("service-level", data.name) not in st.session_state:
        _put(data.name, saved)
    columns = st.columns(4)
    columns[0].slider(
        text("reorder.service_level"),
        50.0,
        99.9,
        step=0.1,
        format="%.1f %%",
        key=_key("service-level", data.name),
        persist_state="session",
        help=text("reorder.service_level.help"),
    )
    columns[1].slider(
        text("reorder.safety_factor"),
        0.0,
        3.0,
        step=0.05,
        key=_key("safety-factor", data.name),
        persist_state="session",
        help=text("reorder.safety_factor.help"),
    )
    _days(columns[2], "lead_time", data.name)
    _days(columns[3], "review", data.name)
    methods = st.columns([3, 1], vertical_alignment="bottom")
    method = methods[0].radio(
        text("reorder.method"),
        ["backtest", "normal"],
        format_func=lambda m: text(f"method.{m}"),
        key=_key("method", data.name),
        persist_state="session",
        horizontal=True,
    )
    methods[1].selectbox(
        text("reorder.currency"), session.CURRENCIES, key=session.CURRENCY, persist_state="session", accept_new_options=True
    )
    st.caption(text(f"method.{method}.help"))
    return _chosen(data.name)


def save_or_reset(data: Dataset, settings: PlanSettings, saved: PlanSettings) -> None:
    """The two buttons: save for all who open this server, or go back to what was saved."""
    columns = st.columns([1, 1, 2], vertical_alignment="bottom")
    same, by = settings == saved, name_of_planner()
    columns[0].button(
        text("settings.save"),
        on_click=_save,
        args=(data.name,),
        key="save-settings",
        disabled=same or not by,
        help=text("settings.save.help") if by else text("planner.name_first"),
        icon=":material/save:",
        width="stretch",
    )
    columns[1].button(
        text("settings.reset"),
        on_click=_put,
        args=(data.name, saved),
        key="reset-settings",
        disabled=same,
        icon=":material/undo:",
        width="stretch",
    )
    columns[2].caption(text("settings.same") if same else text("settings.differ", changes="; ".join(_differences(settings, saved))))


def what_changed(made: ReorderPlan, before: ReorderPlan) -> None:
    """The difference of the items shown against the same under the saved settings, in lines, units, value and safety stock."""
    if made.settings == before.settings:
        return
    now, then = made.totals(), before.totals()
    value = now.value - then.value
    st.caption(
        text(
            "settings.difference",
            lines=now.lines - then.lines,
            units=now.units - then.units,
            value=text("table.none") if np.isnan(value) else f"{value:+,.2f} {session.currency()}",
            safety=now.safety_stock - then.safety_stock,
        )
    )


def _differences(settings: PlanSettings, saved: PlanSettings) -> list[str]:
    """Each setting that differs, in words: from what was saved to what is chosen."""
    words = {name: (_worded(name, getattr(saved, name)), _worded(name, getattr(settings, name))) for name in vars(settings)}
    return [
        text("settings.from_to", name=text(f"settings.{name}"), old=old, new=new)
        for name, (old, new) in words.items()
        if getattr(saved, name) != getattr(settings, name)
    ]


def _worded(name: str, value: float | str | None) -> str:
    if value is None:
        return text("settings.own")
    if isinstance(value, str):
        return text(f"method.{value}")
    if name == "service_level":
        return f"{value:.1%}"
    return f"{value:g}" if name == "safety_factor" else text("settings.days", days=number(value))


def _days(column: st.delta_generator.DeltaGenerator, name: str, data: str) -> None:
    own = column.toggle(
        text(f"reorder.{name}.own"), key=_key(f"{name}-own", data), persist_state="session", help=text(f"reorder.{name}.help")
    )
    column.slider(text(f"reorder.{name}"), 0, LONGEST_DAYS, key=_key(name, data), persist_state="session", disabled=own)


def _key(name: str, data: str) -> str:
    return f"{name}-{data}"


def _chosen(data: str) -> PlanSettings:
    """What the widgets say now, on the page and in a callback, which must not trust what the page drew last."""
    at = {
        name: st.session_state[_key(name, data)]
        for name in ("service-level", "safety-factor", "lead_time", "lead_time-own", "review", "review-own", "method")
    }
    lead_time = None if at["lead_time-own"] else float(at["lead_time"])
    review = None if at["review-own"] else float(at["review"])
    return PlanSettings(round(at["service-level"] / 100, 4), round(at["safety-factor"], 4), lead_time, review, at["method"])


def _save(data: str) -> None:
    save_settings(data, _chosen(data), name_of_planner())


def _put(data: str, saved: PlanSettings) -> None:
    """Sets every widget to the settings last saved."""
    values: dict[str, object] = {
        "service-level": round(saved.service_level * 100, 1),
        "safety-factor": saved.safety_factor,
        "method": saved.method,
    }
    for name, days in (("lead_time", saved.lead_time_days), ("review", saved.review_period_days)):
        values[f"{name}-own"] = days is None
        values[name] = int(_DEFAULT_DAYS[name] if days is None else min(days, LONGEST_DAYS))
    for name, value in values.items():
        st.session_state[_key(name, data)] = value

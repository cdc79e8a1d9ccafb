"""All that was decided about a dataset, read at once: what holds, what waits, and what a page may remember of it."""

import pandas as pd
from pages_without_browser import planned
from streamlit.testing.v1 import AppTest

from inventory import adjustments, overrides
from inventory.adjustments import Adjustment
from inventory.decisions import Decisions, decisions
from inventory.settings import PlanSettings, save_settings
from workspace import facts


def adjustment(percent: float) -> Adjustment:
    days = (pd.Timestamp("2024-04-01"), pd.Timestamp("2024-04-30"))
    return Adjustment(0, "all", "", *days, percent, None, "fair", "Ann", pd.Timestamp("2024-03-31"))


def test_nothing_decided_is_the_defaults() -> None:
    assert vars(decisions("shop", "f1")) == vars(Decisions("f1", PlanSettings(), None, (), (), (), ()))


def test_those_of_other_data_are_left_out_and_the_latest_settings_hold() -> None:
    for data, units in (("shop", 1), ("other", 2)):
        overrides.save(data, "f1", {"a": units}, "fair", "Ann")
        adjustments.save(data, [adjustment(units)], "Ann")
        save_settings(data, PlanSettings(0.8), "Ann")
        save_settings(data, PlanSettings(0.9, units), "Ann")
    made = decisions("shop", "f1")
    assert made.quantities == {"a": 1}
    assert [one.percent for one in made.adjustments] == [1]
    assert made.settings == PlanSettings(0.9, 1)
    assert made.of_item == {"a": {made.overrides[0].id}}
    assert made.of_all == {made.adjustments[0].id}


SESSION = """
import streamlit as st
from inventory import adjustments
from ui import session
from ui.desk import desk_of
from workspace.datasets import open_dataset

data = open_dataset("shop")
desk = desk_of(data, session.result_of(data))
st.session_state["demand"] = float(desk.plan(desk.decided.settings).demand.sum())
st.session_state["adjustments"] = [one.percent for one in desk.decided.adjustments]
"""


def test_what_one_session_remembers_is_never_older_than_what_another_wrote() -> None:
    """One reads the plan; another changes the forecast and takes it back; each reads what holds then, whoever read first."""
    planned()
    one, other = (AppTest.from_string(SESSION, default_timeout=60) for _ in range(2))
    before = one.run().session_state["demand"]
    seen = []
    for percent, reader, late in ((50.0, one, other), (-50.0, other, one)):
        (made,) = adjustments.save("shop", [adjustment(percent)], "Ann")
        seen.append(reader.run().session_state["demand"])
        assert reader.session_state["adjustments"] == [percent]
        adjustments.clear("shop", [made.id], "Ann")
        assert late.run().session_state["demand"] == before
        assert reader.run().session_state["demand"] == before
    assert seen[0] > before > seen[1]


def test_what_is_written_while_a_plan_is_made_is_in_the_next_and_not_in_this(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The decisions of a plan are read once: what is saved after that read is under another revision."""
    planned()
    page = AppTest.from_string(SESSION, default_timeout=60)
    before = page.run().session_state["demand"]
    from ui import session

    read, wrote = session.terms_of, []

    def then_somebody_saves(*given):  # type: ignore[no-untyped-def]
        if not wrote:
            wrote.extend(adjustments.save("shop", [adjustment(100.0)], "Bob"))
        return read(*given)

    facts.add("note", "shop", [{}], "Ann")  # so that they are read again
    monkeypatch.setattr(session, "terms_of", then_somebody_saves)
    assert page.run().session_state["demand"] == before
    assert page.session_state["adjustments"] == []
    assert page.run().session_state["demand"] > before
    assert page.session_state["adjustments"] == [100.0]

"""The automatic choice on Compare and Reorder, without a browser: what it chose and why, for one item and for all."""

import pandas as pd
import pytest
from pages_without_browser import asked, listed, opened, planned
from streamlit.testing.v1 import AppTest
from test_automatic import HORIZON, LIGHT, shop

from forecasting.automatic import Auto
from forecasting.comparison import Comparison, compared
from forecasting.cutoffs import last_cutoffs
from forecasting.models import registry
from forecasting.rule import AUTO
from sales import datasets as saved
from ui import leaderboard, session
from ui.compare import QUESTIONS
from ui.session import Result
from ui.texts import plain, text
from workspace import runs
from workspace.datasets import Dataset


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A shop with a finished comparison of the automatic choice among three light candidates, one of them by name."""
    monkeypatch.setenv("SHELFCAST_JOBS", "1")
    data = saved.save_sales("Shop", shop(), {"source": "test"})
    panel = saved.load_sales(data)
    about = Comparison(("moving_average", AUTO), HORIZON, "2")
    compared(about, panel, [registry.model("moving_average"), Auto(LIGHT)], last_cutoffs(panel, 2, HORIZON))
    runs.start(about.settings(panel.fingerprint), [], {"data": data.name})
    return data


def result_of(data: Dataset) -> Result:
    found = session.result_of(data)
    assert found is not None
    return found


def table(app: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if list(frame.value.columns)[:1] == [column])


def test_compare_tells_what_was_chosen_for_an_item_and_every_candidates_error(data: Dataset) -> None:
    app = opened("compare", data)
    app.session_state[leaderboard.key_of(leaderboard.ITEM, result_of(data))] = "A000"
    app = asked(app, data, "which")
    own = result_of(data).choice.query("item == 'A000'")
    last = own[own["cutoff"] == own["cutoff"].max()].sort_values("rank")
    shown = table(app, "candidate")
    assert list(shown["candidate"]) == [text(f"model.{name}") for name in last["candidate"]]
    assert shown["error"].tolist() == pytest.approx(last["error"].tolist())
    words = " ".join(part.value for part in app.markdown)
    assert text(f"auto.reason.{last['reason'].iloc[0]}") in words
    assert text("auto.rests", cutoffs=int(last["cutoffs"].iloc[0])) in words
    captions = " ".join(part.value for part in app.caption)
    assert all(f"{cutoff:%Y-%m-%d}" in captions for cutoff in own["cutoff"].unique()[:-1])


def test_compare_says_why_nothing_was_chosen(data: Dataset) -> None:
    app = opened("compare", data)
    app.session_state[leaderboard.key_of(leaderboard.ITEM, result_of(data))] = "A006"
    app = asked(app, data, "which")
    assert any(plain(text("status.no_history")) in part.value for part in app.info)


def test_the_catalogue_counts_what_is_used(data: Dataset) -> None:
    app = opened("compare", data)
    counted = table(app, "used")
    decided = result_of(data).choice["item"].nunique()
    assert counted["items"].sum() == decided == 6
    assert [chart.proto.id.endswith("auto-weights") for chart in app.get("plotly_chart")].count(True) == 1


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_answered(data: Dataset, question: str) -> None:
    app = asked(opened("compare", data), data, question)
    if question == "drives":
        assert app.selectbox(key=leaderboard.key_of("drives-model", result_of(data))).value == AUTO


def test_a_plan_may_rest_on_it(data: Dataset) -> None:
    app = opened("reorder", data)
    app.session_state["rule"] = AUTO
    app.run()
    assert set(session.chosen_models(result_of(data)).values()) <= {AUTO, "moving_average"}
    assert len(listed(app)) >= 5


def test_a_run_without_it_shows_nothing_of_it() -> None:
    data = planned()
    app = asked(opened("compare", data), data, "which")
    assert text("auto.title") not in " ".join(part.value for part in app.markdown)
    assert result_of(data).choice.empty

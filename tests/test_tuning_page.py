"""Tuning on the Compare page: the form starts it, the end shows what was tried and found, the next comparison takes it or not."""

import pandas as pd
import pytest
from pages_without_browser import compared, opened, ran, sold, submit, table_of

from forecasting import settings
from forecasting.tuning import Tuning
from sales import datasets as saved
from ui import tuning
from ui.texts import text
from ui.texts.tuned import in_one_line, settings_in_words
from workspace import runs
from workspace.datasets import Dataset

HORIZON = 14


@pytest.fixture
def data() -> Dataset:
    data = saved.save_sales("Shop", sold(days=200), {"source": "test"})
    compared(data)
    return data


@pytest.fixture
def tuned(data: Dataset) -> Dataset:
    """The same, its moving average tuned by the command that the page starts."""
    run = tuning.start(Tuning(("moving_average",), HORIZON, "3", budget=5000 / 3, trials=6), data)
    assert run.wait() is runs.State.DONE, run.log
    return data


def own_of_the_latest(data: Dataset) -> dict[str, dict[str, object]]:
    (latest, *_) = runs.latest({"data": data.name})
    latest.cancel()
    latest.wait()
    return latest.settings["own"]


def test_what_is_asked_for_starts_as_a_run_of_its_own(data: Dataset) -> None:
    app = opened("compare", data)
    app.multiselect(key="tuning-models").set_value(["moving_average"])
    app.number_input(key="tuning-minutes").set_value(0.0)
    before = runs.latest({"data": data.name})
    submit(app, "tuning.start")
    (run,) = runs.latest({"tuning": data.name})
    assert run.wait() is runs.State.DONE, run.log
    asked = run.settings
    assert (asked["models"], asked["budget"], asked["cutoffs"], asked["verb"]) == (["moving_average"], 0.0, "3", "tune")
    assert runs.latest({"data": data.name}) == before, "no comparison of this dataset"
    assert settings.kept(data)["moving_average"]["trials"] == 1


def test_without_models_or_room_nothing_starts_and_the_page_says_why() -> None:
    data = saved.save_sales("Short", sold(days=90), {"source": "test"})
    app = opened("compare", data)
    app.multiselect(key="tuning-models").set_value([])
    submit(app, "tuning.start")
    assert text("tuning.no_models") in [warning.value for warning in app.warning]
    app.multiselect(key="tuning-models").set_value(["moving_average"])
    submit(app, "tuning.start")
    assert "do not fit before" in " ".join(error.value for error in app.error)
    assert runs.latest({"tuning": data.name}) == []


def test_trials_and_what_was_found_are_shown(tuned: Dataset) -> None:
    app = opened("compare", tuned)
    (run,) = runs.latest({"tuning": tuned.name})
    found = run.facts("tuned")["moving_average"]
    trials = table_of(app, "pinball")
    assert len(trials) == found["trials"] == 6
    assert trials["settings"][0] == settings_in_words({"window": 8})
    said = " ".join(markdown.value for markdown in app.markdown)
    assert in_one_line("moving_average", found) in said
    assert any("trials" in chart.proto.id for chart in app.get("plotly_chart"))


def test_the_picture_marks_the_default_and_the_best_so_far_never_rises() -> None:
    tried = pd.DataFrame({"trial": range(5), "status": ["ok", "ok", "halved", "failed: x", "ok"], "error": [0.4, 0.5, 0.6, None, 0.3]})
    figure = tuning.picture(tried.assign(settings='{"window": 8}'))
    lines = {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data}
    assert lines[text("tuning.chart.best")] == ([0, 1, 4], [0.4, 0.4, 0.3])
    assert lines[text("tuning.chart.default")] == ([0], [0.4])
    assert lines[text("tuning.chart.halved")] == ([2], [0.6])
    assert lines[text("tuning.chart.tried")] == ([1, 4], [0.5, 0.3])


def test_the_next_comparison_takes_what_was_found_unless_told_not_to(tuned: Dataset) -> None:
    settings.keep(tuned, {"moving_average": {**settings.kept(tuned)["moving_average"], "settings": {"window": 21}}})
    app = opened("compare", tuned)
    app.multiselect(key="models").set_value(["moving_average"])
    submit(app, "form.run")
    assert own_of_the_latest(tuned) == {"moving_average": {"window": 21}}
    ran(app.checkbox(key=f"use-tuned-{tuned.name}").uncheck())
    submit(app, "form.run")
    assert own_of_the_latest(tuned) == {}
    ran(app.button(key="clear-tuned").click())
    assert settings.kept(tuned) == {}
    assert not [box for box in app.checkbox if box.key == f"use-tuned-{tuned.name}"]


def test_what_was_found_before_is_kept_again_when_asked_for_again(tuned: Dataset) -> None:
    before = settings.kept(tuned)
    settings.clear(tuned)
    assert tuning.start(Tuning(("moving_average",), HORIZON, "3", budget=5000 / 3, trials=6), tuned).state is runs.State.DONE
    assert settings.kept(tuned) == before

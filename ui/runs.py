"""Runs on screen: the form that starts a comparison, its progress, its end."""

from dataclasses import dataclass

import streamlit as st

from forecasting.models import registry
from inventory.plan import horizon_for
from sales import datasets as saved
from ui import session
from ui.texts import text
from workspace import runs
from workspace.datasets import Dataset

BEST_SELLERS = 20
CUTOFFS = 3
MOST_CUTOFFS = 12
LONGEST_HORIZON = 200
EVERY = 1.0


@dataclass(frozen=True)
class Comparison:
    """What a person asks Compare for; `best` None: all items."""

    models: tuple[str, ...]
    horizon: int
    cutoffs: int
    best: int | None
    country: str

    def settings(self, dataset: Dataset) -> dict[str, object]:
        """What names the run: the data and everything that changes its answer."""
        return {"data": dataset.name, "fingerprint": dataset.facts["fingerprint"], **vars(self), "models": list(self.models)}

    def commands(self, dataset: Dataset) -> list[list[str]]:
        """The two commands a person could type: backtest, then forecast past the end."""
        same = [*saved.arguments_of(dataset), "--horizon", str(self.horizon), "--models", ",".join(self.models)]
        same += ["--best", str(self.best)] if self.best else []
        same += ["--country", self.country] if self.country else []
        same += ["--progress", f"{runs.FOLDER}/progress.json"]
        backtest = ["-m", "forecasting", "backtest", *same, "--cutoffs", str(self.cutoffs), "--out", f"{runs.FOLDER}/backtest.parquet"]
        forecast = ["-m", "forecasting", "forecast", *same, "--out", f"{runs.FOLDER}/forecast.parquet"]
        return [backtest, forecast]


def comparison_form(dataset: Dataset) -> None:
    """Asks for models, horizon, cutoffs and items; starts the run."""
    panel = session.panel_of(dataset)
    horizon = horizon_for(session.terms_of(dataset)[0], panel.calendar)
    period = text(f"period.{panel.calendar.frequency}")
    with st.form("comparison"):
        models = st.multiselect(
            text("form.models"),
            registry.NAMES,
            default=registry.NAMES,
            format_func=lambda m: text(f"model.{m}"),
            key="models",
            persist_state="session",
        )
        columns = st.columns(4)
        horizon = columns[0].number_input(
            text("form.horizon", period=period),
            1,
            LONGEST_HORIZON,
            horizon,
            key=f"horizon-{dataset.name}",
            persist_state="session",
            help=text("form.horizon.help"),
        )
        cutoffs = columns[1].number_input(
            text("form.cutoffs"), 1, MOST_CUTOFFS, CUTOFFS, key="cutoffs", persist_state="session", help=text("form.cutoffs.help")
        )
        best = columns[2].number_input(
            text("form.best", items=len(panel)),
            0,
            len(panel),
            min(BEST_SELLERS, len(panel)),
            key=f"best-{dataset.name}",
            persist_state="session",
            help=text("form.best.help"),
        )
        country = columns[3].text_input(
            text("form.country"), max_chars=2, key="country", persist_state="session", help=text("form.country.help")
        )
        asked = st.form_submit_button(text("form.run"), type="primary")
    if asked and not models:
        st.warning(text("form.no_models"))
    elif asked:
        wanted = Comparison(tuple(models), int(horizon), int(cutoffs), int(best) or None, country.strip().upper())
        runs.start(wanted.settings(dataset), wanted.commands(dataset))


def watch(dataset: Dataset) -> None:
    """The progress of the run under way on this data, or why the last one ended without a result."""
    latest = runs.latest({"data": dataset.name, "fingerprint": dataset.facts["fingerprint"]})
    if not latest:
        return
    run = latest[0]
    if run.state is runs.State.RUNNING:
        _progress(run)
    elif run.state is not runs.State.DONE:
        st.error(text(f"run.{run.state.value}"))
        st.code(run.log or text("run.silent"), language=None)


@st.fragment(run_every=EVERY)
def _progress(run: runs.Run) -> None:
    if run.state is not runs.State.RUNNING:
        st.rerun()
    progress = run.progress
    model = text(f"model.{progress.what}") if progress.what else text("run.reading")
    st.progress(progress.share, text("run.progress", model=model, done=progress.done, total=progress.total, failed=progress.failed))
    st.caption(text("run.leave"))

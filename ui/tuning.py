"""Tuning on the Compare page: its form, its progress, what was tried and found, and whether the next comparison takes it."""

import json

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from forecasting import settings, tuning
from forecasting.cutoffs import parse_cutoffs
from forecasting.models import registry
from forecasting.spaces import TUNABLE
from forecasting.tuning import FAILED, HALVED, OK, TRIALS, TUNED, Tuning
from inventory.plan import horizon_for
from sales import datasets as saved
from sales.problems import InputProblems
from ui import charts, session
from ui.runs import CUTOFFS, under_way
from ui.texts import plain, problem, text
from ui.texts.tuned import in_one_line, settings_in_words
from workspace import runs
from workspace.datasets import Dataset
from workspace.runs import State

MINUTES, MOST_MINUTES = 3.0, 240.0
ABOUT = "tuning"


def section(data: Dataset) -> None:
    """Everything about tuning the models on this dataset."""
    asked = runs.latest({ABOUT: data.name})
    if any(run.state is State.STOPPED for run in asked):
        runs.resume()
    with st.expander(text("tuning.title"), expanded=bool(asked) and asked[0].state is State.RUNNING):
        st.caption(text("tuning.explained"))
        _form(data)
        for run in asked:
            if run.state is State.RUNNING:
                st.caption(text("tuning.under_way", models=len(run.settings["models"]), minutes=run.settings["budget"] / 60))
                under_way(run)
        if asked:
            _ended(asked[0])
        done = next((run for run in asked if run.state is State.DONE), None)
        if done is not None:
            _trials(done)
        _kept(data)


def start(asked: Tuning, data: Dataset) -> runs.Run:
    """Starts the run, or joins it, or continues it; where it is done already, what it found is kept again."""
    arguments = [*asked.arguments(saved.arguments_of(data)), "--keep", data.name]
    run = runs.start(asked.settings(data.facts["fingerprint"]), arguments, {ABOUT: data.name})
    if run.state is State.DONE:
        settings.keep(data, run.facts(TUNED))
    return run


def _form(data: Dataset) -> None:
    with st.form(f"tuning-{data.name}"):
        models = st.multiselect(
            text("tuning.models"),
            TUNABLE,
            default=[model for model in registry.DEFAULT if model in TUNABLE],
            format_func=lambda model: text(f"model.{model}"),
            key="tuning-models",
            persist_state="session",
        )
        left, right = st.columns(2)
        minutes = left.number_input(
            text("tuning.minutes"),
            0.0,
            MOST_MINUTES,
            MINUTES,
            key="tuning-minutes",
            persist_state="session",
            help=text("tuning.minutes.help"),
        )
        best = right.number_input(
            text("tuning.best"), 1, 1000, tuning.BEST_SELLERS, key="tuning-best", persist_state="session", help=text("tuning.best.help")
        )
        submitted = st.form_submit_button(text("tuning.start"))
    if submitted and not models:
        st.warning(text("tuning.no_models"))
    elif submitted:
        cutoffs = str(st.session_state.get("cutoffs", CUTOFFS))
        _start(data, Tuning(tuple(models), _horizon(data), cutoffs, best=int(best), budget=minutes * 60))


def _start(data: Dataset, asked: Tuning) -> None:
    """Starts the run where there is room before the cutoffs that the comparison scores; says so where there is none."""
    panel = session.panel_of(data)
    try:
        tuning.ground(asked, panel, parse_cutoffs(panel, asked.cutoffs, asked.horizon))
    except InputProblems as found:
        for one in found.problems:
            st.error(plain(problem(one)))
        return
    start(asked, data)
    st.rerun()


def _horizon(data: Dataset) -> int:
    """That of the comparison."""
    usual = horizon_for(session.terms_of(data, session.decisions_of(data))[0], session.panel_of(data).calendar)
    return int(st.session_state.get(f"horizon-{data.name}", usual))


def _ended(run: runs.Run) -> None:
    if run.state is State.CANCELLED:
        st.info(text("tuning.cancelled"))
    elif run.state not in (State.DONE, State.RUNNING):
        st.error(text("tuning.failed"))
        st.code(run.log or text("run.silent"), language=None)


def _trials(run: runs.Run) -> None:
    """What was tried: a picture and a table of each model's trials."""
    rows = read_trials(run.name)
    model = st.selectbox(
        text("tuning.trials"), list(rows["model"].unique()), format_func=lambda name: text(f"model.{name}"), key=f"trials-of-{run.name}"
    )
    part = rows[rows["model"] == model]
    found = run.facts(TUNED)[model]
    st.markdown(f"**{in_one_line(model, found)}**")
    if found[FAILED]:
        st.caption(text("tuning.failed_trials", failed=found[FAILED], trials=found["trials"]))
    st.plotly_chart(picture(part), key="trials")
    shown = part[["trial", "status", "error", "pinball", "items", "cutoffs", "seconds"]].assign(
        status=part["status"].replace({HALVED: text("tuning.halved")}),
        settings=[settings_in_words(json.loads(written)) for written in part["settings"]],
    )
    columns = {name: text(f"trials.{name}") for name in shown.columns}
    formats = {"error": "{:.1%}", "pinball": "{:.1%}", "seconds": "{:.1f}"}
    st.dataframe(shown.style.format(formats, na_rep=""), hide_index=True, column_config=columns, key="trials-table")


def picture(trials: pd.DataFrame) -> go.Figure:
    """The error of each trial of one model: dots, those left off early hollow, the model as it is marked; the best so far as a line."""
    figure = go.Figure()
    tried = trials[trials["status"] == OK]
    so_far = tried["error"].cummin()
    line = {"color": charts.PALETTE[0], "width": 2, "shape": "hv"}
    figure.add_scatter(x=tried["trial"], y=so_far, mode="lines", name=text("tuning.chart.best"), line=line)
    for status, name, symbol in ((OK, "tuning.chart.tried", "circle"), (HALVED, "tuning.chart.halved", "circle-open")):
        part = trials[(trials["status"] == status) & (trials["trial"] > 0)]
        words = [settings_in_words(json.loads(written)) for written in part["settings"]]
        marker = {"color": charts.CUTOFF if status == HALVED else charts.ACTUAL, "symbol": symbol, "size": 8}
        figure.add_scatter(x=part["trial"], y=part["error"], mode="markers", name=text(name), marker=marker, text=words)
    default = trials[trials["trial"] == 0]
    marker = {"color": charts.ADJUSTED, "symbol": "diamond", "size": 12}
    figure.add_scatter(x=default["trial"], y=default["error"], mode="markers", name=text("tuning.chart.default"), marker=marker)
    figure.update_xaxes(title=text("tuning.chart.trial"), range=[-0.5, len(trials) - 0.5])
    figure.update_yaxes(title=text("chart.wape"), tickformat=".0%")
    return charts.framed(figure)


def _kept(data: Dataset) -> None:
    """What is kept for this dataset, whether the next comparison takes it, and how to be rid of it."""
    kept = settings.kept(data)
    if not kept:
        return
    for model, found in kept.items():
        line = in_one_line(model, found)
        st.markdown("- " + text("tuning.kept", line=line, until=found["until"], items=found["items"], horizon=found["horizon"]))
    st.caption(text("tuning.overlap", until=max(found["until"] for found in kept.values())))
    if any(found["fingerprint"] != data.facts["fingerprint"] for found in kept.values()):
        st.caption(text("tuning.older"))
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.checkbox(text("tuning.use"), True, key=session.uses_tuned(data), persist_state="session", help=text("tuning.use.help"))
    right.button(text("tuning.clear"), on_click=settings.clear, args=(data,), key="clear-tuned", width="stretch")


@st.cache_data(max_entries=20, show_spinner=False)
def read_trials(run: str) -> pd.DataFrame:
    """The trials of the finished run of this name (see `forecasting.tuning.searched`)."""
    return pd.read_parquet(runs.Run(run).folder / f"{TRIALS}.parquet")

"""Runs on screen: the form that starts a comparison, its progress, its end."""

import streamlit as st

from forecasting.comparison import Comparison, refreshing, seconds_of
from forecasting.models import registry
from inventory.plan import horizon_for
from sales import datasets as saved
from sales.panel import SalesPanel
from ui import model_style, session
from ui.texts import text
from ui.texts.progress import how_long, in_words
from workspace import runs
from workspace.datasets import Dataset
from workspace.runs import State
from workspace.workers import jobs

BEST_SELLERS = 20
CUTOFFS = 3
MOST_CUTOFFS = 12
LONGEST_HORIZON = 200
EVERY = 1.0
MODELS, QUICK = "models", "quick-models"


def start(asked: Comparison, dataset: Dataset) -> runs.Run:
    """Starts the run, or joins it, or continues it."""
    asked = refreshing(asked, session.panel_of(dataset))
    settings = asked.settings(dataset.facts["fingerprint"])
    return runs.start(settings, asked.arguments(saved.arguments_of(dataset)), {"data": dataset.name})


@st.fragment
def comparison_form(dataset: Dataset) -> None:
    """Asks for models, horizon, cutoffs and items, says about how long it will take, and starts the run."""
    panel = session.panel_of(dataset)
    with st.container(border=True):
        models = _models()
        asked = _asked(dataset, panel, models)
        left, right = st.columns([1, 4], vertical_alignment="center")
        started = left.button(text("form.run"), type="primary", key="run-comparison", width="stretch")
        if models:
            right.caption(_expected(dataset, asked, panel))
    if started and not models:
        st.warning(text("form.no_models"))
    elif started:
        session.use_run(dataset, start(asked, dataset).name)
        st.rerun()


def _models() -> tuple[str, ...]:
    """The models chosen, in the order of their families; one click chooses several."""
    choices = model_style.choices()
    st.pills(
        text("form.quick"),
        list(choices),
        format_func=lambda name: text(f"form.quick.{name}", count=len(choices[name])),
        key=QUICK,
        on_change=_choose_several,
    )
    chosen = st.multiselect(
        text("form.models"),
        registry.NAMES,
        default=registry.DEFAULT,
        format_func=model_style.with_family,
        key=MODELS,
        persist_state="session",
    )
    return tuple(model for model in registry.NAMES if model in chosen)


def _choose_several() -> None:
    chosen = st.session_state.get(QUICK)
    if chosen:
        st.session_state[MODELS] = list(model_style.choices()[chosen])
    st.session_state[QUICK] = None


def _asked(dataset: Dataset, panel: SalesPanel, models: tuple[str, ...]) -> Comparison:
    """What the fields ask for."""
    horizon = horizon_for(session.terms_of(dataset, session.decisions_of(dataset))[0], panel.calendar)
    columns = st.columns(4)
    horizon = columns[0].number_input(
        text("form.horizon", period=text(f"period.{panel.calendar.frequency}")),
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
    own = session.own_settings(dataset, models)
    return Comparison(models, int(horizon), str(cutoffs), int(best) or None, country.strip().upper(), own=own)


def _expected(dataset: Dataset, asked: Comparison, panel: SalesPanel) -> str:
    """About how long the comparison will take, by this dataset's last one where it had these models."""
    result = session.result_of(dataset)
    measured = {} if result is None else seconds_of(result.errors)
    workers, fits = jobs(), _fits(panel.fingerprint, asked.models, asked.horizon, asked.cutoffs, panel)
    seconds = asked.expected_seconds(len(panel), measured, workers, fits)
    return text("form.expected", takes=how_long(seconds), items=asked.best or len(panel), models=len(asked.models), workers=workers)


@st.cache_data(max_entries=64, show_spinner=False)
def _fits(fingerprint: str, models: tuple[str, ...], horizon: int, cutoffs: str, _panel: SalesPanel) -> dict[str, int]:
    return Comparison(models, horizon, cutoffs).fits(_panel)


def watch(dataset: Dataset) -> None:
    """The progress of every run under way for this dataset, and why the last one ended where it has no result. One that was killed is
    continued."""
    latest = runs.latest({"data": dataset.name})
    if any(run.state is State.STOPPED for run in latest):
        runs.resume()
    for run in latest:
        if run.state is State.RUNNING:
            under_way(run)
    if latest:
        _ended(latest[0])


def _ended(run: runs.Run) -> None:
    state = run.state
    if state is State.CANCELLED:
        st.info(text("run.cancelled", asked=described(run)))
    elif state not in (State.DONE, State.RUNNING):
        st.error(text("run.given_up" if run.given_up else f"run.{state.value}"))
        st.code(run.log or text("run.silent"), language=None)


def choose(dataset: Dataset, run: runs.Run) -> None:
    """Which finished comparison this session's pages rest on, where there are several."""
    found = {one.name: one for one in session.finished(dataset)}
    if len(found) > 1:
        st.selectbox(
            text("run.choose"),
            list(found),
            index=list(found).index(run.name),
            format_func=lambda name: described(found[name]),
            key=f"choose-run-{dataset.name}-{run.name}-{len(found)}",
            on_change=_chosen,
            args=(dataset, f"choose-run-{dataset.name}-{run.name}-{len(found)}"),
            help=text("run.choose.help"),
        )


def described(run: runs.Run) -> str:
    """What the run was asked for, and when it was done."""
    asked, ended = run.settings, run.ended_at
    items = text("run.best", count=asked["best"]) if asked.get("best") else text("run.all_items")
    models = ", ".join(text(f"model.{model}") for model in asked.get("models", []))
    words = text("run.described", items=items, models=models, horizon=asked.get("horizon"), cutoffs=asked.get("cutoffs"))
    words = text("run.refreshed", described=words) if asked.get("after") else words
    return text("run.done_at", at=ended, described=words) if ended else words


def _chosen(dataset: Dataset, key: str) -> None:
    session.use_run(dataset, st.session_state[key])


@st.fragment(run_every=EVERY)
def under_way(run: runs.Run) -> None:
    """How far a run is, and what ends it."""
    if run.state is not State.RUNNING:
        st.rerun()
    progress = run.progress
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(progress.share, in_words(progress))
    right.button(text("run.cancel"), on_click=run.cancel, key=f"cancel-{run.name}", icon=":material/cancel:", width="stretch")
    st.caption(text("run.leave", asked=described(run)))

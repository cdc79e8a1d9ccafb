"""The automatic choice on Compare: what it uses for an item and why, every candidate's error, and how often each is used."""

import pandas as pd
import streamlit as st

from forecasting.rule import AUTO, ENSEMBLE
from ui import error_charts
from ui.model_style import named
from ui.session import Result
from ui.texts import plain, text
from ui.texts.status import status_in_words

FORMATS = {"error": "{:.1%}", "weight": "{:.0%}"}


def section(result: Result, item: str) -> None:
    """What was chosen for the forecast of `item`, the runner-up, the reason, and every candidate beside them; nothing where the run has no
    automatic choice."""
    if AUTO not in result.models:
        return
    st.markdown(f"**{text('auto.title')}**")
    own = result.choice[result.choice["item"] == item]
    last = own[own["cutoff"] == result.forecast["cutoff"].max()]
    if last.empty:
        rows = result.forecast[(result.forecast["model"] == AUTO) & (result.forecast["item"] == item)]
        st.info(text("auto.not_chosen", item=plain(item), status=plain(status_in_words(str(rows["status"].iloc[0])))))
        return
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        st.markdown(" ".join(_sentences(last.iloc[0])))
        before = own[own["cutoff"] < last["cutoff"].iloc[0]].drop_duplicates("cutoff")
        if len(before):
            chosen = [text("auto.before.one", cutoff=row.cutoff, used=_used(row.used)) for row in before.itertuples()]
            st.caption(text("auto.before", chosen=" · ".join(chosen)))
        st.caption(text("auto.explained"))
    with right:
        _candidates(last)


def winners(result: Result) -> None:
    """How much each candidate counts in automatic forecasts over all items, and for how many it is used and why; nothing where the run has
    no automatic choice."""
    of_all = result.choice[result.choice["cutoff"] == result.forecast["cutoff"].max()]
    last = of_all.drop_duplicates("item")
    if last.empty:
        return
    st.subheader(text("auto.winners"))
    left, right = st.columns([2, 3])
    left.markdown(text("auto.weights"))
    left.plotly_chart(error_charts.weights(of_all.groupby("candidate")["weight"].mean()), key="auto-weights")
    counted = last.groupby(["used", "reason"]).size().rename("items").reset_index().sort_values("items", ascending=False)
    counted = counted.assign(used=counted["used"].map(_used), reason=[text(f"auto.reason.{reason}") for reason in counted["reason"]])
    shown = counted[["used", "items", "reason"]]
    config = {name: st.column_config.Column(text(f"auto.column.{name}")) for name in shown.columns}
    right.markdown(text("auto.used"))
    right.dataframe(shown, hide_index=True, column_config=config, key="auto-used")
    st.caption(text("auto.winners.explained", items=len(last)))


def _sentences(row: pd.Series) -> list[str]:
    said = [text("auto.chosen", used=_used(row["used"]), reason=text(f"auto.reason.{row['reason']}"))]
    if row["runner_up"]:
        said.append(text("auto.best_single" if row["used"] == ENSEMBLE else "auto.runner_up", runner_up=_used(row["runner_up"])))
    said.append(text("auto.rests" if row["cutoffs"] else "auto.rests_on_none", cutoffs=row["cutoffs"]))
    return said


def _candidates(rows: pd.DataFrame) -> None:
    """Every candidate, the lowest error first."""
    columns = ["candidate", "error", "weight", "rank"]
    shown = rows.sort_values("rank")[columns].assign(candidate=lambda table: table["candidate"].map(named))
    helped = {name: text(f"auto.column.{name}.help") for name in columns[1:]}
    config = {name: st.column_config.Column(text(f"auto.column.{name}"), help=helped.get(name)) for name in columns}
    style = shown.style.format(FORMATS, na_rep=text("table.none"))
    st.dataframe(style, hide_index=True, column_config=config, placeholder=text("table.none"), key="auto-candidates")


def _used(model: str) -> str:
    return text("auto.mean") if model == ENSEMBLE else named(model)

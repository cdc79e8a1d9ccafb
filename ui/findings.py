"""What was found in sales, by severity: how much it touches, samples, what may be done about it and what that changes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from sales.diagnosis import PanelFinding, proposed_effect
from sales.intake import Intake
from sales.panel import SalesPanel
from sales.problems import Problem, Severity
from sales.repairs import Finding
from ui import charts, tables
from ui.texts import plain, problem_row, text

ICONS = {Severity.ERROR: ":material/error:", Severity.WARNING: ":material/build:", Severity.INFO: ":material/info:"}


def actions_of(key: str, before: dict[str, str]) -> dict[str, str]:
    """What this session chose to do about findings, by code; `before`: what was chosen when it began."""
    return dict(st.session_state.setdefault(_kept(key), dict(before)))


def facts(read: Intake) -> None:
    """How much of the table is in the panel, and what that holds."""
    columns = st.columns(4)
    columns[0].metric(text("checks.rows_used", read=read.rows_read), f"{read.rows_used:,}")
    panel = read.panel
    if panel is None:
        return
    columns[1].metric(text("checks.items"), f"{len(panel):,}")
    columns[2].metric(text("checks.units"), f"{panel.units:,.0f}")
    period = text(f"frequency.{panel.calendar.frequency}")
    first, last = panel.periods[0], panel.last
    columns[3].metric(text("checks.periods", period=period), f"{len(panel.periods):,}", help=text("checks.range", first=first, last=last))
    st.caption(text("checks.range", first=first, last=last))


def section(read: Intake, problems: Sequence[Problem], key: str, before: Sequence[Problem] = ()) -> None:
    """All that was found: what is only to be known, then what may be decided, each to be opened, the gravest first.

    problems: those of `read`, placed in their files. key: of the widgets. before: what is shown elsewhere, to be downloaded with the rest.
    """
    findings: list[Finding | PanelFinding] = [*read.findings, *read.looks]
    decided = {finding.code for finding in findings}
    others = [p for p in problems if p.code not in decided and p.code != "panel_changed"]
    tables.problems(others, nothing="" if findings else "checks.nothing")
    _proposals(read.looks, key)
    for severity in Severity:
        some = [finding for finding in findings if finding.severity is severity]
        if some:
            st.markdown(text(f"findings.{severity}", count=len(some)))
        for finding in some:
            _one(finding, read, key)
    if before or problems:
        tables.download_problems([*before, *problems], f"problems-{key}")


def _proposals(looks: Sequence[PanelFinding], key: str) -> None:
    """One click for all that is proposed for the panel: by itself nothing of it is done."""
    waiting = {look.code: look.proposed for look in looks if look.proposed != look.chosen and look.chosen == "keep"}
    if waiting:
        names = ", ".join(text(f"look.{code}") for code in waiting)
        st.info(text("findings.proposed", names=names))
        st.button(text("findings.take", count=len(waiting)), key=f"take-{key}", on_click=_take, args=(key, waiting))


def _one(finding: Finding | PanelFinding, read: Intake, key: str) -> None:
    words = "repair" if isinstance(finding, Finding) else "look"
    currency = plain(read.currency) or text("findings.currency")
    money = "" if np.isnan(finding.money) or finding.money == 0 else text("findings.money", money=finding.money, currency=currency)
    label = text(
        "findings.label",
        name=text(f"{words}.{finding.code}"),
        rows=text(f"findings.rows.{words}", count=finding.rows),
        units=_units(finding),
        money=money,
        chosen=text(f"{words}.{finding.code}.{finding.chosen}"),
    )
    box = opening(label, f"finding-{finding.code}-{key}", ICONS[finding.severity])
    if box.open:
        with box:
            _opened(finding, words, read.panel, key)


def _units(finding: Finding | PanelFinding) -> str:
    """The units that it touches: those that sold, or of stock-outs those that did not."""
    if "units_added" in finding.params:
        return text("findings.units.added", units=finding.params["units_added"])
    return text("findings.units", units=finding.units)


def _opened(finding: Finding | PanelFinding, words: str, panel: SalesPanel | None, key: str) -> None:
    st.markdown(_told(finding))
    left, right = st.columns([2, 3])
    widget = f"action-{finding.code}-{key}"
    left.radio(
        text("findings.action"),
        finding.actions,
        index=finding.actions.index(finding.chosen),
        format_func=lambda action: _action(finding, words, action),
        key=widget,
        on_change=_choose,
        args=(key, finding.code, widget),
    )
    with right:
        effect, of_proposed = _effect(finding, panel)
        if of_proposed:
            st.caption(text("findings.of_proposed"))
        if effect.empty:
            st.caption(text("findings.proposed_unchanged" if of_proposed else "findings.unchanged"))
        else:
            st.plotly_chart(_chart(effect, panel), key=f"effect-{finding.code}-{key}")
    st.caption(text("findings.sample", count=len(finding.sample)))
    sample = (
        finding.sample if words == "look" else finding.sample.rename_axis(None).assign(**{text("problems.row"): finding.sample.index + 2})
    )
    st.dataframe(sample, hide_index=True, key=f"sample-{finding.code}-{key}", column_config=_columns(words))


def _told(finding: Finding | PanelFinding) -> str:
    if isinstance(finding, PanelFinding):
        told = finding.told
        if "days" in told:
            told["days"] = ", ".join(text(f"weekday.{day}") for day in told["days"].split(", "))
        return plain(text(f"look.{finding.code}.found", **told))
    row = problem_row(finding.problem)
    return plain(text("findings.told", what=row["what"], expected=row["expected"]))


def _action(finding: Finding | PanelFinding, words: str, action: str) -> str:
    name = text(f"{words}.{finding.code}.{action}")
    return text("findings.is_proposed", name=name) if action == finding.proposed else name


def _columns(words: str) -> dict[str, Any]:
    if words == "repair":
        return {}
    dates = {name: st.column_config.DateColumn(text(f"findings.column.{name}")) for name in ("first", "last")}
    return {
        "item": text("findings.column.item"),
        "items": text("findings.column.items"),
        **dates,
        "units": st.column_config.NumberColumn(text("findings.column.units"), format="localized"),
    }


def _effect(finding: Finding | PanelFinding, panel: SalesPanel | None) -> tuple[pd.DataFrame, bool]:
    """What was done about a finding changed; or, where nothing was, what is proposed for the series would, and true."""
    if panel is None or isinstance(finding, Finding) or finding.chosen != "keep" or finding.proposed == "keep":
        return finding.effect, False
    return _proposed(f"{panel.fingerprint} {finding.code}", panel, finding.code), True


@st.cache_resource(scope="session", max_entries=16, show_spinner=text("findings.trying"))
def _proposed(version: str, _panel: SalesPanel, _code: str) -> pd.DataFrame:
    return proposed_effect(_panel, _code)


def _chart(effect: pd.DataFrame, panel: SalesPanel | None) -> Any:
    effect = effect.rename(columns={"day": "period"})
    if panel is not None:
        effect = effect.assign(period=panel.calendar.label(pd.DatetimeIndex(effect["period"])))
    return charts.before_after(effect.groupby("period", as_index=False).sum(), "" if panel is None else charts.period(panel))


def opening(label: str, key: str, icon: str) -> Any:
    """A box that says whether it is open, and stays so where its label or what is above it changes: to a browser that is another box."""
    return st.expander(label, expanded=bool(st.session_state.get(key)), key=key, on_change="rerun", icon=icon)


def _kept(key: str) -> str:
    return f"actions-{key}"


def _choose(key: str, code: str, widget: str) -> None:
    st.session_state[_kept(key)] = {**st.session_state[_kept(key)], code: st.session_state[widget]}


def _take(key: str, proposed: dict[str, str]) -> None:
    """Also the widgets of findings that are open are set, which else would go on showing what they did."""
    st.session_state[_kept(key)] = {**st.session_state[_kept(key)], **proposed}
    for code, action in proposed.items():
        if f"action-{code}-{key}" in st.session_state:
            st.session_state[f"action-{code}-{key}"] = action

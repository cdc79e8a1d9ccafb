"""Compare: which model forecasts this shop best, by what it would have said at past cutoffs."""

import streamlit as st

from ui import compare, runs, session, shell, tuning

data = shell.frame("compare")
if data is None:
    shell.need("sales", "need.data")

runs.comparison_form(data)
runs.watch(data)
tuning.section(data)

result = session.result_of(data)
if result is None or not compare.usable(result):
    st.stop()

panel = session.panel_of(data, result.fingerprint)
runs.choose(data, result.run)
compare.origin(data, result, panel)
compare.questions(data, result, panel)
compare.for_the_plan(result)
compare.files(result, panel)

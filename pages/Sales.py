"""Sales: what was sold, from a file or a sample, checked, saved, looked at."""

import streamlit as st

from ui import explore, intake, samples, shell, stock_file
from ui.texts import plain, text

data = shell.frame("sales")

st.header(text("sales.load"))
samples.buttons()
intake.sales_file(data)
with st.expander(text("sales.templates")):
    samples.templates()

if data is not None:
    st.header(text("sales.data", title=plain(data.title)))
    explore.overview(data)
    intake.repairs_of(data)
    st.subheader(text("sales.stock"))
    stock_file.form(data)

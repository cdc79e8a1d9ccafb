"""Which column of a stock file is what: as its headers say, or as somebody chooses on the page."""

import pandas as pd
import streamlit as st

from inventory.columns import HEADERS, STOCK_NAMES, columns_of, with_roles
from ui import findings, session
from ui.texts import plain, text

MOST_COLUMNS, ACROSS = 60, 3


def chosen(table: pd.DataFrame, key: str) -> tuple[pd.DataFrame, str]:
    """`table` with its columns in the roles chosen, and a text that is another for another choice."""
    headers = [str(name) for name in table.columns][:MOST_COLUMNS]
    played, _ = columns_of(table, STOCK_NAMES)
    proposed = {column.header: role for role, column in played.items()}
    with findings.opening(text("stock.columns"), f"stock-columns-{key}", ":material/table_chart:"):
        st.dataframe(table.head(), hide_index=True, key=f"stock-preview-{key}")
        slots = [slot for _ in headers[::ACROSS] for slot in st.columns(ACROSS)]
        roles = {header: _role(slot, header, proposed.get(header, ""), key) for header, slot in zip(headers, slots, strict=False)}
    other = {header: role for header, role in roles.items() if role != proposed.get(header, "")}
    return (with_roles(table, other), repr(sorted(other.items()))) if other else (table, "")


def _role(slot: object, header: str, proposed: str, key: str) -> str:
    options = ["", *HEADERS] if proposed in ("", *HEADERS) else ["", proposed, *HEADERS]
    return slot.selectbox(  # type: ignore[attr-defined, no-any-return]
        plain(header), options, index=options.index(proposed), format_func=_named, key=f"stock-role-{header}-{key}"
    )


def _named(role: str) -> str:
    if role not in HEADERS:
        return role or text("stock.columns.none")
    return text(f"stock.column.{role}", currency=plain(session.currency()))

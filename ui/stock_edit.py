"""The stock terms as a table to edit, and the items of the stock file and of the sales that have no partner."""

import pandas as pd
import streamlit as st

from inventory.columns import HEADERS, NUMBERS
from inventory.matching import MOST_UNMATCHED, unmatched
from inventory.stock_table import edited, normalised, with_all_items
from sales.panel import SalesPanel
from ui import session
from ui.texts import plain, text

HEIGHT = 420


def table(panel: SalesPanel, begun: pd.DataFrame, key: str) -> pd.DataFrame | None:
    """The stock file `begun` (its content named by `key`) as it was edited on the page; None where it was not."""
    if not st.toggle(text("stock.edit"), key=f"stock-edit-{key}", help=text("stock.edit.help")):
        return None
    shown = _shown(f"{key} {panel.fingerprint}", panel, begun)
    money = plain(session.currency())
    config = {
        name: st.column_config.TextColumn(
            text(f"stock.column.{name}", currency=money), pinned=name == "item", alignment="right" if name in NUMBERS else None
        )
        for name in HEADERS
    }
    editor = f"stock-table-{key}"
    st.data_editor(shown, column_order=list(HEADERS), column_config=config, num_rows="dynamic", hide_index=True, key=editor, height=HEIGHT)
    changes = st.session_state[editor]
    return edited(shown, changes) if any(changes.values()) else None


def without_partner(panel: SalesPanel, content: pd.DataFrame, key: str) -> None:
    """The items of either side that the other does not have, each with the code nearest to its own."""
    alone, counts = _unmatched(f"{key} {panel.fingerprint}", panel, content)
    if not any(counts):
        return
    with st.expander(text("stock.unmatched", file=counts[0], sales=counts[1])):
        if max(counts) > MOST_UNMATCHED:
            st.caption(text("stock.unmatched.first", most=MOST_UNMATCHED))
        config = {name: text(f"stock.unmatched.{name}") for name in alone}
        shown = alone.assign(side=[text(f"stock.unmatched.side.{side}") for side in alone["side"]])
        st.dataframe(shown, hide_index=True, column_config=config, key=f"stock-unmatched-{key}")


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("upload.checking"))
def _shown(key: str, _panel: SalesPanel, _begun: pd.DataFrame) -> pd.DataFrame:
    return with_all_items(normalised(_begun), _panel.items)


@st.cache_resource(scope="session", max_entries=2, show_spinner=text("upload.checking"))
def _unmatched(key: str, _panel: SalesPanel, _content: pd.DataFrame) -> tuple[pd.DataFrame, tuple[int, int]]:
    return unmatched(normalised(_content)["item"].to_numpy(dtype=object), _panel)

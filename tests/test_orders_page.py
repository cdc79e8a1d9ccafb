"""Orders sent on the Reorder page, without a browser: what ticked rows become, and the files to take away."""

import csv
import io
from typing import Any

import pytest
from pages_without_browser import (
    choose,
    compared,
    none_ticked,
    opened,
    override,
    plan,
    planned,
    ran,
    said,
    signed,
    signed_by,
    sold_more,
    table_of,
    tick,
)
from streamlit.delta_generator import DeltaGenerator

from inventory import overrides, sent
from inventory.decisions import decisions
from ui.texts import text
from workspace.datasets import Dataset


@pytest.fixture
def shop() -> Dataset:
    return planned()


def test_an_order_marked_as_sent_is_on_order_and_not_ordered_again(shop: Dataset) -> None:
    app = signed(shop)
    before = plan(app)
    ran(app.button(key="mark-sent").click())
    orders = sent.load(shop.name)
    assert {o.item: o.quantity for o in orders} == before["quantity"].to_dict()
    after = plan(app)
    assert after["quantity"].eq(0).all()
    assert (after["on_order"] == before["quantity"]).all()
    tick(app, "sent", 0)
    ran(app.button(key="cancelled-sent").click())
    assert plan(app)["quantity"].gt(0).to_dict() == {"00": False, "01": False, "02": False, "03": True}


def test_what_arrived_is_listed_and_can_be_taken_back(shop: Dataset) -> None:
    """Of four orders the latest arrives: the one that is now in its row is not ticked with it."""
    app = signed(shop)
    ran(app.button(key="mark-sent").click())
    buttons = [f"{verb}-sent" for verb in ("received", "counted", "cancelled", "not_received")]
    assert none_ticked(app, *buttons)
    tick(app, "sent", 0)
    ran(app.button(key="received-sent").click())
    assert none_ticked(app, *buttons)
    assert text("sent.received.said", count=1) in said(app)
    arrived = text("sent.state.received")
    assert table_of(app, "state").set_index("item")["state"].eq(arrived).to_dict() == {"00": False, "01": False, "02": False, "03": True}
    first = tick(app, "sent", 0)
    assert first.button(key="received-sent").disabled
    assert first.button(key="cancelled-sent").disabled
    ran(first.button(key="not_received-sent").click())
    assert none_ticked(app, *buttons)
    assert [o.state for o in sent.load(shop.name)] == ["open"] * 4
    ran(tick(app, "sent", 0, 1).button(key="counted-sent").click())
    assert {o.item for o in sent.load(shop.name)} == {"00", "01"}


def test_a_list_sent_from_an_old_page_leaves_out_what_was_decided_since(shop: Dataset) -> None:
    app = signed(shop)
    overrides.save(shop.name, decisions(shop.name, shop.facts["fingerprint"]).version, {"01": 5}, "no room", "Bob")
    ran(app.button(key="mark-sent").click())
    assert {text("sent.sent", count=3), text("sent.moved_on", count=1)} <= set(said(app))
    assert {o.item for o in sent.load(shop.name)} == {"00", "02", "03"}
    assert plan(app)["quantity"].to_dict() == {"00": 0, "01": 5, "02": 0, "03": 0}


def test_what_is_overdue_is_told_where_the_plan_and_the_orders_are(shop: Dataset) -> None:
    """Sent on sales up to 30 March with 10 days of lead time; then there are sales up to 28 June, and a comparison of them."""
    app = signed(shop)
    ran(app.button(key="mark-sent").click())
    now = sold_more(shop, days=180)
    compared(now)
    app = signed(now)
    assert set(table_of(app, "state")["state"]) == {text("sent.state.overdue")}
    assert text("reorder.note.overdue", count=4, items=4) in [caption.value for caption in app.caption]
    assert plan(app)["reason"].str.contains("on order are overdue").all()
    assert text("home.note.overdue", count=4, items=4) in [m.value for m in opened("home", now).markdown]


def test_the_files_say_who_decided_what_when_the_list_was_made(shop: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody decides between the drawing of a page and the click on its button is not in its files."""
    app = choose(signed(shop), shop, "00")
    override(app, shop, 7)
    files: dict[str, bytes] = {}

    def keep(column: Any, label: str, content: bytes, name: str, *rest: Any, **more: Any) -> None:
        files[name.removeprefix("reorder-2024-03-30").lstrip("-")] = content

    monkeypatch.setattr(DeltaGenerator, "download_button", keep)
    ran(app)
    overrides.save(shop.name, overrides.load(shop.name)[0].version, {"01": 5}, "too late", "Bob")
    (line,) = [row for row in rows(files[".csv"]) if row["item"] == "00"]
    assert (line["quantity"], line["overridden"]) == ("7", "true")
    assert signed_by("Ada") in line["reason"]
    stated = rows(files["statement.csv"])
    about = {(row["section"], row["name"]): row["value"] for row in stated}
    assert about["data", "name"] == shop.name
    assert about["stock", "file"] == "stock.csv"
    assert [row["name"] for row in stated if row["section"] == "override"] == ["00"]
    assert "by=Ada" in about["override", "00"]
    assert "too late" not in str(stated)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))

"""Repairs of sales lines: what each finds, what each action leaves, and that nothing else changes."""

import datetime
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import realdata
from hypothesis import given, settings
from hypothesis import strategies as st

from sales import undoing
from sales.intake import intake
from sales.kind import kind_of
from sales.lines import Coded, SalesLines, read_lines
from sales.mapping import Mapping
from sales.nothing import estimated_demand
from sales.problems import Problem, Severity
from sales.repairs import Finding, Repair, repair, repairs_of, returns, totals, values
from sales.repairs.products import NO_PRODUCT, doubtful, is_no_product, no_product, odd_code
from ui.texts import en, problem

PLAIN = Mapping("item", "date", "units")
TODAY = np.datetime64("2024-12-31")


def coded(words: Any) -> Coded:
    codes, names = pd.factorize(np.asarray(words, dtype=object))
    return Coded(codes, np.asarray(names, dtype=object))


def lines(
    item: Any, day: Any, units: Any, order: Any = None, customer: Any = None, price: Any = None, description: Any = None
) -> SalesLines:
    """Lines by columns; `day` counts from the first of January 2024; a text for `item` is one code a letter."""
    items, code = np.unique(np.asarray(list(item), dtype=object), return_inverse=True)
    n = len(code)
    return SalesLines(
        items.astype(object),
        np.arange(n),
        code,
        np.datetime64("2024-01-01") + np.asarray(day, dtype="int64"),
        np.asarray(units, dtype=float),
        np.zeros(n, dtype=bool),
        np.zeros(n, dtype=bool),
        None if price is None else np.asarray(price, dtype=float),
        None if customer is None else np.asarray(customer, dtype="int64"),
        None if order is None else coded([word.rstrip("0123456789") for word in order]),
        attributes={} if description is None else {"description": coded(description)},
    )


def left(one: Repair, of: SalesLines, action: str) -> list[int]:
    """The places that an action leaves."""
    return one.apply(of, action).place.tolist()


def test_a_return_undoes_the_nearest_earlier_sale_of_its_item_and_units() -> None:
    sold = lines("AAABAA", [0, 1, 2, 2, 3, 4], [5, 5, 4, 5, -5, -5])
    assert undoing.matched(sold).tolist() == [True, True, False, False, True, True]
    once = lines("AAAA", [0, 1, 2, 3], [5, 5, -5, 5])
    assert left(returns.RETURNS, once, "net") == [0, 3]
    assert left(returns.RETURNS, once, "drop") == [0, 1, 3]
    assert left(returns.RETURNS, once, "keep") == [0, 1, 2, 3]


def test_a_return_of_the_same_day_undoes_a_sale_wherever_it_stands_and_none_of_a_later_day() -> None:
    assert left(returns.RETURNS, lines("AA", [3, 3], [-7, 7]), "net") == []
    assert left(returns.RETURNS, lines("AA", [4, 3], [7, -7]), "net") == [0]


def test_a_return_undoes_a_sale_of_its_own_customer_alone() -> None:
    sold = lines("AAAA", [0, 1, 2, 3], [5, 5, -5, -5], customer=[1, 2, 1, 3])
    assert left(returns.RETURNS, sold, "net") == [1]
    assert left(returns.RETURNS, replace(sold, customer=np.array([1, -1, -1, -1])), "net") == [0]


def test_a_correction_of_the_stock_without_a_price_undoes_no_sale() -> None:
    assert left(returns.RETURNS, lines("AA", [0, 1], [5, -5], price=[2, 0]), "net") == [0]
    assert left(returns.RETURNS, lines("AA", [0, 1], [5, -5], price=[2, np.nan]), "net") == []


def test_an_order_id_says_that_it_is_cancelled_where_its_letters_have_nothing_but_returns() -> None:
    sold = lines("A" * 7, range(7), [5, -5, -1, 2, -2, 1, 1], order=["101", "C102", "C103", "X7", "X8", "", "105"])
    assert returns.cancelled(sold).tolist() == [False, True, True, False, False, False, False]
    assert not returns.cancelled(lines("A", [0], [-1])).any()


def by_stack(events: list[tuple[str, int, int, int]]) -> set[int]:
    """The places that `matched` is to find, sale by sale: each return takes the last sale that is still open."""
    pairs, stacks = set(), defaultdict(list)
    for place, (item, _, units, customer) in sorted(enumerate(events), key=lambda e: (e[1][1], e[1][2] < 0, e[0])):
        if units > 0:
            stacks[item, customer, units].append(place)
        elif units < 0 and stacks[item, customer, -units]:
            pairs |= {place, stacks[item, customer, -units].pop()}
    return pairs


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 6), st.integers(-2, 2), st.integers(-1, 1)), min_size=1, max_size=40))
def test_pairs_are_those_that_a_stack_finds(events: list[tuple[str, int, int, int]]) -> None:
    item, day, units, customer = (list(column) for column in zip(*events, strict=True))
    found = undoing.matched(lines(item, day, units, customer=customer))
    assert set(np.flatnonzero(found)) == by_stack(events)


def test_a_return_of_a_part_makes_the_nearest_earlier_sales_smaller() -> None:
    sold = lines("AAAAAA", [0, 1, 2, 2, 3, 4], [5, 3, -3, -4, 9, -9.5])
    assert undoing.undone(sold).tolist() == [4, 3, 3, 4, 0, 0]
    net = returns.RETURNS.apply(sold, "net")
    assert (net.place.tolist(), net.units.tolist()) == ([0, 4], [1, 9])
    spread = lines("AAA", [0, 1, 2], [6, 3, -5], price=[2, 2, -2])
    assert undoing.undone(spread).tolist() == [2, 3, 5]


def by_units(events: list[tuple[str, int, int, int]]) -> list[float]:
    """What `undone` is to find, unit by unit: a return digs from the top of what its customer bought, if a sale there was larger."""
    pairs, taken, stacks, most = by_stack(events), [0.0] * len(events), defaultdict(list), defaultdict(int)
    for place, (item, _, units, customer) in sorted(enumerate(events), key=lambda e: (e[1][1], e[1][2] < 0, e[0])):
        key = item, customer
        if place in pairs:
            taken[place] = abs(units)
        elif units > 0:
            stacks[key] += [place] * units
            most[key] = max(most[key], units)
        elif units < 0 and -units < most[key]:
            for _ in range(min(-units, len(stacks[key]))):
                taken[stacks[key].pop()] += 1
                taken[place] += 1
    return taken


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 6), st.integers(-4, 6), st.integers(-1, 1)), min_size=1, max_size=40))
def test_parts_that_came_back_are_those_dug_unit_by_unit_and_no_unit_is_lost(events: list[tuple[str, int, int, int]]) -> None:
    item, day, units, customer = (list(column) for column in zip(*events, strict=True))
    sold = lines(item, day, units, customer=customer)
    taken = undoing.undone(sold)
    assert taken.tolist() == by_units(events)
    back = sold.units < 0
    assert taken[back].sum() == taken[~back].sum()
    assert returns.RETURNS.apply(sold, "net").units.sum() == sold.units.sum() + (-sold.units - taken)[back].sum()


def returned(back: int, **money: float) -> pd.DataFrame:
    """400 sales of 5, four a day, each by its own customer; of every fourth `back` units come back the same day."""
    rows = [
        ("A", pd.Timestamp("2024-01-01") + pd.Timedelta(days=n // 4), units, n)
        for n in range(400)
        for units in (5, -back)[: 1 + (n % 4 == 0)]
    ]
    return pd.DataFrame(rows, columns=["item", "date", "units", "who"]).assign(**money)


def test_partial_returns_and_returns_whose_revenue_has_no_sign_are_netted() -> None:
    partial = intake(returned(4, price=10.0), replace(PLAIN, price="price", customer="who"), "D")
    assert partial.panel is not None
    assert partial.panel.units == 1_600
    assert {name: found(partial, "returns").params[name] for name in ("matched", "unmatched", "left")} == {
        "matched": 100,
        "unmatched": 0,
        "left": "0",
    }
    unsigned = intake(returned(5, revenue=50.0), replace(PLAIN, revenue="revenue", customer="who"), "D")
    assert unsigned.panel is not None
    assert unsigned.panel.units == 1_500


NO_PRODUCTS = (
    "POST|Bank Charges|DOTCOM POSTAGE|Manual|CRUK Commission|Adjust bad debt|Gift Voucher £10.00|Versandkosten|Rabatt|Gebühr|Frais de port|"
    "LIVRAISON|Gastos de envío|Envío|Comisión|运费|优惠券 10元"
)
GOODS = (
    "POSTAGE STAMP MUG|POSTCARD|MANUAL CAN OPENER|GIFT CARD HOLDER|PORT|SHIPPING CRATE PINE|85123A||M|SET OF 6 FEES|DELIVERY TRUCK TOY|"
    "Rabattmarkenheft|TAXI|运动鞋|DOLL CARRIAGE|BABY CARRIAGE|GIFT VOUCHER HOLDER RED|TOFFEE FEE|包邮免运费 纯棉T恤|"
    "限时折扣 连衣裙|纯棉T恤 免运费"
)


@pytest.mark.parametrize("text", NO_PRODUCTS.split("|"))
def test_what_is_no_product_is_told_in_five_languages(text: str) -> None:
    assert is_no_product(text)


@pytest.mark.parametrize("text", GOODS.split("|"))
def test_goods_are_not_taken_for_postage(text: str) -> None:
    assert not is_no_product(text)


def test_most_descriptions_of_an_item_decide() -> None:
    sold = lines("MMMNNN", [0] * 6, [1] * 6, description=["Manual", "Manual", "lost", "Manual", "Mug", "Mug"])
    assert no_product(sold).tolist() == [True, False]
    assert left(NO_PRODUCT, sold, "drop") == [3, 4, 5]


REAL_GOODS = ("POST-12", "VAT-20", "TAX-1", "PORTO", "Samples", "Packaging")


def test_goods_under_a_word_of_charges_are_doubtful_and_stay() -> None:
    codes = [*REAL_GOODS, "POSTAGE", *(f"G{n}" for n in range(60))]
    sold = lines(codes * 4, [0] * 268, np.repeat([2, 3, 4, 6], 67) ** (np.array(codes * 4) != "POSTAGE"))
    assert (sold.items[no_product(sold)].tolist(), sold.items[doubtful(sold)].tolist()) == (["POSTAGE"], ["PORTO", "Packaging", "Samples"])
    assert len(NO_PRODUCT.apply(sold, "drop")) == 264
    assert NO_PRODUCT.about(sold, NO_PRODUCT.find(sold))["doubtful"] == 3
    bulk = lines(["POSTAGE", "MUG"] * 2, [0] * 4, [5, 5, 6, 6], price=[2, 2, 2, 2])
    assert (no_product(bulk).any(), NO_PRODUCT.proposed(bulk, NO_PRODUCT.find(bulk))) == (False, "keep")


def test_a_charge_is_of_one_unit_or_of_another_price_each_time() -> None:
    told = ["Samples"] * 6
    for units, price, sure in (([1] * 6, [2] * 6, True), ([3] * 6, range(1, 7), True), ([3] * 6, [2] * 6, False)):
        assert no_product(lines("SSSSSS", [0] * 6, units, price=list(price), description=told)).tolist() == [sure]


def test_a_form_of_code_that_hardly_any_has_is_doubtful_and_stays_unless_asked() -> None:
    codes = [f"{10_000 + n}{'A' * (n % 2)}" for n in range(200)] + ["DCGS0003", "POST"]
    sold = lines(codes, [0] * 202, [1] * 202)
    assert sold.items[odd_code(sold)].tolist() == ["DCGS0003", "POST"]
    assert NO_PRODUCT.proposed(sold, NO_PRODUCT.find(sold)) == "drop"
    kept = NO_PRODUCT.apply(sold, "drop")
    assert (len(kept), len(NO_PRODUCT.apply(sold, "drop_doubtful"))) == (201, 200)
    assert NO_PRODUCT.proposed(kept, NO_PRODUCT.find(kept)) == "keep"
    assert not odd_code(lines(codes[-60:], [0] * 60, [1] * 60)).any()


def test_a_shop_of_samples_keeps_its_samples() -> None:
    sold = lines(["POST", "TAX", "FEES"], [0] * 3, [1] * 3)
    assert NO_PRODUCT.proposed(sold, NO_PRODUCT.find(sold)) == "keep"


def test_prices_of_zero_are_left_out_where_they_correct_the_stock() -> None:
    few = lines("A" * 40, [0] * 40, [1] * 40, price=[0, -1, *[2] * 37, np.nan])
    owned = replace(few, customer=np.array([-1, *[1] * 37, -1, -1]))
    many = replace(few, price=np.where(np.arange(40) < 20, -1.0, 2.0))
    free = replace(few, price=np.where(np.arange(40) < 1, 0.0, 2.0))
    assert values.PRICES.find(few).nonzero()[0].tolist() == [0, 1]
    proposed = [values.PRICES.proposed(sold, values.PRICES.find(sold)) for sold in (few, owned, many, free)]
    assert proposed == ["drop_corrections", "drop_corrections", "keep", "keep"]
    kept = [left(values.PRICES, sold, "drop_corrections") for sold in (few, owned)]
    assert kept == [[0, *range(2, 40)], list(range(2, 40))]
    assert left(values.PRICES, few, "drop") == list(range(2, 40))


def test_a_quantity_is_absurd_against_all_lines_and_its_own_item() -> None:
    usual = [1, 2, 3, 4] * 50
    mixed = lines("A" * 200 + "BBCCCC", [0] * 206, [*usual, 74_215, -74_215, 9_000, 8_000, 9_500, 80_000])
    assert values.absurd(mixed).nonzero()[0].tolist() == []
    rare = lines("A" * 2_000 + "BB", [0] * 2_002, [*usual * 10, 74_215, -74_215])
    assert values.absurd(rare).nonzero()[0].tolist() == [2_000, 2_001]
    bulk = lines("A" * 2_000 + "CCCC", [0] * 2_004, [*usual * 10, 9_000, 8_000, 9_500, 80_000])
    assert values.absurd(bulk).nonzero()[0].tolist() == [2_001]
    assert values.ABSURD.proposed(rare, values.absurd(rare)) == "keep"


def test_sales_after_tomorrow_did_not_happen() -> None:
    sold = lines("AAAA", [0, 364, 365, 366], [1, 1, 1, 1])
    future = values.future(np.datetime64("2024-12-30"))
    assert future.find(sold).tolist() == [False, False, False, True]
    assert left(future, sold, "drop") == [0, 1, 2]
    assert not future.find(replace(sold, units=np.full(4, np.nan))).any()


def test_time_runs_backwards_only_in_a_file_that_is_in_order() -> None:
    ordered = lines("A" * 300, [*range(150), 20, *range(151, 300)], [1] * 300)
    assert values.backwards(ordered).nonzero()[0].tolist() == [150]
    assert not values.backwards(ordered.at(np.arange(300)[::-1])).any()
    by_item = lines("A" * 200 + "B" * 200, [*range(200), *range(200)], [1] * 400)
    assert not values.backwards(by_item).any()
    assert not values.backwards(lines("A" * 4, [3, 1, 2, 0], [1] * 4)).any()


def test_totals_below_zero_are_not_known_or_nothing() -> None:
    sold = lines("AAA", [0, 1, 2], [1, -2, 3])
    unknown, zero = (totals.NEGATIVE_TOTALS.apply(sold, action) for action in ("unknown", "zero"))
    np.testing.assert_array_equal(unknown.units, [1, np.nan, 3])
    assert (unknown.refused.tolist(), zero.units.tolist(), zero.refused.any()) == ([False, True, False], [1, 0, 3], False)


def test_of_two_totals_one_is_taken_where_asked() -> None:
    sold = lines("AABA", [0, 0, 0, 0], [1, 2, 3, 4])
    assert totals.CONFLICTING_TOTALS.find(sold).tolist() == [False, True, False, True]
    assert [left(totals.CONFLICTING_TOTALS, sold, action) for action in ("sum", "first", "last")] == [[0, 1, 2, 3], [0, 2], [2, 3]]


def test_equal_rows_are_equal_in_all_columns() -> None:
    table = pd.DataFrame(
        {
            "item": ["A", "A", "A", "A", "B"],
            "date": "2024-01-01",
            "units": [1, 1, 1, 2, 1],
            "till": ["x", "x", None, "x", "x"],
            "n": [[1]] * 5,
        }
    )
    of, problems = read_lines(pd.concat([table, table.iloc[[2]]], ignore_index=True), PLAIN, None)
    assert (of.copy.tolist(), problems) == ([False, True, False, False, False, True], [])


def test_stock_of_nothing_is_out_of_stock_and_what_cannot_be_read_is_not() -> None:
    days = pd.date_range("2024-01-01", periods=4)
    table = pd.DataFrame({"item": "A", "date": days, "units": [1, 0, 1, 1], "left": ["3", "0", "some", None]})
    of, problems = read_lines(table, replace(PLAIN, on_hand="left"), None)
    assert of.flags is not None
    assert of.flags.tolist() == [False, True, False, False]
    assert [(p.code, p.row) for p in problems] == [("on_hand_unreadable", 4)]


def test_a_shelf_that_is_empty_at_closing_was_not_out_of_stock_all_day() -> None:
    table = pd.DataFrame({"item": "A", "date": pd.date_range("2024-01-01", periods=60), "units": 5, "left": [10, 5, 0] * 20})
    read = intake(table, replace(PLAIN, on_hand="left"))
    assert read.panel is not None
    assert np.nansum(estimated_demand(read.panel).demand) == 300
    (told,) = read.problems
    assert (told.code, told.severity, told.count, told.params["units"]) == ("sold_out", Severity.INFO, 20, "100")


def test_old_codes_count_under_new_ones_through_chains() -> None:
    merged = lines("ABCD", [0] * 4, [1, 2, 3, 4]).merged({"A": "B", "B": "Z", "D": "C", "Q": "R"})
    assert merged.items[merged.item].tolist() == ["Z", "Z", "C", "C"]
    assert merged.items.tolist() == ["C", "Z"]
    with pytest.raises(ValueError, match="a circle through 'A'"):
        merged.merged({"A": "B", "B": "A"})


def test_lines_carry_no_python_objects_and_fit_together() -> None:
    sold = lines("AB", [0, 0], [1, 2])
    with pytest.raises(ValueError, match="units: got Python objects"):
        replace(sold, units=np.array([1, 2], dtype=object))
    with pytest.raises(ValueError, match="price: got 3 lines, expected 2"):
        replace(sold, price=np.ones(3))


def found(read: Any, code: str) -> Finding:
    (finding,) = [finding for finding in read.findings if finding.code == code]
    return finding


ORDERS = pd.DataFrame(
    {
        "item": ["A", "A", "A", "A", "B", "POST", "B", "A"],
        "date": ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03", "2024-01-03", "2024-01-03", "2030-01-01"],
        "units": [4, 4, -4, -9, 3, 1, 2, 5],
        "price": [2.0, 2.0, 2.0, 2.0, 1.0, 9.0, 0.0, 1.0],
    }
)


def test_each_finding_says_what_it_found_and_what_was_done() -> None:
    read = intake(ORDERS, replace(PLAIN, price="price"), "D", actions={"price_not_positive": "drop"}, today=datetime.date(2024, 2, 1))
    assert [(f.code, f.rows, f.units, f.money, f.chosen) for f in read.findings] == [
        ("duplicate_lines", 1, 4, 8, "keep"),
        ("dates_future", 1, 5, 5, "drop"),
        ("returns", 2, 13, 26, "net"),
        ("no_product", 1, 1, 9, "drop"),
        ("price_not_positive", 1, 2, 0, "drop"),
    ]
    netted = found(read, "returns")
    assert (netted.row, netted.column, netted.got, netted.actions) == (4, "units", "-4", ("net", "drop", "keep"))
    assert {name: netted.params[name] for name in ("matched", "unmatched")} == {"matched": 1, "unmatched": 1}
    assert netted.sample.to_dict("list") == ORDERS.iloc[[2, 3]].to_dict("list")
    assert netted.effect.to_dict("list") == {
        "day": [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")],
        "before": [8, -13],
        "after": [4, 0],
    }
    assert read.panel is not None
    np.testing.assert_array_equal(read.panel.y, [[4, 0, 0], [np.nan, np.nan, 3]])
    assert {f.code for f in read.findings} <= {p.code for p in read.problems}
    assert {f.severity for f in read.findings if f.chosen != "keep"} == {Severity.WARNING}
    assert found(read, "duplicate_lines").severity is Severity.INFO


def test_as_it_is_everything_stays_and_is_still_named() -> None:
    read = intake(ORDERS, replace(PLAIN, price="price"), "W", actions=None, today=datetime.date(2024, 2, 1))
    assert {f.chosen for f in read.findings} == {"keep"}
    assert read.panel is not None
    assert (read.panel.items.tolist(), read.panel.y[0, 0]) == (["A", "B", "POST"], 0)
    (below,) = [p for p in read.problems if p.code == "below_zero"]
    assert (below.params, below.severity) == ({"units": "5", "periods": "1"}, Severity.WARNING)


def test_an_action_that_there_is_not_is_a_problem() -> None:
    read = intake(ORDERS, PLAIN, "D", actions={"returns": "burn"})
    assert Problem("no_such_action", Severity.WARNING, got="returns=burn", params={"actions": "net, drop, keep"}) in read.problems
    assert found(read, "returns").chosen == "net"
    with pytest.raises(ValueError, match="returns: got 'burn', expected one of net, drop, keep"):
        returns.RETURNS.apply(lines("A", [0], [-1]), "burn")


def test_customers_show_in_no_sample() -> None:
    table = ORDERS.assign(who="Ann")
    read = intake(table, replace(PLAIN, customer="who"), "D")
    assert all("who" not in finding.sample.columns and "Ann" not in finding.sample.to_string() for finding in read.findings)
    assert len(read.findings) >= 3


KINDS = [(kind, times) for kind in ("order_lines", "period_totals") for times in (1, 2)]
ALL = {one.code: one for kind, times in KINDS for one in repairs_of(kind, times, TODAY)}  # type: ignore[arg-type]


def test_every_action_of_every_repair_has_words() -> None:
    wanted = {f"repair.{one.code}{action}" for one in ALL.values() for action in ("", *(f".{action}" for action in one.actions))}
    assert wanted == {key for key in en.TEXTS if key.startswith("repair.")}


def test_what_is_no_product_is_told_by_the_lines_as_they_came() -> None:
    """Nine of ten lines of POST are of one unit, all of them to come: what is left of it is left out too."""
    days = pd.to_datetime(["2024-01-01", "2024-01-02", *["2030-01-01"] * 9])
    table = pd.DataFrame({"item": ["A", *["POST"] * 10], "date": days, "units": [3, 5, *[1] * 9], "price": 2.0})
    of, _ = read_lines(table, replace(PLAIN, price="price"), None)
    mended, findings, _ = repair(of, repairs_of("order_lines", 1, TODAY), {}, table, PLAIN)
    assert of.items[mended.item].tolist() == ["A"]
    assert {f.code: f.chosen for f in findings}["no_product"] == "drop"


row = st.tuples(
    st.sampled_from(["A", "B", "POST"]), st.integers(0, 400), st.integers(-3, 6) | st.none(), st.sampled_from([0.0, -1.0, 2.0, None])
)


@settings(max_examples=60)
@given(st.lists(row, min_size=2, max_size=40), st.data())
def test_a_second_pass_finds_nothing_of_what_was_repaired_and_no_unit_is_lost(rows: list[Any], data: st.DataObject) -> None:
    table = pd.DataFrame(rows, columns=["item", "date", "units", "price"])
    table["date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(table["date"], unit="D")
    mapping = replace(PLAIN, price="price")
    of, _ = read_lines(table, mapping, None)
    kind, times = kind_of(of)
    repairs = repairs_of(kind, times, TODAY)
    actions = {one.code: data.draw(st.sampled_from(one.actions), one.code) for one in repairs}
    mended, findings, problems = repair(of, repairs, actions, table, mapping)
    assert not problems
    assert {f.code for f in findings} == {one.code for one in repairs if one.find(of).any()}
    for one in repairs:
        assert actions[one.code] != "drop_corrections" or not values.correction(mended).any()
        if one is NO_PRODUCT and actions[one.code] == "drop":
            assert not no_product(of)[mended.item].any()
        elif actions[one.code] not in ("keep", "sum", "drop_corrections") and one not in (NO_PRODUCT, values.ABSURD):
            assert not one.find(mended).any()
    told = sum(float((f.effect["after"] - f.effect["before"]).sum()) for f in findings)
    assert np.nansum(mended.units) == pytest.approx(np.nansum(of.units) + told)

    read = intake(table, mapping, "D", actions=actions, today=TODAY.item())
    if (
        read.panel is not None
        and mended.sold.all()
        and not np.isnan(read.panel.demand).any()
        and "below_zero" not in {p.code for p in read.problems}
    ):
        assert read.panel.units == pytest.approx(np.nansum(mended.units))
    assert all(problem(p) for p in read.problems)


@pytest.mark.slow
def test_every_quirk_of_a_real_shop_is_found_and_counted() -> None:
    table = pd.read_parquet(realdata.folder("online_retail") / "online_retail.parquet")
    roles = {"price": "UnitPrice", "order": "InvoiceNo", "customer": "CustomerID", "description": "Description"}
    mapping = Mapping("StockCode", "InvoiceDate", "Quantity", **roles)
    of, _ = read_lines(table, mapping, None)
    read = intake(table, mapping, "D")
    assert {f.code: f.rows for f in read.findings} == {
        "duplicate_lines": 5_268,
        "returns": 10_624,
        "no_product": 2_996,
        "price_not_positive": 2_517,
        "units_unusual": 5,
    }
    assert (found(read, "returns").params["cancelled"], round((of.customer < 0).mean(), 3)) == (9_288, 0.249)
    assert (int(odd_code(of).sum()), sorted(set(of.items[no_product(of)]) - set(of.items[odd_code(of)]))) == (33, ["22016"])
    assert {"POST", "M", "DOT", "BANK CHARGES", "gift_0001_10"} <= set(of.items[no_product(of)])
    assert set(found(read, "units_unusual").sample["Quantity"]) == {80_995, -80_995, 74_215, -74_215, 12_540}
    assert read.panel is not None
    assert "23843" not in read.panel.items
    assert np.nanmax(read.panel.y[read.panel.rows_of(["23166"])]) < 2_000
    assert found(read, "price_not_positive").params["below"] == 2
    assert found(read, "price_not_positive").params["corrections"] == 2_517 - 40

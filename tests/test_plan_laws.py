"""What must hold for every reorder plan, whatever its settings, items and stock."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stock import planned

from inventory.settings import PlanSettings
from ui.texts.reasons import reasons

DAYS, METHODS = st.one_of(st.none(), st.floats(0, 90)), st.sampled_from(["backtest", "normal"])
SETTINGS = st.builds(PlanSettings, st.floats(0.5, 0.999), st.floats(0, 3), DAYS, st.none(), METHODS)
UNITS = st.floats(0, 500).map(lambda value: round(value, 2))
ITEMS = st.fixed_dictionaries(
    {
        "on_hand": st.one_of(st.just(np.nan), UNITS), "on_order": UNITS, "backorders": UNITS, "lead_time_days": st.floats(0, 90),
        "review_period_days": st.floats(0, 30), "lead_time_sd_days": st.floats(0, 10), "moq": st.one_of(st.just(0.0), UNITS),
        "pack": st.sampled_from([0, 0.5, 1, 6, 12]), "on_order_due": st.sampled_from(["2024-03-01", "2024-03-20", "2024-06-01"]),
    }
)  # fmt: skip
RATES, SIGMAS = st.floats(0, 50), st.floats(0, 30)
few = settings(max_examples=60, deadline=None)
_SLACK = 1e-6


@few
@given(item=ITEMS, rate=RATES, sigma=SIGMAS, chosen=SETTINGS)
def test_laws_of_one_line(item: dict[str, Any], rate: float, sigma: float, chosen: PlanSettings) -> None:
    made = planned(rate=rate, sigma=sigma, settings=chosen, errors=60, **item)
    (quantity,), size = made.quantity, item["pack"] or 1.0
    assert quantity >= 0
    assert abs(quantity / size - round(quantity / size)) < _SLACK
    assert quantity == 0 or quantity >= item["moq"] - _SLACK
    in_stock = np.nan_to_num(item["on_hand"]) + made.on_order[0] - item["backorders"]
    assert in_stock + quantity >= made.order_up_to[0] - _SLACK
    assert quantity == 0 or quantity < max(made.shortfall[0], item["moq"]) + size + _SLACK
    assert made.on_order[0] + made.on_order_later[0] == item["on_order"]
    assert made.demand[0] + made.safety_stock[0] == made.order_up_to[0]
    assert made.order_up_to[0] >= made.demand[0]
    assert len(reasons(made)) == 1


@few
@given(item=ITEMS, rate=RATES, sigma=SIGMAS, chosen=SETTINGS, other=st.floats(0.5, 0.999), factor=st.floats(0, 3), more=UNITS)
def test_more_service_or_safety_orders_no_less_and_more_stock_no_more(
    item: dict[str, Any], rate: float, sigma: float, chosen: PlanSettings, other: float, factor: float, more: float
) -> None:
    def quantity(**changed: Any) -> float:
        own = {name: value for name, value in changed.items() if name in item}
        set_to = replace(chosen, **{name: value for name, value in changed.items() if name not in item})
        return float(planned(rate=rate, sigma=sigma, settings=set_to, errors=60, **{**item, **own}).quantity[0])

    low, high = sorted([chosen.service_level, other])
    assert quantity(service_level=low) <= quantity(service_level=high)
    low, high = sorted([chosen.safety_factor, factor])
    assert quantity(safety_factor=low) <= quantity(safety_factor=high)
    on_hand = float(np.nan_to_num(item["on_hand"]))
    assert quantity(on_hand=on_hand + more) <= quantity(on_hand=on_hand)


@few
@given(item=ITEMS, rate=RATES, sigma=SIGMAS, chosen=SETTINGS, days=st.tuples(st.floats(0, 90), st.floats(0, 90)))
def test_a_longer_lead_time_orders_no_less_when_nothing_is_on_order(
    item: dict[str, Any], rate: float, sigma: float, chosen: PlanSettings, days: tuple[float, float]
) -> None:
    short, long = (
        planned(rate=rate, sigma=sigma, settings=replace(chosen, lead_time_days=length), errors=60, **{**item, "on_order": 0}).quantity[0]
        for length in sorted(days)
    )
    assert short <= long


@few
@given(items=st.lists(ITEMS, min_size=1, max_size=6), rate=RATES, chosen=SETTINGS)
def test_totals_are_the_sum_of_their_lines_however_they_are_split(items: list[dict[str, Any]], rate: float, chosen: PlanSettings) -> None:
    columns = {name: [item[name] for item in items] for name in items[0]}
    columns["on_order_due"] = np.array(columns["on_order_due"], dtype="datetime64[D]")
    made = planned(len(items), rate=rate, settings=chosen, errors=60, **columns)
    halves = [made.selected(rows).totals() for rows in (made.on_order > 100, ~(made.on_order > 100))]
    whole, frame = made.totals(), made.to_frame().query("quantity > 0")
    assert whole.lines == len(frame) == sum(half.lines for half in halves)
    assert whole.units == pytest.approx(frame["quantity"].sum()) == pytest.approx(sum(half.units for half in halves))
    assert whole.value == pytest.approx(frame["order_value"].sum()) == pytest.approx(sum(half.value for half in halves))
    for row, item in enumerate(items):
        alone = planned(1, rate=rate, settings=chosen, errors=60, **item)
        assert alone.quantity[0] == made.quantity[row]


@pytest.mark.parametrize("factor", [1.0, 1.3, 2.0, 3.0])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.999])
def test_more_safety_stock_never_shows_less_than_the_level_asked(level: float, factor: float) -> None:
    """Nine pooled errors: steps so wide that the inverse of the quantile lies well below the level on a grid."""
    made = planned(rate=3.0, sigma=2.0, errors=9, settings=PlanSettings(level, factor))
    assert level <= made.effective_level[0] < 1
    less = planned(rate=3.0, sigma=2.0, errors=9, settings=PlanSettings(max(level, 0.8), 0.5))
    assert less.effective_level[0] <= max(level, 0.8)


def test_nothing_uncertain_has_no_effective_level_at_any_factor() -> None:
    for factor in (1.0, 2.0):
        for method in ("backtest", "normal"):
            made = planned(rate=3.0, sigma=0.0, settings=PlanSettings(0.95, factor, method=method))
            assert np.isnan(made.effective_level[0])

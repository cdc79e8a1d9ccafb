"""The plan that every page shows: the same stock, orders sent, overrides and adjustments behind it, whoever asks."""

from collections.abc import Callable

from inventory.overrides import load, split
from inventory.plan import ReorderPlan, reorder_plan
from inventory.sent import load as load_sent
from inventory.sent import receipts
from inventory.settings import PlanSettings
from ui import session
from ui.session import Result
from workspace.datasets import Dataset


def plans(data: Dataset, result: Result) -> Callable[[PlanSettings], ReorderPlan]:
    """The plan as a function of its settings; everything else is read once."""
    terms, spread = session.terms_of(data, result.fingerprint)[0], session.spread_of(data, result)
    calendar = session.panel_of(data, result.fingerprint).calendar
    valid, _ = split(load(data.name), data.facts["fingerprint"])
    overrides = {override.item: override.quantity for override in valid}
    coming = receipts(load_sent(data.name), spread.items)
    return lambda settings: reorder_plan(terms, spread, calendar, settings, overrides=overrides, receipts=coming)

"""PlanSettings: what a planner chooses for all items at once, and what of it is kept so that tomorrow begins where today ended."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

from inventory.terms import MOST_DAYS
from workspace import facts

KIND = "settings"

Method = Literal["backtest", "normal"]
BOUNDS = {
    "service_level": (0.5, 0.999),
    "safety_factor": (0.0, 3.0),
    "lead_time_days": (0.0, MOST_DAYS),
    "review_period_days": (0.0, MOST_DAYS),
}


@dataclass(frozen=True)
class PlanSettings:
    """What the planner chooses for all items.

    service_level: chance of no stock-out in a protection interval, 0.5 to 0.999. safety_factor: times the safety stock, 0 to 3.
    lead_time_days, review_period_days: one for all items, or None: each item's own. method: "backtest" takes the quantile of total demand
    from backtested errors of totals, "normal" the textbook formula.

    Raises ValueError for anything outside.
    """

    service_level: float = 0.95
    safety_factor: float = 1.0
    lead_time_days: float | None = None
    review_period_days: float | None = None
    method: Method = "backtest"

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise ValueError(f"{name}: got {value}, expected {least:g} to {most:g}")
        if self.method not in ("backtest", "normal"):
            raise ValueError(f"method: got {self.method!r}, expected backtest or normal")


def save_settings(data: str, settings: PlanSettings, by: str) -> None:
    """Keeps `settings` for the dataset `data`, in place of what was kept."""
    with facts.together():
        facts.end([record.id for record in facts.records(KIND, data)], by, "replaced")
        facts.add(KIND, data, [asdict(settings)], by)


def of_records(records: Sequence[facts.Record]) -> PlanSettings:
    """The settings of the latest of `records`; the defaults where there is none."""
    known = {field.name for field in fields(PlanSettings)}
    return PlanSettings(**{name: value for name, value in records[-1].body.items() if name in known}) if records else PlanSettings()

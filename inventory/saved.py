"""The settings of a plan, kept for a dataset so that tomorrow begins where today ended."""

from dataclasses import asdict, fields

from inventory.settings import PlanSettings
from workspace import facts

KIND = "settings"


def save_settings(data: str, settings: PlanSettings, by: str) -> None:
    """Keeps `settings` for the dataset `data`, in place of what was kept."""
    with facts.together():
        facts.end([record.id for record in facts.records(KIND, data)], by, "replaced")
        facts.add(KIND, data, [asdict(settings)], by)


def saved_settings(data: str) -> PlanSettings:
    """The settings kept for the dataset `data`; the defaults where there are none."""
    kept = facts.records(KIND, data)
    known = {field.name for field in fields(PlanSettings)}
    return PlanSettings(**{name: value for name, value in kept[-1].body.items() if name in known}) if kept else PlanSettings()

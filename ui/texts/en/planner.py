"""Words of what a planner decides: overrides, adjustments, orders sent, saved settings."""

PLANNER: dict[str, str] = {}

"""Words of the reorder plan: reasons, column headings."""

PLAN: dict[str, str] = {}

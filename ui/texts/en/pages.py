"""Words of the pages."""

PAGES: dict[str, str] = {}

"""Words of the command lines."""

COMMANDS: dict[str, str] = {}

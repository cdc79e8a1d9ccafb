"""The workspace's salt: what ids of customers are hashed with. It stays in the workspace and is part of no archive."""

import os
import secrets
from pathlib import Path

from workspace.home import home

BYTES = 32


def salt() -> bytes:
    """32 random bytes, the same for as long as the workspace lives, readable by its owner alone; made where there are none yet.

    Raises ValueError where the file is not whole: hashes made with another salt would not meet.
    """
    place = home() / "salt"
    if not place.exists():
        _make(place)
    kept = place.read_bytes()
    if len(kept) != BYTES:
        raise ValueError(f"{place}: got {len(kept)} bytes, expected {BYTES}")
    return kept


def _make(place: Path) -> None:
    """Of two processes that make one at once the first wins: a link is never laid over a file."""
    own = place.with_name(f"salt-{secrets.token_hex(8)}")
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(own, place)
    except FileExistsError:
        pass
    finally:
        own.unlink()

"""Where everything is kept: SHELFCAST_HOME, or the user's data folder."""

import os
import re
import unicodedata
from pathlib import Path

from platformdirs import user_data_dir

LONGEST_NAME = 60


def home() -> Path:
    """The workspace folder, made if absent, readable by its owner alone."""
    path = Path(os.environ.get("SHELFCAST_HOME") or user_data_dir("shelfcast", appauthor=False))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def folder(*parts: str) -> Path:
    """A folder inside the workspace, made if absent. Raises ValueError for a part that is no plain name."""
    path = home().joinpath(*(checked(part) for part in parts))
    path.mkdir(parents=True, exist_ok=True)
    return path


def checked(name: str) -> str:
    """`name` if it can be a folder's: letters, digits, dashes; nothing that leads elsewhere. Raises ValueError otherwise."""
    if not re.fullmatch(r"[\w][\w-]*", name) or len(name) > LONGEST_NAME + 8:
        raise ValueError(f"name: got {name!r}, expected letters, digits and dashes")
    return name


def slug(title: str) -> str:
    """A folder name made of `title`.

    >>> slug("Spring sale: Köln / 2024")
    'spring-sale-köln-2024'
    """
    plain = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFKC", title).lower()).strip("-_")
    return plain[:LONGEST_NAME].strip("-_") or "data"

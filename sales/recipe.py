"""Recipe: every decision on the road from raw tables to a panel, as JSON; it is saved with the data and applied to tomorrow's file."""

import datetime
from collections.abc import Mapping as MappingOf
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import pandas as pd

from sales.calendar import Frequency
from sales.grid import Gaps
from sales.intake import Intake, intake
from sales.lines import ends_of
from sales.mapping import Mapping
from sales.shapes import Shape, to_long

VERSION = 1


@dataclass(frozen=True)
class Recipe:
    """What somebody decided about a table.

    reading: what was asked of the reader (sheet, header row, encoding, …). join: how two tables became one, None where it was one. shape:
    how the table holds sales, None where it is long. mapping, frequency, gaps, season, day_first: as `intake` takes them. actions: what is
    done about findings, by code; a finding without one gets what is proposed, so what is to stay as it is is named. merges: old item codes
    and those they count under.

    Raises ValueError for values that `intake` does not take, and for merges that run in a circle.
    """

    mapping: Mapping = field(default_factory=Mapping)
    frequency: Frequency | None = None
    gaps: Gaps = "zero"
    season: int | None = None
    day_first: bool | None = None
    actions: MappingOf[str, str] = field(default_factory=dict)
    merges: MappingOf[str, str] = field(default_factory=dict)
    reading: MappingOf[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    join: MappingOf[str, Any] | None = None

    def __post_init__(self) -> None:
        def expect(name: str, right: bool, expected: str) -> None:
            if not right:
                raise ValueError(f"recipe: {name}: got {getattr(self, name)!r}, expected {expected}")

        season = self.season
        expect("frequency", self.frequency in (None, "D", "W", "M"), "D, W, M or nothing")
        expect("gaps", self.gaps in ("zero", "unknown"), "zero or unknown")
        expect("season", season is None or (type(season) is int and season >= 1), "1 or more periods, or nothing")
        expect("day_first", self.day_first in (None, True, False) and type(self.day_first) is not int, "true, false or nothing")
        for name in ("actions", "merges"):
            expect(name, _is_texts(getattr(self, name)), "texts by text")
        expect("reading", isinstance(self.reading, dict), "an object")
        expect("join", self.join is None or isinstance(self.join, dict), "an object or nothing")
        ends_of(self.merges)

    def to_json(self) -> dict[str, Any]:
        """The recipe as an object of JSON; `from_json` reads it back equal, also once it was written to a file."""
        mapping = {**asdict(self.mapping), "known": list(self.mapping.known)}
        return {"version": VERSION, **asdict(self), "mapping": mapping}

    @staticmethod
    def from_json(read: Any) -> "Recipe":
        """The recipe that `read`, an object of JSON, holds; keys that are not known are left aside, absent ones have their default.

        Raises ValueError where it is no recipe, or one of a later version.
        """
        if not isinstance(read, dict):
            raise ValueError(f"recipe: got {type(read).__name__}, expected an object")
        version = read.get("version")
        if type(version) is not int or not 1 <= version <= VERSION:
            raise ValueError(f"recipe: version: got {version!r}, expected 1 to {VERSION}")
        known = {part.name: read[part.name] for part in fields(Recipe) if part.name in read}
        return Recipe(**{**known, "mapping": _mapping(known.get("mapping", {})), "shape": _shape(known.get("shape"))})


def apply(recipe: Recipe, table: pd.DataFrame, today: datetime.date | None = None) -> Intake:
    """What becomes of `table`, read and joined as the recipe says, under the rest of it; `today` as in `intake`. Never raises on what is in
    the table."""
    return intake(
        table if recipe.shape is None else to_long(table, recipe.shape),
        recipe.mapping,
        recipe.frequency,
        recipe.gaps,
        recipe.season,
        recipe.day_first,
        recipe.actions,
        recipe.merges,
        today,
    )


def _mapping(read: Any) -> Mapping:
    if not isinstance(read, dict):
        raise ValueError(f"recipe: mapping: got {read!r}, expected an object")
    roles: dict[str, Any] = {}
    for role in fields(Mapping):
        column = read.get(role.name)
        if role.name == "known":
            roles["known"] = tuple(column or ())
            fits = isinstance(column, (list, tuple, type(None))) and all(isinstance(name, str) for name in roles["known"])
        else:
            roles[role.name] = column
            fits = column is None or isinstance(column, str)
        if not fits:
            raise ValueError(f"recipe: mapping: {role.name}: got {column!r}, expected the name of a column")
    return Mapping(**roles)


def _shape(read: Any) -> Shape | None:
    if read is None:
        return None
    if not isinstance(read, dict):
        raise ValueError(f"recipe: shape: got {read!r}, expected an object")
    parts = {part.name: read[part.name] for part in fields(Shape) if part.name in read}
    try:
        return Shape(**{**parts, "beside": tuple(parts.get("beside", ())), "dates": tuple((a, b) for a, b in parts.get("dates", ()))})
    except (TypeError, ValueError) as error:
        raise ValueError(f"recipe: shape: {error}") from None


def _is_texts(part: Any) -> bool:
    return isinstance(part, dict) and all(isinstance(text, str) for pair in part.items() for text in pair)

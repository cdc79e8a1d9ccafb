"""The format of a workspace: a number in its folder, and the steps that bring an older one up to date. What they do is not known here."""

from collections.abc import Callable, Sequence

from workspace import home, tables

_FORMAT = "format.json"


class TooNew(RuntimeError):
    """The workspace was written by a later version of the program: this one would not understand it."""


def migrate(steps: Sequence[Callable[[], None]]) -> int:
    """The format of the workspace, brought up to date: the first of `steps` makes format 2 of format 1, and so on; those done are left out.

    A workspace without a number is of format 1 where it holds a dataset, else new. A step that was cut short is taken again from its start:
    it must leave what it has done already as it is. One process migrates at a time, others wait. Raises TooNew.
    """
    path, now = home.home() / _FORMAT, 1 + len(steps)
    with tables.alone(home.home() / "format.lock"):
        format = int((tables.read_facts(path) or {}).get("format", 1 if any(home.folder("datasets").iterdir()) else now))
        if format > now:
            raise TooNew(
                f"workspace: got format {format}, expected at most {now}; start a later version of Shelfcast, or choose another folder"
            )
        for number in range(format, now):
            steps[number - 1]()
            tables.write_facts(path, {"format": number + 1})
        if not path.exists():
            tables.write_facts(path, {"format": now})
    return now

"""The one door for words: every sentence a person reads, on a page or on the command line, comes from here. No Streamlit."""

import re
from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any

from sales.problems import Problem
from ui.texts import en


def text(key: str, **params: Any) -> str:
    """The words for `key`, its {placeholders} filled. Raises KeyError for an unknown key or a missing parameter.

    >>> text("spread.failed", count=1)
    '1 item has no forecast and so no quantiles: see status'
    >>> text("look.new_items.found", items=3, recent="1")
    '3 items came in the last 1 period.'
    """
    return _filled(en.TEXTS[key], params)


class _Counting(Formatter):
    """{count:~item|items} is the first word where the count, a number or one in words, is 1, else the second."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if not format_spec.startswith(COUNTED):
            return str(super().format_field(value, format_spec))
        one, _, many = format_spec.removeprefix(COUNTED).partition("|")
        return one if value in (1, "1") else many


def _filled(template: str, params: Mapping[str, Any]) -> str:
    return _COUNTING.vformat(template, (), params) if f":{COUNTED}" in template else template.format(**params)


COUNTED = "~"
_COUNTING = _Counting()


def plain(value: str) -> str:
    """`value` with what Markdown would read as a sign of its own escaped: what a person typed or a file holds stays as it is.

    >>> plain("A_1 *new*")
    'A\\\\_1 \\\\*new\\\\*'
    """
    return re.sub(r"([\\`*_\[\]~$<>|:])", r"\\\1", value)


def problem(found: Problem) -> str:
    """One problem as a sentence: where, what, got, expected, fix."""
    return _sentence(found, problem_row(found))


def typed_problem(found: Problem) -> str:
    """The same for the command line: how severe it is first, and flags in the fix, which pages have no use for."""
    row = problem_row(found)
    if found.code in en.COMMAND_FIXES:
        row["fix"] = _filled(en.COMMAND_FIXES[found.code], found.params)
    if "chosen" in found.params and found.params.get("others"):  # a finding, and what else may be done about it
        row["fix"] = text("problem.repair", fix=row["fix"].removesuffix("."), others=found.params["others"])
    return text(f"problem.typed.{found.severity}", sentence=_sentence(found, row))


def _sentence(found: Problem, row: dict[str, str]) -> str:
    named = {"file": found.file, "row": row["row"], "column": row["column"]}
    where = ", ".join(text(f"problem.{part}", **{part: value}) for part, value in named.items() if value)
    got = text("problem.got", got=row["got"]) if row["got"] else ""
    count = text("problem.count", count=found.count) if found.count > 1 else ""
    return text(
        "problem.sentence",
        where=f"{where}: " if where else "",
        what=row["what"],
        got=got,
        expected=row["expected"],
        count=count,
        fix=row["fix"],
    )


def problem_row(found: Problem) -> dict[str, str]:
    """One problem as the cells of a table: severity, row, column, what, got, expected, fix, rows affected."""
    what, expected, fix = en.PROBLEMS[found.code]
    params = {"column": found.column, "row": found.row, "got": found.got, "count": found.count, **found.params}
    places = dict.fromkeys(row for row in (found.row, *(row for row, _ in found.also)) if row is not None)
    return {
        "severity": text(f"severity.{found.severity}"),
        "row": _listed([str(row) for row in places], found.count, ", "),
        "column": found.column or "",
        "what": _filled(what, params),
        "got": _listed(list(dict.fromkeys((found.got, *(got for _, got in found.also)))), 0, "; "),
        "expected": _filled(expected, params),
        "fix": _filled(fix, params),
        "count": str(found.count),
    }


def _listed(values: list[str], of: int, between: str) -> str:
    """`values` side by side, with dots where there are more than these."""
    return between.join((*values, *(["…"] if 1 < len(values) < of else [])))


def problem_rows(found: Iterable[Problem]) -> list[dict[str, str]]:
    """All problems as rows of a table, in the order given."""
    return [problem_row(p) for p in found]

"""Every problem that the code can find has words, and no words are left over."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

from forecasting.fallbacks import MOST_TIMES_THE_PAST
from sales.__main__ import main
from sales.problems import Problem, Severity
from ui.texts import en, problem, problem_row, text, typed_problem
from ui.texts.status import status_in_words

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("workspace", "sales", "forecasting", "inventory", "ui")
FINDERS = {"Problem", "found", "Repair", "Refused"}
OWN = {"column", "row", "got", "count"}


def codes(source: str) -> Iterator[str]:
    """Each code that `source` finds."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant | ast.IfExp):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in FINDERS:
                branches = [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else [node.args[0]]
                yield from (str(branch.value) for branch in branches if isinstance(branch, ast.Constant))


EMITTED = {code for package in PACKAGES for path in (ROOT / package).rglob("*.py") for code in codes(path.read_text())}


def test_every_code_has_words_and_all_words_are_used() -> None:
    assert EMITTED - set(en.PROBLEMS) == set(), "found somewhere, but without words"
    assert set(en.PROBLEMS) - EMITTED == set(), "words that nothing says"


@pytest.mark.parametrize("code", sorted(en.PROBLEMS))
def test_templates_format_to_sentences(code: str) -> None:
    named = {field for template in en.PROBLEMS[code] for _, field, _, _ in Formatter().parse(template) if field}
    found = Problem(code, Severity.WARNING, "units", 3, "12,5", 1_000, dict.fromkeys(named - OWN, 7))
    sentence = problem(found)
    assert sentence.startswith("row 3, column units: ")
    assert "(1,000 rows)" in sentence
    assert sentence.rstrip().endswith(".")
    assert "{" not in sentence
    assert all(problem_row(found).values())


TYPED = ("sales/__main__.py", "sales/flagged.py", "sales/commandline.py")
SHOWN = {
    code
    for package in ("sales", "workspace", "ui")
    for path in (ROOT / package).rglob("*.py")
    if str(path.relative_to(ROOT)) not in TYPED
    for code in codes(path.read_text())
}


@pytest.mark.parametrize("code", sorted(SHOWN))
def test_pages_speak_of_no_flags(code: str) -> None:
    assert not re.search("--[a-z]", " ".join(en.PROBLEMS[code]))


@pytest.mark.parametrize("code", sorted(en.COMMAND_FIXES))
def test_the_command_line_names_flags_that_there_are(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["import", "--help"])
    shown = capsys.readouterr().out
    flags = set(re.findall(r"--[a-z-]+", en.COMMAND_FIXES[code]))
    assert flags
    assert flags <= set(re.findall(r"--[a-z-]+", shown))
    params = {field for _, field, _, _ in Formatter().parse(" ".join(en.PROBLEMS[code])) if field}
    assert {field for _, field, _, _ in Formatter().parse(en.COMMAND_FIXES[code]) if field} <= params


@pytest.mark.parametrize("typed", ["sales check --gaps x", "sales import", "sales rebuild", "inventory plan", "forecasting tune"])
def test_a_mistyped_command_shows_its_form_in_one_line(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    module, *arguments = typed.split()
    with pytest.raises(SystemExit, match="2"):
        import_module(f"{module}.__main__").main(arguments)
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_typed_problem_says_how_severe_it_is_and_what_else_may_be_done() -> None:
    found = Problem("returns", Severity.WARNING, params=dict.fromkeys(("units", "cancelled", "matched", "unmatched"), 7))
    found.params.update(left="7", chosen="net", others="returns=drop, returns=keep")
    assert typed_problem(found).startswith("warning: negative units, 7 in all")
    assert typed_problem(found).endswith("What was done: net (or choose --repair returns=drop, returns=keep).")
    assert problem(found).endswith("What was done: net.")


def test_a_problem_without_a_place_is_a_sentence_too() -> None:
    assert problem(Problem("empty_file")).startswith("the file is empty; expected a table")


def test_a_row_is_named_once() -> None:
    assert problem_row(Problem("date_empty", row=11, also=((11, ""), (12, ""), (12, ""))))["row"] == "11, 12"


def test_one_is_not_written_as_many() -> None:
    assert text("forecast.saved", rows=14, items=1, out="x") == "14 rows of 1 item written to x"
    assert text("forecast.saved", rows=1_400, items=100, out="x") == "1,400 rows of 100 items written to x"
    assert problem(Problem("items_not_yet_sold", params={"items": 1})).startswith("1 item has rows")


def test_every_reason_for_which_a_model_does_not_answer_has_words() -> None:
    sources = " ".join(path.read_text() for path in (ROOT / "forecasting").rglob("*.py"))
    written = set(re.findall(r'"(?:failed|fallback): ([a-z_]+)"', sources))
    guards = {"not_finite", "implausible", "implausible_quantiles", "all_zero", "constant", "too_short"}
    for code in written | guards:
        assert status_in_words(f"failed: {code}") == text(f"status.{code}")
    assert f"{MOST_TIMES_THE_PAST:g} times" in text("status.implausible")

"""Every problem that the code can find has words, and no words are left over."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from sales.problems import Problem, Severity
from ui.texts import en, problem, problem_row

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


def test_a_problem_without_a_place_is_a_sentence_too() -> None:
    assert problem(Problem("empty_file")).startswith("the file is empty; expected a table")

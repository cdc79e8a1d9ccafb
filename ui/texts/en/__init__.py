"""English words, gathered from the files of this folder."""

from ui.texts.en.commands import COMMANDS
from ui.texts.en.pages import PAGES
from ui.texts.en.plan import PLAN
from ui.texts.en.problems import PROBLEM_FRAME, PROBLEMS

TEXTS = {**PROBLEM_FRAME, **PAGES, **PLAN, **COMMANDS}

__all__ = ["PROBLEMS", "TEXTS"]

"""English words, gathered from the files of this folder."""

from ui.texts.en.automatic import AUTOMATIC
from ui.texts.en.commands import COMMAND_FIXES, COMMAND_PROBLEMS, COMMANDS
from ui.texts.en.compare import COMPARE
from ui.texts.en.context import CONTEXT_PROBLEMS
from ui.texts.en.data import DATA
from ui.texts.en.diagnosis import DIAGNOSIS
from ui.texts.en.intake import INTAKE
from ui.texts.en.pages import PAGES
from ui.texts.en.plan import PLAN
from ui.texts.en.planner import PLANNER
from ui.texts.en.problems import PROBLEM_FRAME
from ui.texts.en.problems import PROBLEMS as FILE_PROBLEMS
from ui.texts.en.questions import QUESTIONS
from ui.texts.en.reorder import REORDER
from ui.texts.en.repairs import REPAIR_PROBLEMS, REPAIRS
from ui.texts.en.runs import RUNS
from ui.texts.en.stock import STOCK
from ui.texts.en.tuning import TUNING, TUNING_PROBLEMS
from ui.texts.en.workspace import WORKSPACE_PROBLEMS

TEXTS = {
    **PROBLEM_FRAME,
    **PAGES,
    **DATA,
    **INTAKE,
    **RUNS,
    **STOCK,
    **COMPARE,
    **AUTOMATIC,
    **QUESTIONS,
    **REORDER,
    **PLAN,
    **PLANNER,
    **REPAIRS,
    **DIAGNOSIS,
    **TUNING,
    **COMMANDS,
}
PROBLEMS = {**FILE_PROBLEMS, **REPAIR_PROBLEMS, **CONTEXT_PROBLEMS, **WORKSPACE_PROBLEMS, **COMMAND_PROBLEMS, **TUNING_PROBLEMS}

__all__ = ["COMMAND_FIXES", "PROBLEMS", "TEXTS"]

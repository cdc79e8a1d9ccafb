"""`python -m benchmarks` lists, `python -m benchmarks NAME --json OUT` runs one, `python -m benchmarks all` runs every one."""

import argparse
import importlib
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, Skipped, report, table

NAMES = ("plan_latency", "compare50", "intake", "models", "sarima_speed", "prophet_library", "accuracy", "spread", "catalogue")
ALL = "all"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0; 1 where a benchmark failed, the others still ran; 2 where the arguments make no sense."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Without a name: lists what there is.")
    parser.add_argument("name", nargs="?", choices=[*NAMES, ALL])
    parser.add_argument("--json", type=Path, metavar="OUT", help="also writes the report of the one benchmark to this file")
    asked = parser.parse_args(arguments)
    if asked.name is None:
        print("\n".join(f"{name:16}{one_line(name)}" for name in NAMES))
        return 0
    if asked.json and asked.name == ALL:
        parser.error("--json goes with one benchmark")
    failed = run_all(NAMES if asked.name == ALL else [asked.name], asked.json)
    for name in failed:
        print(f"{name}: failed, see above", file=sys.stderr)
    return int(bool(failed))


def one_line(name: str) -> str:
    """What a benchmark measures: the first line of its docstring."""
    return (importlib.import_module(f"benchmarks.{name}").__doc__ or "").strip().splitlines()[0]


def run_all(names: Sequence[str], out: Path | None = None) -> list[str]:
    """Runs benchmarks in turn and prints one table of what they found; the names of those that failed. Each report goes to `out`."""
    rows: list[tuple[str, Figure]] = []
    failed = []
    for name in names:
        print(f"{name}: running", file=sys.stderr)
        try:
            figures = importlib.import_module(f"benchmarks.{name}").run()
        except Skipped as reason:
            figures = [Figure(name, None, "", note=str(reason))]
        except Exception:  # one that fails must not take the others along
            traceback.print_exc()
            failed.append(name)
            continue
        rows += [(name, figure) for figure in figures]
        if out:
            out.write_text(json.dumps(report(name, figures), indent=2) + "\n", encoding="utf-8")
    if rows:
        print(table(rows))
    return failed


if __name__ == "__main__":
    sys.exit(main())

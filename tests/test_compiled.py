"""What JAX compiles is kept, also where a process was killed at writing it."""

import os
import subprocess
import sys
from pathlib import Path

from workspace import compiled

FITS = """
import numpy as np
from forecasting.batched import engine
from forecasting.batched.columns import Histories
from forecasting.batched.orders import Order
history = Histories(50 + np.random.default_rng(0).normal(0, 5, (1, 60)), 1)
engine.refit(history, (Order(0, 0, 1),), np.array([0]))
"""


def test_a_program_half_written_is_taken_away_and_others_stay(tmp_path: Path) -> None:
    for name in ("whole-cache", "whole-atime", "half-cache"):
        (tmp_path / name).write_bytes(b"x" * 8)
    compiled.mend(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*-*")) == ["whole-atime", "whole-cache"]


def test_a_process_finds_what_another_has_compiled_in_the_workspace(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment |= {"SHELFCAST_HOME": str(tmp_path), compiled.SECONDS: "0", "PYTHONWARNINGS": "error"}
    kept = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", FITS], env=environment, check=True, cwd=Path(__file__).parents[1])
        kept.append({path.name: path.stat().st_mtime_ns for path in (tmp_path / "compiled").glob("*-cache")})
    assert kept[0]
    assert kept[0] == kept[1]

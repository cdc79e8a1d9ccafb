"""What Shelfcast promises to be quick or right at, measured: `python -m benchmarks` lists what there is, `make bench` runs it all.

The browser's steps, the real sales' door and the made-up spreads are the tests' own, so this folder needs requirements-dev.txt too.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if (_TESTS := str(ROOT / "tests")) not in sys.path:
    sys.path.append(_TESTS)

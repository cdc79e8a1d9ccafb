"""What a command frees it keeps for itself: columns that come and go are not cleared by the system each time."""

import subprocess
import sys

_COLUMNS = """
import resource
import numpy as np
import pyarrow as pa
from sales.memory import keep_freed
keep_freed()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first = faults()
print(first, max(faults() for _ in range(3)), pa.default_memory_pool().backend_name)
"""


def test_a_command_uses_the_memory_that_it_freed_again() -> None:
    done = subprocess.run([sys.executable, "-c", _COLUMNS], capture_output=True, text=True, check=True)
    first, later, pool = done.stdout.split()
    assert int(first) > 10_000, "pages of 4 kB, each handed out once"
    assert int(later) < 100, "and not again"
    assert pool == "system"

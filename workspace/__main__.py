"""`python -m workspace RUN`: works through a run's commands. Started by `workspace.runs.start`."""

import sys

from workspace import runs

if __name__ == "__main__":
    sys.exit(runs.work(runs.Run(sys.argv[1])))

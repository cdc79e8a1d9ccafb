"""`python -m workspace resume`: continues the runs that were killed, with their server or alone."""

import argparse
import sys
from collections.abc import Sequence

from ui.texts import text
from workspace import runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0; says which runs go on."""
    parser = argparse.ArgumentParser(prog="python -m workspace", description=text("workspace.description"))
    parser.add_subparsers(required=True, metavar="resume").add_parser("resume", help=text("workspace.resume"))
    parser.parse_args(arguments)
    for run in runs.resume():
        print(text("workspace.resumed", run=run.name), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

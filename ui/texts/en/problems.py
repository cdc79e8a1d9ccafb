"""Words for problems: code -> (what is wrong, what was expected, how to fix it or which repair was made)."""

PROBLEM_FRAME = {
    "severity.error": "error",
    "severity.warning": "repaired",
    "severity.info": "note",
    "problem.row": "row {row}",
    "problem.column": "column {column}",
    "problem.got": ", got '{got}'",
    "problem.count": " ({count:,} rows)",
    "problem.sentence": "{where}{what}{got}; expected {expected}{count}. {fix}",
}

PROBLEMS: dict[str, tuple[str, str, str]] = {}

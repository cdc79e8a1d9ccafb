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

PROBLEMS: dict[str, tuple[str, str, str]] = {
    # forecasting
    "too_many_cutoffs": (
        "this many cutoffs do not fit into the history",
        "1 to {most} cutoffs, with a horizon of {horizon} in {periods} periods",
        "Ask for fewer cutoffs or a shorter horizon.",
    ),
    "cutoff_outside": (
        "this cutoff leaves too little before or after it",
        "a date from {first} to {last}, with a horizon of {horizon} periods",
        "Choose a date within that range, or a shorter horizon.",
    ),
    "cutoff_not_a_date": ("this is no date", "dates like 2024-03-31, separated by commas, or a count", "Correct the cutoffs."),
    "bad_horizon": ("this horizon cannot be used", "1 to {most} periods", "Choose a horizon in that range."),
    "bad_best": ("this number of best sellers cannot be used", "1 or more", "Choose a number of 1 or more, or leave it out."),
    "unknown_model": ("there is no model of this name", "{names}", "Choose from these names, separated by commas."),
    "unknown_country": ("no holidays are known for this country", "a code like DE, FR, GB or US", "Correct the code, or leave it out."),
    "bad_out": ("this kind of file cannot be written", "a name that ends in {expected}", "Change the name of the output file."),
}

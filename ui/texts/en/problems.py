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
    # stock file
    "stock_no_item_column": (
        "the stock file has no column of items; it has: {columns}",
        "a column with the header item",
        "Rename the column that holds the item codes to item.",
    ),
    "stock_unknown_column": ("this column is not used", "one of {columns}", "Rename it if it is one of these, or leave it."),
    "stock_repeated_column": ("this header is there twice", "each header once", "The first of the two is used; remove one of them."),
    "stock_item_missing": ("no item code", "an item code in every row", "The row was left out; add its item code."),
    "stock_duplicate_item": ("this item is there more than once", "one row an item", "The first row is used; remove the others."),
    "stock_unknown_item": (
        "no sales of this item",
        "an item code exactly as in the sales file",
        "The row was left out; correct the code if the item is in the sales file.",
    ),
    "stock_not_a_number": (
        "this is no number",
        "a number with a decimal point and no thousands separator",
        "The cell counts as not given; correct it.",
    ),
    "stock_infinite": ("infinite value", "a finite number", "The cell counts as not given; correct it."),
    "stock_negative": (
        "negative value",
        "0 or more",
        "The cell counts as not given; correct it (units owed to customers go into backorders).",
    ),
    "stock_too_large": ("a value this large cannot be right", "at most {most}", "The cell counts as not given; correct it."),
    "stock_bad_date": ("this is no date", "a date like 2024-06-15", "The cell counts as not given; correct it."),
    "stock_item_without_row": (
        "items of the sales file without a row in the stock file, the first of them",
        "a row for every item",
        "They are planned without stock and with the usual lead time and review period; add their rows.",
    ),
    "stock_no_due_date": (
        "units on order without a day on which they are due, the first item",
        "a date like 2024-06-15",
        "They are taken to arrive in time; add the day if they do not.",
    ),
}

"""Words for what is wrong with holidays, events and columns known ahead that come from another table."""

CONTEXT_PROBLEMS: dict[str, tuple[str, str, str]] = {
    "known_there_already": ("the sales have a column of this name", "a name that is not taken", "Rename the column; it was left out."),
    "known_key_unmatched": ("rows for items that the sales do not have", "items of the sales", "The rows were left out."),
    "known_key_absent": (
        "{items} {items:~item has|items have} no row in this table",
        "a row for each item",
        "The column is not known for these items; add rows for them.",
    ),
    "known_key_gone": (
        "the sales no longer hold what these columns were found by",
        "the same columns of items as before",
        "The columns were left out; add them again.",
    ),
    "known_too_far": ("dates more than two years after the last sale", "dates up to two years ahead", "The rows were left out."),
    "known_no_overlap": (
        "no date falls into the periods of the sales or after them",
        "dates of the sales, and after the last one",
        "Look whether the years are right, and the order of day and month.",
    ),
    "country_unknown": ("the holidays of this country are not known", "an ISO code such as DE, US, CN or DE-BY", "Correct the code."),
    "too_many_events": ("too many events", "at most {most} rows", "Leave out what is long past."),
    "too_many_event_names": (
        "too many different names of events",
        "at most {most}: each becomes a column",
        "Give events of a kind one name, and tell them apart by their dates.",
    ),
    "event_never_before": (
        "this event was never in the history of these sales, and is to come",
        "an event that was there before",
        "No model can learn what it does: it is kept, and a planner may adjust the forecast by hand.",
    ),
    "events_past": (
        "no event is after the last sale",
        "the events to come as well",
        "Models then learn of past events and know of none to come; add those that are planned.",
    ),
    "event_unnamed": ("an event without a name", "a name in each row", "The rows were left out; name them."),
    "event_backwards": ("an event ends before it begins", "an end on or after its beginning", "The rows were left out; correct them."),
    "event_for_none": (
        "an event for an item or category that the sales do not have",
        "one of the sales, or an empty cell for all",
        "The rows were left out.",
    ),
}

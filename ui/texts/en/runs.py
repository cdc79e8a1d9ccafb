"""Words of runs: the form of a comparison, its progress, its end."""

RUNS: dict[str, str] = {
    "form.models": "Models",
    "form.horizon": "Horizon ({period}s)",
    "form.horizon.help": "How far to forecast. It should cover lead time plus review period: that is what it starts with.",
    "form.cutoffs": "Cutoffs",
    "form.cutoffs.help": "How many past dates to forecast from, one horizon apart; the last horizon ends at the last period.",
    "form.best": "Best sellers (0: all {items:,})",
    "form.best.help": "The items with most units sold. Only these are compared and planned.",
    "form.country": "Holidays of (country code)",
    "form.country.help": "A country code such as DE, GB or US, for Prophet. Empty: none.",
    "form.run": "Run the comparison",
    "form.no_models": "Choose at least one model.",
    "run.reading": "Reading",
    "run.progress": "{model}: {done} of {total} forecasts of all items made, {failed} items failed so far",
    "run.leave": "This goes on when you leave the page or close the tab.",
    "run.failed": "The last comparison ended with an error. What it said:",
    "run.stopped": "The last comparison was stopped before it was done. Run it again. What it said:",
    "run.silent": "(nothing)",
}

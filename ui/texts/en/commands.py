"""Words of the command lines."""

COMMANDS: dict[str, str] = {
    "forecast.description": "Backtests and forecasts of a sales file.",
    "forecast.backtest": "Forecast from past cutoffs, compare with what then sold, and save every row.",
    "forecast.forecast": "Forecast past the end of the file and save every row.",
    "forecast.horizon": "how many periods to forecast",
    "forecast.models": "models, separated by commas, out of {names} (default: all)",
    "forecast.best": "only the N items with most units sold",
    "forecast.country": "country whose holidays Prophet knows, as a code such as DE (default: none)",
    "forecast.seed": "seed of everything random (default: 0)",
    "forecast.out": "the Parquet file to write",
    "forecast.progress": "a JSON file kept up to date with how far the work is",
    "forecast.cutoffs": "a count (3: three cutoffs one horizon apart, the last horizon ending at the last period) or dates separated by commas",
    "forecast.step": "{model}: step {done} of {total}, {failed} failed",
    "forecast.score": "{model}: WAPE {wape:.1%}, bias {bias:+.1%}, {seconds:.2f} s an item and cutoff, {answered:.0%} answered",
    "forecast.settled": "{model}: {detail} for {count} items",
    "forecast.saved": "{rows:,} rows of {items:,} items written to {out}",
}

"""Words of the reorder plan: reasons, column headings."""

PLAN: dict[str, str] = {
    "plan.sum": "{demand} units in {days} days + {safety} safety − {stock} in stock and arriving = {shortfall}",
    "plan.sum_owed": "{demand} units in {days} days + {safety} safety − {stock} in stock and arriving + {owed} owed = {shortfall}",
    "plan.and": "{first}; {second}",
    "plan.reason.forecast_failed": "no quantity: demand could not be forecast",
    "plan.reason.no_errors_known": "no quantity: no forecast error is known, and the textbook formula needs one",
    "plan.reason.no_demand": "no demand expected",
    "plan.reason.position_covers": "nothing to order",
    "plan.reason.ordered": "order {quantity}",
    "plan.reason.rounded_to_units": "rounded up: {quantity}",
    "plan.reason.rounded_to_pack": "rounded up to packs of {pack}: {quantity}",
    "plan.reason.raised_to_moq": "raised to the minimum of {moq}: {quantity}",
    "plan.reason.raised_to_moq_and_pack": "raised to the minimum of {moq} and packs of {pack}: {quantity}",
    "plan.mind.tail": "few backtest errors reach this service level: the safety stock rests on an assumed tail",
    "plan.mind.extrapolated": "lead time and review period reach past what was forecast and backtested",
    "plan.mind.assumed_lead_time": "lead time not given: {days} days assumed",
    "plan.mind.assumed_review": "review period not given: {days} days assumed",
    "plan.mind.no_stock": "stock on hand not given: counted as 0",
    "plan.mind.later": "{later} more arrive too late to count",
}

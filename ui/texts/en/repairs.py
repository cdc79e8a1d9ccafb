"""Words of findings and repairs: what was found, as a problem; and what each action does, for those who choose."""

CHOSEN = "What was done: {chosen}."

REPAIR_PROBLEMS: dict[str, tuple[str, str, str]] = {
    "no_such_finding": (
        "no finding has this name",
        "one of {codes}",
        "Nothing was done for it; correct the name.",
    ),
    "no_such_action": (
        "there is no such action for what was found",
        "one of {actions}",
        "What is proposed was done; choose one of these.",
    ),
    "panel_changed": (
        "{look}: {items:,} items, {units} units",
        "series that need no mending",
        CHOSEN,
    ),
    "panel_not_looked_at": (
        "the sales are too large for their series to be looked at, items x periods",
        "at most {most} values",
        "Sum them by weeks or months to have stock-outs, closed days, outliers and the like looked for.",
    ),
    "no_items_left": (
        "no item is left after the repairs that were chosen",
        "at least one",
        "Choose to keep what was left out.",
    ),
    "nothing_across": (
        "no column is left that holds a date or an item each",
        "a column for each date, or for each item",
        "Name fewer columns as standing beside, or say that the table has one row an item and date. Columns there are: {columns}.",
    ),
    "codes_merged": (
        "{codes:,} item codes count under others ({pairs})",
        "one code an item",
        "They were merged as was asked for; take the merge back if they are two items.",
    ),
    "sold_out": (
        "nothing was left at the end of the day, {units} units sold on these days in all",
        "some stock left, or a column that says when the item was out of stock",
        "What was sold counts as the demand, which may have been higher; a column of out of stock has it estimated.",
    ),
    "on_hand_unreadable": (
        "a stock on hand that is no number",
        "units on hand at the end of the day",
        "The item does not count as out of stock there; correct the numbers.",
    ),
    "time_backwards": (
        "the date is before that of the row above, in a file that is otherwise in order",
        "rows in order of time",
        "Nothing was changed; look whether the date is mistyped, or whether two files were put together.",
    ),
    "duplicate_lines": (
        "an order line that is there already, equal in all columns, {units} units in all",
        "lines that are all meant",
        "Two equal lines of an order are ordinary. " + CHOSEN,
    ),
    "duplicate_rows": (
        "a row that is there already, equal in all columns, {units} units in all",
        "one row an item and date",
        "Each is to be taken once where chance does not make so many equal rows; else all are sales that are alike. " + CHOSEN,
    ),
    "conflicting_totals": (
        "a second, different total of the same item and date, {units} units in all",
        "one row an item and date",
        "Summed, each counts as a part. " + CHOSEN,
    ),
    "file_repeated": (
        "the file is there several times over: nearly every item and date has as many rows, equal in all columns",
        "one row an item and date",
        "It is to be taken once, unless equal rows are all meant. " + CHOSEN,
    ),
    "totals_corrected": (
        "another total of the same item and date, in a file that is there several times over",
        "one row an item and date",
        "The last is taken for the corrected one. " + CHOSEN,
    ),
    "negative_totals": (
        "a total below zero, {units} units in all",
        "0 or more",
        "More came back than was sold: what was asked for is not known. " + CHOSEN,
    ),
    "returns": (
        "negative units, {units} in all (returns or cancellations): {cancelled:,} lines are cancelled by their order's id, {matched:,} undo "
        "a sale or a part of it, {unmatched:,} none; {left} units of them have no sale",
        "0 or more",
        "A return without its sale is left out, unless all are kept. " + CHOSEN,
    ),
    "totals_inside": (
        "{items:,} codes that say they are totals ({names}), {units} units in all; {sure:,} are: they hold what the other items sold",
        "rows of items only",
        "A total beside its items would count every unit twice. " + CHOSEN,
    ),
    "no_product": (
        "{items:,} codes that may be no product ({names}), {units} units in all; {sure:,} surely are none, {doubtful:,} are doubtful",
        "goods that are ordered and stocked",
        "Postage, fees, discounts and vouchers are no demand. " + CHOSEN,
    ),
    "price_not_positive": (
        "a price of 0 or below ({below:,} below), {units} units in all; {corrections:,} lines are below 0 or of no customer where most are",
        "a price above 0",
        "These correct the stock and sold nothing; what a customer got for nothing left the shelf all the same. " + CHOSEN,
    ),
    "units_unusual": (
        "far more units than this item or any other sells, {units} in all",
        "at most 100 times what is usual",
        "A slip of the keyboard looks so, and so does one great order: look at it. " + CHOSEN,
    ),
    "dates_future": (
        "a sale dated after today, {units} units in all",
        "dates up to today",
        "What is still to come did not sell yet. " + CHOSEN,
    ),
}

REPAIRS: dict[str, str] = {
    "repair.duplicate_lines": "Equal order lines",
    "repair.duplicate_lines.keep": "Keep them all",
    "repair.duplicate_lines.drop": "Take each once",
    "repair.duplicate_rows": "Equal rows",
    "repair.duplicate_rows.drop": "Take each once",
    "repair.duplicate_rows.keep": "Add them up",
    "repair.conflicting_totals": "Several totals of one item and date",
    "repair.conflicting_totals.sum": "Add them up",
    "repair.conflicting_totals.first": "Take the first",
    "repair.conflicting_totals.last": "Take the last",
    "repair.file_repeated": "The same file several times over",
    "repair.file_repeated.drop": "Take it once",
    "repair.file_repeated.keep": "Add it all up",
    "repair.totals_corrected": "Corrected totals",
    "repair.totals_corrected.last": "Take the last",
    "repair.totals_corrected.first": "Take the first",
    "repair.totals_corrected.sum": "Add them up",
    "repair.negative_totals": "Totals below zero",
    "repair.negative_totals.unknown": "Count the period as not known",
    "repair.negative_totals.zero": "Count the period as 0",
    "repair.returns": "Returns and cancellations",
    "repair.returns.net": "Take each from its sale, leave out the rest",
    "repair.returns.drop": "Leave them out, the sales count in full",
    "repair.returns.keep": "Keep them: they lower the period in which they came back",
    "repair.totals_inside": "Totals among the items",
    "repair.totals_inside.drop": "Leave out those that are the sum of other items",
    "repair.totals_inside.keep": "Keep them all as items",
    "repair.totals_inside.drop_all": "Leave out all whose code says total",
    "repair.no_product": "Lines that are no product",
    "repair.no_product.drop": "Leave out those that surely are none",
    "repair.no_product.drop_doubtful": "Leave out the doubtful ones too",
    "repair.no_product.keep": "Keep them all",
    "repair.price_not_positive": "Prices of 0 and below",
    "repair.price_not_positive.drop_corrections": "Leave out those that correct the stock",
    "repair.price_not_positive.drop": "Leave them all out",
    "repair.price_not_positive.keep": "Keep them",
    "repair.units_unusual": "Quantities far beyond what is usual",
    "repair.units_unusual.keep": "Keep them",
    "repair.units_unusual.drop": "Leave them out",
    "repair.dates_future": "Sales dated in the future",
    "repair.dates_future.drop": "Leave them out",
    "repair.dates_future.keep": "Keep them",
    "repair.time_backwards": "Dates out of order",
    "repair.time_backwards.keep": "Leave them as they are",
}

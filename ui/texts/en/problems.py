"""Words for problems: code -> (what is wrong, what was expected, how to fix it or which repair was made)."""

PROBLEM_FRAME = {
    "severity.error": "error",
    "severity.warning": "repaired",
    "severity.info": "note",
    "problem.file": "file {file}",
    "problem.row": "row {row}",
    "problem.column": "column {column}",
    "problem.got": ", got '{got}'",
    "problem.count": " ({count:,} rows)",
    "problem.typed.error": "error: {sentence}",
    "problem.typed.warning": "warning: {sentence}",
    "problem.typed.info": "note: {sentence}",
    "problem.repair": "{fix} (or choose --repair {others}).",
    "problem.sentence": "{where}{what}{got}; expected {expected}{count}. {fix}",
}

LEFT_OUT = "The rows were left out; in a file of one row an item and period, that period counts as not known. "
NOT_GIVEN = "The cell counts as not given; an item whose stock on hand or on order cannot be read gets no quantity. "

PROBLEMS: dict[str, tuple[str, str, str]] = {
    # files
    "file_not_found": ("there is no such file", "the path of a file that can be read", "Correct the path."),
    "wrong_extension": (
        "this kind of file cannot be read",
        "a name that ends in .csv, .tsv, .txt, .xlsx, .xls, .ods or .parquet, or in .gz or .zip",
        "Save the table as one of these, .csv or .xlsx before all.",
    ),
    "empty_file": ("the file is empty", "a table with a header and rows", "Export it again and check that it has content."),
    "file_too_large": (
        "the file is too large, in bytes",
        "at most {most} bytes",
        "Leave out columns that are not needed, or split the file.",
    ),
    "unpacks_too_large": (
        "the file unpacks to far more than it weighs",
        "at most {most} bytes unpacked",
        "Leave out columns that are not needed, or save the table as CSV.",
    ),
    "too_many_columns": ("too many columns", "at most {most}", "Hand over a long table: one row an item and date, not one column each."),
    "too_many_cells": (
        "the table is too large, rows x columns",
        "at most {most} cells",
        "Leave out columns that are not needed; in a workbook also delete empty rows and columns at the far end.",
    ),
    "not_text": ("the file holds binary zeros: it is no text", "a table as text in UTF-8", "Save the file as CSV UTF-8, or as XLSX."),
    "no_header": ("no names of columns are here", "a header row: the names of the columns", "Say which row is the header, or add one."),
    "header_missing": (
        "the first row holds values, no names of columns",
        "the names of the columns above the rows",
        "The columns were called {first} and so on; add a header, or say which row it is.",
    ),
    "rows_above_header": (
        "rows above the header",
        "the header first",
        "They were left out; say which row is the header if it is another.",
    ),
    "totals_row": (
        "a total below the rows",
        "rows of the table only",
        "It was left out, since it would be counted twice; give the row another name if it is an item.",
    ),
    "rows_below": (
        "rows below the table that fill few of its columns",
        "rows of the table only",
        "They were left out; fill in their cells if they belong to it.",
    ),
    "cells_filled_down": (
        "cells that are open below the first of a block, or merged with it ({columns})",
        "a value in every row",
        "Each row got what stands above it; say under How the file is read if these cells are meant to be empty.",
    ),
    "encoding_guessed": (
        "the text does not say in which encoding it is; this one fits its characters",
        "readable names below",
        "Say another encoding if letters look wrong, or save the file as CSV UTF-8.",
    ),
    "unknown_encoding": ("there is no encoding of this name", "a name like utf-8, gb18030 or cp1252", "Correct it, or leave it out."),
    "characters_unreadable": (
        "bytes that are no character in {encoding}",
        "text in one encoding",
        "Each was replaced by a question mark on a diamond; save the file as CSV UTF-8, or say its encoding.",
    ),
    "line_too_long": (
        "the first line never ends",
        "a table: lines of at most {most} characters, with separators",
        "Check that the file is a table; export it again as CSV.",
    ),
    "bad_separator": (
        "this cannot separate columns",
        "one character such as a comma, a semicolon or a tab",
        "Correct it, or leave it out.",
    ),
    "web_page": ("this is a web page, whatever its name says", "a table as text or a workbook", "Open it, and save it as .xlsx or .csv."),
    "text_named_workbook": (
        "the name says a workbook, but this is text",
        "a name that says what the file is",
        "It was read as text; name it .csv.",
    ),
    "sheet_chosen": (
        "one sheet of several was read",
        "to know which; the others are {sheets}",
        "Choose another if it is not this one.",
    ),
    "sheets_stacked": (
        "{count} sheets have the same columns and hold different days: {sheets}",
        "one table",
        "They were read one below the other; choose one of them if only that is meant.",
    ),
    "sheets_alike": (
        "{count} sheets have the same columns and the same days: {sheets}",
        "one sheet of sales, or a column that tells the sheets apart",
        "This one alone was read; choose another if it is not this one, or save the sheets as files with a column that tells them apart.",
    ),
    "no_such_sheet": ("there is no such sheet or file inside", "one of {sheets}", "Choose one of these."),
    "no_table_inside": ("there is no table in this archive", "files like .csv or .xlsx in it", "Add the table, or hand it over by itself."),
    "too_many_files": ("too many files in the archive", "at most {most}", "Hand over fewer at a time."),
    "nested_too_deep": (
        "archives within archives",
        "a table at most {most} archives deep",
        "Unpack it, and hand over the table.",
    ),
    "file_does_not_fit": (
        "this file's columns are not those of {first}",
        "at least half of the columns {columns}",
        "Hand it over apart; or, where it has the same keys (orders and their lines), as the second table, to be joined.",
    ),
    "columns_absent": (
        "this file lacks columns that others have",
        "the same columns in every file",
        "Their cells count as empty in its rows; add them if they should not.",
    ),
    "header_unreadable": ("the header cannot be read", "names of columns between separators", "Correct the first row."),
    "no_rows": ("the table has no rows", "rows below the header", "Export it again with its rows."),
    "duplicate_columns": ("{count} columns have this name", "each name once", "Rename or remove all but one."),
    "rows_unreadable": (
        "rows that do not fit the header",
        "at most {columns} cells, and quotes around cells that hold a separator",
        "The rows were left out; correct them.",
    ),
    "quote_swallows": (
        "a quote opens here and closes many rows further down: those rows stand in one cell",
        "quotes in pairs around a cell, and each quote within it written twice",
        "Remove the quote or close it, in this row and where it ends; no row was left out silently.",
    ),
    "comma_splits": (
        "rows are wider than the header, and what is beyond it is digits only: a decimal comma splits numbers in two",
        "numbers with a comma in quotes, or another separator than the comma",
        "Export the file with semicolons, or with a point as decimal mark; if a column has no name, give it one in the header.",
    ),
    "quote_open": ("a quote opens here and never closes", "quotes in pairs", "Close the quote, or remove it."),
    "password_protected": ("the file has a password", "a file without a password", "Save it without one."),
    "unreadable_file": ("{name} cannot be read", "a whole file of the kind that its name says", "Save it again, or as CSV."),
    "panel_unreadable": (
        "the saved sales cannot be read",
        "a file as it was saved, by this version or an earlier one",
        "Restore it, or save the dataset again from its sales file.",
    ),
    "panel_flag_ignored": (
        "saved sales have their columns already: a flag asks for another",
        "no flags for columns",
        "The flag was ignored; hand over the file that the sales came from to read other columns.",
    ),
    "folder_unwritable": ("the folder cannot be written: {reason}", "a folder in which files can be made", "Choose another folder."),
    # clusters
    "backend_absent": (
        "{package} is not installed, and this backend needs it",
        "a backend whose package is installed here and at its workers",
        "Install it (pip install {package}), or leave the backend out: the work is then done by processes of this machine.",
    ),
    "scheduler_unreachable": (
        "no scheduler answers at this address",
        "the address that the scheduler says when it starts, like tcp://host:8786 of Dask or host:6379 of Ray",
        "Start it, or name its address with --scheduler; for tls:// the settings of Dask name the certificates.",
    ),
    "scheduler_malformed": (
        "not the address of a scheduler of Dask",
        "tcp://host:port or tls://host:port, like tcp://127.0.0.1:8786",
        "Name the address that the scheduler says when it starts.",
    ),
    "scheduler_malformed_ray": (
        "not the address of a scheduler of Ray",
        "host:port, like 127.0.0.1:6379, or ray://host:port of its client server",
        "Name the address that Ray says when it starts, or leave it out for the cluster of this machine.",
    ),
    "scheduler_alone": ("the scheduler has no workers", "one worker or more", "Start workers with its address, then ask again."),
    "scheduler_unused": (
        "an address of a scheduler without a cluster's backend",
        "--backend dask or --backend ray beside it",
        "Add the backend, or leave the address out.",
    ),
    "after_unknown": (
        "what this run settled on cannot be kept",
        "the name of a finished run of the same settings, that kept nothing of another itself, whose sales these go on from",
        "Leave --after out, or work all out anew with --after none.",
    ),
    # databases
    "secrets_unreadable": (
        "{file} cannot be read",
        "TOML, with the url of each database in [connections.NAME]",
        "Correct the file.",
    ),
    "database_address": (
        "the address of the database cannot be used",
        "a SQLAlchemy URL like postgresql://user:password@host/name or sqlite:////folder/file.sqlite",
        "Correct it where it is kept; it is not shown because it may hold a password.",
    ),
    "database_kind": (
        "this kind of database cannot be kept from writing while it is read",
        "the address of a PostgreSQL or SQLite database",
        "Export the table as a file.",
    ),
    "database_file_missing": (
        "the SQLite file of this address cannot be read",
        "the path of a file; the full path begins with a fourth slash, sqlite:////",
        "Correct the path where it is kept.",
    ),
    "not_a_database": (
        "the file of this address is no SQLite database",
        "a SQLite file",
        "Name another, or hand it over as a file of sales.",
    ),
    "database_unreachable": (
        "the database cannot be reached, or does not let us in",
        "an answer within {seconds} seconds",
        "Check that it runs and can be reached from here, and the user, password and name in its address.",
    ),
    "query_several": ("more than one statement", "one SELECT, without semicolons in between", "Take the others out."),
    "query_unclear": (
        "a # comment or a backslash in a string: databases read them in different ways, so it cannot be told that the query only reads",
        "comments after --, strings without backslashes",
        "Nothing was run; write the query without them.",
    ),
    "query_writes": (
        "this is no query that only reads",
        "one SELECT, or WITH and a SELECT",
        "Nothing was run; write what the table should hold as a SELECT.",
    ),
    "query_failed": (
        "the database refused the query",
        "a query that it can answer and that only reads",
        "Correct the query; nothing was changed.",
    ),
    "query_too_slow": (
        "the query was not done in time and was stopped",
        "all rows within {seconds} seconds",
        "Ask for fewer rows or columns, or add up to days in the query.",
    ),
    "query_too_large": (
        "the query gives too much",
        "at most {rows} rows and {bytes} bytes",
        "Ask for fewer rows or columns, or add up to days in the query.",
    ),
    "query_empty": (
        "the query gives no rows",
        "a row for each sale or period",
        "Loosen its conditions, and check that its tables hold sales.",
    ),
    "column_of_bytes": (
        "a column of bytes, which are no text",
        "text, numbers, dates, or yes and no",
        "The column was left out; turn it into text in the query if it is needed.",
    ),
    # which column is what
    "no_item_column": ("no column is chosen as the item; there are: {columns}", "the column of item codes", "Choose it."),
    "no_date_column": ("no column is chosen as the date; there are: {columns}", "the column of dates", "Choose it."),
    "no_units_column": ("no column is chosen as the units; there are: {columns}", "the column of units sold", "Choose it, or say that each row is one unit."),
    "column_absent": ("there is no such column", "one of {columns}", "Choose one of these."),
    "column_twice": ("one column is chosen for two of item, date and units", "three columns", "Choose another for one of them."),
    "known_is_taken": (
        "item, date and units cannot be known ahead",
        "a column such as price or promotion",
        "Take it out of the columns known ahead.",
    ),
    "known_reserved": (
        "a column known ahead cannot have this name",
        "a name other than item, ds, y, out_of_stock, category, supplier, description",
        "Rename the column in the file.",
    ),
    # two tables
    "files_overlap": (
        "this file holds sales that an earlier one holds too, {first} to {last}: {units} units",
        "each sale in one file",
        "These rows were taken once. {others} units of these days are in this file alone and were added; check that they are no corrections.",
    ),
    "files_overlap_summed": (
        "this file and an earlier one hold the same days, {first} to {last}, and mostly other rows: {all} units in this one",
        "each sale in one file, or a column that tells the files' shops apart",
        "The sales of both were added up; leave out one of the files if it is the other's sales once more.",
    ),
    "column_of_persons": (
        "this column looks like names, e-mail addresses, phone numbers or addresses of people",
        "customers that are told apart by a code, or not at all",
        "It is kept with the dataset as it stands; choose it as the customer, so that codes take its place, or leave it out of the file.",
    ),
    "join_no_columns": ("no columns are chosen to join the tables by", "a column of either table that holds the same keys", "Choose them."),
    "join_many_to_many": (
        "both tables have this key in several rows, so that each row would be counted several times",
        "one row a key in one of the tables",
        "Choose another column (or one more), or leave one row a key in one of the tables.",
    ),
    "join_second_repeats": (
        "the table that is joined to the sales has this key in several rows",
        "one row a key, so that no sale is counted twice",
        "Leave one row a key in it, or say that it holds the order lines and the first table their orders.",
    ),
    "join_key_empty": ("no key to join by", "a key in every row", "The rows were joined to nothing; add the keys."),
    "join_row_alone": (
        "the other table has no row with this key ({keys:,} {keys:~key|keys})",
        "a row for every key",
        "The rows are kept, with nothing from the other table; add its rows, or check how the keys are written.",
    ),
    "join_key_unused": ("no row of the first table has this key", "keys that are in both tables", "The rows were left out."),
    # items and dates
    "item_empty": ("no item code", "an item code in every row", "The rows were left out; add the codes."),
    "customer_empty": (
        "no customer, in {share} of the rows",
        "a customer in every row",
        "They count as all others; what came back of them finds its sale by item and units alone.",
    ),
    "item_rounded": (
        "an item code that a spreadsheet turned into a rounded number: its last digits are lost, and several items may have become one",
        "codes kept as text, with all their digits",
        "The codes were taken as they stand; export the file again with this column as text.",
    ),
    "date_empty": ("no date", "a date in every row", "The rows were left out; add the dates."),
    "date_unreadable": (
        "this is no date",
        "a date such as 2024-03-31, 31/03/2024, 31 Mar 2024, 2024-W13 or 2024年3月31日",
        "The rows were left out; correct the dates.",
    ),
    "dates_unreadable": (
        "most of this column is no date",
        "dates such as 2024-03-31, 31/03/2024, 31 Mar 2024, 2024-W13 or 2024年3月31日",
        "Choose the column of dates, or correct the dates.",
    ),
    "dates_ambiguous": (
        "this can be two days, and nothing in the column tells which",
        "to know whether the day or the month comes first",
        "Say which.",
    ),
    "dates_both_orders": (
        "the column was read as {order}, and these can only be {other}",
        "one order of day and month in a column, for a date such as 02/03/2024 may be either",
        "Write all dates in one way, best as 2024-03-31, and read the file again.",
    ),
    "dates_half_swapped": (
        "a spreadsheet took some of the texts in this column for dates, with day and month swapped: no date has a day beyond the 12th, no text one up to it",
        "dates in one way",
        "Export the file again and hand it over without opening it in a spreadsheet before, or write all dates as 2024-03-31.",
    ),
    "dates_files_differ": (
        "this file writes its dates as {order}, others as {first}",
        "one order of day and month",
        "Each file was read in its own order; compare the days with the file.",
    ),
    "dates_scattered": (
        "this file does not tell the order of day and month; as {order}, like the others, its dates lie {days} days apart, as {other} close together",
        "dates that tell the order, best as 2024-03-31",
        "Write the dates of this file as 2024-03-31 and read it again.",
    ),
    "dates_months_or_weeks": (
        "this can be a month or a week, and nothing in the column tells which; it was read as a month",
        "months as 2024-03, weeks as 2024-W13",
        "Write weeks as 2024-W13 if these are weeks.",
    ),
    "date_out_of_range": ("this date cannot be right", "dates from 1900 to 2200", "Correct or delete the rows."),
    # units
    "units_unreadable": (
        "this is no number",
        "a number such as 1234.5, 1.234,5 or (12)",
        LEFT_OUT + "Correct the numbers.",
    ),
    "units_not_numbers": (
        "most of this column is no number",
        "numbers such as 1234.5, 1.234,5 or (12)",
        "Choose the column of units, or correct the numbers.",
    ),
    "numbers_unclear": (
        "this can be read with thousands or with a fraction, and nothing in the column tells which; it was read with the fraction after '{decimal}'",
        "another number in the column that tells, such as 1234.5 or 1.234,5",
        "Compare the total with your own; say what stands before the fraction if it is wrong.",
    ),
    "numbers_files_differ": (
        "this file has '{decimal}' before the fraction, others '{first}'",
        "one decimal mark",
        "Each file was read with its own, or with the one that makes its numbers as large as those of the others; compare the totals.",
    ),
    "numbers_percent": ("percent signs", "plain numbers", "They were read as the number before the sign: 12 % is 12."),
    "numbers_currencies": (
        "amounts in several currencies: {currencies}",
        "one currency in a column",
        "They were read as if they were one; convert them, or split the file.",
    ),
    "units_infinite": ("infinite units", "a finite number", LEFT_OUT + "Correct the numbers."),
    "below_zero": (
        "returns outweigh the sales of {periods} {periods:~period|periods}, {units} {units:~unit|units} below zero in all, the first item",
        "0 units or more in a period",
        "These periods count as 0; take the returns from their sales instead.",
    ),
    "units_absurd": ("units that cannot be right", "less than {most}", LEFT_OUT + "Correct the numbers."),
    "units_empty": ("no units in an order line", "units in every order line", "The rows were left out; add the units."),
    "units_unknown": (
        "no units inside the history",
        "units, or 0 where nothing sold",
        "These periods count as not known; add the units if they are.",
    ),
    # rows
    "parts_checked_alone": (
        "{parts} {parts:~part holds|parts hold} too many rows to be checked together: each file, and each block of a large one, was checked alone",
        "files of up to 10,000,000 rows in all",
        "Copies of a line, sales that two parts hold (they count twice), sales that a return in another part undoes and unusual units were "
        "not looked for across parts, and the files are not kept with the dataset: keep them yourself.",
    ),
    "not_in_blocks": (
        "text in {got}, too large to be read at once",
        "text in UTF-8, or another encoding whose line ends are one byte",
        "Save the file as UTF-8, or in several files of up to 10,000,000 rows in all.",
    ),
    "parts_with_known": (
        "a column known ahead, or of stock, in files that hold too many rows to be read together",
        "order lines without such a column, or up to 10,000,000 rows in all",
        "Leave the column out, or import fewer files.",
    ),
    "parts_of_totals": (
        "one row an item and date, in files that hold too many rows to be read together",
        "order lines, which are summed, or up to 10,000,000 rows in all",
        "Import fewer files: a date that two of them hold would be summed unseen.",
    ),
    "gaps_ignored": (
        "missing rows were to count as unknown, but the file holds order lines",
        "one row an item and date",
        "Among order lines a missing row counts as 0; sum the file to one row an item and date to have gaps unknown.",
    ),
    "no_usable_row": ("no row can be used", "rows with an item, a date and units", "Correct the problems above."),
    "too_few_periods": (
        "too few full periods",
        "at least {least}, from first to last day",
        "Add more of the past, or choose a shorter period.",
    ),
    # size
    "too_many_items": ("too many items", "at most {most}", "Choose the column of item codes, or split the file."),
    "too_many_periods": (
        "too many periods",
        "at most {most}",
        "Check the first and last dates, or choose a longer period.",
    ),
    "too_many_values": ("too many items x periods", "at most {most}", "Choose a longer period, or split the file."),
    # periods
    "finer_than_file": (
        "the period chosen ({chosen}) is finer than the file's own ({own})",
        "the file's own period or a longer one",
        "Each total was put on its date and the days between count as the gaps do; choose {own} unless that is meant.",
    ),
    "partial_first_period": (
        "the sales before {period} do not fill a period: {units} {units:~unit|units}",
        "periods that the file covers from first to last day",
        "They were left out; the history begins on {period}.",
    ),
    "partial_last_period": (
        "the sales after the period {period} do not fill another: {units} {units:~unit|units}",
        "periods that the file covers from first to last day",
        "They were left out; forecasts begin after the period {period}.",
    ),
    "items_too_new": (
        "{items:,} {items:~item|items} first sold after the last full period, the first of them",
        "a full period of sales",
        "They were left out; they come in with the next file.",
    ),
    "items_never_known": (
        "{items:,} {items:~item is|items are} not known in any full period, the first of them",
        "a row on every date that the file has, in one period at least",
        "They were left out; take missing rows as zero if they mean that nothing sold.",
    ),
    "items_without_rows": (
        "{items:,} {items:~item has|items have} no row left after what was done to the rows, the first of them",
        "one row that can be used",
        "They were left out; correct their rows, or choose other repairs.",
    ),
    "items_not_yet_sold": (
        "{items:,} {items:~item has|items have} rows but no units up to the last sale, the first of them",
        "units in a row at least",
        "They were left out; they come in once they sell.",
    ),
    "sparse_calendar": (
        "{share} of the periods ({chosen}) between the first and the last have no row of any item",
        "rows in most periods; dates {gap} days apart, as in this file, suggest {suggested}",
        "The empty periods count as the gaps do; choose the period that the file is kept in, {suggested}, or correct the dates that are wrong.",
    ),
    "long_gap": (
        "no row of any item in {periods} {periods:~period|periods}, from {first} to {last}",
        "a history without a long hole",
        "They are read as nothing sold, or as unknown where gaps are; correct a mistyped date, or choose unknown gaps.",
    ),
    # other columns
    "known_only_where_sold": (
        "a column of yes and no known ahead that order lines give in too few periods of the items: it would say where something sold",
        "a value in 90% of them",
        "It was left out; give a row for every item and period (0 units where nothing sold), or one row an item and period.",
    ),
    "known_not_numbers": (
        "a column known ahead holds text that is no number",
        "numbers, or yes and no",
        "Correct it, or take the column out of those known ahead.",
    ),
    "flag_unreadable": ("this is neither yes nor no", "yes or no, true or false, 1 or 0", "Correct it, or choose no column for it."),
    "known_not_ahead": (
        "a column known ahead has no values after the last sale",
        "rows with empty units after the last sale that carry it",
        "A price keeps its last value and a promotion is taken to be off; add the rows if you know better.",
    ),
    "ahead_unused": (
        "rows without units after the last sale",
        "columns known ahead, for which such rows are",
        "They were not used; name the columns known ahead.",
    ),
    # forecasting
    "too_many_cutoffs": (
        "this many cutoffs do not fit into the history",
        "1 to {most} cutoffs, with a horizon of {horizon} in {periods} periods",
        "Ask for fewer cutoffs or a shorter horizon.",
    ),
    "no_room_for_cutoffs": (
        "this horizon leaves no room for a past cutoff: {periods} {periods:~period is|periods are} known",
        "a horizon of {most} {most:~period|periods} at most, and better a third of the history",
        "Choose a shorter horizon, or hand over more of the past.",
    ),
    "cutoff_outside": (
        "this cutoff leaves too little before or after it",
        "a date from {first} to {last}, with a horizon of {horizon} periods",
        "Choose a date within that range, or a shorter horizon.",
    ),
    "cutoff_not_a_date": ("this is no date", "dates like 2024-03-31, separated by commas, or a count", "Correct the cutoffs."),
    "bad_horizon": ("this horizon cannot be used", "1 to {most} periods", "Choose a horizon in that range."),
    "bad_interval": ("this interval cannot be used", "1 to {most} periods", "Choose an interval in that range."),
    "bad_best": ("this number of best sellers cannot be used", "1 or more", "Choose a number of 1 or more, or leave it out."),
    "bad_cutoffs": ("this number of cutoffs cannot be used", "1 or more", "Choose a number of 1 or more, or leave it out."),
    "unknown_model": ("there is no model of this name", "{names}", "Choose from these names."),
    "unknown_country": ("no holidays are known for this country", "a code like DE, FR, GB or US", "Correct the code, or leave it out."),
    "out_unwritable": ("this file cannot be written", "a file in a folder that exists and that you may write to", "Choose another place."),
    "out_folder_unwritable": ("nothing can be written to this folder", "a folder that exists and that you may write to", "Choose another, or make it."),
    "bad_out": ("this kind of file cannot be written", "a name that ends in {expected}", "Change the name of the output file."),
    # stock file
    "stock_no_item_column": (
        "the stock file has no column of items; it has: {columns}",
        "a column with the header item",
        "Rename the column that holds the item codes to item.",
    ),
    "stock_unknown_column": ("columns that are not used: {unused}", "the headers {columns}", "Say what they are if they are one of these, or leave them."),
    "stock_repeated_column": ("this header is there twice", "each header once", "The first of the two is used; remove one of them."),
    "stock_item_superseded": (
        "codes whose sales count under others: {pairs}",
        "stock under the code that the sales count under",
        "Their rows are left out: add their units to the row of the other code if that stock still serves it.",
    ),
    "stock_no_row_fits": (
        "none of the {rows} {rows:~row|rows} belongs to an item of the sales",
        "rows with codes of the {items} {items:~item|items} sold",
        "Choose the stock file of these sales, or correct its codes.",
    ),
    "stock_item_missing": ("no item code", "an item code in every row", "The row was left out; add its item code."),
    "stock_duplicate_item": (
        "this item is there more than once",
        "one row an item, or further rows that give only units on order and the day they are due",
        "The first row is used; remove the others.",
    ),
    "stock_columns_recognized": (
        "headers recognized under other names: {columns}",
        "the names of the template",
        "Choose otherwise, or rename, what is not meant so.",
    ),
    "stock_days_taken": (
        "this header names no unit of time",
        "days, weeks or months in the header",
        "Its numbers are read as days; write the unit into the header if they are not.",
    ),
    "stock_rate_as_share": (
        "a holding rate of at most 1 and no percent sign anywhere",
        "percent of the unit cost a year",
        "Read as shares: 0.2 is 20 percent. Name the column holding_rate_percent if they are percent.",
    ),
    "stock_multiple_against_pack": (
        "the order multiple is no whole number of packs, nor the pack of order multiples; the first item",
        "a multiple such as 24 for packs of 6",
        "The pack is used and the order multiple counts as not given; correct either.",
    ),
    "stock_max_below_min": (
        "the maximum stock is below the minimum, the first item",
        "a maximum of at least the minimum",
        "The maximum counts as not given; correct either.",
    ),
    "stock_carried": (
        "kept and shown, but not yet used by any plan: {columns}",
        "nothing else",
        "Plan without them in mind, or mend the quantities by hand.",
    ),
    "stock_number_unclear": (
        "this can be read two ways, and nothing in the file tells which mark parts the decimals",
        "a number like 1234 or 1.2340",
        NOT_GIVEN + "Write it without the mark, or with four decimals.",
    ),
    "stock_item_alike": (
        "no sales of this item, but of '{item}': did you mean '{item}'?",
        "an item code exactly as in the sales file",
        "The row was left out; write the code as in the sales file.",
    ),
    "stock_unknown_item": (
        "no sales of this item",
        "an item code exactly as in the sales file",
        "The row was left out; correct the code if the item is in the sales file.",
    ),
    "stock_not_a_number": (
        "this is no number",
        "a number, such as 1234.5",
        NOT_GIVEN + "Correct it.",
    ),
    "stock_infinite": ("infinite value", "a finite number", NOT_GIVEN + "Correct it."),
    "stock_negative": (
        "negative value",
        "0 or more",
        NOT_GIVEN + "Correct it (units owed to customers go into backorders).",
    ),
    "stock_too_large": ("a value this large cannot be right", "at most {most}", NOT_GIVEN + "Correct it."),
    "stock_bad_date": (
        "this is no date",
        "a date like 2024-06-15, 15.06.2024 or 15/06/2024",
        "An item with units on order gets no quantity without it; correct it.",
    ),
    "stock_date_ambiguous": (
        "this can be two days, and nothing in the column tells which",
        "a date like 2024-06-15",
        "An item with units on order gets no quantity without it; write the year first.",
    ),
    "purchases_no_column": (
        "the purchase history has no columns of items and of days of order; it has: {columns}",
        "columns with the headers item and ordered",
        "Rename the columns that hold the item codes and the days on which they were ordered.",
    ),
    "purchases_item_missing": ("no item code", "an item code in every row", "The row was left out; add its item code."),
    "purchases_not_ordered": ("no day of order", "the day on which it was ordered", "The row was left out; add the day."),
    "purchases_bad_date": (
        "this is no date",
        "a date like 2024-06-15",
        "A row whose day of order or receipt cannot be read was left out; correct it.",
    ),
    "purchases_date_ambiguous": (
        "this can be two days, and nothing in the file tells which",
        "a date like 2024-06-15",
        "The row was left out; write the year first.",
    ),
    "purchases_received_before": (
        "received before it was ordered",
        "a day of receipt on or after that of the order",
        "The row was left out; correct either day.",
    ),
    "purchases_received_late": (
        "received more than ten years after it was ordered",
        "a lead time of at most 3,650 days",
        "The row was left out; correct either day.",
    ),
    "purchases_bad_units": (
        "this is no number of units",
        "0 or more, such as 1234.5",
        "What is still to come of this line is not known and not counted as on order; correct it.",
    ),
    "purchases_cancelled": ("cancelled orders", "orders that were or will be delivered", "They were left out."),
    "purchases_open": (
        "orders that have not come, or not all of them, the first item",
        "a day of receipt",
        "They are not part of the lead times measured; their units can be taken as on order.",
    ),
    "purchases_open_long": (
        "orders open for longer than any complete order of their supplier took, the first item",
        "a day of receipt, or a cancelled order",
        "Lead times may be longer than what was measured; ask the supplier, or mark the orders as received or cancelled.",
    ),
    "purchases_unknown_item": (
        "lines of items without sales, the first item",
        "item codes exactly as in the sales file",
        "They count for the lead time of their supplier alone; correct the codes if the items are in the sales file.",
    ),
    "stock_item_without_row": (
        "{items:,} {items:~item|items} of the sales file without a row in the stock file, the first of them",
        "a row for every item",
        "They are planned without stock and with the usual lead time and review period; add their rows.",
    ),
    "stock_no_due_date": (
        "units on order without a day on which they are due, the first item",
        "a date like 2024-06-15",
        "They are taken to arrive in time; add the day if they do not.",
    ),
    # plan
    "bad_setting": ("{flag} cannot have this value", "{least} to {most}", "Choose a value in that range."),
    "rows_without_columns": (
        "{file} does not have all columns of a forecast",
        "a file that python -m forecasting wrote",
        "Make it again from these sales.",
    ),
    "rows_bad_column": (
        "{file} holds something else than it should in this column",
        "codes and names in item and model, dates in ds and cutoff, finite numbers of 0 or more in y and mean",
        "Make it again with python -m forecasting.",
    ),
    "rows_not_parquet": ("this is no forecast or backtest", "a .parquet file that python -m forecasting wrote", "Give that file."),
    "rows_repeated": (
        "{file} holds this period twice for one model and cutoff",
        "one row for each item, model, cutoff and ds",
        "Make it again with python -m forecasting.",
    ),
    "rows_misplaced": (
        "{file} holds a period that does not follow its cutoff {cutoff} in these sales",
        "a cutoff out of the periods of these sales, and the periods right after it",
        "Make it again from these sales, with the same --freq.",
    ),
    "forecast_of_other_sales": (
        "{file} was made from other sales, or with other flags",
        "a forecast of this sales file, read the same way",
        "Run python -m forecasting forecast again on this file, with the same --freq and other flags of the sales.",
    ),
    "backtest_of_other_sales": (
        "{file} was made from other sales, or with other flags",
        "a backtest of this sales file, read the same way",
        "Run python -m forecasting backtest again on this file, with the same --freq and other flags of the sales.",
    ),
    "backtest_without_actuals": (
        "{file} knows no actual sales: it is no backtest",
        "units sold in y beside the forecasts",
        "Give what python -m forecasting backtest wrote, or leave --backtest out.",
    ),
    "backtest_of_other_actuals": (
        "{file} holds actual sales that the sales file does not, first for {place}",
        "the units of the sales file",
        "Run python -m forecasting backtest again on this file, with the same --freq and other flags of the sales.",
    ),
    "items_without_forecast": (
        "{items:,} of {all:,} {all:~item|items} of the sales {items:~has no forecast and is|have no forecast and are} on no order, the first of them",
        "a forecast of every item",
        "They were left out; forecast them too (without --best) if they are to be planned.",
    ),
    "rows_unknown_item": (
        "{file} holds {items:,} {items:~item|items} that the sales file does not",
        "a forecast of these sales",
        "Make it again from these sales.",
    ),
    "forecast_other_cutoff": (
        "the forecast was not made from the end of these sales",
        "one cutoff, {last}",
        "Make the forecast again from these sales.",
    ),
    "backtest_without_model": (
        "{file} has no rows of this model of the forecast",
        "every model of the forecast",
        "Backtest that model too, or leave --backtest out.",
    ),
    "no_best_model": (
        "the backtest does not say which of these models is best",
        "actual sales beside forecasts of every model",
        "Give a forecast of one model.",
    ),
}

"""Words for what is kept: sales put on top of others, archives."""

WORKSPACE_PROBLEMS: dict[str, tuple[str, str, str]] = {
    "append_other_calendar": (
        "these sales are kept by other periods than those of the dataset ({old})",
        "the same periods",
        "Read the file by the period of the dataset, its weeks from the same weekday.",
    ),
    "append_same": ("these sales are all in the dataset already", "something new", "Nothing changes."),
    "append_older": (
        "these sales end before those of the dataset, which reach to {old}",
        "later sales",
        "Where both cover a period the ones added last count; check that this is no older file by mistake.",
    ),
    "append_hole": (
        "nothing covers {periods} {periods:~period|periods} between the dataset and these sales, {first} to {last}",
        "sales without a hole",
        "These periods are not known; add the file that holds them too.",
    ),
    "append_strays": (
        "{days} {days:~day|days} of these sales, {first} to {last}, {days:~is|are} apart from the rest of the file or thin: they look like late or wrongly dated lines",
        "all that sold on its days, without a pause",
        "They replace the older ones of their own item and day only; the {units} units that the dataset holds besides them were kept. "
        "Correct the dates, or hand over whole days.",
    ),
    "append_gone": (
        "of the {units} units of the dataset that these sales replace, {gone} would be gone: the file holds nothing of their items on their days",
        "at most {most}",
        "Hand over all that sold on these days; say that it may be gone only where the older sales were wrong.",
    ),
    "append_place_absent": (
        "sales of a place are missing from {first} to {last}: {places:,} {places:~place sold regularly and is|places sold regularly and are} not in the newer file",
        "the files of all places",
        "Its {items:,} {items:~item is|items are} not known in these periods; {units} units of other places in them do not count until its file is added. "
        "Of a place that has closed add one line with 0 units to that file.",
    ),
    "append_changes": (
        "{values:,} {values:~value|values} of the dataset {values:~differs|differ} in the periods that both cover: {before} units become {after}, most for this item",
        "the same units in both",
        "The newer ones will take the place of the older, which stay as a version; check the largest changes.",
    ),
    "append_besides": (
        "beside units, of what the dataset holds already change: {flags:,} {flags:~mark|marks} of out of stock (item and period), {known:,} {known:~value|values} known "
        "ahead, {words:,} {words:~category, supplier or description|categories, suppliers and descriptions} of items",
        "the same in both",
        "The newer ones count; demand is estimated anew where a mark changed.",
    ),
    "append_few_items": (
        "few items sold in these sales: {usual} did in the last {periods} {periods:~period|periods} before",
        "sales of the whole shop",
        "Items without a row count as not sold; check that the file is no part of the shop, or read its gaps as not known.",
    ),
    "append_known_missing": (
        "these sales do not hold this column, which the dataset knows ahead",
        "the same columns known ahead",
        "Its new values are not known; name it among the columns known ahead.",
    ),
    "source_unknown": (
        "no database has this name",
        "one of: {names}",
        "Name one in the environment (SHELFCAST_SOURCE_NAME) or in .streamlit/secrets.toml.",
    ),
    "dataset_unknown": ("no dataset has this name", "one of: {names}", "Type its name or its title."),
    "archive_foreign": (
        "this is no archive of Shelfcast",
        "a file that it exported",
        "Choose the archive; a sales file is uploaded as such.",
    ),
    "archive_unreadable": ("the archive is broken", "a whole archive, as it was exported", "Export it again, or copy it again."),
    "archive_too_new": (
        "the archive was written by a later version",
        "format {most} or an earlier one",
        "Import it with that version of Shelfcast.",
    ),
    "archive_member": (
        "the archive holds something that does not belong into one",
        "only what was exported, under its own name",
        "Nothing was taken in; export it again, and trust no archive that was changed.",
    ),
    "archive_too_large": ("the archive unpacks to too much", "at most {most}", "Export fewer datasets at once."),
}

"""Words for stock terms: the table in which they are edited, purchase orders, items without a partner."""

STOCK = {
    "stock.edit": "Edit the stock terms in a table",
    "stock.edit.help": (
        "A row an item; further rows of an item hold further open orders: item, units on order and the day they are due. Empty: not given. "
        "The items sold that the file does not have are at the end."
    ),
    "stock.edited": "the table on the page",
    "stock.on_top": "Orders sent, and those received since the stock file, stay on top of these numbers: enter stock without them.",
    "stock.unmatched": "Items without a partner: {file:,} in the stock file that nobody sold, {sales:,} sold that it does not have",
    "stock.unmatched.first": "The first {most:,} of each side.",
    "stock.unmatched.side": "Where",
    "stock.unmatched.side.file": "only in the stock file",
    "stock.unmatched.side.sales": "only in the sales",
    "stock.unmatched.item": "Item",
    "stock.unmatched.nearest": "Nearest code on the other side",
    "stock.below": "{supplier}: {value:,.2f} {currency} to order, below the supplier's minimum of {minimum:,.2f} {currency}.",
    "stock.below.unknown": "{supplier}: lines without a unit cost, so nobody knows whether {value:,.2f} {currency} and more reach the minimum of {minimum:,.2f} {currency}.",
    "purchases.title": "Measure lead times from purchase orders",
    "purchases.upload": "Purchase orders: CSV, XLSX or Parquet",
    "purchases.upload.help": (
        "A row a line of an order, or a receipt of it: item, ordered (day) and received (day, empty: still to come); supplier, order number, "
        "due, quantity, received quantity and status where you have them."
    ),
    "purchases.nothing": "Nothing is wrong with these orders.",
    "purchases.measured": (
        "Lead times measured for {items:,} of {all:,} items: {own:,} from their own orders, {shared:,} from those of their supplier. At "
        "least {least} complete orders are needed; one counts with the day on which its last part came."
    ),
    "purchases.none": "No item and no supplier has {least} complete orders, so no lead time can be measured.",
    "purchases.use_lead_times": "Use these lead times in the place of those of the stock file",
    "purchases.use_open": "Take what is still to come as units on order ({lines:,} lines, {units:,.10g} units), in the place of those of the stock file",
    "purchases.column.item": "Item",
    "purchases.column.supplier": "Supplier",
    "purchases.column.lead_time_days": "Lead time (days)",
    "purchases.column.lead_time_sd_days": "Its spread (days)",
    "purchases.column.lead_time_orders": "Orders measured",
    "purchases.column.lead_time_from": "Whose orders",
    "purchases.column.before": "Before (days)",
    "purchases.from.item": "the item's",
    "purchases.from.supplier": "the supplier's",
    "stock.column.item": "Item",
    "stock.column.on_hand": "On hand (units)",
    "stock.column.on_order": "On order (units)",
    "stock.column.on_order_due": "Due (YYYY-MM-DD)",
    "stock.column.backorders": "Owed (units)",
    "stock.column.lead_time_days": "Lead time (days)",
    "stock.column.lead_time_sd_days": "Its spread (days)",
    "stock.column.review_period_days": "Review period (days)",
    "stock.column.moq": "Minimum order (units)",
    "stock.column.pack": "Pack (units)",
    "stock.column.order_multiple": "Order multiple (units)",
    "stock.column.unit_cost": "Unit cost ({currency})",
    "stock.column.unit_price": "Unit price ({currency})",
    "stock.column.order_cost": "Order cost ({currency} an order)",
    "stock.column.holding_rate_percent": "Holding rate (% of cost a year)",
    "stock.column.holding_cost": "Holding cost ({currency} a unit and year)",
    "stock.column.shelf_life_days": "Shelf life (days)",
    "stock.column.min_stock": "Minimum stock (units)",
    "stock.column.max_stock": "Maximum stock (units)",
    "stock.column.supplier_minimum": "Supplier's minimum ({currency} an order)",
    "stock.column.supplier": "Supplier",
    "stock.column.category": "Category",
    "stock.column.lead_time_orders": "Orders measured",
    "stock.column.lead_time_from": "Measured from",
}

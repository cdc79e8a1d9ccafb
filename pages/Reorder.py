"""Reorder: what to order today, for all items at once, and why."""

from ui import compare, reorder, session, shell

data = shell.frame("reorder")
if data is None:
    shell.need("sales", "need.data")

result = session.result_of(data)
if result is None or not compare.usable(result):
    shell.need("compare", "need.result")

reorder.origin(data, result, session.panel_of(data, result.fingerprint))
reorder.plan(data, result)

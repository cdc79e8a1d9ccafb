"""Data: what is saved, what it knows from elsewhere, and archives of it."""

from ui import additions, data, planner, shell

opened = shell.frame("data")

planner.tell()
chosen = data.listing(opened)
if chosen is not None:
    data.actions(chosen, opened)
    additions.section(chosen)
data.archives()

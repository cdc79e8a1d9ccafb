"""Home: what needs attention today, and where to go."""

from ui import forms, home, shell

data = shell.frame("home")
home.steps(data)
if data is None:
    forms.sample_buttons()
else:
    home.today(data)

"""Home: what needs attention today, and where to go."""

from ui import home, samples, shell

data = shell.frame("home")
home.steps(data)
if data is None:
    samples.buttons()
else:
    home.today(data)

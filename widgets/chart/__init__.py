"""Charts drawn in the browser from a specification and a bundle that were prepared beforehand.

`Chart(name, ...)` shows `specs/<name>.json` with the columns it is given. A kernel that shows a
chart imports neither Altair nor its compiler. To add a chart, write `<name>.py` with a pure
function `draw()` that returns an Altair chart over named, empty data, and run `make charts`.
"""

from widgets.chart.chart import Chart

__all__ = ["Chart"]

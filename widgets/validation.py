"""Published figures beside the model's: `kernels()` of one core, `clusters()` of many chips.

The first come from the generated page docs/validation.md, the second are computed when asked for.
"""

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ipywidgets import VBox

from trnlab.serve.accuracy import Figure, figures, summary
from widgets.chart import Chart
from widgets.chart import validation as scatter
from widgets.lesson import Text
from widgets.lesson.amounts import number, percent

if TYPE_CHECKING:
    from trnlab.cluster.validation import Row

HEAD = ("Workload", "Chip", "Quantity", "Published", "Predicted", "Error", "Fitted", "Source")
GROUP_HEAD = ("Group", "Figures", "Mean error", "Largest error")
CLUSTER_HEAD = ("System", "Workload", "Quantity", "Published", "Predicted", "Error", "Source")


def kernels() -> VBox:
    """A sentence, the scatter, and the table."""
    rows = figures()
    return VBox(
        [
            Text(_sentence(rows)),
            Chart("validation", **scatter.data(rows)),
            _table("Figures of one core", HEAD, map(_cells, rows)),
        ]
    )


def _sentence(rows: list[Figure]) -> str:
    found = summary(rows)
    worst = found.worst
    return (
        f"{found.figures} published figures of {' and '.join(found.chips)}. "
        f"{_off('Of those that constants were fitted to', rows, False)} "
        f"{_off('Of those held out, drawn filled', rows, True)} "
        f"The worst: {html.escape(worst.workload)}, {html.escape(worst.error)}. "
        "On the line the model is exact; circles are times and rates, squares shares of the time."
    )


def _off(which: str, rows: list[Figure], is_held_out: bool) -> str:
    found = summary([row for row in rows if row.is_held_out == is_held_out])
    return (
        f"{which}, half are off by at most {found.half_below:.1f} percent or points, nine in ten "
        f"by at most {found.most_below:.1f}."
    )


def clusters() -> VBox:
    """A sentence, the groups and their errors, and the table of all rows."""
    from trnlab.cluster import validation  # a lesson that shows kernels alone does without

    groups = validation.table()
    rows = [(group, row) for group, found in groups.items() for row in found]
    sentence = (
        f"{len(rows)} published figures in {len(groups)} groups: first the error of each group, "
        "without its sign, then every row."
    )
    errors = _table("Errors of each group", GROUP_HEAD, map(_group, groups, groups.values()))
    table = _table("Figures of many chips", CLUSTER_HEAD, (_cluster(*row) for row in rows))
    return VBox([Text(sentence), errors, table])


def _group(name: str, rows: "Sequence[Row]") -> tuple[str, ...]:
    from trnlab.cluster.compared import largest_error, mean_error

    return name, str(len(rows)), percent(mean_error(rows)), percent(largest_error(rows))


def _cluster(group: str, row: "Row") -> tuple[str, ...]:
    source = f"{row.source} ({row.assumed})" if row.assumed else row.source
    published, predicted = (f"{value:,.4g}" for value in (row.published, row.predicted))
    error = f"{100 * row.error:+.1f} %"
    return group, row.workload, row.quantity, published, predicted, error, source


def _table(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Text:
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return Text(
        '<div class="trn-figures" tabindex="0"'
        f' role="region" aria-label="{name}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Figure) -> tuple[str, ...]:
    unit = row.unit.replace("us", "\N{MICRO SIGN}s")
    published, predicted = (f"{number(value)} {unit}" for value in (row.published, row.predicted))
    fitted = "held out" if row.is_held_out else "yes"
    return row.workload, row.chip, row.quantity, published, predicted, row.error, fitted, row.source

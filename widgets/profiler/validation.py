"""Published figures and the model's, as the generated page docs/validation.md has them.

Running every workload takes too long for a page that opens; a test keeps that file up to date.
"""

import html
from pathlib import Path
from typing import NamedTuple

from ipywidgets import VBox

from trnlab.validation.table import Row
from widgets.chart import Chart
from widgets.chart import validation as scatter
from widgets.lesson import Text
from widgets.lesson.amounts import number

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
HEAD = ("Workload", "Chip", "Quantity", "Published", "Predicted", "Error", "Source")


class Figure(NamedTuple):
    """One published figure and its prediction, in the same unit."""

    workload: str
    chip: str
    quantity: str
    unit: str
    published: float
    predicted: float
    error: str  # with its unit
    source: str

    @property
    def size(self) -> float:
        """The error without sign, in points or percent."""
        return abs(float(self.error.split()[0]))


def figures(page: Path = PAGE) -> list[Figure]:
    """The rows of the page's table."""
    lines = page.read_text(encoding="utf-8").splitlines()
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [
        Figure(*cells[:4], _number(cells[4]), _number(cells[5]), *cells[6:8]) for cells in table[1:]
    ]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def validation() -> VBox:
    """A sentence, the scatter, and the table."""
    rows = figures()
    return VBox([Text(_sentence(rows)), Chart("validation", **scatter.data(rows)), _table(rows)])


def _sentence(rows: list[Figure]) -> str:
    limit = Row._field_defaults["limit"]
    within = sum(row.size <= limit for row in rows)
    worst = max(rows, key=lambda row: row.size)
    middle = sorted(row.size for row in rows)[len(rows) // 2]
    chips = {row.chip for row in rows}
    return (
        f"{len(rows)} published figures of {' and '.join(sorted(chips))}; half of the predictions "
        f"are off by less than {middle:.1f} percent or points, {within} of {len(rows)} by at most "
        f"{limit:g}. The worst: {html.escape(worst.workload)}, {html.escape(worst.error)}. "
        "On the line the model is exact; circles are times and rates, squares shares of the time."
    )


def _table(rows: list[Figure]) -> Text:
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(row)) + "</tr>"
        for row in rows
    )
    return Text(
        '<div style="max-height: 24rem; overflow: auto; overflow-wrap: normal" tabindex="0"'
        ' role="region" aria-label="Published and predicted figures">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Figure) -> tuple[str, ...]:
    unit = row.unit.replace("us", "\N{MICRO SIGN}s")
    published, predicted = (f"{number(value)} {unit}" for value in (row.published, row.predicted))
    return row.workload, row.chip, row.quantity, published, predicted, row.error, row.source

"""Published figures and the model's, as the generated page docs/validation.md has them.

Running every workload takes too long for a page that opens; a test keeps that file up to date.
"""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ipywidgets import VBox

from trnlab.validation.report import HELD_OUT
from widgets.chart import Chart
from widgets.chart import validation as scatter
from widgets.lesson import Text
from widgets.lesson.amounts import number

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"
LIMIT = 5.0  # percent, or points
HEAD = ("Workload", "Chip", "Quantity", "Published", "Predicted", "Error", "Fitted", "Source")


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
    is_held_out: bool

    @property
    def size(self) -> float:
        """The error without sign, in points or percent."""
        return abs(float(self.error.split()[0]))


def figures(page: Path = PAGE) -> list[Figure]:
    """The rows of the page's table."""
    calibration, held_out = page.read_text(encoding="utf-8").split(f"## {HELD_OUT}")
    return [*_rows(calibration, False), *_rows(held_out, True)]


def _rows(section: str, is_held_out: bool) -> Iterator[Figure]:
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    for line in lines[1:]:
        *names, published, predicted, error, _, source = line.strip("| ").split(" | ")
        yield Figure(*names, _number(published), _number(predicted), error, source, is_held_out)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def validation() -> VBox:
    """A sentence, the scatter, and the table."""
    rows = figures()
    return VBox([Text(_sentence(rows)), Chart("validation", **scatter.data(rows)), _table(rows)])


def _sentence(rows: list[Figure]) -> str:
    fitted = [row for row in rows if not row.is_held_out]
    held_out = [row for row in rows if row.is_held_out]
    worst = max(rows, key=lambda row: row.size)
    chips = {row.chip for row in rows}
    return (
        f"{len(rows)} published figures of {' and '.join(sorted(chips))}. {_spread(fitted)} of "
        f"those that the model's constants were fitted to; {_spread(held_out)} of those that were "
        f"held out (filled). The worst: {html.escape(worst.workload)}, {html.escape(worst.error)}. "
        "On the line the model is exact; circles are times and rates, squares shares of the time."
    )


def _spread(rows: list[Figure]) -> str:
    within = sum(row.size <= LIMIT for row in rows)
    middle = sorted(row.size for row in rows)[len(rows) // 2]
    return (
        f"Half are off by less than {middle:.1f} percent or points, {within} of {len(rows)} by at "
        f"most {LIMIT:g},"
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
    fitted = "held out" if row.is_held_out else "yes"
    return row.workload, row.chip, row.quantity, published, predicted, row.error, fitted, row.source

"""How right the model is: the figures of docs/validation.md, which `trnlab validate` generates.

Running every workload takes too long for a page that opens; a test keeps that file up to date.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from trnlab.serve.lessons import ROOT

PAGE = ROOT / "docs" / "validation.md"
HELD_OUT = "## Held out"  # how the heading of the second table begins


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
    is_held_out: bool = False  # no constant was fitted to it

    @property
    def size(self) -> float:
        """The error without sign, in points or percent."""
        return abs(float(self.error.split()[0]))


class Summary(NamedTuple):
    """The figures in a few numbers; errors in percent or points."""

    figures: int
    chips: tuple[str, ...]
    half_below: float
    most_below: float  # nine of ten
    worst: Figure


def figures(page: Path = PAGE) -> list[Figure]:
    """The rows of the page's tables."""
    fitted, _, held_out = page.read_text(encoding="utf-8").partition(HELD_OUT)
    return [*_rows(fitted, False), *_rows(held_out, True)]


def _rows(section: str, is_held_out: bool) -> Iterator[Figure]:
    table = [line for line in section.splitlines() if line.startswith("| ")]
    for line in table[1:]:
        workload, chip, quantity, unit, published, predicted, error, _, source = (
            cell.strip() for cell in line.strip("|").split(" | ")
        )
        yield Figure(
            workload, chip, quantity, unit, _number(published), _number(predicted), error, source,
            is_held_out,
        )  # fmt: skip


def summary(rows: Sequence[Figure]) -> Summary:
    """What the figures amount to."""
    ordered = sorted(rows, key=lambda row: row.size)
    middle, most = (ordered[int(share * (len(ordered) - 1))].size for share in (0.5, 0.9))
    chips = tuple(sorted({row.chip for row in rows}))
    return Summary(len(ordered), chips, middle, most, ordered[-1])


def _number(text: str) -> float:
    return float(text.replace(",", ""))

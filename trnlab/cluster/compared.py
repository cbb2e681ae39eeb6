"""A published figure beside its prediction, and how far apart some are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One published figure and its prediction."""

    workload: str
    quantity: str  # with its unit
    published: float
    predicted: float
    source: str
    assumed: str

    @property
    def error(self) -> float:
        """Predicted over published, less one."""
        return self.predicted / self.published - 1


class Section(NamedTuple):
    """Rows that belong together."""

    name: str
    rows: tuple[Row, ...]
    chose: str = ""  # constants chosen on these rows; empty: held out
    note: str = ""

    @property
    def mean(self) -> float:
        """Mean of the absolute errors."""
        return mean_error(self.rows)

    @property
    def largest(self) -> float:
        """Largest absolute error."""
        return largest_error(self.rows)


def mean_error(rows: Sequence[Row]) -> float:
    """Mean of the absolute errors."""
    return sum(abs(row.error) for row in rows) / len(rows)


def largest_error(rows: Sequence[Row]) -> float:
    """Largest absolute error."""
    return max(abs(row.error) for row in rows)

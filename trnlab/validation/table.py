"""One table: what was published, what the model predicts, and how far apart they are."""

from typing import NamedTuple

PERCENT = "%"


class Row(NamedTuple):
    """One published figure and its prediction, in the same unit."""

    workload: str
    chip: str
    quantity: str
    unit: str  # "%" rows are compared in points, all others in percent of the published figure
    published: float
    predicted: float
    source: str
    limit: float = 5.0  # largest error that is accepted, in points or percent
    note: str = ""  # what a reader must know of the published figure
    is_held_out: bool = False  # no constant was fitted to it

    @property
    def error(self) -> float:
        """Predicted against published: points for a utilization, percent for everything else."""
        difference = self.predicted - self.published
        return difference if self.unit == PERCENT else 100 * difference / self.published

    @property
    def is_within(self) -> bool:
        """Whether the error is at most the limit."""
        return abs(self.error) <= self.limit

    @property
    def limit_text(self) -> str:
        """The largest error that is accepted, with its unit."""
        return f"{self.limit:g} {'points' if self.unit == PERCENT else '%'}"

    @property
    def error_text(self) -> str:
        """The error with its unit."""
        return f"{self.error:+.1f} {'points' if self.unit == PERCENT else '%'}"

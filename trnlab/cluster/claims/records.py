"""What a claim is made of: knobs, evidence, a judgement. Data only; the rule is in `verdict`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from trnlab.spec.statements import Statement

Settings = Mapping[str, str]  # knob -> option


class Option(NamedTuple):
    """One position of a knob."""

    value: str
    label: str

    @property
    def short(self) -> str:
        """The label without who said it or where it comes from."""
        return self.label.partition(": ")[0].partition(" (")[0]


@dataclass(frozen=True)
class Knob:
    """A choice that the verdict depends on; the first option is how the claim was meant."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Dial:
    """A number that the verdict depends on, such as watts that nobody has published."""

    name: str
    label: str
    unit: str
    value: float
    low: float
    high: float
    turns: str  # the knob that this number belongs to
    to: str  # and its position that uses it


class Evidence(NamedTuple):
    """One figure that the verdict follows from."""

    what: str
    value: float
    unit: str  # as in `trnlab.spec.unit`, or "W", "USD/h", "tokens/s", "" for a count
    status: str  # published, inferred, announced, reported, assumed, predicted, changed
    source: str


class Share(NamedTuple):
    """A part of the factor; the product of all parts is the factor."""

    what: str
    factor: float


@dataclass(frozen=True)
class Judgement:
    """What the figures give for one setting of the knobs."""

    statement: Statement
    found: float | None  # the statement's figure, computed; None: no figure answers it
    basis: str  # of `verdict.BASES`: the weakest kind of figure that went in
    how: str  # what was divided by what
    evidence: tuple[Evidence, ...]
    shares: tuple[Share, ...] = ()
    note: str = ""
    unit: str = "times"


@dataclass(frozen=True)
class Claim:
    """One card: the knobs, how to judge a setting, and what would settle the matter."""

    name: str
    title: str
    question: str  # to be answered before the verdict is shown
    knobs: tuple[Knob, ...]
    axes: tuple[str, str]  # knobs of the map: rows, columns
    judge: Callable[[Settings], Judgement]
    settles: tuple[str, ...]  # what a benchmark would have to report
    dials: tuple[Dial, ...] = ()

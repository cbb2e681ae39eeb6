"""The one rule: does a computed figure bear out a printed one, and how firmly is that known."""

from __future__ import annotations

import math
from typing import NamedTuple

from trnlab.spec.statements import Statement

from .records import Judgement

BASES = ("published", "said", "reported", "predicted", "assumed", "announced")  # firmest first
DECIDING = ("published", "said", "reported")  # without the model and without a scenario
FOLLOWS, CONTRADICTED, OPEN = "follows", "contradicted", "open"
SAME = 1e-3  # relative, for figures that are claimed exactly


class Verdict(NamedTuple):
    """What can be said of a claim."""

    kind: str  # FOLLOWS, CONTRADICTED or OPEN: whether public figures decide it
    holds: bool | None  # whether the figure found bears the claim out; None: there is none
    mark: str
    text: str


_TEXTS = {
    ("published", True): "Follows from the published figures.",
    ("published", False): "Contradicted by the published figures.",
    ("said", True): "Agrees with what AWS itself has announced; its documents do not say it.",
    ("said", False): "Contradicted by what AWS itself has announced.",
    ("reported", True): "Agrees with what the press reports.",
    ("reported", False): "Contradicted by what the press reports.",
    ("predicted", True): "Open: the model gets there, and nobody has measured it in public.",
    (
        "predicted",
        False,
    ): "Open: the model gives another figure, and nobody has measured it in public.",
    ("assumed", True): "Open: it holds in this scenario, and no public figure confirms it.",
    ("assumed", False): "Open: it fails in this scenario, and no public figure refutes it.",
}
_UNKNOWN = "Open: no public figure answers it."
_ANNOUNCED = "Open: announced only. It does not exist yet, so there is nothing to test."


def holds(statement: Statement, found: float) -> bool:
    """Whether a computed figure bears out a printed one, no more precisely than it was printed."""
    value, rounded = statement.value, round(found, statement.decimals)
    if statement.relation == "more than":
        return found > value
    if statement.relation in ("at least", "up to"):
        return rounded >= value
    if statement.relation == "about":
        return math.isclose(rounded, value, rel_tol=1e-9)
    return math.isclose(found, value, rel_tol=SAME)


def verdict(judgement: Judgement) -> Verdict:
    """What the figures of a judgement say of its claim."""
    if judgement.basis == "announced":
        return Verdict(OPEN, None, "?", _ANNOUNCED)
    if judgement.found is None:
        return Verdict(OPEN, None, "?", _UNKNOWN)
    true = holds(judgement.statement, judgement.found)
    text = _TEXTS[judgement.basis, true]
    if judgement.basis in DECIDING:
        return Verdict(FOLLOWS if true else CONTRADICTED, true, "✓" if true else "✗", text)
    return Verdict(OPEN, true, "(✓)" if true else "(✗)", text)


def weakest(*bases: str) -> str:
    """The least firm of several kinds of figures."""
    return max(bases, key=BASES.index)

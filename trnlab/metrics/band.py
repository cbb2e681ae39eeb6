"""How far a predicted time may be off: every assumed constant at both ends of its range.

The fast end takes for each constant the value that makes this run faster, the slow end the other.
The constants are assumed independently, so the truth lies well inside the band if they are right.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from trnlab.schedule.whatif import Change, total_s
from trnlab.spec import Assumption
from trnlab.spec.core import Core
from trnlab.trace import Trace

if TYPE_CHECKING:
    from trnlab.metrics.profile import Profile


class Effect(NamedTuple):
    """What one assumed constant does to the total time."""

    field: str  # dotted, as `Core.with_` takes it
    assumption: Assumption
    fast_s: float  # total time at the end that is faster for this run
    slow_s: float

    @property
    def spread_s(self) -> float:
        """Slow minus fast."""
        return self.slow_s - self.fast_s


class Band(NamedTuple):
    """A predicted time between its two ends."""

    fast_s: float
    predicted_s: float
    slow_s: float
    effects: tuple[Effect, ...]  # constants that matter, the largest spread first

    def __str__(self) -> str:
        low, at, high = (1e6 * seconds for seconds in (self.fast_s, self.predicted_s, self.slow_s))
        return f"{at:,.1f} us, between {low:,.1f} and {high:,.1f} us"


def band(run: "Profile") -> Band:
    """The band of a run."""
    trace, core, predicted = run.trace, run.core, run.total_s
    effects = []
    fast: dict[str, Any] = {}
    slow: dict[str, Any] = {}
    for field, assumption in _assumed(core):
        ends = {value: _at(trace, core, {field: value}) for value in _ends(assumption)}
        best, worst = min(ends, key=ends.__getitem__), max(ends, key=ends.__getitem__)
        if ends[best] == ends[worst]:
            continue
        fast[field], slow[field] = best, worst
        effects.append(Effect(field, assumption, ends[best], ends[worst]))
    effects.sort(key=lambda effect: -effect.spread_s)
    return Band(
        min(predicted, _at(trace, core, fast)),
        predicted,
        max(predicted, _at(trace, core, slow)),
        tuple(effects),
    )


def _at(trace: Trace, core: Core, values: dict[str, Any]) -> float:
    return total_s(trace, core, Change(values))


def _ends(assumption: Assumption) -> tuple[float, float]:
    return assumption.low, assumption.high


def _assumed(core: Core) -> list[tuple[str, Assumption]]:
    return [(fact.field, fact.assumption) for fact in core.facts() if fact.assumption]

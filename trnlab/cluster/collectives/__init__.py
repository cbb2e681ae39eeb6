"""Collectives as schedules of sends, executed on arrays and timed on links."""

from .build import ALGORITHMS, KINDS, collective, fits
from .choose import (
    Crossover,
    as_documented,
    candidates,
    crossovers,
    documented,
    fastest,
    groups,
    times_s,
)
from .execute import execute, on_groups, run, start, stepwise
from .schedule import Schedule, Send
from .timing import Timed, line, time, time_groups, time_together

__all__ = [
    "ALGORITHMS",
    "KINDS",
    "Crossover",
    "Schedule",
    "Send",
    "Timed",
    "as_documented",
    "candidates",
    "collective",
    "crossovers",
    "documented",
    "execute",
    "fastest",
    "fits",
    "groups",
    "line",
    "on_groups",
    "run",
    "start",
    "stepwise",
    "time",
    "time_groups",
    "time_together",
    "times_s",
]

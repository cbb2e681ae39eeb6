"""`Kernel.with_schedule`: waits between instructions that the kernel names."""

from collections.abc import Sequence
from typing import Any

from trnlab.errors import KernelError
from trnlab.trace import Trace

Edges = Sequence[tuple[str, Any]]  # (consumer, producer or producers), by instruction name


def add_schedule(trace: Trace, edges: Edges) -> None:
    """Make named calls wait for others, on each core for those of its own.

    Raises:
        KernelError: no instruction has such a name, or it lies in a dynamic loop of its own
    """
    for consumer, producers in edges:
        for producer in [producers] if isinstance(producers, str) else producers:
            for core in range(trace.cores):
                _add(trace, consumer, producer, core)


def _add(trace: Trace, consumer: str, producer: str, core: int) -> None:
    after, before = (_calls(trace, name, core) for name in (consumer, producer))
    for turn, call in enumerate(after):
        for other in before:
            if not trace.is_within(other, call):
                raise KernelError(
                    f"with_schedule: {consumer!r} cannot wait for {producer!r} in line "
                    f"{trace.calls[other].line}, which lies in a dynamic loop that it does not "
                    "lie in; name one outside of the loop"
                )
        own = trace.loops.get(call)
        same = [other for other in before[turn : turn + 1] if trace.loops.get(other) == own]
        found = same if own and same else before  # of one loop those of the same turn
        trace.order(call, *(other for other in found if other != call))


def _calls(trace: Trace, name: str, core: int) -> list[int]:
    """The calls that a core made under a name."""
    if name not in trace.named:
        known = ", ".join(trace.named) or "none: give nisa calls a name="
        raise KernelError(
            f"with_schedule: no instruction is named {name!r}; the kernel has {known}"
        )
    return [call for call in trace.named[name] if trace.calls[call].core == core]

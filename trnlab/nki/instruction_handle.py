"""The handle that every instruction returns."""

from typing import Any

from trnlab.errors import KernelError
from trnlab.trace import Trace


class NkiInstruction:
    """An issued instruction; `c.depends_on(a, b)` makes it wait for others."""

    __slots__ = ("_trace", "index", "name")

    def __init__(self, trace: Trace, index: int, name: str | None = None) -> None:
        self._trace = trace
        self.index = index  # of the call in the trace
        self.name = name  # that the kernel gave it

    def depends_on(self, *producers: Any) -> "NkiInstruction":
        """Run after every producer has finished; values stay as they are.

        Raises:
            KernelError: not an instruction of this kernel, or one in a dynamic loop of its own
        """
        for producer in producers:
            if not isinstance(producer, NkiInstruction) or producer._trace is not self._trace:
                raise KernelError(
                    f"depends_on: {producer!r} is not an instruction of this kernel; "
                    "pass what a nisa call returned"
                )
            if not self._trace.is_within(producer.index, self.index):
                raise KernelError(
                    f"depends_on: {producer!r} lies in a dynamic loop that {self!r} does not lie "
                    "in; an edge out of a loop could fire in any turn, so let the consumer join "
                    "the loop's body, or depend on what the loop wrote"
                )
            self._trace.order(self.index, producer.index)
        return self

    def __repr__(self) -> str:
        return f"NkiInstruction({self.name or self.index})"

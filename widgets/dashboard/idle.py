"""Work that nobody waits for: done one piece at a time when the kernel has nothing else to do."""

import asyncio
from collections.abc import Callable

QUIET_S = 0.4  # after a change, before the first piece
BREATH_S = 0.005  # between two pieces: what the learner does goes first

Job = Callable[[], None]


class Idle:
    """One list of jobs; a new list replaces what is left of the one before."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._timer: asyncio.TimerHandle | None = None

    def later(self, *jobs: Job, after_s: float | None = None) -> None:
        """Do these jobs, one by one, once it has been quiet; at once where no loop runs."""
        self._cancel()
        self._jobs = list(jobs)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self.settle()
        self._timer = loop.call_later(QUIET_S if after_s is None else after_s, self._next, loop)

    def settle(self) -> None:
        """Do now all that is left."""
        self._cancel()
        while self._jobs:
            self._jobs.pop(0)()

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._jobs:
            self._timer = loop.call_later(BREATH_S, self._next, loop)
            self._jobs.pop(0)()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

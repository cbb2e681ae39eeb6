"""Work that nobody waits for: done one piece at a time when the kernel has nothing else to do.

So is looking for garbage: in the middle of a change it takes a tenth of the time.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator

QUIET_S = 0.4  # after a change, before the first piece
BREATH_S = 0.005  # between two pieces: what the learner does goes first

Job = Callable[[], Iterator[object] | None]  # long work is an iterator: an item is a piece
_OVER = object()


class Idle:
    """One list of jobs; a new list replaces what is left of the one before."""

    def __init__(self) -> None:
        self._jobs: list[Job | Iterator[object]] = []
        self._timer: asyncio.TimerHandle | None = None

    def wait(self) -> None:
        """A change is being answered: garbage, and what is left of the jobs, can wait."""
        self._cancel()
        if _loop():
            gc.disable()
            self._start(QUIET_S)

    def stop(self) -> None:
        """Leave what is left."""
        self._cancel()
        self._jobs.clear()
        gc.enable()

    def later(self, *jobs: Job | Iterator[object], after_s: float | None = None) -> None:
        """Do these jobs, one by one, once it has been quiet; at once where no loop runs."""
        self._cancel()
        self._jobs = list(jobs)
        if _loop():
            self._start(QUIET_S if after_s is None else after_s)
        else:
            self.settle()

    def settle(self) -> None:
        """Do now all that is left."""
        self._cancel()
        while self._jobs:
            self._piece()
        gc.enable()

    def _piece(self) -> None:
        """One job, or one item of a long one."""
        job = self._jobs.pop(0)
        if not isinstance(job, Iterator):
            begun = job()
            if begun is not None:
                self._jobs.insert(0, begun)
        elif next(job, _OVER) is not _OVER:
            self._jobs.insert(0, job)

    def _start(self, after_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(after_s, self._next)

    def _next(self) -> None:
        if not self._jobs:
            return gc.enable()
        self._start(BREATH_S)
        self._piece()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _loop() -> bool:
    """Whether an event loop runs: that of a kernel."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

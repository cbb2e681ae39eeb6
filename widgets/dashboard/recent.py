"""The last runs of a dashboard, so that the way back is instant."""

import asyncio
from collections.abc import Callable, Hashable

from trnlab.metrics import Profile

SOON_S = 0.03  # after a run: by then its answer is on its way, and letting go takes some 5 ms
MAX_ROWS = 12_000  # device instructions of all that are kept: about 12 MiB for each visitor


class Recent:
    """Runs by what was asked for, the last one always, the others while there is room."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, Profile] = {}  # the last one asked for stands last

    def run(self, key: Hashable, profile: Callable[[], Profile]) -> Profile:
        """The run of a key; it is made if it is not kept. What making it raises is passed on."""
        found = self._runs.pop(key, None) or profile()
        self._runs[key] = found
        try:
            asyncio.get_running_loop().call_later(SOON_S, self.let_go)
        except RuntimeError:  # no loop runs: nobody waits
            self.let_go()
        return found

    def let_go(self) -> None:
        """Drop the runs for which there is no room."""
        while len(self._runs) > 1 and self._rows() > MAX_ROWS:
            self._runs.pop(next(iter(self._runs)))

    def _rows(self) -> int:
        return sum(run.timeline.rows for run in self._runs.values())

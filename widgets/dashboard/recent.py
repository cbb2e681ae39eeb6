"""The last runs of a dashboard, so that the way back is instant."""

from collections.abc import Callable, Hashable

from trnlab.metrics import Profile

MAX_ROWS = 12_000  # device instructions of all that are kept: about 12 MiB for each visitor


class Recent:
    """Runs by what was asked for, the last one always, the others while there is room."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, Profile] = {}  # the last one asked for stands last

    def run(self, key: Hashable, profile: Callable[[], Profile]) -> Profile:
        """The run of a key; it is made if it is not kept. What making it raises is passed on."""
        found = self._runs.pop(key, None) or profile()
        self._runs[key] = found
        while len(self._runs) > 1 and self._rows() > MAX_ROWS:
            self._runs.pop(next(iter(self._runs)))
        return found

    def _rows(self) -> int:
        return sum(run.timeline.rows for run in self._runs.values())

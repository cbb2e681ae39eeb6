"""What a learner asks for, checked before anything runs.

In: dictionaries from controls, links and cells, which nobody has checked. Out: a `Request`, or a
ValueError whose sentence says what is allowed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from trnlab import spec
from widgets.profiler.gallery import Entry

FIRST = "tiled"


@dataclass(frozen=True)
class Request:
    """A run, and what to compare it with."""

    kernel: str = FIRST
    size: str = "1024"
    chip: str = "trn3"
    constants: Mapping[str, float] = field(default_factory=dict)
    rival: str = ""  # a kernel; "": no comparison
    rival_chip: str = ""  # "": the same

    @classmethod
    def of(cls, values: Mapping[str, Any], gallery: Mapping[str, Entry]) -> "Request":
        """The request that a dictionary makes; what it leaves out is the default.

        Raises:
            ValueError: a value that is not known
        """
        names = asdict(cls()).keys() & values.keys()
        asked = cls(**{name: values[name] for name in names})
        _check("kernel", asked.kernel, gallery)
        _check("chip", asked.chip, spec.CHIPS)
        _check("size", asked.size, gallery[asked.kernel].sizes)
        _check("compare with", asked.rival, ["", *gallery])
        _check("chip to compare with", asked.rival_chip, ["", *spec.CHIPS])
        if not isinstance(asked.constants, Mapping):
            raise ValueError(f"constants: {asked.constants!r:.60} must be names and numbers")
        return asked

    @property
    def run(self) -> tuple[str, str, str]:
        """What identifies the run, constants aside."""
        return self.kernel, self.size, self.chip

    def compared(self, gallery: Mapping[str, Entry]) -> tuple[str, str, str]:
        """The run to compare with: at the same size where its kernel has it."""
        return self.rival, gallery[self.rival].nearest(self.size), self.rival_chip or self.chip


def _check(what: str, value: Any, allowed: Any) -> None:
    if not isinstance(value, str) or value not in allowed:
        listed = ", ".join(name for name in allowed if name)
        raise ValueError(f"{what}: {str(value)[:60]!r} is not known; choose one of {listed}")

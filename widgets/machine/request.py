"""What a learner may ask of a machine, checked: the machine, and messages to put on its links."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trnlab.cluster.topology import Machine, machine
from widgets.machine.systems import chosen_system

PATTERNS = {
    "pair": "one message",
    "ring": "every chip to the next",
    "all": "all to all",
    "halves": "half to half",
    "none": "no traffic",
}
MOST_CHIPS = 256  # of all pairs
MOST_BYTES = 1e15
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Request:
    """A machine and some traffic."""

    system: str = "trn3-gen2"
    chips: int = 144
    reading: int = 0
    domain: int = 72
    gpus: int = 0
    pattern: str = "pair"
    source: int = 0
    target: int = 77
    message_bytes: float = 1e8

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Request":
        """The request that a dictionary makes; what it leaves out is the default.

        Raises:
            ValueError: a value that cannot be
        """
        names = asdict(cls()).keys() & values.keys()
        asked = cls(**{name: values[name] for name in names})
        if asked.pattern not in tuple(PATTERNS):
            known = ", ".join(PATTERNS)
            raise ValueError(f"traffic: {asked.pattern!r:.40} is not one of {known}")
        size = asked.message_bytes
        is_number = isinstance(size, (int, float)) and not isinstance(size, bool)
        if not is_number or not 0 < size <= MOST_BYTES:
            raise ValueError(f"message: {size!r:.40} bytes should be a number from 1 to 1e15")
        for words, value in (("from", asked.source), ("to", asked.target)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ValueError(f"{words}: {value!r:.40} should be the number of a device")
        return asked

    def machine(self) -> Machine:
        """The machine.

        Raises:
            ValueError: no such system, or a number of chips that cannot be had
        """
        return machine(chosen_system(self.system, self.reading, self.domain), self.chips)

    def messages(self, of: Machine) -> tuple[Ints, Ints]:
        """Sources and targets of the pattern, within the first domain unless it is one pair.

        Raises:
            ValueError: a device that does not exist, or a pattern of too many messages
        """
        if self.pattern == "pair":
            of.place(self.source)
            of.place(self.target)
            return np.array([self.source]), np.array([self.target])
        chips = min(of.chips, of.system.domain_chips)
        if self.pattern == "none" or chips == 1:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        each = of.system.devices_per_chip
        if self.pattern == "ring":
            source, target = np.arange(chips), (np.arange(chips) + 1) % chips
        elif self.pattern == "halves":
            source, target = np.arange(chips), (np.arange(chips) + chips // 2) % chips
        else:
            if chips > MOST_CHIPS:
                raise ValueError(
                    f"traffic: all pairs of {chips:,} chips are {chips * (chips - 1):,} messages; "
                    f"choose another pattern, or a system of at most {MOST_CHIPS} chips in a domain"
                )
            source, target = (part.ravel() for part in np.indices((chips, chips)))
            source, target = source[source != target], target[source != target]
        return source * each, target * each

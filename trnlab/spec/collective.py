"""What a collective costs beyond its bytes: the plain model, latency + bytes / bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

from .chip import Chip
from .fact import Assumption
from .record import Record


@dataclass(frozen=True, kw_only=True)
class Collectives(Record):
    """Latency of collectives within a server."""

    start_s: float  # from the last operand to the first byte
    hop_s: float  # from one rank to the next

    def seconds(self, chip: Chip, lnc: int, hops: int, wire_bytes: float) -> float:
        """Time of a collective whose ranks sit on neighboring chips.

        Args:
            lnc: physical cores of a rank; all ranks of a chip share its links
            hops: messages in sequence
            wire_bytes: bytes that each rank sends
        """
        link = next(iter(chip.links.values()))
        share = link.total_bytes_per_s / (chip.cores / lnc)
        return self.start_s + hops * self.hop_s + wire_bytes / share


COLLECTIVES = Collectives(
    source="neuron-runtime/explore/intranode-collective-comm.rst",
    start_s=1.0e-6,
    hop_s=1.5e-6,
    assumed={
        "start_s": Assumption(
            low=0.5e-6,
            high=10e-6,
            why="Published is the order of the whole latency within a server, 1 to 10 us.",
        ),
        "hop_s": Assumption(
            low=1.0e-6, high=2.0e-6, why="Published is the range, 1 to 2 us for each hop."
        ),
    },
)

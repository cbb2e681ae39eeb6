"""Collectives on a core: what a rank gives, and what it gets once all ranks of a group have given.

They run on the chip's collective cores and on DMA rings of their own, beside the engines.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab import spec
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.memory import Tensor
from trnlab.spec.collective import COLLECTIVES
from trnlab.spec.core import Core

LANE = "dma_cc"


class CollectiveOptions(NamedTuple):
    """What the time of a collective depends on, and its operands."""

    name: str
    lnc: int
    hops: int  # messages in sequence
    wire_bytes: float  # that each rank sends
    results: tuple[str, ...] = ()  # roles of what it writes
    tiles: tuple[str, ...] = ()  # roles of what it reads


class _Collective(Instruction):
    cost_source = "assumed: latency + bytes / bandwidth, see trnlab.spec.collective"

    def engine(self, core: Core, kind: Kind) -> str:
        return LANE


class CollectiveSend(_Collective):
    """A rank's operands are ready."""

    name = "collective_send"
    reads_all = False  # the other core may not have filled its part yet
    outputs = ()
    inputs = ()

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (Step(LANE, f"{kind.options.name} (ready)", core.semaphore_s, 0.0),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        """The values are handed over by the caller."""


class CollectiveReceive(_Collective):
    """A rank's results arrive; its operands are in use until then."""

    name = "collective_receive"
    outputs = ()
    inputs = ()

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        name, lnc, hops, wire_bytes = kind.options[:4]
        chip = spec.chip(core.generation)
        seconds = COLLECTIVES.seconds(chip, lnc, hops, wire_bytes)
        return (Step(LANE, name, seconds, core.semaphore_s),)

    def execute(
        self,
        kind: Kind,
        writes: Sequence[Tensor],
        reads: Sequence[Tensor],
        values: Sequence[np.ndarray | None],
    ) -> None:
        for dst, result in zip(writes, values, strict=True):
            if result is not None:
                dst.put(result)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


COLLECTIVE_SEND = CollectiveSend()
COLLECTIVE_RECEIVE = CollectiveReceive()

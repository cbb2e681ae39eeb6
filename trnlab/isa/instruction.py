"""What an instruction is to the engine: limits, values and cost, side by side.

Each instruction is one subclass with one instance, in the module of its engine. It knows operands
and the core's spec; it does not know who calls it, nor the schedule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from trnlab.errors import KernelError
from trnlab.memory import Signature, Tensor
from trnlab.spec.core import Core


class Step(NamedTuple):
    """One device instruction on one lane."""

    lane: str  # "tensor", "tensor_load", "vector", "scalar", "gpsimd" or "sync"
    op: str  # its name in a profile
    busy_s: float  # how soon the lane takes the next one
    latency_s: float  # beyond busy_s, until the result can be read
    flops: int = 0
    chain_s: float = 0.0  # from the start until the lane itself may use the result


class Transfer(NamedTuple):
    """One DMA transfer: descriptors spread over some of the DMA engines."""

    op: str
    engine: int  # first DMA engine that takes part
    engines: int  # how many, from there on
    engine_s: float  # occupancy of each of them
    bytes: int  # written at the destination
    hbm_bytes: int  # read from and written to HBM
    trigger: str  # lane that starts it
    trigger_s: float  # how long that lane is occupied


@dataclass(frozen=True, eq=False)
class Kind:
    """All calls that share instruction, operand signatures and options: they cost the same."""

    instruction: "Instruction"
    engine: str
    writes: tuple[Signature, ...]
    reads: tuple[Signature, ...]
    options: tuple

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the operands: of the writes, then of the reads."""
        instruction, options = self.instruction, self.options
        results = getattr(options, "results", ())
        return instruction.outputs + results + instruction.inputs + getattr(options, "tiles", ())


class Instruction:
    """Base of all instructions.

    An instruction with operands that may be missing gives `options` as a named tuple, in which
    `results` names the additional writes and `tiles` the additional reads that are there.
    """

    name: str
    outputs: tuple[str, ...] = ("dst",)  # roles of the operands that every call writes
    inputs: tuple[str, ...] = ("src",)  # roles of the operands that every call reads
    cost_source = ""  # "published", "inferred" or "assumed", and where its cost is from
    preload = -1  # read that the first step needs before the others; -1: all steps need all

    def engine(self, core: Core, kind: Kind) -> str:
        """The engine that runs it when the kernel leaves the choice open."""
        raise KeyError(self.name)

    def check(self, core: Core, kind: Kind) -> None:
        """Raise KernelError for what the device would refuse."""

    def cost(self, core: Core, kind: Kind) -> "tuple[Step, ...] | Transfer":
        """Its device instructions: busy and latency from the core's spec."""
        raise KeyError(self.name)

    def table(self, kind: Kind) -> str:
        """The table of functions that ScalarE must hold; "" if any will do."""
        return ""

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        """Compute its values."""
        raise KeyError(self.name)

    def keeps(self, kind: Kind, values: Any) -> bool:
        """Whether part of what it writes to may stay as it was."""
        return False

    def flops(self, kind: Kind) -> int:
        """Useful floating-point operations on TensorE, for MFU."""
        return 0


def require(condition: bool, message: str) -> None:
    """Raise KernelError with the message unless the condition holds."""
    if not condition:
        raise KernelError(message)


def require_memory(name: str, role: str, operand: Signature, *memories: str) -> None:
    """The operand must live in one of the memories."""
    if operand.memory not in memories:
        allowed = " or ".join(memory.upper() for memory in memories)
        raise KernelError(
            f"{name}: {role} is in {operand.memory.upper()}, allowed is {allowed}"
            + (
                "; bring it there with nisa.dma_copy first"
                if operand.memory == "hbm"
                else "; copy it with nisa.tensor_copy first"
            )
        )


def require_partitions(core: Core, name: str, role: str, operand: Signature) -> None:
    """Partition count and start partition must be ones that the hardware can address."""
    count, start = operand.partitions, operand.partition
    limit = core.sbuf.partitions
    if count > limit:
        raise KernelError(
            f"{name}: {role} {list(operand.shape)} has {count} partitions, at most {limit} exist; "
            f"tile dimension 0 by nl.tile_size.pmax ({limit})"
        )
    grain = 32 if count <= 32 else 64 if count <= 64 else limit
    if start % grain:
        allowed = ", ".join(str(at) for at in range(0, limit, grain))
        raise KernelError(
            f"{name}: {role} uses {count} partitions from partition {start}; "
            f"{count} partitions may start at {allowed} only"
        )


def require_same_count(name: str, dst: Signature, role: str, operand: Signature) -> None:
    """Partitions and elements per partition must equal the destination's."""
    if operand.partitions != dst.partitions or operand.free != dst.free:
        raise KernelError(
            f"{name}: dst {list(dst.shape)} and {role} {list(operand.shape)} differ in partitions "
            "or in elements per partition; slice both to the same tile"
        )


def is_vector(dst: Signature, operand: Signature) -> bool:
    """A (P, 1) operand: one value per partition of the destination."""
    return operand.free == 1 and operand.partitions == dst.partitions

"""What an instruction is to the engine: limits, values and cost, side by side.

Each instruction is one subclass with one instance, in the module of its engine. It knows operands
and the core's spec; it does not know who calls it, nor the schedule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from trnlab.errors import KernelError
from trnlab.isa.requirements import require_unpacked
from trnlab.memory import Signature, Tensor
from trnlab.spec.core import Core

COLUMNS = "columns"  # path of an .indirect() view: run-time offsets along the free axis


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
    fetch_s: float = 0.0  # of descriptors that lie in HBM, before the first byte
    interval_s: float = 0.0  # until its queue may start the next one


@dataclass(frozen=True, eq=False)
class Kind:
    """All calls that share instruction, operand signatures and options: they cost the same."""

    instruction: "Instruction"
    engine: str
    writes: tuple[Signature, ...]
    reads: tuple[Signature, ...]
    options: Any  # a tuple of the instruction's own, usually a named one

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the operands: of the writes, then of the reads."""
        instruction, options = self.instruction, self.options
        results = getattr(options, "results", ())
        return instruction.outputs + results + instruction.inputs + getattr(options, "tiles", ())

    @property
    def operands(self) -> dict[str, Signature]:
        """Operands by role."""
        return dict(zip(self.roles, self.writes + self.reads, strict=True))


class Instruction:
    """Base of all instructions.

    An instruction with operands that may be missing gives `options` as a named tuple, in which
    `results` names the additional writes and `tiles` the additional reads that are there.
    """

    name: str
    outputs: tuple[str, ...] = ("dst",)  # roles of the operands that every call writes
    inputs: tuple[str, ...] = ("src",)  # roles of the operands that every call reads
    indirect: tuple[str, ...] = ()  # roles that may be .indirect() views
    reads_all = True  # False: values, or the layout of an operand, decide which elements matter
    takes_packed = False  # moves the packed x4 types, or understands them
    ours = ""  # values that AWS does not document and that are defined here
    cost_source = ""  # "published", "inferred" or "assumed", and where its cost is from
    preload = -1  # read that the first step needs before the others; -1: all steps need all

    def engine(self, core: Core, kind: Kind) -> str:
        """The engine that runs it when the kernel leaves the choice open."""
        raise KeyError(self.name)

    def verify(self, core: Core, kind: Kind) -> None:
        """Raise KernelError for what the device would refuse."""
        for role, operand in kind.operands.items():
            if operand.path == COLUMNS:
                self._check_indirection(core, kind, role, operand)
            if not self.takes_packed:
                require_unpacked(self.name, role, operand)
        self.check(core, kind)

    def _check_indirection(self, core: Core, kind: Kind, role: str, operand: Signature) -> None:
        """Source: "Tensor indirection" of each instruction's page."""
        roles = ", ".join(self.indirect) or "none of its operands"
        if core.generation < "v4" or role not in self.indirect:
            raise KernelError(
                f"{self.name}: {role} is an .indirect() view on {core.name}; on NeuronCore-v4 it "
                f"takes one for {roles}. Gather into a tile with nisa.nc_n_gather first"
            )
        if kind.engine == "scalar" and role in self.outputs and operand.memory == "psum":
            raise KernelError(
                f"{self.name}: {role} is an .indirect() view in PSUM; the Scalar engine scatters "
                "into SBUF only, use the Vector engine"
            )

    def check(self, core: Core, kind: Kind) -> None:
        """The part of `verify` that is the instruction's own."""

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

    def mode(self, kind: Kind) -> str:
        """The mode of TensorE that multiplies, a key of `macs_per_pe_cycle`; "" if none does."""
        return ""

    def flops(self, kind: Kind) -> int:
        """Useful floating-point operations on TensorE, for MFU."""
        return 0

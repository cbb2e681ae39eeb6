"""What the engines' sequencers do beside computing: registers, and meeting another core.

None of these costs is published. Assumed: one semaphore hop each, as for signals between engines.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.dma_engine import spread
from trnlab.isa.instruction import Instruction, Kind, Step, Transfer
from trnlab.memory import Signature, Tensor
from trnlab.numerics import itemsize
from trnlab.spec.core import Core

GPSIMD_DMA_BYTES = {4: 1024, 2: 512, 1: 256}  # per partition, by bytes of an element


class _Sequenced(Instruction):
    """Occupies an engine's sequencer for one semaphore hop."""

    inputs: tuple[str, ...] = ()
    takes_packed = True
    cost_source = "assumed: one semaphore hop"

    def engine(self, core: Core, kind: Kind) -> str:
        return "sync"

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (Step(kind.engine, self.name, core.semaphore_s, 0.0),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        """Moves no data."""


class RegisterLoad(_Sequenced):
    """register = tile: the register is the caller's."""

    name = "register_load"
    outputs = ()
    inputs = ("src",)

    def check(self, core: Core, kind: Kind) -> None:
        _check_scalar(self.name, "src", kind.reads[0])


class RegisterStore(_Sequenced):
    """tile = register."""

    name = "register_store"

    def check(self, core: Core, kind: Kind) -> None:
        _check_scalar(self.name, "dst", kind.writes[0])

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: int
    ) -> None:
        writes[0].put(np.full(writes[0].shape, values))


class CoreSignal(_Sequenced):
    """First half of core_barrier: the accesses to `data` so far are done."""

    name = "core_barrier_signal"
    outputs = ("data",)

    def check(self, core: Core, kind: Kind) -> None:
        _check_two_cores(core, "core_barrier")

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class CoreWait(CoreSignal):
    """Second half: later accesses to `data` wait until the other core has signalled."""

    name = "core_barrier_wait"


class Ready(_Sequenced):
    """First part of sendrecv: dst may be written, what this core did with it is done."""

    name = "sendrecv_ready"

    def check(self, core: Core, kind: Kind) -> None:
        _check_two_cores(core, "sendrecv")
        _check_in_sbuf("dst", kind.writes[0])

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class Send(Instruction):
    """Second part: src travels to the other core, which is ready."""

    name = "sendrecv_send"
    outputs = ()
    takes_packed = True
    cost_source = "assumed: a DMA between two SBUFs, or GpSimd's own DMA"

    def engine(self, core: Core, kind: Kind) -> str:
        return "dma"

    def check(self, core: Core, kind: Kind) -> None:
        src = kind.reads[0]
        _check_in_sbuf("src", src)
        size = itemsize(src.dtype)
        limit = GPSIMD_DMA_BYTES[size]
        if kind.engine == "gpsimd" and src.free * size > limit:
            raise KernelError(
                f"sendrecv: {src.free * size} bytes per partition of {src.dtype} over "
                f"dma_engine.gpsimd_dma, which moves at most {limit}; use dma_engine.dma"
            )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...] | Transfer:
        src = kind.reads[0]
        if kind.engine == "dma":
            return spread(core, self.name, src, src)
        seconds = src.size * itemsize(src.dtype) / core.gpsimd.dma_bytes_per_s
        return (Step("gpsimd", self.name, seconds, core.semaphore_s),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        """The values are handed over by the caller."""


class Receive(_Sequenced):
    """Last part: dst holds what the other core sent."""

    name = "sendrecv_receive"

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: np.ndarray
    ) -> None:
        writes[0].put(values)


def _check_scalar(name: str, role: str, operand: Signature) -> None:
    if operand.size != 1 or operand.memory == "psum":
        raise KernelError(
            f"{name}: {role} {list(operand.shape)} in {operand.memory.upper()}; it must hold one "
            "element, in SBUF or HBM"
        )


def _check_in_sbuf(role: str, operand: Signature) -> None:
    if operand.memory != "sbuf":
        raise KernelError(
            f"sendrecv: {role} is in {operand.memory.upper()}, both tiles must be in SBUF"
        )


def _check_two_cores(core: Core, name: str) -> None:
    if core.generation == "v2":
        raise KernelError(f"{name}: needs two cores of one HBM stack, {core.name} has no LNC 2")


REGISTER_LOAD = RegisterLoad()
REGISTER_STORE = RegisterStore()
CORE_SIGNAL = CoreSignal()
CORE_WAIT = CoreWait()
READY = Ready()
SEND = Send()
RECEIVE = Receive()

"""Enumerations of `nki.isa`. Their integers are accepted wherever the members are."""

from enum import IntEnum, StrEnum

__all__ = [
    "dge_mode",
    "dma_engine",
    "engine",
    "gpsimd_engine",
    "matmul_perf_mode",
    "nc_version",
    "oob_mode",
    "reduce_cmd",
    "scalar_engine",
    "tensor_engine",
    "unknown_engine",
    "vector_engine",
]


class engine(IntEnum):  # noqa: N801
    """Engines of a core; `unknown` leaves the choice to the instruction."""

    unknown = 0
    tensor = 1
    scalar = 2
    gpsimd = 3
    dma = 4
    vector = 5
    sync = 6


class dma_engine(IntEnum):  # noqa: N801
    """Who moves the data of sendrecv."""

    dma = 1
    gpsimd_dma = 2


class reduce_cmd(IntEnum):  # noqa: N801
    """What happens to an engine's accumulators."""

    idle = 0
    reset = 1
    reduce = 2
    reset_reduce = 3
    load_reduce = 4


class dge_mode(IntEnum):  # noqa: N801
    """Who makes DMA descriptors: the runtime (none), GpSimd (swdge) or hardware (hwdge)."""

    unknown = 0
    swdge = 1
    hwdge = 2
    none = 3


class oob_mode(IntEnum):  # noqa: N801
    """What happens to indices out of range."""

    error = 0
    skip = 1


class matmul_perf_mode(StrEnum):  # noqa: N801
    """Fast modes of nc_matmul."""

    none = "none"
    double_row = "double_row"


class nc_version(IntEnum):  # noqa: N801
    """Generations of NeuronCores: of Trainium1, 2 and 3."""

    gen2 = 2
    gen3 = 3
    gen4 = 4


tensor_engine = engine.tensor  # names before NKI 0.3
vector_engine = engine.vector
scalar_engine = engine.scalar
gpsimd_engine = engine.gpsimd
unknown_engine = engine.unknown

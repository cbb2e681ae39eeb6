"""What instructions demand of their operands, each with the sentence that refuses.

Every sentence names the operation, what was asked, what is allowed and the way out.
"""

from trnlab.errors import KernelError
from trnlab.memory import Signature
from trnlab.numerics import format_of
from trnlab.spec.core import Core

ON_CHIP = ("sbuf", "psum")
GENERATIONS = {
    "v2": "NeuronCore-v2 (trn1)",
    "v3": "NeuronCore-v3 (trn2)",
    "v4": "NeuronCore-v4 (trn3)",
}
WAY_IN = {
    "hbm": "; bring it there with nisa.dma_copy first",
    "sbuf": "; copy it with nisa.tensor_copy first",
    "psum": "; copy it with nisa.tensor_copy first",
}


def require(condition: bool, message: str) -> None:
    """Raise KernelError with the message unless the condition holds."""
    if not condition:
        raise KernelError(message)


def require_generation(core: Core, name: str, least: str, instead: str) -> None:
    """The core must be of this generation or later."""
    if core.generation < least:
        raise KernelError(
            f"{name}: exists from {GENERATIONS[least]} on, this is {core.name}; {instead}"
        )


def require_memory(name: str, role: str, operand: Signature, *memories: str) -> None:
    """The operand must live in one of the memories."""
    if operand.memory not in memories:
        allowed = " or ".join(memory.upper() for memory in memories)
        raise KernelError(
            f"{name}: {role} is in {operand.memory.upper()}, allowed is {allowed}"
            + WAY_IN[operand.memory]
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


def require_on_chip(core: Core, name: str, role: str, operand: Signature) -> None:
    """In SBUF or PSUM, on partitions that can be addressed."""
    require_memory(name, role, operand, *ON_CHIP)
    require_partitions(core, name, role, operand)


def require_tiles(core: Core, name: str, dst: Signature, *operands: tuple[str, Signature]) -> None:
    """Destination and operands on chip, addressable, and of the same size."""
    require_on_chip(core, name, "dst", dst)
    for role, operand in operands:
        require_on_chip(core, name, role, operand)
        require_same_count(name, dst, role, operand)


def require_size(
    name: str, role: str, operand: Signature, partitions: int, free: int, why: str
) -> None:
    """The operand must have exactly this many partitions and elements per partition."""
    if (operand.partitions, operand.free) != (partitions, free):
        raise KernelError(
            f"{name}: {role} {list(operand.shape)} should be [{partitions}, {free}]: {why}"
        )


def require_vector(
    core: Core, name: str, role: str, operand: Signature, data: Signature, *dtypes: str
) -> None:
    """A (P, 1) tile on chip, one value for each partition of `data`; of one of the dtypes."""
    require_on_chip(core, name, role, operand)
    if operand.free != 1 or operand.partitions != data.partitions:
        raise KernelError(
            f"{name}: {role} {list(operand.shape)} should be a constant or "
            f"[{data.partitions}, 1]: one value per partition"
        )
    if dtypes:
        require_dtype(name, role, operand, *dtypes)


def require_dtype(name: str, role: str, operand: Signature, *dtypes: str) -> None:
    """The operand must be of one of the dtypes."""
    if operand.dtype not in dtypes:
        raise KernelError(
            f"{name}: {role} is {operand.dtype}, allowed is {' or '.join(dtypes)}; "
            "write it in such a dtype, or cast it with nisa.tensor_copy"
        )


def require_same_dtype(name: str, role: str, operand: Signature, dst: Signature) -> None:
    """The operand must have the destination's dtype: nothing is cast."""
    if operand.dtype != dst.dtype:
        raise KernelError(
            f"{name}: {role} is {operand.dtype} and dst is {dst.dtype}; it does not cast, "
            "so both must be the same"
        )


def require_integer(name: str, operation: str, role: str, operand: Signature) -> None:
    """Bit operators work on raw integers."""
    if format_of(operand.dtype).kind not in ("int", "uint"):
        raise KernelError(
            f"{name}: {operation} works on integers, {role} is {operand.dtype}; "
            "reinterpret it with .view or use an arithmetic operator"
        )


def require_unpacked(name: str, role: str, operand: Signature) -> None:
    """The packed x4 types hold four numbers; no arithmetic understands them."""
    if format_of(operand.dtype).kind == "packed":
        raise KernelError(
            f"{name}: {role} is {operand.dtype}; only dma_copy, memset to 0, quantize_mx and "
            "nc_matmul_mx take packed types"
        )


def require_one_psum(name: str, a: tuple[str, Signature], b: tuple[str, Signature]) -> None:
    """Two tensor inputs: at most one in PSUM."""
    if a[1].memory == "psum" and b[1].memory == "psum":
        raise KernelError(
            f"{name}: {a[0]} and {b[0]} are both in PSUM, at most one may be; "
            "copy one to SBUF with nisa.tensor_copy first"
        )


def require_engine(name: str, engine: str, allowed: tuple[str, ...], core: Core) -> None:
    """The engine that the kernel asks for must be able to run it."""
    if engine not in allowed:
        raise KernelError(
            f"{name}: runs on {', '.join(allowed)} of {core.name}, not on {engine}; "
            "leave engine out or name one of these"
        )


def require_no_psum_on_gpsimd(name: str, engine: str, *operands: Signature) -> None:
    """GpSimd cannot reach PSUM."""
    if engine != "gpsimd":
        return
    for operand in operands:
        if operand.memory != "sbuf":
            raise KernelError(
                f"{name}: an operand {list(operand.shape)} is in {operand.memory.upper()}, and "
                "GpSimd reaches SBUF only; run it on the Vector engine, or copy to SBUF first"
            )


def require_priority(core: Core, name: str, priority: int | None) -> None:
    """A service class of DMA that the core has; None: not asked for."""
    if priority is None:
        return
    require_generation(core, f"{name} with priority", "v4", "leave priority out")
    require(
        0 <= priority < core.dma.priority_classes,
        f"{name}: priority {priority}, allowed is 0 (first) to {core.dma.priority_classes - 1}",
    )

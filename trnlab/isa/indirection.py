"""Rules on the tiles that hold run-time indices, which signatures of operands do not show.

Source: "Tensor indirection" of each instruction's page; nki.isa.dma_transpose.
"""

from collections.abc import Sequence
from typing import Any

from trnlab.errors import KernelError
from trnlab.isa.requirements import require
from trnlab.memory import Tensor

QUADRANT = 32  # partitions
COLUMNS = "columns"  # path of an .indirect() view
ROWS = "rows"  # path of a view with vector_offset
GROUP = 16
MOST_PARTITIONS = 128


def check_bases(name: str, writes: Sequence[Tensor], reads: Sequence[Tensor]) -> None:
    """Tiles that the kernel puts somewhere itself must lie where indirection reaches their index.

    The index of a gather lies on the partitions of what it gathers from; that of a scatter on those
    of the first input, or of that one's index if it gathers from PSUM.
    """
    for tensor in reads:
        if _is_indirect(tensor):
            _check_base(name, tensor, tensor)
    beside = _beside(reads[0]) if reads else None
    for tensor in writes:
        if _is_indirect(tensor) and beside is not None:
            _check_base(name, tensor, beside)


def _beside(first: Any) -> Any:
    """What the index of a scatter lies beside; None if it may lie anywhere."""
    if first.storage.memory != "psum":
        return first
    return first.path.index if _is_indirect(first) else None


def _is_indirect(tensor: Tensor) -> bool:
    return tensor.path is not None and tensor.path.kind == COLUMNS


def _check_base(name: str, tensor: Any, beside: Tensor) -> None:
    index = tensor.path.index
    if index.storage.allocation.slot is None or beside.storage.allocation.slot is None:
        return
    at, wanted = index.signature.partition, beside.signature.partition
    require(
        at % QUADRANT == 0 and at == wanted,
        f"{name}: the index {index.name} of {tensor.name}.indirect() starts at partition {at}; it "
        f"must start on a quadrant, a multiple of {QUADRANT}, and where {beside.name} starts, "
        f"partition {wanted}",
    )


def check_same_index(name: str, data: Any, scale: Any) -> None:
    """Packed data and their scales are one tensor: both are gathered by one index, or none is."""
    both = [_is_indirect(operand) for operand in (data, scale) if isinstance(operand, Tensor)]
    if not any(both):
        return
    if not all(both) or _place(data.path.index) != _place(scale.path.index):
        raise KernelError(
            f"{name}: {data.name} and its scales {scale.name} must both be .indirect() views with "
            "the same index, or neither"
        )


def _place(index: Tensor) -> tuple:
    return index.storage.id, index.shape, index.strides, index.offset


def check_accumulated(name: str, dst: Any, srcs: Sequence[Any]) -> None:
    """A sum with a run-time index for each row reads what it writes: one source is dst."""
    operands = [dst, *srcs] if isinstance(srcs, (list, tuple)) else []
    tensors = [operand for operand in operands if isinstance(operand, Tensor)]
    if not any(tensor.path is not None and tensor.path.kind == ROWS for tensor in tensors):
        return
    places = [_whole_place(tensor) for tensor in tensors]
    require(
        places[0] in places[1:],
        f"{name}: with vector_offset one source must be dst itself, {dst.name} in the same place "
        "and by the same index; it is what the rows are added to",
    )


def _whole_place(tensor: Any) -> tuple:
    path = tensor.path
    index = None if path is None else (path.kind, _place(path.index))
    return tensor.dtype, *_place(tensor), index


def check_gather_index(name: str, src: Any) -> None:
    """What the index of a transpose that gathers must look like."""
    path = getattr(src, "path", None)
    if path is None or path.kind != ROWS:
        return
    index = path.index
    partitions = index.shape[0]
    columns = index.size // partitions
    is_legal = (
        index.ndim == 2
        and index.dtype == "uint32"
        and index.storage.memory == "sbuf"
        and GROUP <= partitions <= MOST_PARTITIONS
        and partitions % GROUP == 0
        and (columns == 1 or partitions == MOST_PARTITIONS)
        and index.size >= src.shape[0]
    )
    require(
        is_legal,
        f"{name}: vector_offset {index.name} {list(index.shape)} {index.dtype} for src "
        f"{list(src.shape)}; it must be uint32 [P, n] in SBUF with at least {src.shape[0]} "
        f"indices, P a multiple of {GROUP} up to {MOST_PARTITIONS}, and {MOST_PARTITIONS} if n > 1",
    )

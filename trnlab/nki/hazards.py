"""What only luck of the schedule decides, found while a kernel runs.

Within a core NKI's order is sequential, so two instructions never race. One DMA can: its pieces are
moved by 16 engines at once, in no order. The device runs such a transfer, so this is a warning.
Races between cores are found on the whole trace, see `trnlab.schedule.races`.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from trnlab.errors import KernelError, RaceWarning
from trnlab.isa.dma_engine import DMA_COMPUTE, ROWS
from trnlab.isa.instruction import Instruction
from trnlab.memory import Tensor
from trnlab.memory.dynamic import Reach
from trnlab.memory.elements import Elements, meet
from trnlab.numerics import itemsize
from trnlab.trace import Site

_said: dict = {}  # by which the warnings module knows what it has said


def contents(tensors: Sequence[Tensor]) -> list[bytes] | None:
    """What memory of both cores holds, at tensors that are about to be written; None: nothing yet.

    To write what is there already is no race, whoever comes first.
    """
    shared = [t for t in tensors if t.storage.allocation.buffer == "shared_hbm"]
    if not shared or not all(t.storage.allocation.written for t in shared):
        return None
    return [tensor.array.tobytes() for tensor in shared]


def check_scatter(
    instruction: Instruction, writes: Sequence[Tensor], lines: Callable[[], tuple[int, Site]]
) -> None:
    """Rows that are scattered to one place: the last piece to arrive wins, or loses its sum.

    Args:
        lines: the line of the kernel, and where the call is written
    Raises:
        KernelError: sums that get lost
    """
    for tensor in writes:
        path = tensor.path
        if not isinstance(path, Reach) or path.kind != ROWS or path.at is None:
            continue
        rows = path.at if path.valid is None else path.at[path.valid]
        found, count = np.unique(rows, return_counts=True)
        if len(found) == len(rows):
            continue
        twice = int(found[count.argmax()])
        said = f"vector_offset names row {twice} of {tensor.name} {int(count.max())} times"
        if instruction is DMA_COMPUTE:
            raise KernelError(
                f"{instruction.name}: {said}; pieces that add to one row at once lose sums, so "
                "indices must be unique: add rows of equal index first, for example by a matmul"
            )
        warn(
            instruction.name,
            f"{said}; which of them stays is luck, since a DMA moves its pieces in no order (here "
            "the last one does). Give each row an index of its own, or drop rows with "
            "oob_mode.skip",
            lines(),
        )


def check_overlap(
    name: str, dst: Tensor, src: Tensor, lines: Callable[[], tuple[int, Site]], moves: bool = False
) -> None:
    """A DMA between parts of one tensor that overlap.

    Args:
        lines: the line of the kernel, and where the call is written
        moves: elements change places even if both views are equal
    """
    if not isinstance(dst, Tensor) or not isinstance(src, Tensor):
        return
    if dst.storage is not src.storage or dst.path is not None or src.path is not None:
        return
    same = dst.strides == src.strides and dst.shape == src.shape and dst.offset == src.offset
    if same and not moves:
        return
    if meet(_elements(dst), _elements(src)):
        warn(
            name,
            f"dst and src overlap in {dst.name} "
            f"{list(dst.storage.allocation.shape)}; a DMA moves its pieces in no order, so whether "
            "a piece is read before it is overwritten is luck (here all are). Copy by way of "
            "another tile",
            lines(),
        )


def warn(name: str, text: str, lines: tuple[int, Site]) -> None:
    """Say it, once for each place in the kernel."""
    line, (file, at) = lines
    warnings.warn_explicit(f"{name} in line {line}: {text}", RaceWarning, file, at, registry=_said)


def _elements(tensor: Tensor) -> Elements:
    return Elements(itemsize(tensor.dtype), tensor.shape, tensor.strides, tensor.offset)

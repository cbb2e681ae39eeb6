"""Memory that is read, or returned, before all of it has been written.

Nothing of it written is an error. A part of it is a warning: the device runs such a kernel, and
many rely on the written part alone, as a kernel does that loads 100 rows and computes on 128.
"""

import warnings
from collections.abc import Callable
from typing import Any

from trnlab.errors import KernelError, UnwrittenWarning
from trnlab.isa.instruction import Instruction
from trnlab.memory import Region, Tensor
from trnlab.nki.refusals import never_written
from trnlab.numerics import itemsize
from trnlab.trace import Site

LEFTOVERS = "NaN here (4 in integers), on the device whatever was there before"

_said: dict = {}  # by which the warnings module knows what it has said


def check_read(
    instruction: Instruction, tensor: Tensor, said: set[Site], lines: Callable[[], tuple[int, Site]]
) -> None:
    """An instruction reads a tensor that is not known to be filled.

    Args:
        said: places in the kernel that were warned of, each once
        lines: the line of the kernel, and where the call is written
    Raises:
        KernelError: nothing has written any of it
    """
    allocation = tensor.storage.allocation
    if not allocation.written:
        raise KernelError(never_written(instruction, allocation))
    part = allocation.written_part
    if part is None:
        allocation.filled = True
        return
    if not instruction.reads_all or part.holds(tensor):
        return
    line, site = lines()
    lacks = part.missing(tensor) if site not in said else None
    if lacks is not None:
        said.add(site)
        _warn(
            f"{instruction.name} in line {line}: {_named(tensor)} is read, but nothing has written "
            f"{_place(tensor, lacks)}: {LEFTOVERS}. Write them first, for example with "
            "nisa.memset, or read only what was written",
            site,
        )


def check_returned(tensors: list[Tensor], function: Any) -> None:
    """A kernel returns tensors: all that the caller looks at should have been written."""
    for tensor in tensors:
        allocation = tensor.storage.allocation
        if allocation.filled or allocation.argument or tensor.path is not None:
            continue
        if not allocation.written:
            what = "any of it"
        elif (part := allocation.written_part) is None or (lacks := part.missing(tensor)) is None:
            continue
        else:
            what = _place(tensor, lacks)
        code = function.__code__
        _warn(
            f"{code.co_name}: {_named(tensor)} is returned, but nothing has written {what}: "
            f"{LEFTOVERS}. Store into all of it",
            (code.co_filename, code.co_firstlineno),
        )


def warn_presumed(name: str, said: set[Site], lines: Callable[[], tuple[int, Site]]) -> None:
    """A sum is read from accumulators that no command has set.

    The page leaves them as they are. Kernels without a command that were measured on Trainium2
    found in reduce_res the sum of the very call, tile after tile, so this is what they get here.
    """
    line, site = lines()
    if site not in said:
        said.add(site)
        _warn(
            f"{name} in line {line}: reduce_res reads the Scalar engine's accumulators, but by its "
            "page reduce_cmd.idle, the default, leaves them as they are, and nothing has set them. "
            "Taken as reduce_cmd.reset_reduce here, since published kernels that name no command "
            "got their sums on Trainium2. Name it",
            site,
        )


def _named(tensor: Tensor) -> str:
    allocation = tensor.storage.allocation
    return f"{allocation.name} {list(allocation.shape)} (allocated in line {allocation.line})"


def _place(tensor: Tensor, lacks: Region) -> str:
    """The rows and elements of a rectangle, in the words of its memory."""
    allocation = tensor.storage.allocation
    size = itemsize(allocation.dtype)
    row = "partition" if tensor.on_chip else "row"
    rows = _range(row, lacks.row, lacks.row_end)
    first, end = lacks.byte // size, -(-lacks.byte_end // size)
    if end - first == allocation.pitch_bytes // size:
        return rows
    elements = _range("element", first, end)
    return f"{elements} of {rows}"


def _range(what: str, first: int, end: int) -> str:
    return f"{what} {first}" if end - first == 1 else f"{what}s {first} to {end - 1}"


def _warn(text: str, site: Site) -> None:
    warnings.warn_explicit(text, UnwrittenWarning, *site, registry=_said)

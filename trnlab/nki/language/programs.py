"""Which program of the launch this is, the order of instructions, and printing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.launch import current


def program_id(axis: int = 0) -> int:
    """Index of this program: 0, or 0 and 1 under kernel[2]."""
    _check_axis("program_id", axis)
    return current().program


def num_programs(axes: Any = 0) -> int:
    """How many programs run: 1, or 2 under kernel[2]."""
    for axis in axes if isinstance(axes, (list, tuple)) else (axes,):
        _check_axis("num_programs", axis)
    return current().team.cores


def program_ndim() -> int:
    """Dimensions of the launch grid: 0 for kernel(...), 1 for kernel[n](...)."""
    return 1 if current().has_grid else 0


def _check_axis(name: str, axis: Any) -> None:
    if axis not in (0, None):
        raise KernelError(f"{name}: axis {axis}; a launch grid has one axis, 0")


@contextmanager
def no_reorder() -> Iterator[None]:
    """Instructions of the block run one after the other, in program order."""
    launch = current()
    before = launch.last_ordered
    if before is None:
        launch.last_ordered = -1
    try:
        yield
    finally:
        launch.last_ordered = before if before is None else launch.last_ordered


def device_print(print_prefix: str, tensor: Tensor) -> None:
    """Print a tensor at once; on shapes alone, its shape."""
    launch = current()
    shown: Any = f"{list(tensor.shape)} {tensor.dtype}, without values"
    if launch.has_values:
        array = tensor.array
        shown = array.astype(np.float32) if array.dtype.kind == "V" else array
    print(print_prefix, shown)

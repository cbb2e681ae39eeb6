"""Constants that the compiled kernel carries: arrays and identity matrices."""

from operator import index
from pathlib import Path
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.language.tensors import fresh
from trnlab.nki.launch import current
from trnlab.numerics import dtype_name, storage, stored


def shared_constant(constant: Any, dtype: Any = None) -> Tensor:
    """A tensor in shared HBM that holds an array when the kernel starts.

    Args:
        constant: NumPy array, or the path of a .npy file
        dtype: to cast it to, as NKI 0.2 asked for; None: the array's own
    Raises:
        KernelError: no such file, or a dtype that NKI does not have
    """
    if isinstance(constant, (str, Path)):
        try:
            constant = np.load(constant)
        except OSError as error:
            raise KernelError(f"shared_constant: {constant} cannot be read ({error})") from None
    array = np.asarray(constant)
    if dtype is not None:
        array = stored(array, dtype_name(dtype))
    try:
        name = dtype_name(array.dtype if dtype is None else dtype)
    except ValueError:
        raise KernelError(
            f"shared_constant: NKI has no {array.dtype}; give the array a 32-bit dtype or less"
        ) from None
    return current().constant(array, name)


def shared_identity_matrix(n: int, dtype: Any = "uint8", dst: Tensor | None = None) -> Tensor:
    """The n x n identity in SBUF, copied from a constant in HBM.

    Args:
        dst: tile to write; None: a new one
    """
    from trnlab.nki import isa as nisa

    name = dtype_name(dtype)
    tile = dst if dst is not None else fresh((n, n), name)
    identity = shared_constant(np.eye(index(n)).astype(storage(name)))
    nisa.dma_copy(dst=tile, src=identity)
    return tile

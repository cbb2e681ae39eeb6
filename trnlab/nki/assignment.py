"""`t[...] = value`: a copy, or a fill, by whichever instruction reaches both sides."""

from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki import isa as nisa
from trnlab.nki.language.shapes import in_sbuf
from trnlab.nki.language.tensors import fill


def assign(dst: Tensor, value: Any) -> None:
    """dst = value: a tensor of the same element count, or a constant.

    Raises:
        KernelError: neither
    """
    if isinstance(value, Tensor):
        if dst.on_chip and value.on_chip:
            nisa.tensor_copy(dst=dst, src=value)
        else:
            nisa.dma_copy(dst=dst, src=in_sbuf(value) if value.on_chip else value)
    elif isinstance(value, (int, float)) or hasattr(value, "__float__"):
        fill(dst, float(value))
    else:
        raise KernelError(
            f"assignment to {dst.name}: {value!r} is neither a tensor nor a number; bring arrays "
            "in as arguments of the kernel"
        )


Tensor.assign = staticmethod(assign)

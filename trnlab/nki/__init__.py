"""The Neuron Kernel Interface, on a laptop: a kernel moves to a device by its import lines."""

from trnlab.nki import assignment, collectives, enums, isa, language, tensor, typing  # noqa: F401
from trnlab.nki.kernel import Kernel, jit, simulate

isa.constants = enums  # type: ignore[attr-defined]  # their home up to NKI 0.2
dtype = language  # nki.dtype.float32, as older kernels write

__all__ = ["Kernel", "collectives", "dtype", "isa", "jit", "language", "simulate", "tensor",
           "typing"]  # fmt: skip

"""The Neuron Kernel Interface, on a laptop: a kernel moves to a device by its import lines."""

from trnlab.nki import assignment, collectives, enums, isa, language, tensor, typing  # noqa: F401
from trnlab.nki.kernel import Kernel, jit, simulate
from trnlab.nki.old_names import missing as _missing

isa.constants = enums  # their home up to NKI 0.2
dtype = language  # nki.dtype.float32, as older kernels write

__all__ = ["Kernel", "collectives", "dtype", "isa", "jit", "language", "simulate", "tensor",
           "typing"]  # fmt: skip


def __getattr__(name: str) -> object:
    """Names that older files use: say what took their place."""
    raise _missing(__name__, name)

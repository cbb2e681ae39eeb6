"""The Neuron Kernel Interface, on a laptop: a kernel moves to a device by its import lines."""

from trnlab.nki import isa, language
from trnlab.nki.kernel import Kernel, jit, simulate

__all__ = ["Kernel", "isa", "jit", "language", "simulate"]

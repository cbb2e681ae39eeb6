"""Memories and tensors: HBM, SBUF and PSUM storage, and views on it."""

from trnlab.memory.storage import Storage
from trnlab.memory.tensor import Signature, Tensor

__all__ = ["Signature", "Storage", "Tensor"]

"""Memories and tensors: HBM, SBUF and PSUM storage, and views on it."""

from trnlab.memory.storage import Allocation, Storage
from trnlab.memory.tensor import Signature, Tensor

__all__ = ["Allocation", "Signature", "Storage", "Tensor"]

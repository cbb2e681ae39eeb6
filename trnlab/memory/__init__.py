"""Memories and tensors: HBM, SBUF and PSUM storage, and views on it."""

from trnlab.memory.footprint import Signature, View
from trnlab.memory.layout import Region
from trnlab.memory.register import Register
from trnlab.memory.storage import Allocation, Storage
from trnlab.memory.tensor import Tensor

__all__ = ["Allocation", "Region", "Register", "Signature", "Storage", "Tensor", "View"]

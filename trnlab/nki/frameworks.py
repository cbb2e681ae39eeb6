"""Arrays of other frameworks, as kernels written for the device are called with them.

PyTorch tensors become NumPy arrays that share their memory, so that a kernel which writes an input
writes the tensor; its results become PyTorch tensors again. JAX arrays become NumPy arrays. Neither
framework is imported here: who has such an array has imported it.
"""

import sys
from typing import Any

import numpy as np

from trnlab.nki.inputs import rebuilt
from trnlab.numerics import storage

# dtypes that NumPy does not know, and what stands for their bits in either framework
NARROW = {"bfloat16": "int16", "float8_e4m3fn": "uint8", "float8_e5m2": "uint8"}


def uses_torch(value: Any) -> bool:
    """Whether an argument, or anything in it, is a PyTorch tensor."""
    found = []

    def look(_: str, part: Any) -> Any:
        found.append(_is_torch(part))
        return part if found[-1] else rebuilt("", part, look)

    if "torch" in sys.modules:
        look("", value)
    return any(found)


def to_numpy(value: Any) -> Any:
    """An argument with NumPy arrays for the arrays of other frameworks."""
    if "torch" not in sys.modules and "jax" not in sys.modules:
        return value
    if _is_torch(value):
        return _from_torch(value)
    if _is_jax(value):
        return np.asarray(value)
    return rebuilt("", value, lambda _, part: to_numpy(part))


def to_torch(value: Any) -> Any:
    """A result with PyTorch tensors for NumPy arrays, where PyTorch has the dtype."""
    torch = sys.modules["torch"]
    if not isinstance(value, np.ndarray):
        return rebuilt("", value, lambda _, part: to_torch(part))
    dtype = getattr(torch, value.dtype.name, None)
    if dtype is None:
        return value
    bits = NARROW.get(value.dtype.name)
    if bits is None:
        return torch.from_numpy(value)
    return torch.from_numpy(value.view(bits)).view(dtype)


def _is_torch(value: Any) -> bool:
    return any(c.__name__ == "Tensor" and _home(c) == "torch" for c in type(value).__mro__)


def _is_jax(value: Any) -> bool:
    return _home(type(value)) in ("jax", "jaxlib") and hasattr(value, "__array__")


def _home(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _from_torch(tensor: Any) -> np.ndarray:
    torch, tensor = sys.modules["torch"], tensor.detach().cpu()
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in NARROW:
        return tensor.numpy()
    return tensor.view(getattr(torch, NARROW[name])).numpy().view(storage(name))

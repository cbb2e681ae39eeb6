"""Arrays of other frameworks, by stand-ins with the few members that are asked of them."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, stored
from trnlab import nki

X = normal(4, 8)
NAMES = ("float32", "int16", "int32", "uint8", "bfloat16")
DTYPES = {name: f"torch.{name}" for name in NAMES}


class Tensor:
    """What a PyTorch tensor is to its user: an array with a dtype of PyTorch's."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.dtype = DTYPES[array.dtype.name]

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> np.ndarray:
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array

    def view(self, dtype: str) -> Tensor:
        name = dtype.removeprefix("torch.")
        return Tensor(self.array.view(ml_dtypes.bfloat16 if name == "bfloat16" else name))


class ArrayImpl:
    """What a JAX array is to NumPy."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.array


Tensor.__module__, ArrayImpl.__module__ = "torch", "jaxlib._jax"


@pytest.fixture(autouse=True)
def frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(from_numpy=Tensor, **DTYPES))
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace())


def doubled(x: Any) -> Any:
    tile = loaded(x)
    nisa.tensor_tensor(tile, tile, tile, nl.add)
    return stored(tile)


@pytest.mark.parametrize("dtype", [np.float32, np.int32, ml_dtypes.bfloat16])
def test_a_kernel_on_pytorch_tensors_returns_pytorch_tensors(dtype: Any) -> None:
    x = (X * 8).astype(dtype)
    found = nki.simulate(nki.jit(doubled))(Tensor(x))
    assert type(found) is Tensor and found.dtype == f"torch.{np.dtype(dtype).name}"
    assert np.array_equal(found.array, x + x)


def test_a_tensor_that_the_kernel_writes_is_written() -> None:
    def kernel(x, others):
        nisa.dma_copy(x, loaded(others["y"][0]))
        return x, stored(loaded(others["y"][1])), 3

    x, y, z = X.copy(), X + 1, X + 2
    first, second, third = nki.jit(kernel)(Tensor(x), {"y": [Tensor(y), Tensor(z)]})
    assert np.array_equal(x, y) and np.array_equal(first.array, y)
    assert np.array_equal(second.array, z) and third == 3


def test_a_dtype_that_pytorch_lacks_stays_as_it_is() -> None:
    def kernel(x):
        tile = nl.ndarray(x.shape, nl.float8_e4m3)
        nisa.tensor_copy(tile, loaded(x))
        return stored(tile)

    found = nki.jit(kernel)(Tensor(X))
    assert isinstance(found, np.ndarray) and found.dtype == ml_dtypes.float8_e4m3


def test_jax_arrays_and_numpys_give_numpys() -> None:
    for given in (ArrayImpl(X), X.copy()):
        found = nki.jit(doubled)(given)
        assert isinstance(found, np.ndarray) and np.array_equal(found, X + X)


def test_a_profile_takes_tensors_and_shows_arrays() -> None:
    prof = trnlab.profile(doubled, Tensor(X.copy()))
    assert np.array_equal(prof.output, X + X)
    assert prof.total_us == trnlab.profile(doubled, trnlab.shape(X.shape)).total_us


def test_a_module_that_only_bears_the_name_is_no_framework(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(Tensor=object))
    assert isinstance(nki.jit(doubled)(X.copy()), np.ndarray)

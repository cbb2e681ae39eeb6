"""What the tests of the language share: loads, stores, and running a body as a kernel."""

from collections.abc import Callable
from typing import Any

import numpy as np

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from trnlab import nki

RNG = np.random.default_rng(0)


def normal(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    """Seeded normal numbers."""
    return RNG.standard_normal(shape).astype(dtype)


def loaded(array: Any, dtype: Any = None) -> Any:
    """An HBM tensor in SBUF."""
    tile = nl.ndarray(array.shape, dtype or array.dtype)
    nisa.dma_copy(dst=tile, src=array)
    return tile


def stored(tile: Any) -> Any:
    """A tile or view in HBM."""
    out = nl.ndarray(tile.shape, tile.dtype, nl.shared_hbm)
    if tile.buffer == nl.psum:
        copy = nl.ndarray(tile.shape, tile.dtype)
        nisa.tensor_copy(dst=copy, src=tile)
        tile = copy
    nisa.dma_copy(dst=out, src=tile)
    return out


def run(body: Callable[..., Any], *arguments: Any) -> Any:
    """What a kernel body returns as arrays."""
    return nki.simulate(nki.jit(body))(*arguments)

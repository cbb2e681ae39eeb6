"""What engine tests share: small kernels around one call, and the sentence of a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from trnlab import KernelError, Profile


def refusal(kernel: Callable[..., Any], *inputs: Any, chip: Any = "trn3") -> str:
    """The sentence with which a kernel is refused, without the line of the kernel."""
    with pytest.raises(KernelError) as refused:
        trnlab.profile(kernel, *inputs, chip=chip)
    return sentence(refused.value)


def sentence(error: BaseException) -> str:
    """What an error says, without the line of the kernel that ends it."""
    return re.sub(r" \(line \d+\)$", "", str(error))


def timeline_ns(prof: Profile) -> list[tuple[str, float, float, float]]:
    """Lane, start, end of occupancy and readable time of every row, in nanoseconds."""
    line = prof.timeline
    return [
        (
            line.lanes[line["lane"][row]],
            round(line["start_s"][row] * 1e9, 3),
            round((line["start_s"] + line["busy_s"])[row] * 1e9, 3),
            round(line["end_s"][row] * 1e9, 3),
        )
        for row in range(line.rows)
    ]


def written(
    shape: tuple[int, ...], dtype: str = "float32", buffer: str = nl.sbuf, **kw: Any
) -> Any:
    """Inside a kernel: a tile that has been written."""
    tile = nl.ndarray(shape, dtype, buffer, **kw)
    nisa.memset(tile, 0)
    return tile


def loaded(x: Any) -> Any:
    """Inside a kernel: an input as a tile."""
    tile = nl.ndarray(x.shape, x.dtype)
    nisa.dma_copy(tile, x)
    return tile


def stored(tile: Any) -> Any:
    """Inside a kernel: a tile as a result in HBM, by way of SBUF if it is in PSUM."""
    if tile.buffer == nl.psum:
        tile, acc = nl.ndarray(tile.shape, tile.dtype), tile
        nisa.tensor_copy(tile, acc)
    result = nl.ndarray(tile.shape, tile.dtype, nl.shared_hbm)
    nisa.dma_copy(result, tile)
    return result


def small_integers(*shape: int, dtype: Any = np.float32, seed: int = 0) -> np.ndarray:
    """Integers from -4 to 4, exact in every float format."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)

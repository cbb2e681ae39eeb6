"""Run one instruction, or a few, on tiles in SBUF."""

from collections.abc import Callable
from typing import Any

import numpy as np

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl


def profile(body: Callable[..., Any], *arrays: np.ndarray, chip: str = "trn3") -> trnlab.Profile:
    """Load arrays into SBUF, call body(*tiles), store the tiles that it returns."""

    def kernel(*inputs: Any) -> Any:
        tiles = []
        for given in inputs:
            tiles.append(nl.ndarray(given.shape, given.dtype, nl.sbuf))
            nisa.dma_copy(dst=tiles[-1], src=given)
        returned = body(*tiles)
        found = returned if isinstance(returned, tuple) else (returned,)
        return tuple(_stored(tile) for tile in found)

    def _stored(tile: Any) -> Any:
        if tile.buffer == nl.psum:
            copy = nl.ndarray(tile.shape, tile.dtype, nl.sbuf)
            nisa.tensor_copy(dst=copy, src=tile)
            tile = copy
        out = nl.ndarray(tile.shape, tile.dtype, nl.shared_hbm)
        nisa.dma_copy(dst=out, src=tile)
        return out

    return trnlab.profile(kernel, *arrays, chip=chip)


def run(body: Callable[..., Any], *arrays: np.ndarray, chip: str = "trn3") -> Any:
    """What the tiles hold that body returns: one array, or a tuple of them."""
    output = profile(body, *arrays, chip=chip).output
    return output[0] if len(output) == 1 else output


def tile(shape: tuple[int, ...], dtype: str, buffer: str = "sbuf") -> Any:
    """A fresh tile."""
    return nl.ndarray(shape, dtype, buffer)


def like(other: Any, dtype: str | None = None) -> Any:
    """A fresh SBUF tile of another one's shape."""
    return nl.ndarray(other.shape, dtype or other.dtype, nl.sbuf)


def in_psum(data: Any) -> Any:
    """A copy in PSUM."""
    copy = nl.ndarray(data.shape, data.dtype, nl.psum)
    nisa.tensor_copy(dst=copy, src=data)
    return copy


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal float32 numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def cost(ran: trnlab.Profile, op: str) -> Any:
    """Cost of the first call of an instruction: its steps, or its transfer."""
    kind = next(
        recorded.kind for recorded in ran.trace.calls if recorded.kind.instruction.name == op
    )
    return kind.instruction.cost(ran.core, kind)


def cycles(ran: trnlab.Profile, op: str) -> float:
    """Cycles for which the first call of an instruction streams, without what it takes to issue."""
    steps = [step for step in cost(ran, op) if step.lane != "tensor_load"]
    engine = getattr(ran.core, steps[0].lane)
    issue = len(steps) * getattr(engine, "issue_cycles", 0)
    return sum(step.busy_s for step in steps) * engine.clock_hz - issue

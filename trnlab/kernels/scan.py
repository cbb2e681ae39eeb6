"""Selective scan (Mamba): channels on partitions, the sequence along the free dimension.

h[s] = exp(delta[s] * A) * h[s - 1] + delta[s] * u[s] * B[s],  y[s] = sum over states of C[s] * h[s]

One scan instruction runs the recurrence of 128 channels at once, one state at a time.
"""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa

TILE_CHANNELS = 128


@nki.jit
def selective_scan(delta, u, A, B, C):
    """y of the recurrence above.

    Args:
        delta, u: [channels, S] in HBM, float32
        A: [channels, states] in HBM, float32
        B, C: [states, S] in HBM, float32
    Returns:
        [channels, S] in HBM, float32
    """
    channels, S = delta.shape
    states = A.shape[1]
    result = nl.ndarray((channels, S), dtype=nl.float32, buffer=nl.shared_hbm, name="result")
    for first in nl.affine_range(0, channels, TILE_CHANNELS):
        rows = slice(first, min(first + TILE_CHANNELS, channels))
        count = rows.stop - first
        delta_tile, u_tile, a_tile = (
            _load(x, rows, name) for x, name in ((delta, "delta"), (u, "u"), (A, "A"))
        )
        delta_u = nl.ndarray((count, S), dtype=nl.float32, name="delta_u")
        nisa.tensor_tensor(dst=delta_u, data1=delta_tile, data2=u_tile, op=nl.multiply)
        total = nl.ndarray((count, S), dtype=nl.float32, name="total")
        nisa.memset(dst=total, value=0)
        for state in nl.sequential_range(states):
            y = _one_state(delta_tile, delta_u, a_tile[:, state : state + 1], B, C, state)
            summed = nl.ndarray((count, S), dtype=nl.float32, name="total")
            nisa.tensor_tensor(dst=summed, data1=total, data2=y, op=nl.add)
            total = summed
        nisa.dma_copy(dst=result[rows, :], src=total)
    return result


def _one_state(delta, delta_u, a, B, C, state: int):
    """C * h of one state for every channel and step."""
    count, S = delta.shape
    decay, gain, h, y = (
        nl.ndarray((count, S), dtype=nl.float32, name=name) for name in ("decay", "gain", "h", "y")
    )
    nisa.activation(dst=decay, op=nl.exp, data=delta, scale=a)
    nisa.tensor_tensor(dst=gain, data1=delta_u, data2=_repeat(B, state, count, "B"), op=nl.multiply)
    nisa.tensor_tensor_scan(
        dst=h, data0=decay, data1=gain, initial=0.0, op0=nl.multiply, op1=nl.add
    )
    nisa.tensor_tensor(dst=y, data1=h, data2=_repeat(C, state, count, "C"), op=nl.multiply)
    return y


def _load(x, rows: slice, name: str):
    tile = nl.ndarray((rows.stop - rows.start, x.shape[1]), dtype=x.dtype, name=name)
    nisa.dma_copy(dst=tile, src=x[rows, :])
    return tile


def _repeat(x, row: int, partitions: int, name: str):
    """Row of a matrix on every partition, read with stride 0."""
    columns = x.shape[1]
    tile = nl.ndarray((partitions, columns), dtype=x.dtype, name=name)
    source = x.ap(pattern=[[0, partitions], [1, columns]], offset=row * columns)
    nisa.dma_copy(dst=tile, src=source)
    return tile


def reference(
    delta: np.ndarray, u: np.ndarray, A: np.ndarray, B: np.ndarray, C: np.ndarray
) -> np.ndarray:
    """The same in NumPy, step by step."""
    h = np.zeros(A.shape, np.float32)
    y = np.empty_like(delta)
    for s in range(delta.shape[1]):
        step = delta[:, s : s + 1]
        h = np.exp(step * A) * h + step * u[:, s : s + 1] * B[:, s]
        y[:, s] = (h * C[:, s]).sum(axis=1)
    return y

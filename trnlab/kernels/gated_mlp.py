"""A gated MLP, (silu(x Wg) * (x Wu)) Wd, twice: for decoding and for prefilling.

Decoding has few tokens: they stay in the array as the stationary operand while all weights stream
past once, so HBM is the limit. Prefilling has many: weights stay, tokens stream, and with
activations kept transposed the hidden values already lie on partitions as the last product needs.
"""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.errors import KernelError
from trnlab.nki import isa as nisa

TILE, TILE_N = 128, 512


@nki.jit
def gated_mlp_decode(xT, gate, up, down):
    """A few tokens; weights are loaded once and used once.

    Args:
        xT: [H, T] in HBM, T at most 128
        gate, up: [H, F] in HBM
        down: [F, H] in HBM; H and F multiples of 128
    Returns:
        [T, H] in HBM, dtype of xT
    Raises:
        KernelError: a size that the tiles do not divide, or too many tokens
    """
    (H, T), F = xT.shape, gate.shape[1]
    _check("gated_mlp_decode", H, F)
    if T > TILE:
        raise KernelError(f"gated_mlp_decode: {T} tokens, at most {TILE}; use gated_mlp_prefill")
    result = nl.ndarray((T, H), dtype=xT.dtype, buffer=nl.shared_hbm, name="result")
    tokens = [_load(xT, h, 0, T, "tokens") for h in range(0, H, TILE)]

    hidden = []  # transposed, [128 of F, T] each
    for f in nl.affine_range(0, F, TILE_N):
        width = min(TILE_N, F - f)
        product = _gated(_stream(tokens, gate, f, width), _stream(tokens, up, f, width), xT.dtype)
        hidden += [_turn(product[:, i : i + TILE]) for i in range(0, width, TILE)]

    for h in nl.affine_range(0, H, TILE_N):
        width = min(TILE_N, H - h)
        sums = _stream(hidden, down, h, width)
        out = nl.ndarray((T, width), dtype=xT.dtype, name="out")
        nisa.tensor_copy(dst=out, src=sums)
        nisa.dma_copy(dst=result[:, h : h + width], src=out)
    return result


@nki.jit
def gated_mlp_prefill(xT, gate, up, down):
    """Many tokens, 512 at a time; everything stays transposed. `[2]` shares tokens among two cores.

    Args:
        xT: [H, T] in HBM
        gate, up: [H, F] in HBM
        down: [F, H] in HBM; H and F multiples of 128
    Returns:
        [H, T] in HBM, dtype of xT
    Raises:
        KernelError: a size that the tiles do not divide
    """
    (H, T), F = xT.shape, gate.shape[1]
    _check("gated_mlp_prefill", H, F)
    result = nl.ndarray((H, T), dtype=xT.dtype, buffer=nl.shared_hbm, name="result")
    gates, ups, downs = (
        [_load(w, row, 0, w.shape[1], name) for row in range(0, w.shape[0], TILE)]
        for w, name in ((gate, "gate"), (up, "up"), (down, "down"))
    )
    step = TILE_N * nl.num_programs()
    for t in nl.affine_range(nl.program_id() * TILE_N, T, step):
        width = min(TILE_N, T - t)
        tokens = [_load(xT, h, t, width, "tokens") for h in range(0, H, TILE)]
        hidden = [
            _gated(_stay(gates, tokens, f), _stay(ups, tokens, f), xT.dtype)
            for f in range(0, F, TILE)
        ]
        for h in nl.affine_range(0, H, TILE):
            out = nl.ndarray((TILE, width), dtype=xT.dtype, name="out")
            nisa.tensor_copy(dst=out, src=_stay(downs, hidden, h))
            nisa.dma_copy(dst=result[h : h + TILE, t : t + width], src=out)
    return result


def _stream(stationary, weights, col: int, width: int):
    """Sum over K of stationary^T @ weights[:, col : col + width], weights loaded as they go."""
    sums = nl.ndarray(
        (stationary[0].shape[1], width), dtype=nl.float32, buffer=nl.psum, name="sums"
    )
    for i, tile in enumerate(stationary):
        moving = _load(weights, i * TILE, col, width, "weights")
        nisa.nc_matmul(dst=sums, stationary=tile, moving=moving)
    return sums


def _stay(weights, moving, col: int):
    """Sum over K of weights[:, col : col + 128]^T @ moving."""
    sums = nl.ndarray((TILE, moving[0].shape[1]), dtype=nl.float32, buffer=nl.psum, name="sums")
    for weight, tile in zip(weights, moving, strict=True):
        nisa.nc_matmul(dst=sums, stationary=weight[:, col : col + TILE], moving=tile)
    return sums


def _gated(gate, up, dtype: str):
    """silu(gate) * up."""
    activated = nl.ndarray(gate.shape, dtype=nl.float32, name="activated")
    nisa.activation(dst=activated, op=nl.silu, data=gate)
    product = nl.ndarray(gate.shape, dtype=dtype, name="hidden")
    nisa.tensor_tensor(dst=product, data1=activated, data2=up, op=nl.multiply)
    return product


def _turn(tile):
    """[T, 128] to [128, T] through TensorE."""
    turned = nl.ndarray((tile.shape[1], tile.shape[0]), tile.dtype, nl.psum, name="turned")
    nisa.nc_transpose(dst=turned, data=tile)
    out = nl.ndarray(turned.shape, dtype=tile.dtype, name="hiddenT")
    nisa.tensor_copy(dst=out, src=turned)
    return out


def _load(matrix, row: int, col: int, width: int, name: str):
    tile = nl.ndarray((TILE, width), dtype=matrix.dtype, name=name)
    nisa.dma_copy(dst=tile, src=matrix[row : row + TILE, col : col + width])
    return tile


def _check(name: str, H: int, F: int) -> None:
    for letter, size in (("H", H), ("F", F)):
        if size % TILE:
            raise KernelError(f"{name}: {letter} = {size} is not a multiple of {TILE}; pad it")


def reference(x: np.ndarray, gate: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The same in NumPy, float32; x is [T, H]."""
    x, gate, up, down = (a.astype(np.float32) for a in (x, gate, up, down))
    g = x @ gate
    return (g / (1 + np.exp(-g)) * (x @ up)) @ down

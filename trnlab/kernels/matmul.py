"""A matrix product in five steps, from one tile to three blocked dimensions.

Every kernel takes lhsT [K, M] and rhs [K, N] from HBM and returns lhsT^T @ rhs, [M, N], in HBM. The
left operand comes transposed because TensorE contracts over partitions: both operands must have K
on theirs.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.errors import KernelError, LimitError
from trnlab.nki import isa as nisa
from trnlab.nki.launch import MAX_CALLS

TILE_K, TILE_M, TILE_N = 128, 128, 512  # one nc_matmul, one PSUM bank


@nki.jit
def one_tile(lhsT, rhs):
    """The smallest product: one nc_matmul, K and M at most 128, N at most 512."""
    (k, m), (_, n) = lhsT.shape, rhs.shape
    result = nl.ndarray((m, n), dtype=result_dtype(lhsT), buffer=nl.shared_hbm, name="result")

    lhsT_tile = nl.ndarray((k, m), dtype=lhsT.dtype, buffer=nl.sbuf, name="lhsT_tile")
    rhs_tile = nl.ndarray((k, n), dtype=rhs.dtype, buffer=nl.sbuf, name="rhs_tile")
    nisa.dma_copy(dst=lhsT_tile, src=lhsT)
    nisa.dma_copy(dst=rhs_tile, src=rhs)

    acc = nl.ndarray((m, n), dtype=nl.float32, buffer=nl.psum, name="acc")
    nisa.nc_matmul(dst=acc, stationary=lhsT_tile, moving=rhs_tile)

    out = nl.ndarray((m, n), dtype=result.dtype, buffer=nl.sbuf, name="out")
    nisa.tensor_copy(dst=out, src=acc)
    nisa.dma_copy(dst=result, src=out)
    return result


@nki.jit
def tiled(lhsT, rhs):
    """The obvious way: both operand tiles are loaded again for every nc_matmul."""
    K, M, N = check(lhsT, rhs)
    result = nl.ndarray((M, N), dtype=result_dtype(lhsT), buffer=nl.shared_hbm, name="result")

    for m in nl.affine_range(0, M, TILE_M):
        for n in nl.affine_range(0, N, TILE_N):
            acc = nl.ndarray((TILE_M, TILE_N), dtype=nl.float32, buffer=nl.psum, name="acc")
            for k in nl.affine_range(0, K, TILE_K):
                lhsT_tile = nl.ndarray(
                    (TILE_K, TILE_M), dtype=lhsT.dtype, buffer=nl.sbuf, name="lhsT_tile"
                )
                rhs_tile = nl.ndarray(
                    (TILE_K, TILE_N), dtype=rhs.dtype, buffer=nl.sbuf, name="rhs_tile"
                )
                nisa.dma_copy(dst=lhsT_tile, src=lhsT[k : k + TILE_K, m : m + TILE_M])
                nisa.dma_copy(dst=rhs_tile, src=rhs[k : k + TILE_K, n : n + TILE_N])
                nisa.nc_matmul(dst=acc, stationary=lhsT_tile, moving=rhs_tile)
            out = nl.ndarray((TILE_M, TILE_N), dtype=result.dtype, buffer=nl.sbuf, name="out")
            nisa.tensor_copy(dst=out, src=acc)
            nisa.dma_copy(dst=result[m : m + TILE_M, n : n + TILE_N], src=out)
    return result


@nki.jit
def hoisted(lhsT, rhs):
    """Loads hoisted: a column of rhs tiles serves every M, a column of lhsT tiles one N."""
    K, M, N = check(lhsT, rhs)
    result = nl.ndarray((M, N), dtype=result_dtype(lhsT), buffer=nl.shared_hbm, name="result")

    for n in nl.affine_range(0, N, TILE_N):
        rhs_tiles = []
        for k in nl.affine_range(0, K, TILE_K):
            rhs_tile = nl.ndarray((TILE_K, TILE_N), dtype=rhs.dtype, name="rhs_tile")
            nisa.dma_copy(dst=rhs_tile, src=rhs[k : k + TILE_K, n : n + TILE_N])
            rhs_tiles.append(rhs_tile)
        for m in nl.affine_range(0, M, TILE_M):
            lhsT_tiles = []
            for k in nl.affine_range(0, K, TILE_K):
                lhsT_tile = nl.ndarray((TILE_K, TILE_M), dtype=lhsT.dtype, name="lhsT_tile")
                nisa.dma_copy(dst=lhsT_tile, src=lhsT[k : k + TILE_K, m : m + TILE_M])
                lhsT_tiles.append(lhsT_tile)

            acc = nl.ndarray((TILE_M, TILE_N), dtype=nl.float32, buffer=nl.psum, name="acc")
            for lhsT_tile, rhs_tile in zip(lhsT_tiles, rhs_tiles, strict=True):
                nisa.nc_matmul(dst=acc, stationary=lhsT_tile, moving=rhs_tile)
            out = nl.ndarray((TILE_M, TILE_N), dtype=result.dtype, buffer=nl.sbuf, name="out")
            nisa.tensor_copy(dst=out, src=acc)
            nisa.dma_copy(dst=result[m : m + TILE_M, n : n + TILE_N], src=out)
    return result


@nki.jit
def blocked(lhsT, rhs, m_block=4, n_block=2, n_tile=TILE_N):
    """M and N blocked: m_block x n_block result tiles share their operands' loads."""
    K, M, N = check(lhsT, rhs, m_block=m_block, n_block=n_block, n_tile=n_tile)
    BLOCK_M, BLOCK_N = m_block * TILE_M, n_block * n_tile
    result = nl.ndarray((M, N), dtype=result_dtype(lhsT), buffer=nl.shared_hbm, name="result")

    for n0 in nl.affine_range(0, N, BLOCK_N):
        rhs_block = load_block(rhs, 0, K, n0, BLOCK_N, "rhs_block")
        for m0 in nl.affine_range(0, M, BLOCK_M):
            lhsT_block = load_block(lhsT, 0, K, m0, BLOCK_M, "lhsT_block")
            for m in nl.affine_range(0, BLOCK_M, TILE_M):
                for n in nl.affine_range(0, BLOCK_N, n_tile):
                    acc = nl.ndarray((TILE_M, n_tile), nl.float32, buffer=nl.psum, name="acc")
                    for k in nl.affine_range(K // TILE_K):
                        nisa.nc_matmul(
                            dst=acc,
                            stationary=lhsT_block[:, k, m : m + TILE_M],
                            moving=rhs_block[:, k, n : n + n_tile],
                        )
                    out = nl.ndarray((TILE_M, n_tile), dtype=result.dtype, name="out")
                    nisa.tensor_copy(dst=out, src=acc)
                    row, col = m0 + m, n0 + n
                    nisa.dma_copy(dst=result[row : row + TILE_M, col : col + n_tile], src=out)
    return result


@nki.jit
def pipelined(lhsT, rhs, m_block=4, n_block=1, k_block=8, n_tile=TILE_N):
    """M, N and K blocked: sums of a K block move to SBUF while two PSUM banks take turns."""
    K, M, N = check(lhsT, rhs, m_block=m_block, n_block=n_block, k_block=k_block, n_tile=n_tile)
    BLOCK_M, BLOCK_N, BLOCK_K = m_block * TILE_M, n_block * n_tile, k_block * TILE_K
    result = nl.ndarray((M, N), dtype=result_dtype(lhsT), buffer=nl.shared_hbm, name="result")
    banks = [nl.ndarray((TILE_M, n_tile), nl.float32, nl.psum, name=f"bank{b}") for b in range(2)]
    turn = 0

    for n0 in nl.affine_range(0, N, BLOCK_N):
        for m0 in nl.affine_range(0, M, BLOCK_M):
            sums = {}
            for k0 in nl.sequential_range(0, K, BLOCK_K):
                lhsT_block = load_block(lhsT, k0, BLOCK_K, m0, BLOCK_M, "lhsT_block")
                rhs_block = load_block(rhs, k0, BLOCK_K, n0, BLOCK_N, "rhs_block")
                for m in nl.affine_range(0, BLOCK_M, TILE_M):
                    for n in nl.affine_range(0, BLOCK_N, n_tile):
                        acc = banks[turn % 2]
                        turn += 1
                        for k in nl.affine_range(k_block):
                            nisa.nc_matmul(
                                dst=acc,
                                stationary=lhsT_block[:, k, m : m + TILE_M],
                                moving=rhs_block[:, k, n : n + n_tile],
                                accumulate=k > 0,
                            )
                        if k0 == 0:
                            sums[m, n] = nl.ndarray((TILE_M, n_tile), nl.float32, name="sum")
                            nisa.tensor_copy(dst=sums[m, n], src=acc)
                        else:
                            nisa.tensor_tensor(sums[m, n], sums[m, n], acc, op=nl.add)
            for (m, n), total in sums.items():
                out = nl.ndarray((TILE_M, n_tile), dtype=result.dtype, name="out")
                nisa.tensor_copy(dst=out, src=total)
                row, col = m0 + m, n0 + n
                nisa.dma_copy(dst=result[row : row + TILE_M, col : col + n_tile], src=out)
    return result


def load_block(matrix, row, rows, col, cols, name):
    """Load matrix[row : row + rows, col : col + cols] as one tile [128, rows / 128, cols].

    Row k * 128 + p of the block lies on partition p. One transfer for all of it: its start costs
    the same whatever its size.
    """
    tiles = rows // TILE_K
    block = nl.ndarray((TILE_K, tiles, cols), dtype=matrix.dtype, buffer=nl.sbuf, name=name)
    source = matrix[row : row + rows, col : col + cols]
    nisa.dma_copy(dst=block, src=source.reshape_dim(0, (tiles, TILE_K)).permute((1, 0, 2)))
    return block


def result_dtype(operand) -> str:
    """The operands' own dtype; bfloat16 for FP8, whose range a sum would leave."""
    return "bfloat16" if operand.dtype.startswith("float8") else operand.dtype


def check(
    lhsT, rhs, m_block: int = 1, n_block: int = 1, k_block: int = 1, n_tile: int = TILE_N
) -> tuple[int, int, int]:
    """K, M and N of a product whose blocks divide it.

    Raises:
        KernelError: operands that do not fit together, or a size that no block divides
        LimitError: more nc_matmuls than one run may record
    """
    if len(lhsT.shape) != 2 or len(rhs.shape) != 2 or lhsT.shape[0] != rhs.shape[0]:
        raise KernelError(
            f"matmul: lhsT {list(lhsT.shape)} and rhs {list(rhs.shape)} should be [K, M] and "
            "[K, N] with the same K"
        )
    (K, M), N = lhsT.shape, rhs.shape[1]
    sizes = (("K", K, TILE_K, k_block), ("M", M, TILE_M, m_block), ("N", N, n_tile, n_block))
    matmuls = math.prod(-(-size // tile) for _, size, tile, _ in sizes)
    if matmuls > MAX_CALLS // 4:
        raise LimitError(
            f"matmul: {K} x {M} x {N} takes {matmuls:,} nc_matmuls, and one run may record "
            f"{MAX_CALLS // 4:,}; use smaller K, M and N"
        )
    for letter, size, tile, block in sizes:
        if block < 1:
            raise KernelError(f"matmul: {letter} blocks of {block} tiles; use 1 or more")
        grain = tile * block
        if size % grain:
            raise KernelError(
                f"matmul: {letter} = {size} is not a multiple of {grain} ({block} tiles of "
                f"{tile}); pad it to {-(-size // grain) * grain} or choose another block"
            )
    return K, M, N


class Rung(NamedTuple):
    """One step of the ladder."""

    kernel: Callable
    meaning: str
    blocks: dict[str, int]  # keyword arguments and their defaults, in tiles
    tiles: Mapping[str, tuple[int, ...]] = MappingProxyType({})  # and sizes of tiles to try


_TILES = {"n_tile": (TILE_N // 2, TILE_N)}
LADDER = {
    "one_tile": Rung(one_tile, "One tile: the smallest product", {}),
    "tiled": Rung(tiled, "Tiled: both operands loaded for every nc_matmul", {}),
    "hoisted": Rung(hoisted, "Hoisted: loads moved out of the inner loop", {}),
    "blocked": Rung(
        blocked, "Blocked: M and N tiles share loads", {"m_block": 4, "n_block": 2}, _TILES
    ),
    "pipelined": Rung(
        pipelined,
        "Pipelined: K blocked too, two PSUM banks take turns",
        {"m_block": 4, "n_block": 1, "k_block": 8},
        _TILES,
    ),
}

"""A matrix product in narrow formats: FP8 in double rows, MXFP8 and MXFP4 with their scales.

The loops are those of `matmul.blocked`, so that what differs is the format. An MX tile holds four
times the rows of K; the four elements of an item lie 128 rows apart. Weights are prepared on the
host, activations there or on the core: interleaved, then quantized on VectorE.
"""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.errors import KernelError
from trnlab.kernels.matmul import TILE_K, TILE_M, TILE_N, load_block
from trnlab.nki import isa as nisa
from trnlab.numerics.mx import ELEMENTS, PACK, interleaved, quantize

DOUBLE_K = 2 * TILE_K  # rows of K in one double-row nc_matmul
MX_K = PACK * TILE_K  # rows of K in one nc_matmul_mx
SHARING = 4  # operands whose scales share one tile, four partitions of each quadrant each
INTERLEAVE = ("scalar", "vector", "gpsimd", "dma", "ready")
MXFP8, MXFP4 = "float8_e4m3fn_x4", "float4_e2m1fn_x4"


@nki.jit
def double_row(lhsT, rhs, scale=1.0, m_block=4, n_block=1):
    """scale * lhsT^T @ rhs in FP8, 256 rows of K in each nc_matmul.

    Args:
        lhsT, rhs: [K, M] and [K, N] in HBM, FP8
        scale: the product of the scales that the operands were divided by
    Returns:
        [M, N] in HBM, bfloat16
    """
    (K, M), N = lhsT.shape, rhs.shape[1]
    BLOCK_M, BLOCK_N = _blocks(K, M, N, DOUBLE_K, m_block, n_block)
    result = nl.ndarray((M, N), dtype=nl.bfloat16, buffer=nl.shared_hbm, name="result")

    for n0 in nl.affine_range(0, N, BLOCK_N):
        rhs_block = load_block(rhs, 0, K, n0, BLOCK_N, "rhs_block")
        for m0 in nl.affine_range(0, M, BLOCK_M):
            lhsT_block = load_block(lhsT, 0, K, m0, BLOCK_M, "lhsT_block")
            for m in nl.affine_range(0, BLOCK_M, TILE_M):
                for n in nl.affine_range(0, BLOCK_N, TILE_N):
                    acc = nl.ndarray((TILE_M, TILE_N), nl.float32, buffer=nl.psum, name="acc")
                    for k in nl.affine_range(0, K // TILE_K, 2):
                        nisa.nc_matmul(
                            dst=acc,
                            stationary=lhsT_block[:, k : k + 2, m : m + TILE_M],
                            moving=rhs_block[:, k : k + 2, n : n + TILE_N],
                            perf_mode=nisa.matmul_perf_mode.double_row,
                        )
                    _store(result, acc, m0 + m, n0 + n, scale)
    return result


@nki.jit
def mx(lhsT, lhsT_scale, rhs, rhs_scale, dtypes=(MXFP8, MXFP8), m_block=4, n_block=1):
    """lhsT^T @ rhs, both operands quantized before the kernel starts.

    Args:
        lhsT, rhs: items [K / 4, M] and [K / 4, N] in HBM, unsigned integers
        lhsT_scale, rhs_scale: their scales as `mx_operand` lays them out
        dtypes: packed dtypes of lhsT and rhs
    Returns:
        [M, N] in HBM, bfloat16
    """
    K, M, N = PACK * lhsT.shape[0], lhsT.shape[1], rhs.shape[1]
    BLOCK_M, BLOCK_N = _blocks(K, M, N, MX_K, m_block, n_block)
    result = nl.ndarray((M, N), dtype=nl.bfloat16, buffer=nl.shared_hbm, name="result")

    for n0 in nl.affine_range(0, N, BLOCK_N):
        moving = _load_mx(rhs, rhs_scale, dtypes[1], n0, BLOCK_N, "rhs")
        for m0 in nl.affine_range(0, M, BLOCK_M):
            stationary = _load_mx(lhsT, lhsT_scale, dtypes[0], m0, BLOCK_M, "lhsT")
            _multiply_blocks(result, stationary, moving, m0, n0)
    return result


@nki.jit
def mx_quantizing(lhsT, lhsT_scale, rhs, dtype=MXFP8, interleave="scalar", m_block=4, n_block=1):
    """lhsT^T @ rhs; rhs comes in BF16 and is quantized to MXFP8 on the core.

    Args:
        lhsT, lhsT_scale: as in `mx`, of packed dtype `dtype`
        rhs: [K, N] in HBM, bfloat16; with interleave "ready" [K / 4, 4 N], four rows interleaved
        interleave: the engine that puts rows 128 apart beside each other; "dma": the transfer
            from HBM does; "ready": whoever wrote rhs did
    Returns:
        [M, N] in HBM, bfloat16
    """
    if interleave not in INTERLEAVE:
        raise KernelError(f"mx_quantizing: interleave {interleave!r}; use {', '.join(INTERLEAVE)}")
    K, M = PACK * lhsT.shape[0], lhsT.shape[1]
    N = rhs.shape[0] * rhs.shape[1] // K
    BLOCK_M, BLOCK_N = _blocks(K, M, N, MX_K, m_block, n_block)
    result = nl.ndarray((M, N), dtype=nl.bfloat16, buffer=nl.shared_hbm, name="result")

    for n0 in nl.affine_range(0, N, BLOCK_N):
        moving = _quantize_block(rhs, K, n0, BLOCK_N, interleave)
        for m0 in nl.affine_range(0, M, BLOCK_M):
            stationary = _load_mx(lhsT, lhsT_scale, dtype, m0, BLOCK_M, "lhsT")
            _multiply_blocks(result, stationary, moving, m0, n0)
    return result


def _quantize_block(rhs, K, n0, cols, interleave):
    """Columns of rhs as items [128, K / 512, cols] and scales, quantized one tile at a time."""
    tiles = K // MX_K
    items = nl.ndarray((TILE_K, tiles, cols), MXFP8, name="rhs_items")
    scales = nl.ndarray((TILE_K, -(-tiles // SHARING), cols), nl.uint8, name="rhs_scales")
    for t in nl.affine_range(tiles):
        beside = nl.ndarray((TILE_K, cols, PACK), nl.bfloat16, name="interleaved")
        if interleave == "ready":
            rows = slice(t * TILE_K, (t + 1) * TILE_K)
            nisa.dma_copy(beside.flatten_dims(1, 2), rhs[rows, PACK * n0 : PACK * (n0 + cols)])
        else:
            four = rhs[t * MX_K : (t + 1) * MX_K, n0 : n0 + cols].reshape_dim(0, (PACK, TILE_K))
            if interleave == "dma":
                nisa.dma_copy(dst=beside, src=four.permute((1, 2, 0)))
            else:
                apart = nl.ndarray((TILE_K, PACK, cols), nl.bfloat16, name="rhs_tile")
                nisa.dma_copy(dst=apart, src=four.permute((1, 0, 2)))
                engine = getattr(nisa.engine, interleave)
                nisa.tensor_copy(dst=beside, src=apart.permute((0, 2, 1)), engine=engine)
        first = SHARING * (t % SHARING)
        nisa.quantize_mx(
            dst=items[:, t], src=beside.flatten_dims(1, 2), dst_scale=scales[first:, t // SHARING]
        )
    return items, scales


def _load_mx(items, scales, dtype, col, cols, name):
    """Columns of a quantized operand: items [128, K / 512, cols], and the scale tiles."""
    block = load_block(items, 0, items.shape[0], col, cols, f"{name}_items")
    return block.view(dtype), load_block(scales, 0, scales.shape[0], col, cols, f"{name}_scales")


def _multiply_blocks(result, stationary, moving, m0, n0):
    (left, left_scale), (right, right_scale) = stationary, moving
    _, tiles, BLOCK_M = left.shape
    for m in nl.affine_range(0, BLOCK_M, TILE_M):
        for n in nl.affine_range(0, right.shape[2], TILE_N):
            acc = nl.ndarray((TILE_M, TILE_N), nl.float32, buffer=nl.psum, name="acc")
            for t in nl.affine_range(tiles):
                first, shared = SHARING * (t % SHARING), t // SHARING
                nisa.nc_matmul_mx(
                    dst=acc,
                    stationary=left[:, t, m : m + TILE_M],
                    moving=right[:, t, n : n + TILE_N],
                    stationary_scale=left_scale[first:, shared, m : m + TILE_M],
                    moving_scale=right_scale[first:, shared, n : n + TILE_N],
                )
            _store(result, acc, m0 + m, n0 + n)


def _store(result, acc, row, col, scale=1.0):
    out = nl.ndarray((TILE_M, TILE_N), dtype=result.dtype, name="out")
    if scale == 1.0:
        nisa.tensor_copy(dst=out, src=acc)
    else:
        nisa.tensor_scalar(dst=out, data=acc, op0=nl.multiply, operand0=scale)
    nisa.dma_copy(dst=result[row : row + TILE_M, col : col + TILE_N], src=out)


def _blocks(K, M, N, tile_k, m_block, n_block):
    """Rows and columns of a block of the result, after checking that blocks divide it."""
    for letter, size, grain in (
        ("K", K, tile_k),
        ("M", M, m_block * TILE_M),
        ("N", N, n_block * TILE_N),
    ):
        if size % grain:
            raise KernelError(
                f"matmul: {letter} = {size} is not a multiple of {grain}; "
                f"pad it to {-(-size // grain) * grain}"
            )
    return m_block * TILE_M, n_block * TILE_N


def in_tiles(matrix: np.ndarray) -> np.ndarray:
    """[K, F] as [K / 4, 4 F]: in each 512 rows the four that lie 128 apart beside each other.

    Raises:
        KernelError: K is not a multiple of 512
    """
    K, F = matrix.shape
    if K % MX_K:
        raise KernelError(f"in_tiles: K = {K} is not a multiple of {MX_K}; pad it with zeros")
    return np.concatenate([interleaved(tile) for tile in matrix.reshape(-1, MX_K, F)])


def mx_operand(
    matrix: np.ndarray, dtype: str = MXFP8, exponent_offset: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """A matrix quantized on the host, laid out for `mx`.

    Args:
        matrix: [K, F], K a multiple of 512
        dtype: packed dtype
        exponent_offset: 1 as NKI documents, 0 as OCP's sample algorithm
    Returns:
        items [K / 4, F], and scales uint8 [128 tiles / 4, F]: four tiles of 512 rows share one
        scale tile of 128 partitions, each in its own four of every 32
    """
    if dtype not in ELEMENTS:
        raise KernelError(f"mx_operand: {dtype!r} is none of {', '.join(ELEMENTS)}")
    items, dense = quantize(in_tiles(np.asarray(matrix, np.float32)), dtype, exponent_offset)
    tiles, F = matrix.shape[0] // MX_K, matrix.shape[1]
    scales = np.zeros((-(-tiles // SHARING), SHARING, 8, SHARING, F), np.uint8)
    for tile, rows in enumerate(dense.reshape(tiles, 4, SHARING, F)):
        scales[tile // SHARING, :, tile % SHARING] = rows
    return items, scales.reshape(-1, F)

"""Matrix products that were published beside the calibration set."""

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa
from trnlab.validation.kernels import TILE_K, TILE_M, TILE_N, load_rows


@nki.jit
def hoisted(lhsT, rhs):
    """All of K at once: a column of lhsT tiles serves every N, a column of rhs tiles one M."""
    (K, M), N = lhsT.shape, rhs.shape[1]
    result = nl.ndarray((M, N), dtype=lhsT.dtype, buffer=nl.shared_hbm, name="result")
    for m in nl.affine_range(0, M, TILE_M):
        left = load_rows(lhsT, 0, K, m, TILE_M, "lhsT_tile")
        for n in nl.affine_range(0, N, TILE_N):
            right = load_rows(rhs, 0, K, n, TILE_N, "rhs_tile")
            _store(result, m, n, _product(left, right, 0))
    return result


@nki.jit
def streamed(lhsT, rhs, m_block=4):
    """A column of rhs stays for all M; blocks of lhsT stream past it; K in one go."""
    (K, M), N = lhsT.shape, rhs.shape[1]
    BLOCK_M = m_block * TILE_M
    result = nl.ndarray((M, N), dtype=lhsT.dtype, buffer=nl.shared_hbm, name="result")
    for n in nl.affine_range(0, N, TILE_N):
        right = load_rows(rhs, 0, K, n, TILE_N, "rhs_tile")
        for m0 in nl.affine_range(0, M, BLOCK_M):
            left = load_rows(lhsT, 0, K, m0, BLOCK_M, "lhsT_tile")
            for m in range(0, BLOCK_M, TILE_M):
                _store(result, m0 + m, n, _product(left, right, m))
    return result


@nki.jit
def transposed(lhs, rhs, m_block=8, k_block=8):
    """lhs [M, K] is transposed by DMA on its way into SBUF; K in blocks, sums in SBUF."""
    (M, K), N = lhs.shape, rhs.shape[1]
    BLOCK_M, BLOCK_K = m_block * TILE_M, k_block * TILE_K
    result = nl.ndarray((M, N), dtype=lhs.dtype, buffer=nl.shared_hbm, name="result")
    for m0 in nl.affine_range(0, M, BLOCK_M):
        left = {k0: _turned(lhs, m0, BLOCK_M, k0, BLOCK_K) for k0 in range(0, K, BLOCK_K)}
        for n in nl.affine_range(0, N, TILE_N):
            sums = [nl.ndarray((TILE_M, TILE_N), lhs.dtype, name="sum") for _ in range(m_block)]
            for total in sums:
                nisa.memset(dst=total, value=0)
            for k0 in nl.sequential_range(0, K, BLOCK_K):
                right = load_rows(rhs, k0, BLOCK_K, n, TILE_N, "rhs_tile")
                for m, total in enumerate(sums):
                    acc = _product(left[k0], right, m * TILE_M)
                    nisa.tensor_tensor(dst=total, data1=total, data2=acc, op=nl.add)
            for m, total in enumerate(sums):
                row = m0 + m * TILE_M
                nisa.dma_copy(dst=result[row : row + TILE_M, n : n + TILE_N], src=total)
    return result


@nki.jit
def summed(lhsT, rhs, m_block, n_block, k_block, tiles=0):
    """M, N and K in blocks; products of a block of K are cleared, multiplied and added up in SBUF.

    Args:
        tiles: 1 if all products of a block share one tile of PSUM; 0: each has its own
    """
    (K, M), N = lhsT.shape, rhs.shape[1]
    BLOCK_M, BLOCK_N, BLOCK_K = m_block * TILE_M, n_block * TILE_N, k_block * TILE_K
    result = nl.ndarray((M, N), dtype=lhsT.dtype, buffer=nl.shared_hbm, name="result")
    for n0 in nl.affine_range(0, N, BLOCK_N):
        places = [(m, n) for m in range(0, M, TILE_M) for n in range(0, BLOCK_N, TILE_N)]
        sums = {place: nl.ndarray((TILE_M, TILE_N), lhsT.dtype, name="sum") for place in places}
        for total in sums.values():
            nisa.memset(dst=total, value=0)
        for k0 in nl.sequential_range(0, K, BLOCK_K):
            right = load_rows(rhs, k0, BLOCK_K, n0, BLOCK_N, "rhs_tile")
            for m0 in nl.affine_range(0, M, BLOCK_M):
                left = load_rows(lhsT, k0, BLOCK_K, m0, BLOCK_M, "lhsT_tile")
                _add_block(sums, m0, left, right, tiles)
        for m in nl.affine_range(0, M, TILE_M):
            out = nl.ndarray((TILE_M, BLOCK_N), dtype=lhsT.dtype, buffer=nl.sbuf, name="out")
            for n in range(0, BLOCK_N, TILE_N):
                nisa.tensor_copy(dst=out[:, n : n + TILE_N], src=sums[m, n])
            nisa.dma_copy(dst=result[m : m + TILE_M, n0 : n0 + BLOCK_N], src=out)
    return result


def _add_block(sums, m0, left, right, tiles):
    """Add the products of a block; a shared PSUM tile is copied out before it is added."""
    shared = [nl.ndarray((TILE_M, TILE_N), nl.float32, nl.psum, name="acc") for _ in range(tiles)]
    part = nl.ndarray((TILE_M, TILE_N), sums[0, 0].dtype, nl.sbuf, name="part") if shared else None
    for n in range(0, right[0].shape[1], TILE_N):
        for m in range(0, left[0].shape[1], TILE_M):
            acc = shared[0] if shared else nl.ndarray((TILE_M, TILE_N), nl.float32, nl.psum)
            nisa.memset(dst=acc, value=0)
            for stationary, moving in zip(left, right, strict=True):
                nisa.nc_matmul(
                    dst=acc,
                    stationary=stationary[:, m : m + TILE_M],
                    moving=moving[:, n : n + TILE_N],
                )
            total, product = sums[m0 + m, n], acc
            if shared:
                nisa.tensor_copy(dst=part, src=acc)
                product = part
            nisa.tensor_tensor(dst=total, data1=total, data2=product, op=nl.add)


def _product(left, right, m):
    """One tile of the product, in PSUM."""
    acc = nl.ndarray((TILE_M, TILE_N), nl.float32, nl.psum, name="acc")
    for stationary, moving in zip(left, right, strict=True):
        nisa.nc_matmul(dst=acc, stationary=stationary[:, m : m + TILE_M], moving=moving)
    return acc


def _store(result, row, col, acc):
    """A tile of PSUM, through SBUF to HBM."""
    out = nl.ndarray(acc.shape, dtype=result.dtype, buffer=nl.sbuf, name="out")
    nisa.tensor_copy(dst=out, src=acc)
    nisa.dma_copy(dst=result[row : row + TILE_M, col : col + TILE_N], src=out)


def _turned(matrix, row, rows, col, cols):
    """matrix[row : row + rows, col : col + cols]^T as tiles of 128 rows."""
    tiles = []
    for k in range(col, col + cols, TILE_K):
        tile = nl.ndarray((TILE_K, rows), dtype=matrix.dtype, buffer=nl.sbuf, name="lhsT_tile")
        nisa.dma_transpose(dst=tile, src=matrix[row : row + rows, k : k + TILE_K])
        tiles.append(tile)
    return tiles

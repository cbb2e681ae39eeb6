"""Matrix products that were published beside the calibration set, Trainium2."""

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

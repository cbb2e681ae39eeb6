"""The calibration workloads as kernels of our own, written from the published descriptions."""

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa

TILE_K, TILE_M, TILE_N = 128, 128, 512


@nki.jit
def resident(lhsT, rhs, banks=1):
    """Both operands are loaded whole; rows of the result take turns in `banks` PSUM tiles.

    With two of them the copy out of one overlaps the matmuls into the other.
    """
    (K, M), N = lhsT.shape, rhs.shape[1]
    result = nl.ndarray((M, N), dtype=lhsT.dtype, buffer=nl.shared_hbm, name="result")
    lhsT_rows = []
    for k in range(0, K, TILE_K):
        tile = nl.ndarray((TILE_K, M), dtype=lhsT.dtype, buffer=nl.sbuf, name="lhsT_row")
        nisa.dma_copy(dst=tile, src=lhsT[k : k + TILE_K, 0:M])
        lhsT_rows.append(tile)
    rhs_rows = []
    for k in range(0, K, TILE_K):
        tile = nl.ndarray((TILE_K, N), dtype=rhs.dtype, buffer=nl.sbuf, name="rhs_row")
        nisa.dma_copy(dst=tile, src=rhs[k : k + TILE_K, 0:N])
        rhs_rows.append(tile)
    accs = [nl.ndarray((TILE_M, N), nl.float32, nl.psum, name=f"acc{a}") for a in range(banks)]
    done = []
    for turn, m in enumerate(range(0, M, TILE_M)):
        if turn >= banks:
            _store_rows(result, *done.pop(0))
        acc = accs[turn % banks]
        nisa.memset(dst=acc, value=0)
        for n in range(0, N, TILE_N):
            for lhsT_row, rhs_row in zip(lhsT_rows, rhs_rows, strict=True):
                nisa.nc_matmul(
                    dst=acc[:, n : n + TILE_N],
                    stationary=lhsT_row[:, m : m + TILE_M],
                    moving=rhs_row[:, n : n + TILE_N],
                    accumulate=True,
                )
        done.append((m, acc))
    for m, acc in done:
        _store_rows(result, m, acc)
    return result


def _store_rows(result, m, acc):
    """Rows of the result, from PSUM through SBUF to HBM."""
    out = nl.ndarray(acc.shape, dtype=result.dtype, buffer=nl.sbuf, name="out")
    nisa.tensor_copy(dst=out, src=acc)
    nisa.dma_copy(dst=result[m : m + TILE_M, 0 : acc.shape[1]], src=out)


@nki.jit
def staged(lhsT, rhs, m_block=4, k_block=8):
    """K in stages: a column of N at a time, sums of a stage are added up in SBUF."""
    (K, M), N = lhsT.shape, rhs.shape[1]
    result = nl.ndarray((M, N), dtype=lhsT.dtype, buffer=nl.shared_hbm, name="result")
    BLOCK_M, BLOCK_K = m_block * TILE_M, k_block * TILE_K
    for n in range(0, N, TILE_N):
        sums = {}
        for m in range(0, M, TILE_M):
            sums[m] = nl.ndarray((TILE_M, TILE_N), lhsT.dtype, nl.sbuf, name="sum")
            nisa.memset(dst=sums[m], value=0)
        for k0 in range(0, K, BLOCK_K):
            rhs_tiles = load_rows(rhs, k0, BLOCK_K, n, TILE_N, "rhs_tile")
            for m0 in range(0, M, BLOCK_M):
                lhsT_tiles = []
                for k in range(k0, k0 + BLOCK_K, TILE_K):
                    tile = nl.ndarray((TILE_K, BLOCK_M), lhsT.dtype, nl.sbuf, name="lhsT_tile")
                    nisa.dma_copy(dst=tile, src=lhsT[k : k + TILE_K, m0 : m0 + BLOCK_M])
                    lhsT_tiles.append(tile)
                for m in range(0, BLOCK_M, TILE_M):
                    _add_stage(sums[m0 + m], lhsT_tiles, rhs_tiles, m)
        for m, total in sums.items():
            nisa.dma_copy(dst=result[m : m + TILE_M, n : n + TILE_N], src=total)
    return result


def _add_stage(total, lhsT_tiles, rhs_tiles, m):
    """One PSUM tile of a stage, copied to SBUF and added to the sum so far."""
    acc = nl.ndarray((TILE_M, TILE_N), nl.float32, nl.psum, name="acc")
    nisa.memset(dst=acc, value=0)
    for lhsT_tile, rhs_tile in zip(lhsT_tiles, rhs_tiles, strict=True):
        nisa.nc_matmul(dst=acc, stationary=lhsT_tile[:, m : m + TILE_M], moving=rhs_tile)
    part = nl.ndarray((TILE_M, TILE_N), total.dtype, nl.sbuf, name="part")
    nisa.tensor_copy(dst=part, src=acc)
    nisa.tensor_tensor(total, total, part, op=nl.add)


@nki.jit
def exponential(data, dge_mode=nisa.dge_mode.unknown):
    """Load, exp, store.

    Args:
        dge_mode: who writes the descriptors of the load
    """
    result = nl.ndarray(data.shape, dtype=data.dtype, buffer=nl.shared_hbm, name="result")
    tile = nl.ndarray(data.shape, dtype=data.dtype, buffer=nl.sbuf, name="tile")
    out = nl.ndarray(data.shape, dtype=data.dtype, buffer=nl.sbuf, name="out")
    nisa.dma_copy(dst=tile, src=data, dge_mode=dge_mode)
    nisa.activation(dst=out, op=nl.exp, data=tile)
    nisa.dma_copy(dst=result, src=out)
    return result


@nki.jit
def loads(data, count, dge_mode=nisa.dge_mode.unknown):
    """The same rows of HBM loaded again and again, each time into a tile of its own."""
    for _ in range(count):
        tile = nl.ndarray(data.shape, dtype=data.dtype, buffer=nl.sbuf, name="tile")
        nisa.dma_copy(dst=tile, src=data, dge_mode=dge_mode)


@nki.jit
def instructions(issue, shapes, count=1):
    """Tiles made by memset, then `count` times what `issue` does with them.

    Args:
        issue: function of the tiles
        shapes: (shape, dtype, buffer) of each tile
    """
    tiles = [nl.ndarray(shape, dtype=dtype, buffer=buffer) for shape, dtype, buffer in shapes]
    for tile in tiles:
        nisa.memset(dst=tile, value=0)
    for _ in range(count):
        issue(*tiles)


def load_rows(matrix, row, rows, col, cols, name):
    """Load matrix[row : row + rows, col : col + cols] as tiles of 128 rows and all columns."""
    tiles = []
    for k in nl.affine_range(row, row + rows, TILE_K):
        tile = nl.ndarray((TILE_K, cols), dtype=matrix.dtype, buffer=nl.sbuf, name=name)
        nisa.dma_copy(dst=tile, src=matrix[k : k + TILE_K, col : col + cols])
        tiles.append(tile)
    return tiles

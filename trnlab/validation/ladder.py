"""A published ladder of one BF16 product on Trainium1: what loads share, and how wide they are.

[4096, 8192] x [8192, 8192], from loads in the innermost loop to eight PSUM banks at once. Each tile
of a rung is loaded by a call of its own, as in the published kernels: calls that are written apart
have queues of their own.
"""

from collections.abc import Iterator

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.kernels import matmul
from trnlab.metrics.profile import profile, shape
from trnlab.nki import isa as nisa
from trnlab.validation.kernels import TILE_K, TILE_M, TILE_N
from trnlab.validation.table import Row

AUTOCOMP = "ucb-bar/autocomp, examples/trn-tutorial/1_gemm_trace.py"
ODD = "slower than the rung before it, though it loads less; the model knows no cause"
FITTED_MS = {"two by two tiles": 11.8, "four by two tiles, one load of each side": 6.96}
OTHERS_MS = {
    "loads in the inner loop": 20.99,
    "one by two tiles": 28.68,
    "four by two tiles": 8.07,
    "four by two tiles, lhsT in pairs": 7.62,
}
OTHER_LIMITS = {"loads in the inner loop": 10.0, "one by two tiles": 35.0,
                "four by two tiles": 8.0, "four by two tiles, lhsT in pairs": 10.0}  # fmt: skip


def fitted() -> Iterator[Row]:
    """The rungs that chose a descriptor's time, and the distance of two matmuls."""
    for rung, published_ms in FITTED_MS.items():
        yield _row(rung, published_ms, 5.0)


def others() -> Iterator[Row]:
    """The rungs that chose nothing."""
    for rung, published_ms in OTHERS_MS.items():
        note = ODD if rung == "one by two tiles" else ""
        yield _row(rung, published_ms, OTHER_LIMITS[rung], note)


def _row(rung: str, published_ms: float, limit: float, note: str = "") -> Row:
    operands = shape((8192, 4096), "bfloat16"), shape((8192, 8192), "bfloat16")
    run = profile(RUNGS[rung], *operands, chip="trn1")
    return Row(f"BF16 matmul, {rung}", "trn1", "total time", "us", 1e3 * published_ms,
               run.total_us, AUTOCOMP, limit, note)  # fmt: skip


@nki.jit
def one_by_two(lhsT, rhs):
    """Two tiles of rhs share one of lhsT."""
    result = _result(lhsT, rhs)
    for m, n, accs in _groups(result, 1, 2):
        for k in range(0, lhsT.shape[0], TILE_K):
            left, right, next_right = _tile(lhsT, TILE_M), _tile(rhs, TILE_N), _tile(rhs, TILE_N)
            nisa.dma_copy(left, _part(lhsT, k, m, TILE_M))
            nisa.dma_copy(right, _part(rhs, k, n, TILE_N))
            nisa.dma_copy(next_right, _part(rhs, k, n + TILE_N, TILE_N))
            _multiply(accs, [left], [right, next_right])
    return result


@nki.jit
def two_by_two(lhsT, rhs):
    """Two tiles of each side serve four of the result."""
    result = _result(lhsT, rhs)
    for m, n, accs in _groups(result, 2, 2):
        for k in range(0, lhsT.shape[0], TILE_K):
            left, next_left = _tile(lhsT, TILE_M), _tile(lhsT, TILE_M)
            right, next_right = _tile(rhs, TILE_N), _tile(rhs, TILE_N)
            nisa.dma_copy(right, _part(rhs, k, n, TILE_N))
            nisa.dma_copy(next_right, _part(rhs, k, n + TILE_N, TILE_N))
            nisa.dma_copy(left, _part(lhsT, k, m, TILE_M))
            nisa.dma_copy(next_left, _part(lhsT, k, m + TILE_M, TILE_M))
            _multiply(accs, [left, next_left], [right, next_right])
    return result


@nki.jit
def four_by_two(lhsT, rhs):
    """Four tiles of lhsT and two of rhs serve eight of the result: all of PSUM."""
    result = _result(lhsT, rhs)
    for m, n, accs in _groups(result, 4, 2):
        for k in range(0, lhsT.shape[0], TILE_K):
            left = [_tile(lhsT, TILE_M) for _ in range(4)]
            right = [_tile(rhs, TILE_N) for _ in range(2)]
            nisa.dma_copy(right[0], _part(rhs, k, n, TILE_N))
            nisa.dma_copy(right[1], _part(rhs, k, n + TILE_N, TILE_N))
            nisa.dma_copy(left[0], _part(lhsT, k, m, TILE_M))
            nisa.dma_copy(left[1], _part(lhsT, k, m + TILE_M, TILE_M))
            nisa.dma_copy(left[2], _part(lhsT, k, m + 2 * TILE_M, TILE_M))
            nisa.dma_copy(left[3], _part(lhsT, k, m + 3 * TILE_M, TILE_M))
            _multiply(accs, left, right)
    return result


@nki.jit
def in_pairs(lhsT, rhs):
    """The same; two tiles of lhsT come in one load."""
    result = _result(lhsT, rhs)
    for m, n, accs in _groups(result, 4, 2):
        for k in range(0, lhsT.shape[0], TILE_K):
            right = [_tile(rhs, TILE_N) for _ in range(2)]
            first, second = _tile(lhsT, 2 * TILE_M), _tile(lhsT, 2 * TILE_M)
            nisa.dma_copy(right[0], _part(rhs, k, n, TILE_N))
            nisa.dma_copy(right[1], _part(rhs, k, n + TILE_N, TILE_N))
            nisa.dma_copy(first, _part(lhsT, k, m, 2 * TILE_M))
            nisa.dma_copy(second, _part(lhsT, k, m + 2 * TILE_M, 2 * TILE_M))
            _multiply(accs, [*_cut(first, TILE_M), *_cut(second, TILE_M)], right)
    return result


@nki.jit
def in_one(lhsT, rhs):
    """The same; one load brings all tiles of a side."""
    result = _result(lhsT, rhs)
    for m, n, accs in _groups(result, 4, 2):
        for k in range(0, lhsT.shape[0], TILE_K):
            left, right = _tile(lhsT, 4 * TILE_M), _tile(rhs, 2 * TILE_N)
            nisa.dma_copy(right, _part(rhs, k, n, 2 * TILE_N))
            nisa.dma_copy(left, _part(lhsT, k, m, 4 * TILE_M))
            _multiply(accs, _cut(left, TILE_M), _cut(right, TILE_N))
    return result


RUNGS = {
    "loads in the inner loop": matmul.tiled,
    "one by two tiles": one_by_two,
    "two by two tiles": two_by_two,
    "four by two tiles": four_by_two,
    "four by two tiles, lhsT in pairs": in_pairs,
    "four by two tiles, one load of each side": in_one,
}


def _result(lhsT, rhs):
    size = (lhsT.shape[1], rhs.shape[1])
    return nl.ndarray(size, dtype=lhsT.dtype, buffer=nl.shared_hbm, name="result")


def _groups(result, m_tiles, n_tiles):
    """Where each group of tiles lies, and its sums in PSUM; they are stored once it is done."""
    rows, columns = result.shape
    for m in range(0, rows, m_tiles * TILE_M):
        for n in range(0, columns, n_tiles * TILE_N):
            accs = [
                [nl.ndarray((TILE_M, TILE_N), nl.float32, nl.psum) for _ in range(n_tiles)]
                for _ in range(m_tiles)
            ]
            yield m, n, accs
            for i, line in enumerate(accs):
                for j, acc in enumerate(line):
                    _store(result, m + i * TILE_M, n + j * TILE_N, acc)


def _store(result, row, col, acc):
    out = nl.ndarray(acc.shape, dtype=result.dtype, buffer=nl.sbuf)
    nisa.tensor_copy(dst=out, src=acc)
    nisa.dma_copy(dst=result[row : row + TILE_M, col : col + TILE_N], src=out)


def _tile(matrix, width):
    return nl.ndarray((TILE_K, width), dtype=matrix.dtype, buffer=nl.sbuf)


def _part(matrix, row, col, width):
    return matrix[row : row + TILE_K, col : col + width]


def _cut(tile, width):
    return [tile[:, at : at + width] for at in range(0, tile.shape[1], width)]


def _multiply(accs, left, right):
    for line, stationary in zip(accs, left, strict=True):
        for acc, moving in zip(line, right, strict=True):
            nisa.nc_matmul(dst=acc, stationary=stationary, moving=moving)

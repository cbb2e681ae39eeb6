"""The kernels that the closed form of a product describes, for any shape and every format.

Blocks are those of `trnlab.kernels.matmul`; at the edges of a matrix they are smaller. FP8 takes
256 rows of the contraction at once, MX formats 512.
"""

import trnlab
import trnlab.nki.language as nl
from trnlab import nki
from trnlab.cluster.dtypes import FORMATS
from trnlab.cluster.product import K_BLOCK, LONGEST_BLOCKED, M_BLOCK, MOVING, N_BLOCK, TILE
from trnlab.nki import isa as nisa

STORED = {  # of an operand in HBM: dtype of its items, contraction rows of an item
    "float32": ("float32", 1),
    "bfloat16": ("bfloat16", 1),
    "float8": ("float8_e4m3", 1),
    "mxfp8": ("float8_e4m3fn_x4", 4),
    "mxfp4": ("float4_e2m1fn_x4", 4),
}
SHARING = 4  # MX tiles whose scales share 128 partitions


def scheduled_s(chip: str, rows: int, inner: int, columns: int, dtype: str) -> float:
    """Time of the product [rows, inner] x [inner, columns] on one core, as scheduled."""
    stationary, moving = min(rows, columns), max(rows, columns)
    if dtype.startswith("mx"):
        stationary += stationary % 2  # an MX instruction takes an even number of columns
    item, fold = STORED[dtype]
    at_once = 2 if dtype == "float8" else fold
    grain = 32 * at_once
    inner = -(-inner // grain) * grain
    operands = [trnlab.shape((inner // fold, size), item) for size in (stationary, moving)]
    if fold > 1:
        tiles = -(-inner // (fold * TILE * SHARING))
        scales = [trnlab.shape((tiles * TILE, size), "uint8") for size in (stationary, moving)]
    else:
        scales = [None, None]
    is_long = inner > LONGEST_BLOCKED / FORMATS[dtype].bytes * 2
    options = {"at_once": at_once // fold, "is_long": is_long, "wide": dtype in ("float32",)}
    return trnlab.profile(product, *operands, *scales, chip=chip, **options).total_s


@nki.jit
def product(lhsT, rhs, lhsT_scale, rhs_scale, at_once=1, is_long=False, wide=False):
    """lhsT^T @ rhs, blocked or, for a long contraction, pipelined."""
    (K, M), N = lhsT.shape, rhs.shape[1]
    dtype = lhsT.dtype if lhsT.dtype in ("float32", "bfloat16") else "bfloat16"
    result = nl.ndarray((M, N), dtype=dtype, buffer=nl.shared_hbm, name="result")
    step = K_BLOCK * TILE * at_once if is_long else K
    for n0, cols in blocks(N, N_BLOCK * MOVING):
        if not is_long:
            right = [Block(rhs, rhs_scale, 0, K, n0, cols, at_once, "rhs")]
        for m0, rows in blocks(M, M_BLOCK * TILE):
            sums = {}
            for k0, depth in blocks(K, step):
                if is_long:
                    right = [Block(rhs, rhs_scale, k0, depth, n0, cols, at_once, "rhs")]
                left = Block(lhsT, lhsT_scale, k0, depth, m0, rows, at_once, "lhsT")
                for m, height in blocks(rows, TILE):
                    for n, width in blocks(cols, MOVING):
                        acc = nl.ndarray((height, width), nl.float32, buffer=nl.psum, name="acc")
                        multiply(acc, left, right[0], m, n)
                        add(sums, acc, m, n, dtype, is_long)
            for (m, n), total in sums.items():
                height, width = total.shape
                out = total
                if is_long:
                    out = nl.ndarray((height, width), dtype=dtype, name="out")
                    nisa.tensor_copy(dst=out, src=total)
                row, col = m0 + m, n0 + n
                nisa.dma_copy(dst=result[row : row + height, col : col + width], src=out)
    return result


def blocks(size: int, block: int):
    """First index and length of each block."""
    return [(first, min(block, size - first)) for first in range(0, size, block)]


class Block:
    """Rows of the contraction, for some columns, in SBUF: whole tiles in one transfer."""

    def __init__(self, matrix, scale, row, rows, col, cols, at_once, name):
        self.at_once, self.cols, self.scale = at_once, cols, None
        self.parts = []
        whole = rows // (TILE * at_once) * (TILE * at_once)
        for first, count in ((row, whole), (row + whole, rows - whole)):
            if count:
                self.parts.append(load(matrix, first, count, at_once, col, cols, name))
        if scale is not None:
            first, last = (edge // (TILE * SHARING) * TILE for edge in (row, row + rows - 1))
            self.scale = load(scale, first, last + TILE - first, 1, col, cols, f"{name}_scale")

    def tiles(self):
        """Every tile of the block: partitions, and the part of an axis for those taken at once."""
        for part in self.parts:
            for t in range(0, part.shape[1], self.at_once):
                yield part, t


def load(matrix, row, rows, at_once, col, cols, name):
    partitions = min(TILE, rows // at_once)
    tiles = rows // partitions
    block = nl.ndarray((partitions, tiles, cols), matrix.dtype, buffer=nl.sbuf, name=name)
    source = matrix[row : row + rows, col : col + cols]
    shaped = source.reshape_dim(0, (tiles, partitions)).permute((1, 0, 2))
    nisa.dma_copy(dst=block, src=shaped)
    return block


def multiply(acc, left, right, m, n):
    height, width = acc.shape
    for t, ((a, i), (b, j)) in enumerate(zip(left.tiles(), right.tiles(), strict=True)):
        if left.scale is not None:
            first, shared = SHARING * (t % SHARING), t // SHARING
            nisa.nc_matmul_mx(
                dst=acc,
                stationary=a[:, i, m : m + height],
                moving=b[:, j, n : n + width],
                stationary_scale=left.scale[first:, shared, m : m + height],
                moving_scale=right.scale[first:, shared, n : n + width],
            )
        elif left.at_once == 2:
            nisa.nc_matmul(
                dst=acc,
                stationary=a[:, i : i + 2, m : m + height],
                moving=b[:, j : j + 2, n : n + width],
                perf_mode=nisa.matmul_perf_mode.double_row,
            )
        else:
            nisa.nc_matmul(
                dst=acc, stationary=a[:, i, m : m + height], moving=b[:, j, n : n + width]
            )


def add(sums, acc, m, n, dtype, is_long):
    """Take a result tile out of PSUM: as the result, or as a sum that goes on."""
    if (m, n) in sums:
        nisa.tensor_tensor(sums[m, n], sums[m, n], acc, op=nl.add)
        return
    sums[m, n] = nl.ndarray(acc.shape, dtype="float32" if is_long else dtype, name="sum")
    nisa.tensor_copy(dst=sums[m, n], src=acc)


@nki.jit
def streamed(x, weights, products=1):
    """x^T @ w for several w that lie in HBM as they are loaded; results stay on the chip.

    Args:
        x: [128, k_tiles, rows]; weights: [products, 128, k_tiles, columns] in HBM
    """
    _, k_tiles, rows = x.shape
    columns = weights.shape[3]
    result = nl.ndarray((rows, columns), dtype=nl.float32, buffer=nl.shared_hbm, name="result")
    left = nl.ndarray(x.shape, x.dtype, buffer=nl.sbuf, name="x")
    nisa.dma_copy(dst=left, src=x)
    for product_ in range(products):
        out = nl.ndarray((rows, columns), dtype=x.dtype, name="out")
        for n0, cols in blocks(columns, N_BLOCK * MOVING):
            block = nl.ndarray((TILE, k_tiles, cols), weights.dtype, buffer=nl.sbuf, name="w")
            first = n0 * k_tiles
            nisa.dma_copy(
                dst=block.flatten_dims(1, 2),
                src=weights[product_].flatten_dims(1, 2)[:, first : first + k_tiles * cols],
            )
            for n, width in blocks(cols, MOVING):
                acc = nl.ndarray((rows, width), nl.float32, buffer=nl.psum, name="acc")
                for k in range(k_tiles):
                    nisa.nc_matmul(
                        dst=acc, stationary=left[:, k, :], moving=block[:, k, n : n + width]
                    )
                nisa.tensor_copy(dst=out[:, n0 + n : n0 + n + width], src=acc)
    nisa.dma_copy(dst=result, src=out)
    return result


def streamed_s(chip: str, rows: int, inner: int, columns: int) -> float:
    """Time that one more product takes in a row of them, as scheduled."""
    k_tiles = inner // TILE
    x = trnlab.shape((TILE, k_tiles, rows), "bfloat16")
    few, many = 4, 12
    weights = trnlab.shape((many, TILE, k_tiles, columns), "bfloat16")
    times = [
        trnlab.profile(streamed, x, weights, chip=chip, products=count).total_s
        for count in (few, many)
    ]
    return (times[1] - times[0]) / (many - few)

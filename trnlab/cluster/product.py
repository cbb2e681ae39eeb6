"""Time of a matrix product on one device.

On Trainium it is the closed form of the project's own kernels on the modelled core (`blocked` for a
short contraction, `pipelined` for a long one), which a test holds to the schedule. Other vendors'
devices have named rates.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trnlab.spec.accelerator import Accelerator
from trnlab.spec.chip import Chip
from trnlab.spec.core import Core
from trnlab.spec.system import System

from .columns import Column
from .dtypes import Format

M_BLOCK, N_BLOCK, K_BLOCK = 8, 2, 8  # tiles of the two kernels
TILE, MOVING = 128, 512
LONGEST_BLOCKED = 2048  # contraction of the blocked kernel, in BF16


class Product(NamedTuple):
    """`times` products [rows, inner] x [inner, columns]."""

    rows: Column
    inner: Column
    columns: Column
    times: Column


def product_s(system: System, product: Product, dtype: Format) -> Column:
    """Time of equal products on one device, seconds.

    Args:
        product: columns of shapes
        dtype: of operands
    """
    chip = system.chip
    if isinstance(chip, Accelerator):
        return _accelerator_s(chip, product, dtype)
    return _cores_s(chip, system.cores_per_device, product, dtype)


def product_flops(product: Product) -> Column:
    """2 x rows x inner x columns x count."""
    return 2.0 * product.rows * product.inner * product.columns * product.times


def _cores_s(chip: Chip, cores: int, product: Product, dtype: Format) -> Column:
    """The cores of a device take whole products, or cut the longer side of one result.

    Together they read no faster than their share of HBM.
    """
    rows, inner, columns, times = product
    share = np.maximum(1.0, np.minimum(float(cores), cores / times))
    turns = times * share / cores
    longer = rows >= columns
    own_rows = np.where(longer, rows / share, rows)
    own_columns = np.where(longer, columns, columns / share)
    each_s = core_product_s(chip.core, own_rows, inner, own_columns, dtype)
    moved = (rows * inner + inner * columns) * dtype.bytes + rows * columns * dtype.result.bytes
    return np.maximum(turns * each_s, times * moved / (cores * chip.core.hbm_share_bytes_per_s))


class _Tiles(NamedTuple):
    """How the kernels cut a product: tiles of a pass, blocks of tiles that share their loads."""

    m_tiles: Column
    n_tiles: Column
    k_tiles: Column
    m_width: Column  # elements of a stationary block
    n_width: Column  # elements of a moving tile
    m_block: Column  # tiles
    n_block: Column
    is_long: NDArray[np.bool_]  # pipelined over the contraction, else blocked

    @property
    def results(self) -> Column:
        """Tiles of the result."""
        return self.m_tiles * self.n_tiles

    @property
    def blocks(self) -> Column:
        """Blocks of the result."""
        return self.results / (self.m_block * self.n_block)


def core_product_s(
    core: Core, rows: Column, inner: Column, columns: Column, dtype: Format
) -> Column:
    """Time of one product on one core: the slowest of TensorE, VectorE and DMA, plus both ends.

    Args:
        rows, columns: of the result; the longer side is the moving one
        inner: contraction
    Returns:
        seconds
    """
    tiles = _cut(core, rows, inner, columns, dtype)
    k_rows = TILE * dtype.rows_per_pass(core)
    m_load_s = tiles.k_tiles * _tile_load_s(core, tiles.m_width, dtype, k_rows)
    n_load_s = tiles.k_tiles * _tile_load_s(core, tiles.n_width * tiles.n_block, dtype, k_rows)
    store_s = _tile_load_s(core, tiles.n_width, dtype.result, TILE)
    n_loads = np.where(tiles.is_long, tiles.blocks, tiles.n_tiles / tiles.n_block)
    dma_s = tiles.blocks * m_load_s + n_loads * n_load_s + tiles.results * store_s

    first = np.where(tiles.is_long, np.minimum(1.0, K_BLOCK / tiles.k_tiles), 1.0)
    compute_s = first * (m_load_s + n_load_s) + _engines_s(core, tiles, dtype) + store_s
    return np.maximum(compute_s, dma_s) + 2 * (core.dma.start_s + core.dma.completion_s)


def _cut(core: Core, rows: Column, inner: Column, columns: Column, dtype: Format) -> _Tiles:
    stationary, moving = np.minimum(rows, columns), np.maximum(rows, columns)
    m_tiles, n_tiles = np.ceil(stationary / TILE), np.ceil(moving / MOVING)
    m_block = np.minimum(m_tiles, M_BLOCK)
    return _Tiles(
        m_tiles=m_tiles,
        n_tiles=n_tiles,
        k_tiles=np.ceil(inner / (TILE * dtype.rows_per_pass(core))),
        m_width=stationary / m_tiles * m_block,
        n_width=moving / n_tiles,
        m_block=m_block,
        n_block=np.minimum(n_tiles, N_BLOCK),
        is_long=inner > LONGEST_BLOCKED / dtype.bytes * 2,
    )


def _engines_s(core: Core, tiles: _Tiles, dtype: Format) -> Column:
    """TensorE, which waits for the last copies of each block of a long product; or VectorE."""
    streamed = np.maximum(core.tensor.min_interval_cycles, tiles.n_width)
    cycles = tiles.results * tiles.k_tiles * streamed * dtype.slowdown(core)
    tensor_s = cycles * core.tensor.pass_overhead / core.tensor.clock_hz
    copies_s = tiles.results * tiles.n_width / core.vector.clock_hz
    return np.maximum(tensor_s + np.where(tiles.is_long, copies_s, 0.0), copies_s)


def _tile_load_s(core: Core, width: Column, dtype: Format, rows: float) -> Column:
    """All DMA engines bring a tile of `rows` rows, `width` elements each."""
    dma = core.dma
    row_bytes = width * dtype.bytes
    pieces = np.ceil(row_bytes / dma.max_piece_bytes)
    each = rows / dma.engines
    fixed = dma.transfer_s * rows / TILE
    return fixed + each * (pieces * dma.descriptor_s + row_bytes / dma.raw_bytes_per_s)


def _accelerator_s(chip: Accelerator, product: Product, dtype: Format) -> Column:
    rows, inner, columns, count = product
    tiles = (
        count
        * np.maximum(1.0, rows / chip.tile_rows)
        * np.maximum(1.0, columns / chip.tile_columns)
    )
    filled = tiles / (tiles + (chip.units - 1) / 2)  # half a wave stays empty on average
    edge = np.minimum(1.0, np.minimum(rows / chip.tile_rows, columns / chip.tile_columns))
    peak = dtype.peak_flops_per_s(chip) * chip.matmul_rate * filled * np.maximum(edge, 1 / 128)
    bytes_ = count * (
        (rows * inner + inner * columns) * dtype.bytes + rows * columns * dtype.result.bytes
    )
    memory_s = bytes_ / (chip.hbm_bytes_per_s * chip.hbm_rate)
    return np.maximum(product_flops(product) / peak, memory_s) + chip.launch_s

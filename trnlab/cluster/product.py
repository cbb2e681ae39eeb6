"""Time of a matrix product on one device.

On Trainium it is the closed form of the project's own kernels on the modelled core (`blocked` for a
short contraction, `pipelined` for a long one), which a test holds to the schedule. Other vendors'
devices have named rates.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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
    """The cores of a device take whole products, or cut the longer side of one result."""
    rows, inner, columns, count = product
    share = np.maximum(1.0, np.minimum(float(cores), cores / count))
    turns = count * share / cores
    longer = rows >= columns
    rows = np.where(longer, rows / share, rows)
    columns = np.where(longer, columns, columns / share)
    return turns * core_product_s(chip.core, rows, inner, columns, dtype)


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
    stationary, moving = np.minimum(rows, columns), np.maximum(rows, columns)
    k_tile = TILE * dtype.rows_per_pass(core)
    m_tiles, n_tiles = np.ceil(stationary / TILE), np.ceil(moving / MOVING)
    k_tiles = np.ceil(inner / k_tile)
    m_block, n_block = np.minimum(m_tiles, M_BLOCK), np.minimum(n_tiles, N_BLOCK)
    blocks = (m_tiles / m_block) * (n_tiles / n_block)
    is_long = inner > LONGEST_BLOCKED / dtype.bytes * 2

    streamed = np.maximum(core.tensor.min_interval_cycles, moving / n_tiles)
    tensor_s = (
        m_tiles * n_tiles * k_tiles * streamed * dtype.slowdown(core) * core.tensor.pass_overhead
    ) / core.tensor.clock_hz
    copy_s = m_block * n_block * (moving / n_tiles) / core.vector.clock_hz
    stall_s = np.where(is_long, blocks * copy_s, 0.0)

    m_width, n_width = stationary / m_tiles * m_block, moving / n_tiles * n_block
    m_load_s = k_tiles * _tile_load_s(core, m_width, dtype, k_tile)
    n_load_s = k_tiles * _tile_load_s(core, n_width, dtype, k_tile)
    n_loads = np.where(is_long, blocks, n_tiles / n_block)
    store_s = _tile_load_s(core, moving / n_tiles, dtype.result, TILE)
    stores_s = m_tiles * n_tiles * store_s
    dma_s = blocks * m_load_s + n_loads * n_load_s + stores_s

    first = np.where(is_long, np.minimum(1.0, K_BLOCK / k_tiles), 1.0)
    dma = core.dma
    fill_s = first * (m_load_s + n_load_s)
    copies_s = m_tiles * n_tiles * (moving / n_tiles) / core.vector.clock_hz
    compute_s = fill_s + np.maximum(tensor_s + stall_s, copies_s) + store_s
    return np.maximum(compute_s, dma_s) + 2 * (dma.start_s + dma.completion_s)


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

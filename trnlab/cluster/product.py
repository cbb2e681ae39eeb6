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
MX_TILES_SHARING = 4  # tiles whose scales lie on the same 128 partitions


class Product(NamedTuple):
    """`times` products [rows, inner] x [inner, columns]."""

    rows: Column
    inner: Column
    columns: Column
    times: Column


def product_s(
    system: System, product: Product, dtype: Format, *, is_streamed: bool = False
) -> Column:
    """Time of equal products on one device, seconds.

    Args:
        product: columns of shapes
        dtype: of operands
        is_streamed: one of many in a row, as in decoding: weights lie in HBM as they are loaded
            and are fetched ahead, results stay on the chip
    """
    chip = system.chip
    if isinstance(chip, Accelerator):
        return _accelerator_s(chip, product, dtype)
    return _cores_s(chip, system.cores_per_device, product, dtype, is_streamed)


def product_flops(product: Product) -> Column:
    """2 x rows x inner x columns x count."""
    return 2.0 * product.rows * product.inner * product.columns * product.times


def _cores_s(chip: Chip, cores: int, product: Product, dtype: Format, is_streamed: bool) -> Column:
    """The cores of a device take whole products, or cut the longer side of one result.

    Together they read no faster than their share of HBM.
    """
    rows, inner, columns, times = product
    share = np.maximum(1.0, np.minimum(float(cores), cores / times))
    turns = times * share / cores
    longer = rows >= columns
    own_rows = np.where(longer, rows / share, rows)
    own_columns = np.where(longer, columns, columns / share)
    each_s = core_product_s(chip.core, own_rows, inner, own_columns, dtype, is_streamed)
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
    def block(self) -> Column:
        """Result tiles of a block."""
        return self.m_block * self.n_block

    @property
    def blocks(self) -> Column:
        """Blocks of the result."""
        return self.results / self.block

    @property
    def steps(self) -> Column:
        """Loads of a block: one, or one for each part of a long contraction."""
        return np.where(self.is_long, np.ceil(self.k_tiles / K_BLOCK), 1.0)

    @property
    def last_step(self) -> Column:
        """Part of a block's contraction that is loaded last."""
        done = np.where(self.is_long, (self.steps - 1) * K_BLOCK, 0.0)
        return (self.k_tiles - done) / self.k_tiles

    @property
    def step(self) -> Column:
        """Part of a block's contraction that is loaded at once."""
        return np.where(self.is_long, np.minimum(1.0, K_BLOCK / self.k_tiles), 1.0)


def core_product_s(
    core: Core,
    rows: Column,
    inner: Column,
    columns: Column,
    dtype: Format,
    is_streamed: bool = False,
) -> Column:
    """Time of one product on one core: the slowest of four chains, plus both ends.

    TensorE streams from the first loaded block on. All results leave through one queue; if loads
    are prepared, behind those that SBUF holds ahead of them. One lane triggers every transfer. The
    DMA engines load everything, with the stores that find their way between; the last block is
    multiplied and stored after that.

    Args:
        rows, columns: of the result; the longer side is the moving one
        inner: contraction
    Returns:
        seconds
    """
    tiles = _cut(core, rows, inner, columns, dtype)
    m_load_s, n_load_s = (
        _load_s(core, width, tiles.k_tiles, dtype, is_streamed)
        for width in (tiles.m_width, tiles.n_width * tiles.n_block)
    )
    n_loads = np.where(tiles.is_long, tiles.blocks, tiles.n_tiles / tiles.n_block)
    pass_rows = TILE * dtype.rows_per_pass(core)
    is_ragged = (inner > pass_rows) & (inner % pass_rows > 0)  # the rest is loaded by itself
    transfers = (2.0 if dtype.has_scales else 1.0) + is_ragged  # of one block of an operand
    trigger_s = transfers * _trigger_s(core)
    triggers_s = (np.ceil(tiles.blocks) + np.ceil(n_loads)) * tiles.steps * trigger_s
    loads_s = np.maximum(triggers_s, tiles.blocks * m_load_s + n_loads * n_load_s)
    ahead_s = np.minimum(loads_s, core.sbuf.total_bytes / core.dma.total_bytes_per_s)
    first_s = np.maximum(2 * trigger_s - _trigger_s(core), tiles.step * (m_load_s + n_load_s))
    height = np.ceil(np.minimum(rows, columns) / tiles.m_tiles)
    store_s = _transfer_s(core, tiles.n_width * dtype.result.bytes, height)
    pace_s = np.maximum(max(core.dma.usual_interval_s, _trigger_s(core)), store_s)
    burst_s = (tiles.block - 1) * pace_s
    together_s = np.where(tiles.is_long, burst_s, 0.0)

    tile_s, leave_s = _tile_s(core, tiles, dtype), _leave_s(core, tiles)
    if is_streamed:
        weights_s = np.where(columns < rows, tiles.blocks * m_load_s, n_loads * n_load_s)
        work_s = _engines_s(core, tiles, tile_s) + leave_s - core.dma.start_s
        return np.maximum(weights_s, work_s)
    compute_s = first_s + _engines_s(core, tiles, tile_s) + together_s + leave_s
    begun_s = first_s + _ramped_s(core, tile_s) + leave_s
    if core.dma.usual_dge == "none":  # loads are all waiting before the first result is there
        begun_s = np.maximum(begun_s, ahead_s)
    stores_s = begun_s + (tiles.results - 1) * pace_s
    between_s = (tiles.results - tiles.block) * (1 - ahead_s / loads_s) * store_s
    last_s = _last_s(core, tiles, tile_s, m_load_s + n_load_s + tiles.block * store_s) + together_s
    dma_s = loads_s + between_s + np.maximum(last_s, burst_s) + leave_s
    lane_s = triggers_s + tiles.results * _trigger_s(core)
    slowest_s = np.maximum(np.maximum(compute_s, stores_s), np.maximum(dma_s, lane_s))
    return core.dma.usual_start_s + slowest_s + store_s + 2 * _arrival_s(core)


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


def _tile_s(core: Core, tiles: _Tiles, dtype: Format) -> Column:
    """TensorE streams one result tile at its full rate."""
    streamed = np.maximum(core.tensor.min_interval_cycles, tiles.n_width)
    cycles = tiles.k_tiles * streamed * dtype.slowdown(core)
    return cycles * core.tensor.pass_overhead / core.tensor.clock_hz


def _ramped_s(core: Core, full_rate_s: Column) -> Column:
    """Work of TensorE that starts after idleness, at the lower rate at first."""
    slow_s = np.minimum(full_rate_s, core.tensor.ramp_s * core.tensor.ramp_rate)
    return full_rate_s + slow_s * (1 / core.tensor.ramp_rate - 1)


def _engines_s(core: Core, tiles: _Tiles, tile_s: Column) -> Column:
    """TensorE, or VectorE, which copies every result.

    Between two blocks of a long product TensorE has one bank left to fill while VectorE copies the
    sums of the whole block.
    """
    vector = core.vector
    speedup = np.where(tiles.is_long, vector.fast_speedup, 1.0)
    copy_s = (tiles.n_width / speedup + vector.issue_cycles) / vector.clock_hz
    wait_s = np.maximum(0.0, tiles.block * copy_s - tiles.step * tile_s)
    waits_s = np.where(tiles.is_long, np.maximum(0.0, tiles.blocks - 1) * wait_s, 0.0)
    return np.maximum(_ramped_s(core, tiles.results * tile_s) + waits_s, tiles.results * copy_s)


def _leave_s(core: Core, tiles: _Tiles) -> Column:
    """From TensorE's last column to the first byte stored; a long product adds to a sum before."""
    copy_s = (tiles.n_width + core.vector.overhead_cycles) / core.vector.clock_hz
    copies_s = np.where(tiles.is_long, 2.0, 1.0) * copy_s
    latency_s = core.tensor.latency_cycles / core.tensor.clock_hz
    return latency_s + copies_s + 2 * core.semaphore_s + core.dma.usual_start_s


def _arrival_s(core: Core) -> float:
    """The delay of the last DMA engine, and the way from there to who waits for it."""
    return (core.dma.engines - 1) * core.dma.stagger_s + core.dma.completion_s


def _trigger_s(core: Core) -> float:
    """One lane starts all transfers, each no sooner than this after the one before."""
    return core.dma.swdge_s if core.dma.trigger == "gpsimd" else core.sync.dma_trigger_s


def _load_s(core: Core, width: Column, k_tiles: Column, dtype: Format, is_streamed: bool) -> Column:
    """One block of an operand, `width` columns; MX blocks bring their scales in a second one.

    A streamed block is one row for each partition, long enough for whole descriptors.
    """
    fold = dtype.fold(core)
    rows = k_tiles * TILE * dtype.rows_per_pass(core) / fold
    row_bytes = width * fold * dtype.element_bytes
    if is_streamed:
        rows, row_bytes = np.full_like(rows, TILE), row_bytes * rows / TILE
    load_s = _transfer_s(core, row_bytes, rows)
    if not dtype.has_scales:
        return load_s
    return load_s + _transfer_s(core, width, np.ceil(k_tiles / MX_TILES_SHARING) * TILE)


def _last_s(core: Core, tiles: _Tiles, tile_s: Column, load_s: Column) -> Column:
    """TensorE's work on what was loaded last; it is slow at first if it waited long for it."""
    work_s = tiles.last_step * tiles.block * tile_s
    patience_s = (1 - core.tensor.ramp_threshold) * core.tensor.ramp_window_s
    waits = (tiles.blocks <= 1) | (load_s - work_s > patience_s)
    return np.where(waits, _ramped_s(core, work_s), work_s)


def _transfer_s(core: Core, row_bytes: Column, rows: Column) -> Column:
    """One transfer by all DMA engines."""
    dma = core.dma
    descriptor_s, longest = dma.piece()
    row_s = np.ceil(row_bytes / longest) * descriptor_s + row_bytes / dma.moving_bytes_per_s
    return dma.transfer_s + np.ceil(rows / dma.engines) * row_s


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

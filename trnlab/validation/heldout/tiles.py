"""Tiles that several held-out kernels need."""

import trnlab.nki.language as nl
from trnlab.nki import isa as nisa

PARTITIONS = 128


def like(tile):
    """A new tile of the same shape in SBUF."""
    return nl.ndarray(tile.shape, dtype=tile.dtype, buffer=nl.sbuf)


def load(source):
    """A tile of SBUF, loaded."""
    tile = nl.ndarray(source.shape, dtype=source.dtype, buffer=nl.sbuf)
    nisa.dma_copy(dst=tile, src=source)
    return tile


def row_of_ones(dtype):
    """What TensorE multiplies by to repeat a row."""
    ones = nl.ndarray((1, PARTITIONS), dtype=dtype, buffer=nl.sbuf, name="ones")
    nisa.memset(dst=ones, value=1.0)
    return ones


def spread(ones, row, part):
    """Part of a row on every partition, in PSUM, by TensorE."""
    moving = row[:, part]
    repeated = nl.ndarray((ones.shape[1], moving.shape[1]), nl.float32, nl.psum, name="repeated")
    nisa.nc_matmul(dst=repeated, stationary=ones, moving=moving)
    return repeated

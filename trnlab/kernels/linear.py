"""A linear layer, y = W^T x, in FP32, BF16, FP8 double-row, MXFP8 or with MXFP4 weights.

Activations stay transposed, features on partitions. What a format asks for beyond the product is
paid for here: interleaving (several features on one partition, written in place by whoever makes
them), clipping and scaling to FP8 on two engines, `quantize_mx` on VectorE. Scales of FP8 weights
cost nothing: one number for each output, which is a partition of the result.
"""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.errors import KernelError
from trnlab.kernels.layer_formats import LAYER_FORMATS, Layer, scale_rows
from trnlab.nki import isa as nisa
from trnlab.numerics.formats import number_format

TILE, TILE_N = 128, 512


@nki.jit
def linear(x, layer: Layer):
    """W^T x, 512 columns at a time.

    Dimensions:
        K: features, on partitions 128 at a time
        T: any number of columns
    Args:
        x: [K, T] in HBM, float32 for a float32 layer, else bfloat16
        layer: from `layer_formats.prepare`
    Returns:
        [outputs, T] float32 in HBM
    Raises:
        KernelError: features that are not the layer's inputs
    """
    K, T = x.shape
    if K != layer.inputs:
        raise KernelError(f"linear: x has {K} features, the layer takes {layer.inputs}")
    result = nl.ndarray((layer.outputs, T), dtype=nl.float32, buffer=nl.shared_hbm, name="result")
    weights = Weights(layer)
    for t in nl.affine_range(0, T, TILE_N):
        columns = min(TILE_N, T - t)
        operand = Operand(layer, columns)
        operand.load(x[:, t : t + columns])
        for m, sums, scale in weights.products(operand):
            out = nl.ndarray(sums.shape, dtype=nl.float32, name="out")
            nisa.activation(dst=out, op=nl.copy, data=sums, scale=scale)
            nisa.dma_copy(dst=result[m : m + sums.shape[0], t : t + columns], src=out)
    return result


def load_tiles(x, name: str):
    """[K, T] in HBM as tiles of 128 rows."""
    tiles = []
    for row in range(0, x.shape[0], TILE):
        rows = min(TILE, x.shape[0] - row)
        tile = nl.ndarray((rows, x.shape[1]), dtype=x.dtype, name=name)
        nisa.dma_copy(dst=tile, src=x[row : row + rows, :])
        tiles.append(tile)
    return tiles


class Weights:
    """A layer's weights in SBUF."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.tiles = [_on_chip(tile, "weights") for tile in layer.tiles]
        self.scales = []
        if layer.fold == 4:
            self.scales = [_spread_scales(dense) for dense in layer.scales]
        elif layer.scales:
            column, outputs = layer.scales[0], layer.outputs
            self.scales = [
                _on_chip(column[m : min(m + TILE, outputs), :], "scales")
                for m in range(0, outputs, TILE)
            ]

    def products(self, operand: "Operand"):
        """First output, sums [up to 128 outputs, T] in PSUM, and what to multiply them by."""
        for m in range(0, self.layer.outputs, TILE):
            rows = min(TILE, self.layer.outputs - m)
            shape = (rows, operand.columns)
            sums = nl.ndarray(shape, dtype=nl.float32, buffer=nl.psum, name="sums")
            for i in range(len(self.tiles)):
                self._multiply(sums, i, slice(m, m + rows), operand)
            is_scaled = self.layer.format == "float8"
            yield m, sums, self.scales[m // TILE] if is_scaled else 1.0

    def _multiply(self, sums, i: int, outputs: slice, operand: "Operand") -> None:
        weights = self.tiles[i]
        if self.layer.fold == 4:
            dtype = LAYER_FORMATS[self.layer.format].weights
            nisa.nc_matmul_mx(
                dst=sums,
                stationary=weights.view(dtype)[:, outputs],
                moving=operand.tiles[i],
                stationary_scale=self.scales[i][:, outputs],
                moving_scale=operand.scales[i],
            )
        elif self.layer.fold == 2:
            nisa.nc_matmul(
                dst=sums,
                stationary=weights[:, :, outputs],
                moving=operand.tiles[i],
                perf_mode=nisa.matmul_perf_mode.double_row,
            )
        else:
            nisa.nc_matmul(dst=sums, stationary=weights[:, outputs], moving=operand.tiles[i])


class Operand:
    """The activations that a layer multiplies, laid out as its format wants them.

    First every place is written, then `finish` makes of it what TensorE takes; `load` and `fill` do
    both.
    """

    def __init__(self, layer: Layer, columns: int) -> None:
        self.layer = layer
        self.columns = columns
        self.dtype = "float32" if layer.format == "float32" else "bfloat16"
        self.factor = 1 / layer.input_scale if layer.format == "float8" else 1.0
        self.scales = []
        self.tiles = []
        for piece in layer.pieces:
            shape = {
                1: (piece.partitions, columns),
                2: (piece.partitions, 2, columns),
                4: (piece.partitions, columns, 4),
            }[layer.fold]
            tile = nl.ndarray(shape, dtype=self.dtype, name="activations")
            if piece.first + layer.fold * piece.partitions > layer.inputs:
                nisa.memset(dst=tile, value=0.0)
            self.tiles.append(tile)

    def places(self):
        """First feature, their number, and the view that they are to be written to."""
        for piece, tile in zip(self.layer.pieces, self.tiles, strict=True):
            for j in range(self.layer.fold):
                first = piece.first + j * piece.partitions
                count = min(piece.partitions, self.layer.inputs - first)
                if count > 0:
                    yield first, count, self._place(tile, j)[:count]

    def _place(self, tile, j: int):
        if self.layer.fold == 1:
            return tile
        return tile[:, j, :] if self.layer.fold == 2 else tile[:, :, j]

    def load(self, x) -> None:
        """Bring [inputs, T] from HBM and finish; single elements are too small for DMA."""
        if self.layer.fold == 4:
            self.fill(load_tiles(x, "x_tile"))
            return
        for first, count, place in self.places():
            nisa.dma_copy(dst=place, src=x[first : first + count, :])
        self.finish()

    def take(self, first: int, sums, op, scale, bias=None) -> None:
        """op(sums * scale + bias) of up to 128 features, written to their places.

        Args:
            first: feature of the first partition of sums
            scale: a number, or a column for the features
            bias: a column, or None
        """
        for at, count, place in self.places():
            row = at - first
            if 0 <= row < sums.shape[0]:
                rows = slice(row, row + count)
                nisa.activation(
                    dst=place,
                    op=op,
                    data=sums[rows, :],
                    scale=scale if isinstance(scale, float) else scale[rows, :],
                    bias=None if bias is None else bias[rows, :],
                )

    def fill(self, tiles) -> None:
        """Copy features from tiles of 128, ScalarE and VectorE in turn, and finish."""
        for turn, (first, count, place) in enumerate(self.places()):
            source = rows_of(tiles, first, count)
            engine = (nisa.engine.vector, nisa.engine.scalar)[turn % 2]
            nisa.tensor_copy(dst=place, src=source, engine=engine)
        self.finish()

    def finish(self, is_scaled: bool = False) -> None:
        """Scale and clip to FP8, or quantize to MXFP8; scaled: whoever wrote used `factor`."""
        if self.layer.fold == 2:
            scaled = self.tiles if is_scaled else [_scaled(t, self.factor) for t in self.tiles]
            self.tiles = [_to_float8(tile) for tile in scaled]
        elif self.layer.fold == 4:
            pairs = [_quantized(tile) for tile in self.tiles]
            self.tiles = [items for items, _ in pairs]
            self.scales = [scales for _, scales in pairs]


def rows_of(tiles, first: int, count: int):
    """Some features of tiles of 128 features each; they lie in one tile."""
    row = first % TILE
    return tiles[first // TILE][row : row + count, :]


def _on_chip(array, name: str):
    tile = nl.ndarray(array.shape, dtype=array.dtype, name=name)
    nisa.dma_copy(dst=tile, src=array)
    return tile


def _spread_scales(dense):
    """Dense scales [P / 8, M] at their places: four rows at the start of each quadrant."""
    partitions = 8 * dense.shape[0]
    tile = nl.ndarray((partitions, dense.shape[1]), dtype=dense.dtype, name="scales")
    for row, first in scale_rows(partitions):
        nisa.dma_copy(dst=tile[row : row + 4, :], src=dense[first : first + 4, :])
    return tile


def _scaled(tile, factor: float):
    scaled = nl.ndarray(tile.shape, dtype=tile.dtype, name="scaled")
    nisa.activation(dst=scaled, op=nl.copy, data=tile, scale=factor)
    return scaled


def _to_float8(tile):
    """Clipped at the ends of the format; too large values would become NaN."""
    limit = number_format("float8_e4m3fn").max_finite
    narrow = nl.ndarray(tile.shape, dtype="float8_e4m3fn", name="narrow")
    nisa.tensor_scalar(
        dst=narrow,
        data=tile,
        op0=nl.minimum,
        operand0=limit,
        op1=nl.maximum,
        operand1=-limit,
    )
    return narrow


def _quantized(tile):
    """Interleaved BF16 [P, T, 4] as MXFP8 items [P, T] and their scales."""
    partitions, columns, _ = tile.shape
    items = nl.ndarray((partitions, columns), dtype="float8_e4m3fn_x4", name="items")
    scales = nl.ndarray((partitions, columns), dtype="uint8", name="scales")
    nisa.quantize_mx(dst=items, src=tile.reshape(partitions, 4 * columns), dst_scale=scales)
    return items, scales


def reference(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """W^T x in NumPy, float32."""
    return weights.astype(np.float32).T @ x.astype(np.float32)

"""Weights of a linear layer in each format that TensorE multiplies, as `linear` takes them.

`fold` rows of the weights lie on one partition: 1 in FP32 and BF16, 2 in FP8 double-row, 4 in the
packed MX types. A layer is cut into pieces of 128, 64 or 32 partitions; a piece of P partitions
holds fold x P rows, row j P + p on partition p at place j.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trnlab.nki.inputs import Shape
from trnlab.numerics import dtype_name, itemsize, storage
from trnlab.numerics.formats import number_format
from trnlab.numerics.mx import GROUP_ROWS, interleaved, quantize
from trnlab.numerics.scaling import quantize_scaled

PARTITIONS = (128, 64, 32)  # of a piece


@dataclass(frozen=True)
class LayerFormat:
    """How a layer is stored and multiplied."""

    name: str
    label: str  # for screens
    fold: int  # rows of the weights on one partition
    activations: str  # what reaches TensorE
    weights: str  # dtype that holds them
    exponent_offset: int = 0  # of MX weights, quantized on the host; see numerics.blocks


FLOAT8 = "float8_e4m3fn"
LAYER_FORMATS = {
    format.name: format
    for format in (
        LayerFormat("float32", "FP32", 1, "float32", "float32"),
        LayerFormat("bfloat16", "BF16", 1, "bfloat16", "bfloat16"),
        LayerFormat("float8", "FP8 double-row", 2, FLOAT8, FLOAT8),
        LayerFormat("mxfp8", "MXFP8", 4, f"{FLOAT8}_x4", f"{FLOAT8}_x4", 1),
        LayerFormat("mxfp4", "MXFP4 weights", 4, f"{FLOAT8}_x4", "float4_e2m1fn_x4"),
    )
}


@dataclass(frozen=True)
class Piece:
    """Rows of the weights that one nc_matmul contracts over."""

    first: int
    partitions: int


@dataclass(frozen=True)
class Layer:
    """Weights [inputs, outputs] in one format; the rows that pad the last piece are zero."""

    format: str
    inputs: int
    outputs: int
    tiles: list[np.ndarray | Shape]  # of each piece: [P, outputs], float8 [P, 2, outputs], MX items
    scales: list[
        np.ndarray | Shape
    ]  # MX: of each piece, e8m0 [P / 8, outputs]; float8 [outputs, 1]
    input_scale: float = 1.0  # float8: what activations are divided by

    @property
    def nbytes(self) -> int:
        """Bytes in HBM, scales included."""
        arrays = (*self.tiles, *self.scales)
        return sum(math.prod(array.shape) * itemsize(dtype_name(array.dtype)) for array in arrays)

    @property
    def fold(self) -> int:
        """Rows on one partition."""
        return LAYER_FORMATS[self.format].fold

    @property
    def pieces(self) -> list[Piece]:
        """The pieces, in the order of their rows."""
        return list(pieces(self.inputs, self.fold))


def pieces(inputs: int, fold: int) -> Iterator[Piece]:
    """The largest pieces that fit; the last may reach beyond the inputs."""
    first = 0
    while first < inputs:
        fitting = [p for p in PARTITIONS if fold * p <= inputs - first]
        yield Piece(first, fitting[0] if fitting else PARTITIONS[-1])
        first += fold * (fitting[0] if fitting else PARTITIONS[-1])


def prepare(weights: np.ndarray, format: str, input_scale: float = 1.0) -> Layer:
    """Store weights in a format; what needs quantizing is quantized here, on the host.

    FP8 has one float32 scale for each output, MX one e8m0 scale for each 32 weights.

    Args:
        weights: float32 [inputs, outputs]; the outputs even in the MX formats
        format: name in LAYER_FORMATS
        input_scale: float8 only: the largest activation expected over 448
    Raises:
        ValueError: no such format, or a shape that it does not take
    """
    if format not in LAYER_FORMATS:
        raise ValueError(f"prepare: {format!r} is not one of {', '.join(LAYER_FORMATS)}")
    how = LAYER_FORMATS[format]
    if weights.ndim != 2 or not weights.size or (how.fold == 4 and weights.shape[1] % 2):
        raise ValueError(
            f"prepare: weights {list(weights.shape)} in {format}; they should be [inputs, outputs]"
            + (", the outputs even: add a column of zeros" if how.fold == 4 else "")
        )
    inputs, outputs = weights.shape
    if format == "float8":
        scaled = quantize_scaled(weights, number_format(FLOAT8), channel_axis=1)
        codes = scaled.codes.view(storage(FLOAT8))
        tiles = [_folded(rows, 2) for rows in _cut(codes, how.fold)]
        scale = (scaled.scale * np.float32(input_scale)).reshape(outputs, 1)
        return Layer(format, inputs, outputs, tiles, [scale], input_scale)
    if how.fold == 1:
        tiles = list(_cut(weights.astype(storage(how.weights)), 1))
        return Layer(format, inputs, outputs, tiles, [])
    quantized = [
        quantize(interleaved(rows), how.weights, how.exponent_offset)
        for rows in _cut(weights.astype(np.float32), how.fold)
    ]
    items, scales = (list(part) for part in zip(*quantized, strict=True))
    return Layer(format, inputs, outputs, items, scales)


def unfilled(inputs: int, outputs: int, format: str) -> Layer:
    """A layer without values, for time alone; sizes and dtypes as `prepare` gives them."""
    how = LAYER_FORMATS[format]
    partitions = [piece.partitions for piece in pieces(inputs, how.fold)]
    if how.fold == 1:
        tiles = [Shape((p, outputs), how.weights) for p in partitions]
        return Layer(format, inputs, outputs, tiles, [])
    if how.fold == 2:
        tiles = [Shape((p, 2, outputs), how.weights) for p in partitions]
        return Layer(format, inputs, outputs, tiles, [Shape((outputs, 1), "float32")])
    item = dtype_name(storage(how.weights))
    tiles = [Shape((p, outputs), item) for p in partitions]
    scales = [Shape((p // GROUP_ROWS, outputs), "uint8") for p in partitions]
    return Layer(format, inputs, outputs, tiles, scales)


def _cut(weights: np.ndarray, fold: int) -> Iterator[np.ndarray]:
    """Rows of each piece, the last one padded."""
    for piece in pieces(len(weights), fold):
        rows = weights[piece.first : piece.first + fold * piece.partitions]
        missing = fold * piece.partitions - len(rows)
        padding = np.zeros((missing, weights.shape[1]), weights.dtype)
        yield np.concatenate([rows, padding]) if missing else np.ascontiguousarray(rows)


def _folded(rows: np.ndarray, fold: int) -> np.ndarray:
    """[fold x P, outputs] to [P, fold, outputs]."""
    return np.ascontiguousarray(rows.reshape(fold, -1, rows.shape[1]).transpose(1, 0, 2))


def scale_rows(partitions: int) -> list[tuple[int, int]]:
    """Where e8m0 scales go on chip: (row of the tile, row of the dense scales) per quadrant."""
    per_quadrant = 32 // GROUP_ROWS
    return [(32 * q, per_quadrant * q) for q in range(partitions // 32)]

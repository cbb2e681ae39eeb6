"""Layers and networks in mixed formats, by NumPy on the values that each format keeps."""

import numpy as np

from tests.numerics.mx_oracle import round_trip_of_blocks
from trnlab.data.text import (
    EPSILON,
    MASKED,
    TextModel,
    joined_heads,
    silu,
    softmax,
    split_heads,
)
from trnlab.kernels.layer_formats import pieces
from trnlab.numerics import stored


def bfloat16(x):
    return stored(np.asarray(x, np.float32), "bfloat16").astype(np.float32)


def product(x, weights, format, input_scale, is_scaled=False):
    """W^T x, [K, T] and [K, M] to [M, T]; scaled: x has been divided by input_scale."""
    x, weights = np.asarray(x, np.float32), np.asarray(weights, np.float32)
    if format == "float32":
        return weights.T @ x
    x = bfloat16(x)
    if format == "bfloat16":
        return bfloat16(weights).T @ x
    if format == "float8":
        left, of_outputs = float8_columns(weights)
        scaled = x if is_scaled else bfloat16(x * np.float32(1 / input_scale))
        right = stored(np.clip(scaled, -448, 448), "float8_e4m3fn").astype(np.float32)
        return (left.T @ right) * (of_outputs * np.float32(input_scale))[:, np.newaxis]
    element, offset = {"mxfp8": ("float8_e4m3fn", 1), "mxfp4": ("float4_e2m1fn", 0)}[format]
    return mx_rows(weights, element, offset).T @ mx_rows(x, "float8_e4m3fn", 1)


def float8_columns(weights):
    """Values of the codes, and the scale of each output."""
    scale = (np.abs(weights).max(axis=0) / np.float32(448)).astype(np.float32)
    return stored(weights / scale, "float8_e4m3fn").astype(np.float32), scale


def mx_rows(x, element, offset):
    """Each piece of K rows in groups of 8 partitions, with rows a quarter of the piece apart."""
    K, columns = x.shape
    kept = []
    for piece in pieces(K, 4):
        rows = np.zeros((4 * piece.partitions, columns), np.float32)
        given = x[piece.first : piece.first + len(rows)]
        rows[: len(given)] = given
        groups = rows.reshape(4, piece.partitions // 8, 8, columns)  # j, group, row of it, column
        blocks = groups.transpose(1, 3, 2, 0).reshape(-1, 32)
        found = round_trip_of_blocks(blocks, element, offset)
        found = found.reshape(-1, columns, 8, 4).transpose(3, 0, 2, 1).reshape(rows.shape)
        kept.append(found[: len(given)])
    return np.concatenate(kept)


def layer(x, weights, format, input_scale, is_scaled):
    """Tokens on rows: [..., K] to [..., M]."""
    flat = x.reshape(-1, x.shape[-1])
    return product(flat.T, weights, format, input_scale, is_scaled).T.reshape(*x.shape[:-1], -1)


def text_logits(model: TextModel, tokens, mix: dict[str, str], input_scales: dict[str, float]):
    """The text model, each layer in its format; what is between layers rounded as the kernel does.

    Squares for the norm, queries, keys, values and shares are BF16 unless the next layer is FP32.
    """

    def narrow(name):
        return (lambda y: y) if mix[name] == "float32" else bfloat16

    def normed(name, x):
        squares = narrow(name)(np.square(x))
        factor = np.float32(1 / input_scales[name] if mix[name] == "float8" else 1)
        return x * factor / np.sqrt(squares.mean(axis=-1, keepdims=True) + np.float32(EPSILON))

    def through(name, x, is_scaled=True):
        return layer(x, model.layers[name], mix[name], input_scales[name], is_scaled)

    x = model.embed(tokens)
    for i in range(model.blocks):
        qkv, out, up, down = (f"{part}{i}" for part in ("qkv", "out", "up", "down"))
        mixed = attended(narrow(out)(through(qkv, normed(qkv, x))), narrow(out))
        x = x + through(out, mixed, is_scaled=False)
        x = x + through(down, silu(through(up, normed(up, x))), is_scaled=False)
    return through("head", normed("head", x))


def attended(qkv, narrow):
    q, k, v = split_heads(qkv)
    scores = q @ k.swapaxes(-1, -2) / np.float32(np.sqrt(q.shape[-1]))
    scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, MASKED)
    return narrow(joined_heads(narrow(softmax(scores)) @ v))

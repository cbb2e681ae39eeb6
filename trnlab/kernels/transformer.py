"""A small transformer, each layer in a format of its own; activations stay transposed throughout.

With features on partitions the result of one product is the operand of the next, so nothing is
turned between layers. The norm needs a sum over features, which is over partitions: a product with
a matrix of ones gives it, and leaves it on every partition. Attention itself is in BF16, or FP32
where the layer after it is; what the blocks add up to is kept in FP32.

Engines work in order, so a single group of tokens keeps one of them busy at a time. Several groups
go through each layer before the next one begins: while TensorE multiplies one, VectorE and ScalarE
prepare another.
"""

import math

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.data.text import EPSILON
from trnlab.errors import KernelError
from trnlab.kernels.layer_formats import Layer
from trnlab.kernels.linear import TILE, TILE_N, Operand, Weights, load_tiles
from trnlab.nki import isa as nisa

SEQUENCE = 128  # tokens of one sequence
IN_FLIGHT = 4  # groups of 512 tokens that go through a layer one after the other
MASKED = -1e9


@nki.jit
def transformer(x, mask, layers: dict[str, Layer], heads: int):
    """Logits of sequences of 128 tokens; weights are loaded once.

    Dimensions:
        d: features, a multiple of 128; d / heads is 64 or 128
        T: tokens of all sequences, 512 at a time
    Args:
        x: [d, T] float32 in HBM, embedded tokens
        mask: [128, 128] float32 in HBM, from `causal_mask`
        layers: "qkv0", "out0", "up0", "down0", "qkv1", ..., "head"
    Returns:
        [characters, T] float32 in HBM
    Raises:
        KernelError: a size that the tiles do not divide
    """
    d, T = x.shape
    _check(d, T, heads)
    outputs = layers["head"].outputs
    result = nl.ndarray((outputs, T), dtype=nl.float32, buffer=nl.shared_hbm, name="logits")
    weights = {name: Weights(layer) for name, layer in layers.items()}
    later = nl.ndarray(mask.shape, dtype=nl.float32, name="mask")
    nisa.dma_copy(dst=later, src=mask)
    for t in nl.affine_range(0, T, IN_FLIGHT * TILE_N):
        starts = range(t, min(t + IN_FLIGHT * TILE_N, T), TILE_N)
        groups = [slice(start, min(start + TILE_N, T)) for start in starts]
        states = [load_tiles(x[:, group], "state") for group in groups]
        for i in range(sum(name.startswith("qkv") for name in layers)):
            qkv, out, up, down = (weights[f"{part}{i}"] for part in ("qkv", "out", "up", "down"))
            projected = [_projected(state, qkv, out) for state in states]
            mixed = [_attention(tiles, later, heads, d) for tiles in projected]
            operands = [_operand_of(tiles, out) for tiles in mixed]
            states = [_added(*pair, out) for pair in zip(states, operands, strict=True)]
            operands = [_hidden(state, up, down) for state in states]
            states = [_added(*pair, down) for pair in zip(states, operands, strict=True)]
        for group, state in zip(groups, states, strict=True):
            for m, sums, scale in weights["head"].products(_normed(state, weights["head"])):
                logits = nl.ndarray(sums.shape, dtype=nl.float32, name="out")
                nisa.activation(dst=logits, op=nl.copy, data=sums, scale=scale)
                nisa.dma_copy(dst=result[m : m + sums.shape[0], group], src=logits)
    return result


def causal_mask() -> np.ndarray:
    """What is added to scores [query, key]: 0, or a large negative number for later keys."""
    return np.triu(np.full((SEQUENCE, SEQUENCE), MASKED, np.float32), 1)


def _normed(state, weights: Weights) -> Operand:
    """x / sqrt(mean(x^2) + eps), written to where the layer wants it."""
    columns = state[0].shape[1]
    operand = Operand(weights.layer, columns)
    ones = nl.ndarray((TILE, TILE), dtype=operand.dtype, name="ones")
    nisa.memset(dst=ones, value=1.0)
    total = nl.ndarray((TILE, columns), dtype=nl.float32, buffer=nl.psum, name="total")
    for tile in state:
        squares = nl.ndarray(tile.shape, dtype=operand.dtype, name="squares")
        nisa.activation(dst=squares, op=nl.square, data=tile)
        nisa.nc_matmul(dst=total, stationary=ones, moving=squares)
    inverse = nl.ndarray(total.shape, dtype=nl.float32, buffer=nl.psum, name="inverse")
    features = TILE * len(state)
    nisa.activation(dst=inverse, op=nl.rsqrt, data=total, scale=1 / features, bias=EPSILON)
    for first, count, place in operand.places():
        rows = slice(first % TILE, first % TILE + count)
        nisa.scalar_tensor_tensor(
            dst=place,
            data=state[first // TILE][rows, :],
            op0=nl.multiply,
            operand0=operand.factor,
            op1=nl.multiply,
            operand1=inverse[rows, :],
        )
    operand.finish(is_scaled=True)
    return operand


def _projected(state, qkv: Weights, out: Weights):
    """Queries, keys and values, [3 d, T] in tiles of 128 features."""
    tiles = []
    for _, sums, scale in qkv.products(_normed(state, qkv)):
        tile = nl.ndarray(sums.shape, dtype=_dtype(out), name="qkv")
        nisa.activation(dst=tile, op=nl.copy, data=sums, scale=scale)
        tiles.append(tile)
    return tiles


def _attention(qkv, later, heads: int, d: int):
    """Causal attention of all sequences and heads; [d, T] in tiles of 128 features.

    The shares of the next heads are worked out before those of the last ones are used.
    """
    columns, dtype, size = qkv[0].shape[1], qkv[0].dtype, d // heads
    tiles = d // TILE
    mixed = [nl.ndarray((TILE, columns), dtype=dtype, name="mixed") for _ in range(tiles)]
    group = TILE_N // SEQUENCE  # heads whose scores fill a PSUM bank
    waiting = []
    for start in range(0, columns, SEQUENCE):
        tokens = slice(start, start + SEQUENCE)
        values = [tile[:, tokens] for tile in qkv[2 * tiles :]]
        for first in range(0, heads, group):
            chosen = range(first, min(first + group, heads))
            shares = _shares([_head(qkv, h, size, tokens) for h in chosen], later, dtype)
            places = [
                (_of_head(values, h, size), _of_head(mixed, h, size)[:, tokens]) for h in chosen
            ]
            waiting.append((shares, places))
            if len(waiting) > 1:
                _weigh(*waiting.pop(0))
    for shares, places in waiting:
        _weigh(shares, places)
    return mixed


def _of_head(tiles, h: int, size: int):
    """Features of one head, of tiles of 128."""
    row = h * size % TILE
    return tiles[h * size // TILE][row : row + size, :]


def _head(qkv, h: int, size: int, tokens: slice):
    """Queries and keys of one head and sequence, [size, 128] each."""
    tiles = len(qkv) // 3
    parts = (qkv[:tiles], qkv[tiles : 2 * tiles])
    return tuple(_of_head(part, h, size)[:, tokens] for part in parts)


def _shares(pairs, later, dtype: str):
    """softmax(q^T k / sqrt(size)) of some heads: [query, head, key]."""
    size, heads = pairs[0][0].shape[0], len(pairs)
    shape = (SEQUENCE, heads, SEQUENCE)
    product = nl.ndarray(shape, dtype=nl.float32, buffer=nl.psum, name="product")
    for i, (queries, keys) in enumerate(pairs):
        nisa.nc_matmul(dst=product[:, i, :], stationary=queries, moving=keys)
    scores = nl.ndarray(shape, dtype=nl.float32, buffer=nl.psum, name="scores")
    nisa.scalar_tensor_tensor(
        dst=scores,
        data=product,
        op0=nl.multiply,
        operand0=1 / math.sqrt(size),
        op1=nl.add,
        operand1=later.expand_dim(1).broadcast(1, heads),
    )
    largest, total, inverse = (
        nl.ndarray((SEQUENCE, heads, 1), dtype=nl.float32, name=name)
        for name in ("largest", "total", "inverse")
    )
    nisa.tensor_reduce(dst=largest, op=nl.maximum, data=scores, axis=2, keepdims=True)
    centered = nl.ndarray(shape, dtype=nl.float32, name="centered")
    wide = largest.broadcast(2, SEQUENCE)
    nisa.tensor_tensor(dst=centered, data1=scores, data2=wide, op=nl.subtract)
    powers = nl.ndarray(shape, dtype=nl.float32, buffer=nl.psum, name="powers")
    nisa.activation(dst=powers, op=nl.exp, data=centered)
    nisa.tensor_reduce(dst=total, op=nl.add, data=powers, axis=2, keepdims=True)
    nisa.reciprocal(dst=inverse, data=total)
    shares = nl.ndarray(shape, dtype=dtype, name="shares")
    wide = inverse.broadcast(2, SEQUENCE)
    nisa.tensor_tensor(dst=shares, data1=powers, data2=wide, op=nl.multiply)
    return shares


def _weigh(shares, places) -> None:
    """Sum of values by their shares, of some heads: values [size, key] to places [size, query]."""
    turned = _turned([shares[:, i, :] for i in range(len(places))])
    values = _turned([of_head for of_head, _ in places])
    size = places[0][0].shape[0]
    shape = (size, len(places), SEQUENCE)
    sums = nl.ndarray(shape, dtype=nl.float32, buffer=nl.psum, name="weighted")
    for i in range(len(places)):
        nisa.nc_matmul(dst=sums[:, i, :], stationary=values[:, i, :], moving=turned[:, i, :])
    for i, (_, place) in enumerate(places):
        nisa.tensor_copy(dst=place, src=sums[:, i, :], engine=nisa.engine.scalar)


def _turned(tiles):
    """Some [rows, 128] as [128, tile, rows]."""
    shape = (SEQUENCE, len(tiles), tiles[0].shape[0])
    turned = nl.ndarray(shape, dtype=tiles[0].dtype, buffer=nl.psum, name="turned")
    for i, tile in enumerate(tiles):
        nisa.nc_transpose(dst=turned[:, i, :], data=tile)
    result = nl.ndarray(shape, dtype=turned.dtype, name="turned")
    nisa.tensor_copy(dst=result, src=turned)
    return result


def _operand_of(tiles, weights: Weights) -> Operand:
    """Tiles of 128 features as a layer wants them."""
    operand = Operand(weights.layer, tiles[0].shape[1])
    operand.fill(tiles)
    return operand


def _hidden(state, up: Weights, down: Weights) -> Operand:
    """silu(up(norm(x))), written to where the next layer wants it."""
    columns = state[0].shape[1]
    operand = Operand(down.layer, columns)
    for m, sums, scale in up.products(_normed(state, up)):
        operand.take(m, sums, nl.silu, scale)
    operand.finish()
    return operand


def _added(state, operand: Operand, weights: Weights):
    """x + W^T operand, in FP32."""
    result = []
    for (_, sums, scale), tile in zip(weights.products(operand), state, strict=True):
        total = nl.ndarray(tile.shape, dtype=nl.float32, name="state")
        nisa.scalar_tensor_tensor(
            dst=total, data=sums, op0=nl.multiply, operand0=scale, op1=nl.add, operand1=tile
        )
        result.append(total)
    return result


def _dtype(weights: Weights) -> str:
    """What the activations before a layer are kept in."""
    return "float32" if weights.layer.format == "float32" else "bfloat16"


def _check(d: int, T: int, heads: int) -> None:
    if d % TILE or T % SEQUENCE:
        raise KernelError(
            f"transformer: {d} features of {T} tokens; features come in {TILE}, sequences have "
            f"{SEQUENCE} tokens: pad them"
        )
    if d % heads or d // heads not in (64, 128):
        raise KernelError(
            f"transformer: {d} features in {heads} heads; a head has 64 or 128 of them"
        )

"""Flash attention, forward: scores never leave the chip, one pass over keys and values.

For each 128 queries the kernel walks over blocks of keys and keeps a running maximum, a running sum
and a running output; when the maximum grows, what was summed before is scaled down.
"""

import math

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.errors import KernelError
from trnlab.nki import isa as nisa

TILE_Q, TILE_K, BLOCK_K = 128, 128, 512
MASKED = -1e30


@nki.jit
def attention(q, k, v, causal=False):
    """softmax(q^T k / sqrt(d)) v.

    Args:
        q, k: [d, S] in HBM, d at most 128 on partitions
        v: [S, d] in HBM
        causal: a query sees no later key
    Returns:
        [S, d] in HBM, dtype of q
    Raises:
        KernelError: a sequence that 128 does not divide
    """
    d, S = q.shape
    if S % TILE_Q:
        raise KernelError(f"attention: sequence {S} is not a multiple of {TILE_Q}; pad it")
    result = nl.ndarray((S, d), dtype=q.dtype, buffer=nl.shared_hbm, name="result")
    keys = nl.ndarray((d, S), dtype=k.dtype, name="keys")
    nisa.dma_copy(dst=keys, src=k)
    values = _load_values(v)
    for row in nl.affine_range(0, S, TILE_Q):
        queries = nl.ndarray((d, TILE_Q), dtype=q.dtype, name="queries")
        nisa.dma_copy(dst=queries, src=q[:, row : row + TILE_Q])
        state = _State(d)
        for first in nl.sequential_range(0, row + TILE_Q if causal else S, BLOCK_K):
            last = min(first + BLOCK_K, S)
            scores = _scores(queries, keys[:, first:last], d)
            if causal and last > row:
                scores = _mask(scores, row, first)
            state.add(scores, values[first // TILE_K : last // TILE_K], q.dtype)
        nisa.dma_copy(dst=result[row : row + TILE_Q, :], src=state.output(q.dtype))
    return result


def _load_values(v):
    tiles = []
    for row in nl.affine_range(0, v.shape[0], TILE_K):
        tile = nl.ndarray((TILE_K, v.shape[1]), dtype=v.dtype, name="values")
        nisa.dma_copy(dst=tile, src=v[row : row + TILE_K, :])
        tiles.append(tile)
    return tiles


def _scores(queries, keys, d: int):
    """q^T k / sqrt(d) for 128 queries and a block of keys."""
    columns = keys.shape[1]
    product = nl.ndarray((TILE_Q, columns), dtype=nl.float32, buffer=nl.psum, name="product")
    nisa.nc_matmul(dst=product, stationary=queries, moving=keys)
    scores = nl.ndarray((TILE_Q, columns), dtype=nl.float32, name="scores")
    nisa.activation(dst=scores, op=nl.copy, data=product, scale=1 / math.sqrt(d))
    return scores


def _mask(scores, row: int, first: int):
    """Keep key first + j for query row + i where row + i - first - j >= 0."""
    masked = nl.ndarray(scores.shape, dtype=nl.float32, name="masked")
    nisa.affine_select(
        dst=masked,
        pattern=[[-1, scores.shape[1]]],
        offset=row - first,
        channel_multiplier=1,
        on_true_tile=scores,
        on_false_value=MASKED,
        cmp_op=nl.greater_equal,
    )
    return masked


class _State:
    """Running maximum, sum and output of 128 queries."""

    def __init__(self, d: int) -> None:
        self.d = d
        self.maximum = None
        self.total = None
        self.sums = None

    def add(self, scores, values, dtype: str) -> None:
        """Take in one block of keys."""
        minus_max = self._column("minus_max")
        nisa.tensor_reduce(dst=minus_max, op=nl.maximum, data=scores, axis=1, negate=True)
        if self.maximum is not None:
            newer = self._column("minus_max")
            nisa.tensor_tensor(dst=newer, data1=minus_max, data2=self.maximum, op=nl.minimum)
            minus_max = newer
        powers = nl.ndarray(scores.shape, dtype=dtype, name="powers")
        total = self._column("total")
        nisa.activation_reduce(
            dst=powers, op=nl.exp, data=scores, bias=minus_max, reduce_op=nl.add, reduce_res=total
        )
        product = self._weighted(powers, values)
        if self.maximum is None:
            self.sums = nl.ndarray((TILE_Q, self.d), dtype=nl.float32, name="sums")
            nisa.tensor_copy(dst=self.sums, src=product)
            self.total = total
        else:
            self._rescale(minus_max, product, total)
        self.maximum = minus_max

    def _rescale(self, minus_max, product, total) -> None:
        """sums * exp(old max - new max) + product, and the same for the total."""
        shrink = self._column("shrink")
        nisa.activation(dst=shrink, op=nl.exp, data=self.maximum, scale=-1.0, bias=minus_max)
        sums = nl.ndarray((TILE_Q, self.d), dtype=nl.float32, name="sums")
        nisa.scalar_tensor_tensor(
            dst=sums,
            data=self.sums,
            op0=nl.multiply,
            operand0=shrink,
            op1=nl.add,
            operand1=product,
        )
        summed = self._column("total")
        nisa.scalar_tensor_tensor(
            dst=summed,
            data=self.total,
            op0=nl.multiply,
            operand0=shrink,
            op1=nl.add,
            operand1=total,
        )
        self.sums, self.total = sums, summed

    def _weighted(self, powers, values):
        """powers @ values: powers turn tile by tile, so that keys come to lie on partitions."""
        product = nl.ndarray((TILE_Q, self.d), dtype=nl.float32, buffer=nl.psum, name="weighted")
        for i, tile in enumerate(values):
            piece = powers[:, i * TILE_K : (i + 1) * TILE_K]
            turned = nl.ndarray((TILE_K, TILE_Q), dtype=powers.dtype, buffer=nl.psum, name="turned")
            nisa.nc_transpose(dst=turned, data=piece)
            weights = nl.ndarray((TILE_K, TILE_Q), dtype=powers.dtype, name="weights")
            nisa.tensor_copy(dst=weights, src=turned)
            nisa.nc_matmul(dst=product, stationary=weights, moving=tile)
        return product

    def output(self, dtype: str):
        """sums / total."""
        scale = self._column("scale")
        nisa.reciprocal(dst=scale, data=self.total)
        out = nl.ndarray((TILE_Q, self.d), dtype=dtype, name="out")
        nisa.tensor_scalar(dst=out, data=self.sums, op0=nl.multiply, operand0=scale)
        return out

    def _column(self, name: str):
        return nl.ndarray((TILE_Q, 1), dtype=nl.float32, name=name)


def reference(q: np.ndarray, k: np.ndarray, v: np.ndarray, causal: bool = False) -> np.ndarray:
    """The same in NumPy, float32."""
    q, k, v = (x.astype(np.float32) for x in (q, k, v))
    scores = q.T @ k / math.sqrt(q.shape[0])
    if causal:
        scores = np.where(np.tri(*scores.shape, dtype=bool), scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) @ v

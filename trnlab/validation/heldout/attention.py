"""Attention of one head in three phases for each 128 queries, everything in SBUF, FP32 inside.

As the profiles show the compiled program: four transposes leave PSUM in one copy, ScalarE and
VectorE take turns with copies, and the scores of the next queries come before the last product.
"""

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa
from trnlab.validation.heldout.tiles import PARTITIONS, like, load
from trnlab.validation.kernels import TILE_N


@nki.jit
def attention(q, k, v):
    """q, k, v [128, S]: softmax(q^T k) v^T, [S, 128]; divided by the sums at the end."""
    d, S = q.shape
    result = nl.ndarray((S, d), dtype=q.dtype, buffer=nl.shared_hbm, name="result")
    values, queries, keys = load(v), load(q), load(k)
    out = nl.ndarray((PARTITIONS, S // PARTITIONS, d), q.dtype, nl.sbuf, name="out")
    turned = _turned(values)
    following = _scores(queries[:, 0:PARTITIONS], keys)
    for number in range(S // PARTITIONS):
        powers, total = _softmax(following)
        weights = _turned(powers)
        if number + 1 < S // PARTITIONS:
            rows = slice((number + 1) * PARTITIONS, (number + 2) * PARTITIONS)
            following = _scores(queries[:, rows], keys)
        acc = nl.ndarray((PARTITIONS, d), nl.float32, nl.psum, name="acc")
        for at in range(0, S, PARTITIONS):
            part = slice(at, at + PARTITIONS)
            nisa.nc_matmul(dst=acc, stationary=weights[:, part], moving=turned[:, part])
        nisa.tensor_scalar(dst=out[:, number, :], data=acc, op0=nl.multiply, operand0=total)
    rows = result.reshape_dim(0, (S // PARTITIONS, PARTITIONS)).permute((1, 0, 2))
    nisa.dma_copy(dst=rows, src=out)
    return result


def _scores(queries, keys):
    """queries^T keys and, beside each other, the largest of every 512."""
    S = keys.shape[1]
    scores = nl.ndarray((PARTITIONS, S), nl.float32, nl.sbuf, name="scores")
    largest = nl.ndarray((PARTITIONS, S // TILE_N), nl.float32, nl.sbuf, name="largest")
    for number in range(S // TILE_N):
        part = slice(number * TILE_N, (number + 1) * TILE_N)
        acc = nl.ndarray((PARTITIONS, TILE_N), nl.float32, nl.psum, name="acc")
        nisa.nc_matmul(dst=acc, stationary=queries, moving=keys[:, part])
        nisa.tensor_copy(dst=scores[:, part], src=acc, engine=_engine(number))
        column = largest[:, number : number + 1]
        nisa.tensor_reduce(dst=column, op=nl.maximum, data=scores[:, part], axis=1)
    return scores, largest


def _softmax(found):
    """exp(scores - largest) of 128 queries, and 1 / their sums."""
    scores, largest = found
    bias, total = (nl.ndarray((PARTITIONS, 1), nl.float32, nl.sbuf) for _ in range(2))
    nisa.tensor_reduce(dst=bias, op=nl.maximum, data=largest, axis=1, negate=True)
    powers, sums = like(scores), like(largest)
    for number in range(largest.shape[1]):
        part = slice(number * TILE_N, (number + 1) * TILE_N)
        nisa.activation(dst=powers[:, part], op=nl.exp, data=scores[:, part], bias=bias)
        column = sums[:, number : number + 1]
        nisa.tensor_reduce(dst=column, op=nl.add, data=powers[:, part], axis=1)
    nisa.tensor_reduce(dst=total, op=nl.add, data=sums, axis=1)
    nisa.reciprocal(dst=total, data=total)
    return powers, total


def _turned(matrix):
    """Every 128 columns of [128, S] transposed in place, in FP32."""
    out = nl.ndarray(matrix.shape, nl.float32, nl.sbuf, name="turned")
    for number in range(matrix.shape[1] // TILE_N):
        acc = nl.ndarray((PARTITIONS, TILE_N), matrix.dtype, nl.psum, name="turned")
        part = slice(number * TILE_N, (number + 1) * TILE_N)
        for at in range(0, TILE_N, PARTITIONS):
            columns = slice(part.start + at, part.start + at + PARTITIONS)
            nisa.nc_transpose(dst=acc[:, at : at + PARTITIONS], data=matrix[:, columns])
        nisa.tensor_copy(dst=out[:, part], src=acc, engine=_engine(number))
    return out


def _engine(number):
    return nisa.engine.scalar if number % 2 == 0 else nisa.engine.vector

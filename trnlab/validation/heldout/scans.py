"""The selective scan of AWS's Mamba tutorial in two loop orders, bound by VectorE, Trainium1."""

from functools import partial

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa
from trnlab.validation.heldout.tiles import PARTITIONS, like, load, row_of_ones, spread


@nki.jit
def scan(delta, u, A, B, C, step=512):
    """Selective scan, channels outside, states inside; delta x u is made once for all states.

    Instructions that need each other take turns with those of the next state, as a compiler orders
    them.
    """
    (channels, length), states = delta.shape, A.shape[1]
    result = nl.ndarray((channels, length), dtype=delta.dtype, buffer=nl.shared_hbm, name="result")
    ones = row_of_ones(delta.dtype)
    for first in nl.affine_range(0, channels, PARTITIONS):
        rows = slice(first, first + PARTITIONS)
        deltas, us, rates = (load(x[rows, :]) for x in (delta, u, A))
        gains, total = like(deltas), like(deltas)
        nisa.tensor_tensor(dst=gains, data1=deltas, data2=us, op=nl.multiply)
        nisa.memset(dst=total, value=0)
        _take_turns(
            _state(
                deltas, gains, rates[:, s : s + 1], total, step,
                partial(spread, ones, load(B[s : s + 1])),
                partial(spread, ones, load(C[s : s + 1])),
            )
            for s in range(states)
        )  # fmt: skip
        nisa.dma_copy(dst=result[rows, :], src=total)
    return result


@nki.jit
def scan_by_state(delta, u, A, B, C):
    """The same with states outside: B and C are spread once, delta and u loaded for each state."""
    (channels, length), states = delta.shape, A.shape[1]
    result = nl.ndarray((channels, length), dtype=delta.dtype, buffer=nl.shared_hbm, name="result")
    ones = row_of_ones(delta.dtype)
    tiles = [slice(first, first + PARTITIONS) for first in range(0, channels, PARTITIONS)]
    totals = [nl.ndarray((PARTITIONS, length), delta.dtype, name="total") for _ in tiles]
    for total in totals:
        nisa.memset(dst=total, value=0)
    for s in range(states):
        repeated = [_kept(spread(ones, load(x[s : s + 1]), slice(0, length))) for x in (B, C)]
        _take_turns(
            _channels(delta[rows, :], u[rows, :], A[rows, s : s + 1], total, repeated)
            for rows, total in zip(tiles, totals, strict=True)
        )
    for rows, total in zip(tiles, totals, strict=True):
        nisa.dma_copy(dst=result[rows, :], src=total)
    return result


def _channels(delta, u, A, total, repeated):
    """One state of 128 channels, one VectorE instruction for each `next`."""
    deltas, us, rate = load(delta), load(u), load(A)
    gains = like(deltas)
    nisa.tensor_tensor(dst=gains, data1=deltas, data2=us, op=nl.multiply)
    yield
    B, C = (lambda part, tile=tile: tile[:, part] for tile in repeated)
    yield from _state(deltas, gains, rate, total, deltas.shape[1], B, C)


def _state(deltas, gains, rate, total, step, B, C):
    """One state, one VectorE instruction for each `next`; B and C give a part of their row."""
    length, before = deltas.shape[1], 0.0
    for at in range(0, length, step):
        part = slice(at, min(at + step, length))
        decay = like(deltas[:, part])
        nisa.activation(dst=decay, op=nl.exp, data=deltas[:, part], scale=rate)
        gain, h, y = like(decay), like(decay), like(decay)
        nisa.tensor_tensor(dst=gain, data1=gains[:, part], data2=B(part), op=nl.multiply)
        yield
        nisa.tensor_tensor_scan(
            dst=h, data0=decay, data1=gain, initial=before, op0=nl.multiply, op1=nl.add
        )
        before = h[:, -1:]
        yield
        nisa.tensor_tensor(dst=y, data1=h, data2=C(part), op=nl.multiply)
        yield
        nisa.tensor_tensor(dst=total[:, part], data1=total[:, part], data2=y, op=nl.add)
        yield


def _take_turns(streams):
    """Two at a time, one step each."""
    following = iter(streams)
    for stream in following:
        for _ in zip(stream, next(following), strict=True):
            pass


def _kept(tile):
    """A tile of PSUM, copied to SBUF by ScalarE."""
    kept = nl.ndarray(tile.shape, dtype=tile.dtype, buffer=nl.sbuf, name="kept")
    nisa.activation(dst=kept, op=nl.copy, data=tile)
    return kept

"""A gated MLP of few tokens, (silu(x Wg) * (x Wu)) Wd, in the sizes of nki-library's tests.

Two cores share the hidden width and exchange halves of their sums. Partition p holds rows p * tiles
to (p + 1) * tiles of K, which lie next to each other in HBM.
"""

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa
from trnlab.validation.heldout.tiles import PARTITIONS, load
from trnlab.validation.kernels import TILE_N

LOADED = 8  # tiles of K that one transfer brings
WIDE = 4 * TILE_N  # columns of the result that one transfer brings weights for


@nki.jit
def decode(xT, gate, up, down):
    """xT [H, T], gate and up [H, F], down [F, H]: [T, H]. Weights pass the few tokens once."""
    (H, T), F = xT.shape, gate.shape[1]
    result = nl.ndarray((T, H), dtype=xT.dtype, buffer=nl.shared_hbm, name="result")
    cores, core = nl.num_programs(), nl.program_id(0)
    first, last = core * F // cores, (core + 1) * F // cores
    tokens = load(_by_partition(xT))
    product = _gated(*[_passed(tokens, weights[:, first:last]) for weights in (gate, up)])
    hidden = [_turned(product[:, part]) for part in _parts(last - first, PARTITIONS)]
    sums = nl.ndarray((T, H), dtype=xT.dtype, buffer=nl.sbuf, name="sums")
    for wide in _parts(H, WIDE):
        rows = [load(down[first:last][part, wide]) for part in _parts(last - first, PARTITIONS)]
        for n in _parts(wide.stop - wide.start, TILE_N):
            acc = nl.ndarray((T, n.stop - n.start), nl.float32, nl.psum, name="acc")
            for tile, row in zip(hidden, rows, strict=True):
                nisa.nc_matmul(dst=acc, stationary=tile, moving=row[:, n])
            nisa.tensor_copy(dst=sums[:, wide.start + n.start : wide.start + n.stop], src=acc)
        if cores == 1:
            nisa.dma_copy(dst=result[:, wide], src=sums[:, wide])
    if cores == 2:
        _exchange(result, sums, core)
    return result


def _passed(tokens, weights):
    """tokens^T @ weights in PSUM; weights are loaded some tiles of K at a time."""
    _, tiles, T = tokens.shape
    parts = _parts(weights.shape[1], TILE_N)
    accs = [nl.ndarray((T, part.stop - part.start), nl.float32, nl.psum) for part in parts]
    rows = _by_partition(weights)
    for some in _parts(tiles, LOADED):
        block = load(rows[:, some, :])
        for k in range(block.shape[1]):
            for acc, part in zip(accs, parts, strict=True):
                stationary = tokens[:, some.start + k, :]
                nisa.nc_matmul(dst=acc, stationary=stationary, moving=block[:, k, part])
    return accs


def _exchange(result, sums, core):
    """Each core gets what the other has summed of its half of the columns."""
    T, H = sums.shape
    own, given = (sums[:, side * H // 2 : (side + 1) * H // 2] for side in (core, 1 - core))
    other = nl.ndarray(own.shape, dtype=sums.dtype, buffer=nl.sbuf, name="other")
    nisa.sendrecv(given, other, send_to_rank=1 - core, recv_from_rank=1 - core, pipe_id=0)
    nisa.tensor_tensor(dst=own, data1=own, data2=other, op=nl.add)
    nisa.dma_copy(dst=result[:, core * H // 2 : (core + 1) * H // 2], src=own)


def _by_partition(matrix):
    """[K, N] in HBM as [128, tiles of K, N]."""
    return matrix.reshape_dim(0, (PARTITIONS, matrix.shape[0] // PARTITIONS))


def _parts(size, step):
    return [slice(at, min(at + step, size)) for at in range(0, size, step)]


def _gated(gates, ups):
    """silu(gate) * up, in BF16, from tiles of PSUM beside each other."""
    rows, width = gates[0].shape[0], sum(tile.shape[1] for tile in gates)
    product = nl.ndarray((rows, width), dtype=nl.bfloat16, buffer=nl.sbuf, name="product")
    at = 0
    for gate, up in zip(gates, ups, strict=True):
        activated = nl.ndarray(gate.shape, dtype=nl.float32, buffer=nl.sbuf, name="activated")
        nisa.activation(dst=activated, op=nl.silu, data=gate)
        part = product[:, at : at + gate.shape[1]]
        nisa.tensor_tensor(dst=part, data1=activated, data2=up, op=nl.multiply)
        at += gate.shape[1]
    return product


def _turned(tile):
    """[T, F] to [F, T] through TensorE."""
    turned = nl.ndarray((tile.shape[1], tile.shape[0]), tile.dtype, nl.psum, name="turned")
    nisa.nc_transpose(dst=turned, data=tile)
    out = nl.ndarray(turned.shape, dtype=tile.dtype, buffer=nl.sbuf, name="hidden")
    nisa.tensor_copy(dst=out, src=turned)
    return out

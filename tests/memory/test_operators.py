"""Python's operators on a tile say what to call instead, and each name that they say exists."""

import operator

import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from trnlab import KernelError, nki
from trnlab.memory.operators import ARITHMETIC, COMPARISONS


@nki.jit
def with_operator(x, act):
    tile = nl.ndarray(x.shape, x.dtype, nl.sbuf, name="tile")
    nisa.dma_copy(tile, x)
    return act(tile)


ACTS = {
    "+": lambda tile: tile + tile,
    "*": lambda tile: 2.0 * tile,
    "/": lambda tile: np.float32(1) / tile,
    "@": lambda tile: tile @ tile,
    ">": lambda tile: tile[0, 0] > 0,
    "<": lambda tile: 0 > tile[0, 0],
    "<<": lambda tile: operator.lshift(tile, 1),
}


@pytest.mark.parametrize("sign", ACTS)
def test_an_operator_on_a_tile_names_the_function_to_call(sign):
    names = {s: name for s, name in (*ARITHMETIC.values(), *COMPARISONS.values())}
    with pytest.raises(KernelError) as refused:
        nki.simulate(with_operator)(np.ones((4, 4), np.float32), ACTS[sign])
    text = str(refused.value)
    assert text.startswith(f"{sign}: tile [") and f"nl.{names[sign]}(" in text


def test_every_function_that_an_operator_names_exists():
    for _, name in (*ARITHMETIC.values(), *COMPARISONS.values()):
        assert callable(getattr(nl, name))


def test_tiles_are_still_compared_by_identity():
    @nki.jit
    def kernel(x):
        tile = nl.ndarray(x.shape, x.dtype, nl.sbuf)
        assert tile == tile and tile != x and tile in [x, tile] and len({tile, x}) == 2
        nisa.dma_copy(tile, x)
        out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
        nisa.dma_copy(out, tile)
        return out

    x = np.ones((4, 4), np.float32)
    assert (nki.simulate(kernel)(x) == x).all()

"""Calls that do not fit a signature say what fits, and in which line."""

import numpy as np
import pytest

from trnlab import nki
from trnlab.errors import KernelError
from trnlab.nki import collectives as ncc
from trnlab.nki import isa as nisa
from trnlab.nki import language as nl

X = np.ones((4, 4), np.float32)


def refusal(call):
    @nki.jit
    def kernel(x):
        call(x, nl.load(x))

    with pytest.raises(KernelError) as caught:
        kernel(X)
    return caught.value


CALLS = {
    "a mask": (
        lambda x, t: nl.load(x, mask=x),
        "nl.load: mask belongs to NKI 0.1, and this is NKI 0.6: slice the tiles to what is there, "
        "or select with nisa.affine_select",
    ),
    "no dst": (
        lambda x, t: nisa.reciprocal(data=t),
        "reciprocal: no dst given; it takes dst, data, name. Since NKI 0.2 it writes into dst and "
        "returns no tile",
    ),
    "tiles alone": (
        lambda x, t: nisa.nc_stream_shuffle(t, [0] * 32),
        "nc_stream_shuffle: no shuffle_mask given; it takes dst, src, shuffle_mask, name. Since "
        "NKI 0.2 it writes into dst and returns no tile",
    ),
    "another name": (
        lambda x, t: nisa.max8(t, source=t),
        "max8: it has no parameter 'source'; it takes dst, src, name",
    ),
    "too many": (
        lambda x, t: nl.expand_dims(t, 1, 2),
        "nl.expand_dims: takes 2 positional arguments but 3 were given; it takes x, axis",
    ),
    "twice": (
        lambda x, t: nisa.max8(t, t, dst=t),
        "max8: got multiple values for argument 'dst'; it takes dst, src, name",
    ),
    "a method": (
        lambda x, t: t.slice(1, 0),
        "slice: no end given; it takes dim, start, end, step",
    ),
    "ndarray": (
        lambda x, t: nl.ndarray((4, 4)),
        "nl.ndarray: no dtype given; it takes shape, dtype, buffer, name, address",
    ),
    "a collective": (
        lambda x, t: ncc.rank_id(group=0),
        "rank_id: it has no parameter 'group'; it takes name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_does_not_fit_says_what_fits(name):
    call, sentence = CALLS[name]
    error = refusal(call)
    text, _, line = str(error).rpartition(" (line ")
    assert text == sentence and line.rstrip(")").isdigit()
    assert isinstance(error, TypeError)


def test_a_function_of_the_kernel_s_own_keeps_python_s_error():
    def scale(tile, *, by):
        return tile, by

    with pytest.raises(TypeError, match="missing 1 required keyword-only argument") as caught:
        nki.jit(lambda x: scale(x))(X)
    assert not isinstance(caught.value, KernelError)

"""Each function of nki.language with each of its options, on each generation.

What a function computes in float32 is compared with NumPy in tests/nki/test_language_functions.py.
"""

import numpy as np
import pytest

import trnlab.nki.language as nl
from tests.nki.kernels import loaded, stored
from trnlab import KernelError, nki
from trnlab.numerics import storage
from trnlab.numerics import stored as rounded

CHIPS = ("trn1", "trn2", "trn3")
A, B = (np.random.default_rng(i).uniform(0.25, 3, (16, 8)).astype(np.float32) for i in range(2))

BINARY = """add subtract multiply divide maximum minimum power mod fmod equal not_equal greater less
greater_equal less_equal logical_and logical_or logical_xor""".split()
UNARY = """abs arctan ceil copy cos erf erf_dx exp floor gelu gelu_apprx_sigmoid gelu_dx
gelu_apprx_sigmoid_dx gelu_apprx_tanh log logical_not mish negative reciprocal relu rsqrt sigmoid
sign silu silu_dx sin softmax softplus sqrt square tan tanh transpose trunc""".split()
REDUCTIONS = ("sum", "max", "min", "mean", "prod", "var", "all")
SINCE_TRN3 = ("abs_max", "abs_min")
NARROW = ("bfloat16", "float16", "int32", "uint8")


@pytest.fixture(params=CHIPS)
def chip(request, monkeypatch):
    monkeypatch.setenv("NEURON_PLATFORM_TARGET_OVERRIDE", request.param)
    return request.param


def run(body, *arrays):
    def kernel(*given):
        return tuple(stored(tile) for tile in body(*map(loaded, given)))

    return nki.simulate(nki.jit(kernel))(*arrays)


def same(found, wide, dtype):
    """One rounding from float32 to the dtype that was asked for."""
    assert found.dtype == storage(dtype)
    expected = rounded(np.asarray(wide, np.float32), dtype)
    assert np.array_equal(found, expected, equal_nan=dtype.startswith(("bf", "fl")))


@pytest.mark.parametrize("name", BINARY)
def test_operators_of_two_tiles_take_a_dtype(name, chip):
    function = getattr(nl, name)
    wide, *narrow = run(
        lambda a, b: [function(a, b), *(function(a, b, dtype=dtype) for dtype in NARROW)], A, B
    )
    assert wide.dtype == np.float32
    for found, dtype in zip(narrow, NARROW, strict=True):
        same(found, wide, dtype)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_tile_take_a_dtype(name, chip):
    function = getattr(nl, name)
    dtypes = ("float32",) if name == "transpose" else ("float32", *NARROW)
    wide, *narrow = run(lambda a: [function(a), *(function(a, dtype=dtype) for dtype in dtypes)], A)
    for found, dtype in zip(narrow, dtypes, strict=True):
        same(found, wide, dtype)


@pytest.mark.parametrize("name", SINCE_TRN3)
def test_operators_of_trainium3(name, chip):
    function = getattr(nl, name)
    if chip == "trn3":
        wide, narrow = run(lambda a, b: [function(a, b), function(a, b, dtype="bfloat16")], A, -B)
        same(narrow, wide, "bfloat16")
    else:
        with pytest.raises(KernelError, match=f"{name}: exists from NeuronCore-v4"):
            run(lambda a, b: [function(a, b)], A, B)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_take_a_dtype_and_keep_their_axes_if_asked(name, chip):
    function = getattr(nl, name)

    def body(a):
        cube = a.reshape((16, 2, 4))
        last = {} if name == "all" else {"keepdims": True}
        return [
            function(cube, axis=(1, 2)),
            function(cube, axis=[1, 2], dtype="bfloat16", **last),
            function(cube, axis=-1, **last),
        ]

    both, narrow, one = run(body, A)
    same(narrow.reshape(-1), both.reshape(-1), "bfloat16")
    assert both.size == 16 and one.size == 32
    if name != "all":
        assert narrow.shape == (16, 1, 1) and one.shape == (16, 2, 1)


def test_movement_takes_a_dtype(chip):
    def body(a):
        return [
            nl.copy(a, dtype="bfloat16"),
            nl.broadcast_to(a[0:1], (16, 8), dtype="bfloat16"),
            nl.where(nl.greater(a, 1.0), a, 0.0, dtype="bfloat16"),
            nl.dropout(a, 0.0, dtype="bfloat16"),
            nl.shared_identity_matrix(16, dtype="bfloat16"),
        ]

    copied, spread, chosen, kept, identity = run(body, A)
    for found, wide in ((copied, A), (spread, np.tile(A[:1], (16, 1))), (kept, A),
                        (chosen, np.where(A > 1, A, 0)), (identity, np.eye(16))):  # fmt: skip
        same(found, wide, "bfloat16")


def test_loads_take_a_dtype(chip):
    def kernel(a, index):
        tiles = [
            nl.load(a, dtype="bfloat16"),
            nl.load_transpose2d(a, dtype="float32"),
            nl.gather_flattened(nl.load(a), nl.load(index), dtype="bfloat16"),
        ]
        return tuple(stored(tile) for tile in tiles)

    index = np.tile(np.array([3, 0, 7, 3], np.uint32), (16, 1))
    cast, turned, gathered = nki.simulate(nki.jit(kernel))(A, index)
    same(cast, A, "bfloat16")
    same(turned, A.T, "float32")
    same(gathered, A[:, [3, 0, 7, 3]], "bfloat16")


def test_norms_take_their_options(chip):
    def body(a, w):
        return [
            nl.rms_norm(a, w, axis=1, n=8, epsilon=0.5),
            nl.rms_norm(a, w, axis=1, n=8, epsilon=0.5, dtype="bfloat16"),
            nl.rms_norm(a, w, axis=1, n=8, epsilon=0.5, compute_dtype="float32"),
            nl.softmax(a.reshape((16, 2, 4)), axis=(1, 2)),
        ]

    norm, narrow, computed, soft = run(body, A, B)
    expected = A / np.sqrt((A * A).mean(axis=1, keepdims=True) + 0.5) * B
    assert np.allclose(norm, expected, rtol=1e-5) and np.allclose(computed, norm, rtol=1e-6)
    same(narrow, norm, "bfloat16")
    powers = np.exp(A - A.max(axis=1, keepdims=True))
    assert np.allclose(soft.reshape(16, 8), powers / powers.sum(axis=1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize("name", ["affine_range", "sequential_range", "static_range"])
def test_static_ranges_count_as_python_does(name):
    function = getattr(nl, name)
    for arguments in ((3,), (1, 4), (0, 7, 3), (5, 5)):
        assert list(function(*arguments)) == list(range(*arguments))


@pytest.mark.parametrize("name", ["zeros", "ones", "full", "rand"])
@pytest.mark.parametrize("buffer", ["sbuf", "psum", "private_hbm", "shared_hbm"])
def test_filled_tensors_of_each_memory(name, buffer, chip):
    value = {"zeros": 0, "ones": 1, "full": 2.5}.get(name)

    def kernel(a):
        more = (2.5,) if name == "full" else ()
        tensor = getattr(nl, name)((16, 8), *more, "float32", buffer=getattr(nl, buffer))
        return stored(nl.copy(tensor) if buffer == "psum" else tensor)

    found = nki.simulate(nki.jit(kernel))(A)
    assert found.shape == (16, 8)
    assert ((0 <= found) & (found < 1)).all() if value is None else (found == value).all()

"""Every function of nki.language against NumPy."""

import math

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, run, stored
from trnlab import nki
from trnlab.errors import KernelError

# the functions and dtypes of NKI 0.6
FUNCTIONS = """
abs abs_max abs_min add affine_range all arctan bitwise_and bitwise_or bitwise_xor broadcast_to
ceil copy cos device_print divide dropout ds dynamic_range empty_like equal erf erf_dx exp
expand_dims floor fmod fori_loop full gather_flattened gelu gelu_apprx_sigmoid
gelu_apprx_sigmoid_dx gelu_apprx_tanh gelu_dx greater greater_equal invert is_hbm is_on_chip
is_psum is_sbuf left_shift less less_equal load load_transpose2d log logical_and logical_not
logical_or logical_xor matmul max maximum mean min minimum mish mod multiply ndarray negative
no_reorder not_equal num_programs ones power prod program_id program_ndim rand random_seed
reciprocal relu right_shift rms_norm rsqrt sequential_range shared_constant shared_identity_matrix
sigmoid sign silu silu_dx sin softmax softplus sqrt square static_range store subtract sum tan
tanh transpose trunc var where while_loop zeros zeros_like
""".split()
DTYPES = """
bfloat16 bool_ float16 float32 float4_e2m1fn_x4 float8_e4m3 float8_e4m3fn float8_e4m3fn_x4
float8_e5m2 float8_e5m2_x4 float8_e8m0fnu int16 int32 int8 tfloat32 uint16 uint32 uint8
""".split()
A, B = normal(16, 24), normal(16, 24)
POSITIVE = np.abs(A) + 0.5
INTS = np.random.default_rng(0).integers(0, 1000, (16, 24)).astype(np.int32)


def on_tiles(function, *arrays):
    return run(lambda *given: stored(function(*(loaded(x) for x in given))), *arrays)


def test_every_function_and_dtype_exists():
    assert len(FUNCTIONS) == 103 and len(DTYPES) == 18
    assert [name for name in FUNCTIONS if not callable(getattr(nl, name, None))] == []
    assert all(isinstance(getattr(nl, name), str) for name in DTYPES)
    assert nl.float32 == "float32" and {nl.bfloat16: 1}["bfloat16"] == 1


def test_par_dim_marks_dimension_0_only():
    def kernel(x):
        tile = nl.ndarray((nl.par_dim(16), 24), nl.float32)
        assert tile.shape == (16, 24)
        nisa.dma_copy(dst=tile, src=x)
        return stored(tile)

    assert np.array_equal(run(kernel, A), A)
    with pytest.raises(KernelError, match=r"\[8, 16, 24\] has block dimensions before nl.par_dim"):
        run(lambda x: stored(nl.ndarray((8, nl.par_dim(16), 24), nl.float32)), A)


@pytest.mark.parametrize("name", ["mgrid", "arange", "spmd_dim", "nc"])
def test_a_name_of_nki_01_says_what_took_its_place(name):
    assert not hasattr(nl, name)
    with pytest.raises(AttributeError, match=f"nl.{name} belongs to NKI 0.1, and this is NKI 0.6"):
        getattr(nl, name)


BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "maximum": np.maximum, "minimum": np.minimum, "mod": np.mod, "fmod": np.fmod,
    "equal": np.equal, "not_equal": np.not_equal, "greater": np.greater, "less": np.less,
    "greater_equal": np.greater_equal, "less_equal": np.less_equal,
    "logical_and": np.logical_and, "logical_or": np.logical_or, "logical_xor": np.logical_xor,
    "abs_max": lambda x, y: np.where(np.abs(x) > np.abs(y), x, y),
    "abs_min": lambda x, y: np.where(np.abs(x) < np.abs(y), x, y),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
def test_binary_operators_on_tiles_and_constants(name):
    operator, reference = getattr(nl, name), BINARY[name]
    close = dict(rtol=1e-6, atol=1e-6)
    assert np.allclose(on_tiles(operator, A, B), reference(A, B), **close)
    assert np.allclose(
        on_tiles(lambda x: operator(x, 1.5), A), reference(A, np.float32(1.5)), **close
    )
    assert np.allclose(
        on_tiles(lambda x: operator(1.5, x), A), reference(np.float32(1.5), A), **close
    )


@pytest.mark.parametrize("shape", [(16, 1), (1, 24), (1, 1)])
def test_binary_operators_broadcast_both_axes(shape):
    small = normal(*shape)
    assert np.array_equal(on_tiles(nl.add, A, small), A + small)
    assert np.array_equal(on_tiles(nl.subtract, small, A), small - A)


def test_power():
    assert np.allclose(on_tiles(nl.power, POSITIVE, B), POSITIVE**B, rtol=1e-5)
    assert np.allclose(on_tiles(lambda x: nl.power(x, 2.0), A), A**2, rtol=1e-5)


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor"])
def test_bit_operators(name):
    other = INTS[::-1].copy()
    assert np.array_equal(on_tiles(getattr(nl, name), INTS, other), getattr(np, name)(INTS, other))
    assert np.array_equal(
        on_tiles(lambda x: getattr(nl, name)(x, 13), INTS), getattr(np, name)(INTS, 13)
    )


def test_shifts_and_inversion():
    assert np.array_equal(on_tiles(lambda x: nl.left_shift(x, 3), INTS), INTS << 3)
    assert np.array_equal(on_tiles(lambda x: nl.right_shift(x, 3), INTS), INTS >> 3)
    assert np.array_equal(on_tiles(nl.invert, INTS), ~INTS)
    assert np.array_equal(on_tiles(nl.invert, INTS.astype(np.uint8)), ~INTS.astype(np.uint8))
    zeros = (A > 0).astype(np.float32)
    assert np.array_equal(on_tiles(nl.logical_not, zeros), 1 - zeros)


def erf(x):
    return np.vectorize(math.erf)(x.astype(np.float64))


def gelu(x):
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


UNARY = {
    "abs": np.abs, "square": np.square, "exp": np.exp, "tanh": np.tanh, "sign": np.sign,
    "negative": np.negative, "ceil": np.ceil, "floor": np.floor, "trunc": np.trunc,
    "relu": lambda x: np.maximum(x, 0), "sigmoid": sigmoid, "silu": lambda x: x * sigmoid(x),
    "erf": erf, "gelu": gelu, "softplus": lambda x: np.log1p(np.exp(x)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "gelu_apprx_sigmoid": lambda x: x * sigmoid(1.702 * x),
    "gelu_apprx_tanh": lambda x: 0.5 * x * (
        1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "copy": lambda x: x, "reciprocal": lambda x: 1 / x,
    "erf_dx": lambda x: 2 / math.sqrt(math.pi) * np.exp(-(x.astype(np.float64) ** 2)),
    "silu_dx": lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    "gelu_dx": lambda x: (0.5 * (1 + erf(x / math.sqrt(2)))
                          + x * np.exp(-(x.astype(np.float64) ** 2) / 2) / math.sqrt(2 * math.pi)),
    "gelu_apprx_sigmoid_dx": lambda x: sigmoid(1.702 * x) * (
        1 + 1.702 * x * (1 - sigmoid(1.702 * x))),
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_any_number(name):
    found = on_tiles(getattr(nl, name), A)
    assert np.allclose(found, UNARY[name](A), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["log", "sqrt", "rsqrt"])
def test_functions_of_positive_numbers(name):
    reference = {"log": np.log, "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x)}[name]
    assert np.allclose(
        on_tiles(getattr(nl, name), POSITIVE), reference(POSITIVE), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_angles_may_be_larger_than_a_turn(name):
    x = np.linspace(-30, 30, 16 * 24, dtype=np.float32).reshape(16, 24)
    expected = getattr(np, name)(x.astype(np.float64))
    assert np.allclose(on_tiles(getattr(nl, name), x), expected, rtol=1e-3, atol=2e-5)


def test_arctan():
    x = np.clip(A, -1.5, 1.5)
    assert np.allclose(on_tiles(nl.arctan, x), np.arctan(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["sum", "max", "min", "mean", "prod"])
@pytest.mark.parametrize(
    ("axis", "keepdims"), [(2, False), (2, True), ((1, 2), False), ([1, 2], True)]
)
def test_reductions_over_trailing_axes(name, axis, keepdims):
    x = normal(16, 3, 4)
    axes = axis if isinstance(axis, int) else tuple(axis)
    expected = getattr(np, name)(x, axis=axes, keepdims=keepdims)
    found = on_tiles(lambda t: getattr(nl, name)(t, axis, keepdims=keepdims), x)
    assert np.allclose(found, expected.reshape(found.shape), rtol=1e-5, atol=1e-6)
    assert found.ndim == max(2, expected.ndim)


def test_variance_all_and_dtypes_of_results():
    assert np.allclose(on_tiles(lambda x: nl.var(x, 1), A), A.var(1, keepdims=True), rtol=1e-5)
    flags = (A > -1.5).astype(np.float32)
    assert np.array_equal(on_tiles(lambda x: nl.all(x, 1), flags)[:, 0], flags.all(1))
    total = on_tiles(lambda x: nl.sum(x, 1, dtype=nl.bfloat16), A)
    assert total.dtype == ml_dtypes.bfloat16


@pytest.mark.parametrize("axis", [0, (0, 1), 1])
def test_reductions_over_other_axes_are_refused(axis):
    with pytest.raises(KernelError, match="nl.sum: axis .* trailing free axes only"):
        on_tiles(lambda x: nl.sum(x, axis), normal(4, 3, 2))


def test_softmax_and_rms_norm():
    powers = np.exp(A - A.max(1, keepdims=True))
    assert np.allclose(on_tiles(nl.softmax, A), powers / powers.sum(1, keepdims=True), rtol=1e-5)
    weights = normal(16, 24)
    expected = A / np.sqrt((A**2).mean(1, keepdims=True) + 1e-6) * weights
    found = on_tiles(lambda x, w: nl.rms_norm(x, w, axis=1, n=24), A, weights)
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_movement():
    assert np.array_equal(on_tiles(nl.transpose, A), A.T)
    assert np.array_equal(on_tiles(lambda x: nl.expand_dims(x, 1), A), A[:, None])
    assert np.array_equal(run(lambda x: stored(nl.load_transpose2d(x)), A), A.T)
    assert run(lambda x: stored(nl.load(x, dtype=nl.bfloat16)), A).dtype == ml_dtypes.bfloat16

    def store(x):
        out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
        nl.store(out, nl.load(x))
        return out

    assert np.array_equal(run(store, A), A)


@pytest.mark.parametrize("transpose_x", [False, True])
def test_matmul(transpose_x):
    x, y = normal(*((32, 16) if transpose_x else (16, 32))), normal(32, 40)
    expected = (x.T if transpose_x else x) @ y
    assert np.allclose(
        on_tiles(lambda a, b: nl.matmul(a, b, transpose_x), x, y), expected, atol=1e-4
    )


@pytest.mark.parametrize("shape", [(1, 24), (16, 1), (16, 24)])
def test_broadcast_to(shape):
    x = normal(*shape)
    assert np.array_equal(
        on_tiles(lambda t: nl.broadcast_to(t, (16, 24)), x), np.broadcast_to(x, (16, 24))
    )


@pytest.mark.parametrize(
    "dtype, row, engine",
    [
        (np.float32, 0, "tensor"),
        (ml_dtypes.bfloat16, 0, "tensor"),
        (np.float32, 5, "dma"),
        (np.int32, 0, "dma"),
    ],
)
def test_a_row_goes_to_all_partitions_by_tensor_engine_or_else_through_hbm(dtype, row, engine):
    @nki.jit
    def repeated(data):
        tile = nl.ndarray(data.shape, data.dtype)
        nisa.dma_copy(tile, data)
        out = nl.ndarray((64, 700), data.dtype, buffer=nl.shared_hbm)
        nisa.dma_copy(out, nl.broadcast_to(tile[row : row + 1], (64, 700)))
        return out

    data = (9 * normal(8, 700)).astype(dtype)
    run = trnlab.profile(repeated, data, chip="trn2")
    assert np.array_equal(run.output, np.broadcast_to(data[row], (64, 700)))
    engines = {recorded.kind.engine for recorded in run.trace.calls}
    assert ("tensor" in engines) == (engine == "tensor")


def test_broadcast_to_another_rank_is_refused():
    with pytest.raises(KernelError, match="in the same number of dimensions"):
        on_tiles(lambda t: nl.broadcast_to(t, (16, 2, 24)), A)


def test_where_takes_tiles_and_constants():
    condition = (A > 0).astype(np.float32)
    assert np.array_equal(on_tiles(nl.where, condition, A, B), np.where(A > 0, A, B))
    assert np.array_equal(
        on_tiles(lambda c, x: nl.where(c, x, 0.0), condition, A), np.where(A > 0, A, 0)
    )
    assert np.array_equal(
        on_tiles(lambda c, y: nl.where(c, 2.0, y), condition, B), np.where(A > 0, 2, B)
    )


@pytest.mark.parametrize("dtype", [np.uint32, np.int32])
def test_gather_flattened(dtype):
    indices = np.random.default_rng(0).integers(0, 24, (16, 10)).astype(dtype)
    assert np.array_equal(
        on_tiles(nl.gather_flattened, A, indices), np.take_along_axis(A, indices.astype(int), 1)
    )


@pytest.mark.parametrize("buffer", [nl.sbuf, nl.psum, nl.private_hbm, nl.shared_hbm])
def test_filled_tensors_in_every_memory(buffer):
    def kernel(x):
        tensors = (
            nl.zeros((3, 4), nl.float32, buffer),
            nl.ones((3, 4), nl.float32, buffer),
            nl.full((200 if nl.is_hbm(buffer) else 3, 4), 7, nl.float32, buffer),
        )
        return tuple(t if nl.is_hbm(buffer) else stored(t) for t in tensors)

    zeros, ones, sevens = run(kernel, A)
    assert not zeros.any() and (ones == 1).all() and (sevens == 7).all()


def test_tensors_like_another():
    seen = []

    def kernel(x):
        tile = nl.zeros_like(loaded(x), dtype=nl.int32)
        other = nl.empty_like(tile, buffer=nl.psum)
        seen.extend([(tile.shape, tile.dtype, tile.buffer), (other.dtype, other.buffer)])
        return stored(tile)

    assert not run(kernel, A).any()
    assert seen == [((16, 24), "int32", "sbuf"), ("int32", "psum")]


def test_constants_and_identities(tmp_path):
    np.save(tmp_path / "c.npy", A)
    assert np.array_equal(run(lambda x: stored(loaded(nl.shared_constant(A))), B), A)
    assert np.array_equal(run(lambda x: nl.shared_constant(str(tmp_path / "c.npy")), B), A)
    assert np.array_equal(run(lambda x: stored(nl.shared_identity_matrix(8)), B), np.eye(8))
    with pytest.raises(KernelError, match="NKI has no float64"):
        run(lambda x: nl.shared_constant(np.zeros(3)), B)


def test_random_numbers_repeat_with_their_seed():
    def kernel(x):
        seed = nl.full((1, 1), 42, nl.int32)
        tiles = []
        for _ in range(2):
            nl.random_seed(seed)
            tiles.append(stored(nl.rand((128, 64), nl.float32)))
        tiles.append(stored(nl.rand((128, 64), nl.float32)))
        return tuple(tiles)

    first, again, other = run(kernel, A)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert 0 <= first.min() and first.max() < 1 and abs(first.mean() - 0.5) < 0.02


def test_dropout_zeroes_about_a_rate():
    found = on_tiles(lambda x: nl.dropout(x, 0.25), np.ones((128, 400), np.float32))
    assert abs((found == 0).mean() - 0.25) < 0.02


def test_device_print_prints_at_once(capsys):
    run(lambda x: nl.device_print("tile", loaded(x[0:1, 0:2])), np.array([[1.5, 2.5]], np.float32))
    assert capsys.readouterr().out == "tile [[1.5 2.5]]\n"


def test_predicates_of_regions():
    assert nl.is_hbm(nl.hbm) and nl.is_hbm(nl.shared_hbm) and not nl.is_hbm(nl.sbuf)
    assert nl.is_on_chip(nl.psum) and nl.is_sbuf(nl.sbuf) and nl.is_psum(nl.psum)
    assert nl.hbm == nl.private_hbm


def test_ndarray_is_a_type_for_annotations_and_isinstance():
    assert nl.ndarray | None
    run(lambda x: isinstance(x, nl.ndarray) or pytest.fail("a tensor is no nl.ndarray"), A)


def test_assignment_copies_between_tiles_and_fills_with_constants():
    def kernel(x):
        tile = loaded(x)
        tile[:, 0:4] = 3.0
        tile[:, 4:8] = tile[:, 8:12]
        out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
        out[...] = tile
        return out

    expected = A.copy()
    expected[:, 0:4], expected[:, 4:8] = 3, A[:, 8:12]
    assert np.array_equal(run(kernel, A), expected)


def test_operators_that_only_instructions_take():
    for name in ("prelu", "bypass", "average"):
        with pytest.raises(KernelError, match="operator for instructions"):
            getattr(nl, name)(A)


def test_tile_sizes_follow_the_generation(monkeypatch):
    size = nl.tile_size
    assert (size.pmax, size.psum_bank_fmax, size.psum_bank_fmax_bytes) == (128, 512, 2048)
    assert (size.gemm_stationary_fmax, size.gemm_moving_fmax, size.bn_stats_fmax) == (128, 512, 512)
    seen = []
    monkeypatch.setenv("NEURON_PLATFORM_TARGET_OVERRIDE", "trn2")
    run(lambda x: seen.append(size.sbuf_size_bytes), A)
    assert (seen[0], size.sbuf_size_bytes) == (28 * 2**20, 32 * 2**20)
    assert size.sbuf_fmax * 4 == size.sbuf_fmax_bytes == size.total_available_sbuf_size


def test_old_spellings():
    assert nl.bool == "bool" and nl.float8e4 == nl.float8_e4m3 and nl.range is range
    assert nisa.vector_engine is nisa.engine.vector

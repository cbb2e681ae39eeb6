"""nc_matmul in all its modes, nc_transpose on TensorE."""

import ml_dtypes
import numpy as np
import pytest

import trnlab.nki.isa as nisa
from tests.isa.harness import cycles, like, normal, profile, run, tile
from trnlab import KernelError

E4M3, E4M3FN, E5M2 = ml_dtypes.float8_e4m3, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2
DOUBLE = nisa.matmul_perf_mode.double_row


def whole(*shape, seed=0):
    """Small whole numbers: their products are exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


def product(dtype="float32", dst=None, **options):
    def body(a, b):
        m = options.pop("m", a.shape[-1])
        out = tile(dst or (m, b.shape[-1]), dtype, "psum")
        nisa.nc_matmul(dst=out, stationary=a, moving=b, **options)
        return out

    return body


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16, np.float16, E4M3, E4M3FN, E5M2])
@pytest.mark.parametrize("k, m, n", [(128, 128, 512), (1, 1, 1), (96, 33, 7)])
def test_products_of_every_dtype_are_exact_on_whole_numbers(dtype, k, m, n):
    a, b = whole(k, m).astype(dtype), whole(k, n, seed=1).astype(dtype)
    expected = a.astype(np.float32).T @ b.astype(np.float32)
    assert np.array_equal(run(product(), a, b), expected)


def test_free_dimensions_are_flattened():
    a, b = whole(8, 2, 3), whole(8, 4, 5, seed=1)
    found = run(product(dst=(6, 4, 5)), a, b)
    assert np.array_equal(found, (a.reshape(8, 6).T @ b.reshape(8, 20)).reshape(6, 4, 5))


@pytest.mark.parametrize("second", [None, True, False])
def test_accumulation(second):
    def body(a, b):
        out = tile((4, 5), "float32", "psum")
        nisa.nc_matmul(out, a, b)
        nisa.nc_matmul(out, a, b, accumulate=second)
        return out

    a, b = whole(8, 4), whole(8, 5, seed=1)
    times = 1 if second is False else 2
    assert np.array_equal(run(body, a, b), times * (a.T @ b))


def test_none_overwrites_what_is_new_and_adds_to_the_rest():
    def body(a, b):
        out = tile((4, 10), "float32", "psum")
        nisa.nc_matmul(out[:, 0:6], a, b[:, 0:6])
        nisa.nc_matmul(out[:, 3:10], a, b[:, 3:10])
        return out

    a, b = whole(8, 4), whole(8, 10, seed=1)
    expected = a.T @ b
    expected[:, 3:6] *= 2
    assert np.array_equal(run(body, a, b), expected)


def test_bf16_psum_is_rounded_after_every_sum():
    def body(a, b):
        out = tile((1, 1), "bfloat16", "psum")
        for i in range(3):
            nisa.nc_matmul(out, a, b, accumulate=i > 0)
        return out

    a, b = np.full((1, 1), 1.0, np.float32), np.full((1, 1), 1 + 2**-8, np.float32)
    total = np.float32(0)
    for _ in range(3):
        total = np.float32(ml_dtypes.bfloat16(total + np.float32(1 + 2**-8)))
    assert run(body, a, b).astype(np.float32) == total
    with pytest.raises(KernelError, match="dst is bfloat16, PSUM of NeuronCore-v3 takes float32"):
        run(body, a, b, chip="trn2")


@pytest.mark.parametrize(
    "chip, n, dtype, legal",
    [
        ("trn1", 512, "float32", True),
        ("trn2", 513, "float32", False),
        ("trn3", 4096, "float32", True),
        ("trn3", 4097, "float32", False),
        ("trn3", 8192, "bfloat16", True),
    ],
)
def test_the_moving_size_depends_on_the_generation(chip, n, dtype, legal):
    a, b = whole(2, 2), whole(2, n, seed=1)
    if legal:
        assert np.array_equal(run(product(dtype), a, b, chip=chip).astype(np.float32), a.T @ b)
    else:
        with pytest.raises(KernelError, match=f"K, M, N = 2, 2, {n} exceeds"):
            run(product(dtype), a, b, chip=chip)


def test_two_rows_of_k_on_each_partition():
    a, b = whole(128, 2, 16).astype(E4M3), whole(128, 2, 40, seed=1).astype(E5M2)
    expected = np.einsum("kjm,kjn->mn", a.astype(np.float32), b.astype(np.float32))
    for mode in (DOUBLE, "double_row"):
        ran = profile(product(perf_mode=mode), a, b)
        assert np.array_equal(ran.output[0], expected)
    assert ran.flops == 2 * 256 * 16 * 40


@pytest.mark.parametrize(
    "shape, dtype, chip, options, message",
    [
        ((8, 2, 4), E4M3, "trn1", {}, "in double_row: exists from NeuronCore-v3"),
        (
            (8, 2, 4),
            np.float32,
            "trn3",
            {},
            "stationary is float32; double_row multiplies float8_e4m3",
        ),
        ((8, 3, 4), E4M3, "trn3", {}, r"stationary \[8, 3, 4\] should be \[K/2, 2, ...\]"),
        ((8, 2, 4), E4M3, "trn3", {"is_transpose": True}, "double_row and is_transpose exclude"),
        (
            (8, 2, 4),
            E4M3,
            "trn3",
            {"tile_size": (128, 64), "tile_position": (0, 0)},
            "only rows can be tiled here",
        ),
    ],
)
def test_double_row_refuses(shape, dtype, chip, options, message):
    x = whole(*shape).astype(dtype)
    with pytest.raises(KernelError, match=message):
        run(product(perf_mode=DOUBLE, m=shape[-1], **options), x, x, chip=chip)


def test_double_row_takes_the_time_of_half_the_rows():
    a, b = whole(128, 2, 128).astype(E4M3), whole(128, 2, 512).astype(E4M3)
    half, whole_k = profile(product(), a[:, 0], b[:, 0]), profile(product(perf_mode=DOUBLE), a, b)
    assert cycles(whole_k, "nc_matmul") == cycles(half, "nc_matmul")


@pytest.mark.parametrize(
    "stationary, moving, message",
    [
        (np.float32, ml_dtypes.bfloat16, "float32 goes only with float32"),
        (E4M3, E4M3FN, "float8_e4m3 and float8_e4m3fn may not meet"),
        (np.int32, np.int32, "stationary is int32; TensorE multiplies float32"),
    ],
)
def test_dtypes_that_do_not_meet(stationary, moving, message):
    with pytest.raises(KernelError, match=message):
        run(product(), whole(4, 4).astype(stationary), whole(4, 4).astype(moving))


def test_e4m3fn_exists_on_neuroncore_v4_only():
    x = whole(4, 4).astype(E4M3FN)
    with pytest.raises(KernelError, match="float8_e4m3fn exists on NeuronCore-v4 only"):
        run(product(), x, x, chip="trn2")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"tile_size": (64, 64)}, "set both or none"),
        (
            {"tile_size": (48, 64), "tile_position": (0, 0)},
            "rows and columns of a tile are 32, 64, 128",
        ),
        ({"tile_size": (32, 32), "tile_position": (16, 0)}, "is not a multiple of tile_size"),
        ({"tile_size": (32, 32), "tile_position": (128, 0)}, "is not a multiple of tile_size"),
        (
            {"tile_size": (32, 32), "tile_position": (0, 0)},
            r"stationary \[40, 20\] exceeds tile_size",
        ),
    ],
)
def test_tiles_of_the_array_are_checked(options, message):
    with pytest.raises(KernelError, match=message):
        run(product(**options), whole(40, 20), whole(40, 8))


def test_tiles_of_the_array_do_not_change_values():
    a, b = whole(32, 20), whole(32, 8, seed=1)
    options = {"tile_size": (32, 64), "tile_position": (96, 64)}
    assert np.array_equal(run(product(**options), a, b), a.T @ b)
    with pytest.raises(KernelError, match="rows and columns of a tile are 64, 128"):
        run(product(**options), a, b, chip="trn1")


@pytest.mark.parametrize("hint", ["is_stationary_onezero", "is_moving_onezero"])
def test_ones_and_zeros_make_float32_faster(hint):
    a, b = whole(128, 128), whole(128, 512)
    plain, hinted = (profile(product(**options), a, b) for options in ({}, {hint: True}))
    assert cycles(hinted, "nc_matmul") == pytest.approx(cycles(plain, "nc_matmul") / 2)
    assert np.array_equal(hinted.output[0], plain.output[0])


def eye(n, dtype=np.float32):
    return np.eye(n).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16, np.float16])
def test_a_transpose_moves_bits(dtype):
    x = normal(8, 16).astype(dtype)
    x[0, 0], x[1, 2] = np.nan, np.inf
    name = np.dtype(dtype).name
    found = run(product(name, is_transpose=True), x, eye(8, dtype))
    bits = f"u{x.dtype.itemsize}"
    assert np.array_equal(found.view(bits), np.ascontiguousarray(x.T).view(bits))


def test_a_transpose_never_accumulates():
    def body(x, i):
        out = tile((16, 8), "float32", "psum")
        for _ in range(2):
            nisa.nc_matmul(out, x, i, is_transpose=True, accumulate=None)
        return out

    x = normal(8, 16)
    assert np.array_equal(run(body, x, eye(8)), x.T)


def test_a_transpose_through_a_permutation_permutes():
    x, order = normal(8, 16), [3, 1, 0, 2, 7, 6, 5, 4]
    assert np.array_equal(run(product(is_transpose=True), x, eye(8)[:, order]), x.T[:, order])


def test_fp8_transposes_land_in_16_bits():
    x = whole(8, 16).astype(E5M2)
    found = run(product("bfloat16", is_transpose=True), x, eye(8, E5M2))
    assert np.array_equal(found.view(np.uint16), np.ascontiguousarray(x.T).view(np.uint8))


def test_a_transpose_keeps_the_dtype():
    with pytest.raises(KernelError, match="stationary is bfloat16 and dst is float32; a transpose"):
        run(
            product(is_transpose=True),
            normal(8, 8).astype(ml_dtypes.bfloat16),
            eye(8, ml_dtypes.bfloat16),
        )


def test_neuroncore_v2_transposes_by_a_product_into_float32():
    x = normal(8, 16).astype(ml_dtypes.bfloat16)
    found = run(product(is_transpose=True), x, eye(8, ml_dtypes.bfloat16), chip="trn1")
    assert np.array_equal(found, x.T.astype(np.float32))


@pytest.mark.parametrize("shape", [(128, 128), (5, 3), (4, 2, 6)])
def test_nc_transpose_on_the_tensor_engine(shape):
    def body(x):
        out = tile((x.size // x.shape[0], x.shape[0]), "bfloat16", "psum")
        nisa.nc_transpose(dst=out, data=x, engine=nisa.engine.tensor)
        return out

    x = normal(*shape).astype(ml_dtypes.bfloat16)
    assert np.array_equal(run(body, x), x.reshape(shape[0], -1).T)


def test_nc_transpose_goes_from_sbuf_to_psum():
    def body(x):
        nisa.nc_transpose(dst=like(x), data=x, engine=nisa.engine.tensor)

    with pytest.raises(KernelError, match="nc_transpose: dst is in SBUF, allowed is PSUM"):
        run(body, normal(8, 8))


def test_operands_must_be_where_the_array_reads_them():
    def body(a, b):
        nisa.nc_matmul(tile((4, 4), "float32"), a, b)

    with pytest.raises(KernelError, match="nc_matmul: dst is in SBUF, allowed is PSUM"):
        run(body, whole(4, 4), whole(4, 4))

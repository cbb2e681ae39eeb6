"""Each dtype through the instructions that take any, and each generation's own instructions."""

import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import in_psum, like, run, tile
from trnlab import KernelError
from trnlab.numerics import FORMATS, storage, stored

DTYPES = [
    name for name, format in FORMATS.items()
    if format.kind in ("float", "int", "uint") and name != "float8_e8m0fnu"
]  # fmt: skip
BYTES = np.random.default_rng(0).integers(0, 100, (32, 16)).astype(np.float32) / 4


def given(dtype):
    """Numbers of a dtype, those of tfloat32 in float32."""
    return stored(BYTES, dtype)


def anywhere(call, result=None):
    """The call with its data in SBUF, then in PSUM; both give the same."""

    def body(x):
        results = []
        for data in (x, in_psum(x)):
            results.append(like(x) if result is None else tile(*result))
            call(results[-1], data)
        return tuple(results)

    return body


CASES = {
    "tensor_copy": (lambda o, x: nisa.tensor_copy(o, x), lambda x: x),
    "tensor_scalar": (
        lambda o, x: nisa.tensor_scalar(o, x, nl.multiply, 2.0, op1=nl.add, operand1=-1.0),
        lambda x: x * 2 - 1,
    ),
    "activation": (lambda o, x: nisa.activation(o, nl.square, x), lambda x: x * x),
    "activate2": (
        lambda o, x: nisa.activate2(o, nl.copy, x, 3.0, 1.0, nl.multiply, nl.add),
        lambda x: x * 3 + 1,
    ),
    "reciprocal": (lambda o, x: nisa.reciprocal(o, x), lambda x: np.float32(1) / x),
    "exponential": (lambda o, x: nisa.exponential(o, x, 25.0), lambda x: np.exp(x - 25)),
    "tensor_scalar_reduce": (
        lambda o, x: nisa.tensor_scalar_reduce(o, x, nl.minimum, 3.0, nl.add),
        lambda x: np.minimum(x, 3),
    ),
}  # fmt: skip


REFUSED = {("exponential", "uint32"), ("exponential", "tfloat32"), ("exponential", "float8_e4m3fn")}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", DTYPES)
@np.errstate(all="ignore")
def test_every_dtype_from_sbuf_and_from_psum(name, dtype):
    call, reference = CASES[name]
    x = given(dtype)
    if (name, dtype) in REFUSED:
        with pytest.raises(KernelError, match=f"is {dtype}, allowed is"):
            run(lambda x: call(tile(x.shape, dtype), zeros(x.shape, dtype)) or x, x)
        return

    def typed(values):
        data = tile(values.shape, dtype)
        nisa.tensor_copy(data, values)
        return anywhere(call)(data)

    first, second = run(typed, x)
    expected = stored(reference(x.astype(np.float32)), dtype).astype(np.float32)
    assert np.array_equal(first.astype(np.float32), expected, equal_nan=True)
    assert np.array_equal(second.astype(np.float32), expected, equal_nan=True)
    assert first.dtype == storage(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_selections_and_searches_of_every_dtype(dtype):
    def body(x):
        top, data = tile((32, 8), dtype), tile(x.shape, dtype)
        nisa.tensor_copy(data, x)
        rest, at = like(data), tile((32, 8), "uint32")
        nisa.max8(top, data)
        nisa.nc_find_index8(at, data, top)
        nisa.nc_match_replace8(rest, data, top, 0.0)
        return top, at, rest

    x = given(dtype)
    top, at, rest = run(body, x)
    wide = x.astype(np.float32)
    assert np.array_equal(top.astype(np.float32), -np.sort(-wide, axis=1)[:, :8])
    assert np.array_equal(np.take_along_axis(x, at.astype(int), 1), top)
    assert np.array_equal(np.sort(rest.astype(np.float32), 1)[:, 8:],
                          np.sort(wide, axis=1)[:, :8])  # fmt: skip


SINCE = {
    "v3": {
        "range_select": lambda x: nisa.range_select(
            like(x), x, nl.less, nl.less, x[:, :1], x[:, :1]
        ),
        "nonzero_with_count": lambda x: nisa.nonzero_with_count(tile((32, 17), "int32"), x),
        "rand_get_state": lambda x: nisa.rand_get_state(tile((32, 6), "uint32")),
        "topk": lambda x: nisa.topk(
            tile((32, 8), "bfloat16"), tile((32, 8), "uint32"), zeros((32, 16), "bfloat16"), 64
        ),
        "dma_copy with hwdge": lambda x: nisa.dma_copy(like(x), x, dge_mode=nisa.dge_mode.hwdge),
    },
    "v4": {
        "exponential": lambda x: nisa.exponential(like(x), x),
        "activate2": lambda x: nisa.activate2(like(x), nl.exp, x, 1.0, 0.0, nl.multiply, nl.add),
        "rand2": lambda x: nisa.rand2(like(x), 0.0, 1.0),
        "quantize_mx": lambda x: nisa.quantize_mx(
            tile((32, 4), "float8_e5m2_x4"), zeros((32, 16), "bfloat16"), tile((32, 4), "uint8")
        ),
        "nc_matmul_mx": lambda x: nisa.nc_matmul_mx(
            tile((4, 4), "float32", "psum"), *[zeros((32, 4), "float8_e5m2_x4")] * 2,
            *[zeros((32, 4), "uint8")] * 2,
        ),
        "abs_max": lambda x: nisa.tensor_tensor(like(x), x, x, nl.abs_max),
        "square": lambda x: nisa.tensor_scalar(like(x), x, nl.square, None),
        "float8_e4m3fn matmul": lambda x: nisa.nc_matmul(
            tile((16, 16), "float32", "psum"), *[zeros((32, 16), "float8_e4m3fn")] * 2
        ),
        "BF16 PSUM": lambda x: nisa.nc_matmul(tile((16, 16), "bfloat16", "psum"), x, x),
        "more than a bank": lambda x: nisa.nc_matmul(
            tile((16, 1024), "float32", "psum"), x, zeros((32, 1024), "float32")
        ),
        "priority": lambda x: nisa.dma_copy(like(x), x, priority=1),
    },
}  # fmt: skip


def zeros(shape, dtype):
    filled = tile(shape, dtype)
    nisa.memset(filled, 0)
    return filled


@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
@pytest.mark.parametrize(
    "least, name", [(least, name) for least, cases in SINCE.items() for name in cases]
)
def test_what_a_generation_brings_exists_from_it_on(least, name, chip):
    def body(x):
        SINCE[least][name](x)
        return x

    x = np.ones((32, 16), np.float32)
    if int(chip[-1]) + 1 >= int(least[1]):
        assert run(body, x, chip=chip).shape == x.shape
        return
    with pytest.raises(KernelError, match=r"NeuronCore-v\d|exceeds") as refusal:
        run(body, x, chip=chip)
    assert "; " in str(refusal.value) or "takes" in str(refusal.value)


INDIRECT = {
    "tensor_copy": lambda o, v: nisa.tensor_copy(o, v),
    "tensor_tensor": lambda o, v: nisa.tensor_tensor(o, v, o, nl.add),
    "tensor_scalar": lambda o, v: nisa.tensor_scalar(o, v, nl.add, 1.0),
    "activation": lambda o, v: nisa.activation(o, nl.exp, v),
    "reciprocal": lambda o, v: nisa.reciprocal(o, v),
}


@pytest.mark.parametrize("chip", ["trn2", "trn3"])
@pytest.mark.parametrize("name", INDIRECT)
def test_indirect_views_go_where_the_pages_say(name, chip):
    def body(x, index):
        out = tile((32, 16), "float32")
        nisa.memset(out, 0)
        INDIRECT[name](out, x.indirect(index))
        return out

    x, index = np.ones((32, 64), np.float32), np.zeros((32, 1), np.uint16)
    if chip == "trn3" and name != "reciprocal":
        assert run(body, x, index, chip=chip).shape == (32, 16)
    else:
        with pytest.raises(KernelError, match="indirect"):
            run(body, x, index, chip=chip)

"""The classic kernels equal their NumPy references, on odd shapes too, and have a time."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
from trnlab import nki
from trnlab.kernels.attention import attention
from trnlab.kernels.attention import reference as attention_reference
from trnlab.kernels.gated_mlp import gated_mlp_decode, gated_mlp_prefill
from trnlab.kernels.gated_mlp import reference as mlp_reference
from trnlab.kernels.norms import (
    FP8_MAX,
    layer_norm,
    layer_norm_reference,
    rms_norm,
    rms_norm_quantize,
    rms_norm_reference,
)
from trnlab.kernels.pooling import average_pool
from trnlab.kernels.pooling import reference as pool_reference
from trnlab.kernels.scan import reference as scan_reference
from trnlab.kernels.scan import selective_scan
from trnlab.kernels.softmax import reference as softmax_reference
from trnlab.kernels.softmax import softmax
from trnlab.kernels.topk import reference as topk_reference
from trnlab.kernels.topk import top_k
from trnlab.kernels.transpose import transpose

# relative to the largest expected value: float32 sums of up to 700 terms, and BF16's half step
FP32, BF16 = 1e-5, 2.0**-7


@pytest.fixture
def normal():
    rng = np.random.default_rng(0)
    return lambda *shape: rng.standard_normal(shape).astype(np.float32)


def assert_close(result, expected, bound):
    error = np.abs(np.asarray(result, np.float32) - expected).max()
    assert error <= bound * np.abs(expected).max()


@pytest.mark.parametrize("shape", [(1, 1), (128, 128), (200, 300), (129, 7)])
@pytest.mark.parametrize("dtype", [np.float32, ml_dtypes.bfloat16])
def test_transpose_moves_every_element(normal, shape, dtype):
    x = normal(*shape).astype(dtype)
    assert (nki.simulate(transpose)(x) == x.T).all()


@pytest.mark.parametrize(("shape", "size"), [((1, 2, 2), 2), ((32, 24, 36), 3), ((128, 5, 10), 5)])
def test_average_pooling_means_over_windows(normal, shape, size):
    x = normal(*shape)
    assert_close(nki.simulate(average_pool)(x, size), pool_reference(x, size), FP32)


def test_average_pooling_refuses_windows_that_do_not_divide(normal):
    with pytest.raises(trnlab.KernelError, match="windows of 3 do not divide 8 x 9; pad x first"):
        nki.simulate(average_pool)(normal(4, 8, 9), 3)


@pytest.mark.parametrize("shape", [(1, 1), (128, 64), (300, 700)])
def test_softmax_equals_numpy(normal, shape):
    x = 10 * normal(*shape)
    assert_close(nki.simulate(softmax)(x), softmax_reference(x), FP32)


def test_softmax_of_large_numbers_does_not_overflow():
    x = np.array([[3e38, 3e38, -3e38]], np.float32)
    assert nki.simulate(softmax)(x) == pytest.approx(np.array([[0.5, 0.5, 0.0]]))


@pytest.mark.parametrize("shape", [(1, 8), (128, 512), (300, 700)])
def test_norms_equal_numpy(normal, shape):
    x, weight, bias = normal(*shape), normal(shape[1]), normal(shape[1])
    assert_close(nki.simulate(rms_norm)(x, weight), rms_norm_reference(x, weight), FP32)
    expected = layer_norm_reference(x, weight, bias)
    assert_close(nki.simulate(layer_norm)(x, weight, bias), expected, 3 * FP32)


@pytest.mark.parametrize("dtype", ["float8_e4m3", "float8_e4m3fn", "float8_e5m2"])
def test_quantized_rms_norm_is_within_half_a_step_of_its_format(normal, dtype):
    x, weight = normal(130, 96), normal(96)
    values, scales = nki.simulate(rms_norm_quantize)(x, weight, dtype)
    expected = rms_norm_reference(x, weight)
    half_step = float(ml_dtypes.finfo(values.dtype).eps) / 2
    assert values.dtype.name == dtype
    assert np.abs(values.astype(np.float32)).max() <= FP8_MAX[dtype]
    smallest = scales * float(ml_dtypes.finfo(values.dtype).smallest_subnormal)
    bound = half_step * 1.001 * np.abs(expected) + smallest
    assert (np.abs(values.astype(np.float32) * scales - expected) <= bound).all()


def test_quantized_rms_norm_of_zeros_is_zero():
    x, weight = np.zeros((3, 16), np.float32), np.ones(16, np.float32)
    values, scales = nki.simulate(rms_norm_quantize)(x, weight)
    assert not values.astype(np.float32).any() and np.isfinite(scales).all()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("d", "sequence"), [(64, 128), (128, 640), (32, 1024)])
def test_attention_equals_numpy(normal, d, sequence, causal):
    q, k, v = normal(d, sequence), normal(d, sequence), normal(sequence, d)
    expected = attention_reference(q, k, v, causal)
    assert_close(nki.simulate(attention)(q, k, v, causal=causal), expected, FP32)
    narrow = [x.astype(ml_dtypes.bfloat16) for x in (q, k, v)]
    expected = attention_reference(*narrow, causal)
    assert_close(nki.simulate(attention)(*narrow, causal=causal), expected, BF16)


def test_causal_attention_does_about_half_the_work():
    q, v = trnlab.shape((128, 4096), "bfloat16"), trnlab.shape((4096, 128), "bfloat16")
    full = trnlab.profile(attention, q, q, v, chip="trn2")
    causal = trnlab.profile(attention, q, q, v, causal=True, chip="trn2")
    assert 0.5 < causal.flops / full.flops < 0.6
    assert causal.total_s < 0.7 * full.total_s


def test_attention_refuses_a_sequence_that_tiles_do_not_divide(normal):
    with pytest.raises(trnlab.KernelError, match="sequence 200 is not a multiple of 128; pad it"):
        nki.simulate(attention)(normal(64, 200), normal(64, 200), normal(200, 64))


@pytest.mark.parametrize(("channels", "states", "steps"), [(1, 1, 1), (128, 16, 64), (200, 4, 96)])
def test_selective_scan_equals_the_recurrence(normal, channels, states, steps):
    delta, u = 0.1 * np.abs(normal(channels, steps)), normal(channels, steps)
    A, B, C = -np.abs(normal(channels, states)), normal(states, steps), normal(states, steps)
    expected = scan_reference(delta, u, A, B, C)
    assert_close(nki.simulate(selective_scan)(delta, u, A, B, C), expected, FP32)


@pytest.mark.parametrize(("shape", "k"), [((1, 8), 8), ((130, 500), 24), ((128, 64), 64)])
def test_top_k_finds_values_and_places(normal, shape, k):
    x = normal(*shape)
    values, indices = nki.simulate(top_k)(x, k)
    expected, places = topk_reference(x, k)
    assert (values == expected).all() and (indices == places).all()


def test_top_k_refuses_a_k_that_is_no_multiple_of_eight(normal):
    with pytest.raises(trnlab.KernelError, match="k = 12 of 64 columns; use a multiple of 8"):
        nki.simulate(top_k)(normal(2, 64), 12)


@pytest.mark.parametrize("tokens", [1, 5, 128])
def test_decoding_mlp_equals_numpy(normal, tokens):
    x, gate, up, down = normal(tokens, 256), normal(256, 640), normal(256, 640), normal(640, 256)
    result = nki.simulate(gated_mlp_decode)(x.T.copy(), gate, up, down)
    assert_close(result, mlp_reference(x, gate, up, down), FP32)


@pytest.mark.parametrize("tokens", [1, 512, 700])
def test_prefilling_mlp_equals_numpy(normal, tokens):
    x, gate, up, down = normal(tokens, 256), normal(256, 384), normal(256, 384), normal(384, 256)
    result = nki.simulate(gated_mlp_prefill)(x.T.copy(), gate, up, down)
    assert_close(result.T, mlp_reference(x, gate, up, down), FP32)


def test_decoding_waits_for_memory_and_prefilling_for_the_array():
    def shape(*sizes):
        return trnlab.shape(sizes, "bfloat16")

    weights = (shape(1024, 2048), shape(1024, 2048), shape(2048, 1024))
    decode = trnlab.profile(gated_mlp_decode, shape(1024, 8), *weights, chip="trn2")
    prefill = trnlab.profile(gated_mlp_prefill, shape(1024, 4096), *weights, chip="trn2")
    assert decode.busy["dma"] > decode.busy["tensor"]
    assert prefill.busy["tensor"] > prefill.busy["dma"]
    assert prefill.mfu > 5 * decode.mfu


@pytest.mark.parametrize("kernel", [softmax, rms_norm])
def test_two_cores_give_the_same_rows_as_one(normal, kernel):
    x = normal(700, 96)
    others = () if kernel is softmax else (normal(96),)
    one, two = nki.simulate(kernel)(x, *others), nki.simulate(kernel[2])(x, *others)
    assert (one == two).all()


def test_two_cores_share_the_tokens_of_a_prefill(normal):
    args = normal(256, 1100), normal(256, 384), normal(256, 384), normal(384, 256)
    one, two = nki.simulate(gated_mlp_prefill)(*args), nki.simulate(gated_mlp_prefill[2])(*args)
    assert (one == two).all()
    assert (
        trnlab.profile(gated_mlp_prefill[2], *args).total_s
        < trnlab.profile(gated_mlp_prefill, *args).total_s
    )

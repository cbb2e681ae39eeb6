"""The first thing to run: ten claims about the whole of trnlab, in two seconds.

python -m pytest tests/test_tiny.py
"""

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from trnlab import nki, spec
from trnlab.kernels.matmul import LADDER


@nki.jit
def add(a, b):
    """The smallest useful kernel: load two tiles, add them, store the sum."""
    result = nl.ndarray(a.shape, a.dtype, buffer=nl.shared_hbm)
    x, y = nl.ndarray(a.shape, a.dtype), nl.ndarray(b.shape, b.dtype)
    nisa.dma_copy(dst=x, src=a)
    nisa.dma_copy(dst=y, src=b)
    nisa.tensor_tensor(dst=x, data1=x, data2=y, op=nl.add)
    nisa.dma_copy(dst=result, src=x)
    return result


A = np.arange(128 * 64, dtype=np.float32).reshape(128, 64)


def test_a_kernel_takes_numpy_arrays_and_returns_them() -> None:
    np.testing.assert_array_equal(nki.simulate(add)(A, A), A + A)


def test_a_profile_has_the_values_and_the_time() -> None:
    prof = trnlab.profile(add, A, A, chip="trn3")
    np.testing.assert_array_equal(prof.output, A + A)
    assert 3 < prof.total_us < 10


def test_time_needs_no_values() -> None:
    shape = trnlab.shape((128, 64), "float32")
    prof = trnlab.profile(add, shape, shape)
    assert prof.output is None
    assert prof.total_us == trnlab.profile(add, A, A).total_us


def test_every_row_of_the_timeline_says_what_it_waited_for() -> None:
    line = trnlab.profile(add, A, A).timeline
    ops = [line.ops[code] for code in line["op"]]
    load = ["DmaTrigger", "dma_copy"]
    assert ops == [*load, *load, "tensor_tensor", *load]
    sentence = line.wait_text(ops.index("tensor_tensor"))
    assert sentence.startswith("VectorE waits ")
    assert " for DMA queue 1: dma_copy that writes " in sentence


def test_values_can_be_seen_at_any_call() -> None:
    prof = trnlab.profile(add, A, 2 * A)
    np.testing.assert_array_equal(prof.values(0, "dst"), A)
    np.testing.assert_array_equal(prof.values(2, "dst"), 3 * A)


def test_a_matrix_product_equals_numpys() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(-4, 5, (256, 256)), rng.integers(-4, 5, (256, 1024))
    product = nki.simulate(LADDER["tiled"].kernel)(a.astype("f4"), b.astype("f4"))
    np.testing.assert_array_equal(product, a.T @ b)


def test_each_step_of_the_matmul_ladder_is_faster_than_the_one_before() -> None:
    a = trnlab.shape((1024, 1024), "bfloat16")
    times = [
        trnlab.profile(LADDER[name].kernel, a, a, chip="trn2").total_us
        for name in ("tiled", "hoisted", "blocked")
    ]
    assert times == sorted(times, reverse=True)


def test_what_the_device_would_refuse_is_refused_in_a_sentence() -> None:
    wide = np.zeros((256, 64), np.float32)
    with pytest.raises(trnlab.KernelError) as refused:
        nki.simulate(add)(wide, wide)
    line = add.function.__code__.co_firstlineno + 4
    assert str(refused.value) == (
        "nl.ndarray: [256, 64] in SBUF has 256 partitions, at most 128 exist; "
        f"tile dimension 0 by nl.tile_size.pmax (128) (line {line})"
    )


def test_every_number_of_the_hardware_has_a_source() -> None:
    for chip in spec.CHIPS.values():
        assert all(fact.source for fact in chip.facts())


def test_faster_hardware_is_never_slower() -> None:
    prof = trnlab.profile(add, A, A)
    for change in ({"vector.clock_hz": 2.4e9}, {"dma.start_s": 0.1e-6}, {"semaphore_s": 0.0}):
        assert prof.on(prof.core.with_(change)).total_s <= prof.total_s

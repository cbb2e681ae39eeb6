"""The balance of one matmul against the ceilings of a core."""

import pytest

from trnlab import spec
from trnlab.numerics import itemsize
from widgets.balance import ELEMENT_BYTES, BalanceCalculator, balance
from widgets.balance.times import knee


def test_element_sizes_are_those_of_the_dtypes():
    stored = {"float32": "float32", "bfloat16": "bfloat16", "float8": "float8_e5m2"}
    assert {mode: itemsize(dtype) for mode, dtype in stored.items()} == ELEMENT_BYTES


@pytest.fixture
def core():
    return spec.chip("trn3").core


def test_a_full_tile_used_once_counted_by_hand(core):
    found = balance(core, 128, 128, 512, k_tiles=32)
    moved = 2 * (128 * 128 + 128 * 512) + 2 * 128 * 512 / 32
    assert found.hbm_bytes == moved
    assert found.time_s("tensor") == pytest.approx(512 / 2.4e9)
    assert found.time_s("dma") == pytest.approx(moved / (16 * 33e9))
    assert found.time_s("hbm") == pytest.approx(moved / (4.7e12 / 8))
    assert found.time_s("vector") == pytest.approx(512 / 32 / 1.2e9)
    assert found.slowest.part == "dma"


@pytest.mark.parametrize("chip", spec.CHIPS)
@pytest.mark.parametrize("dtype", ELEMENT_BYTES)
def test_no_matmul_beats_the_peak(chip, dtype):
    found = balance(spec.chip(chip).core, 128, 128, 512, dtype=dtype, uses=1000, k_tiles=1000)
    assert found.slowest.part == "tensor"
    assert found.flops_per_s == pytest.approx(found.peak_flops_per_s)


@pytest.mark.parametrize("dtype", ELEMENT_BYTES)
def test_at_the_knee_memory_and_tensor_engine_take_equally_long(core, dtype):
    found = balance(core, 128, 128, 512, dtype=dtype, uses=4)
    ratio = found.time_s("hbm") / found.time_s("tensor")
    at_knee = knee(core, dtype, core.hbm_share_bytes_per_s)
    assert ratio == pytest.approx(at_knee / found.intensity)


def test_more_use_of_a_tile_never_makes_a_part_slower(core):
    times = [balance(core, 128, 128, 512, uses=uses).slowest.time_s for uses in (1, 2, 4, 8)]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    "shape, sentence",
    [
        ((129, 128, 512), "K = 129: a whole number from 1 to the 128 rows of the array."),
        ((1.5, 128, 512), "K = 1.5: a whole number from 1 to the 128 rows of the array."),
        ((128, 0, 512), "M = 0: a whole number from 1 to the 128 columns"),
        ((128, 128, 513), "N = 513: a whole number from 1 to the 512 FP32 numbers of a PSUM bank."),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(core, shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        balance(core, *shape)


def test_the_calculator_keeps_the_last_good_picture():
    calculator = BalanceCalculator()
    before = calculator.result
    calculator.k = 1000
    assert calculator.problem.startswith("K = 1000")
    assert calculator.result == before
    calculator.k = 1.5
    assert calculator.problem.startswith("K = 1.5: a whole number")
    assert calculator.result == before and calculator.saved()["k"] == 1.5
    calculator.k = 64
    assert calculator.problem == ""
    assert calculator.result != before


def test_the_calculator_shows_what_the_balance_says():
    calculator = BalanceCalculator(chip="trn2", dtype="float32", uses=4)
    found = balance(
        spec.chip("trn2").core, 128, 128, 512, dtype="float32", uses=4, k_tiles=calculator.k_tiles
    )
    assert {bar["part"]: bar["time_s"] for bar in calculator.result["bars"]} == {
        share.part: share.time_s for share in found.shares
    }
    assert [bar["part"] for bar in calculator.result["bars"] if bar["slowest"]] == ["tensor"]

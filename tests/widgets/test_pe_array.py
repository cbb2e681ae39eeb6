"""The array widget: what it takes from the spec, what it refuses, what drives it."""

import pytest
import traitlets

from trnlab import spec
from widgets.pe_array import PeArray


@pytest.fixture
def array():
    return PeArray()


def test_it_starts_with_a_full_tile_of_the_chip(array):
    core = spec.chip("trn3").core
    assert (array.rows, array.columns) == (core.tensor.rows, core.tensor.columns)
    assert (array.k, array.m, array.n) == (array.rows, array.columns, core.psum.bank_fp32_elements)


@pytest.mark.parametrize("chip", spec.CHIPS)
def test_its_timing_numbers_are_those_of_the_chip(chip):
    tensor = spec.chip(chip).core.tensor
    machine = PeArray(chip).machine
    assert machine["clock_hz"] == tensor.clock_hz
    assert machine["min_interval_cycles"] == tensor.min_interval_cycles
    assert machine["load_speedup"] == tensor.load_speedup
    assert machine["latency_cycles"] == tensor.latency_cycles


@pytest.mark.parametrize("chip, says", [("trn2", "measured"), ("trn3", "assumed")])
def test_a_latency_that_nobody_published_is_called_assumed(chip, says):
    assert PeArray(chip).machine["latency_status"].startswith(says)


@pytest.mark.parametrize(
    "name, value, sentence",
    [
        ("k", 129, "PeArray: K = 129 exceeds the 128 rows of the array."),
        ("m", 200, "PeArray: M = 200 exceeds the 128 columns of the array."),
        ("n", 513, "PeArray: N = 513 exceeds the 512 FP32 elements of a PSUM bank."),
    ],
)
def test_a_shape_that_does_not_fit_is_refused_with_a_sentence(array, name, value, sentence):
    with pytest.raises(traitlets.TraitError, match=sentence):
        setattr(array, name, value)


def test_ragged_example_numbers_are_refused(array):
    with pytest.raises(traitlets.TraitError, match="stationary must be rows of equal length"):
        array.stationary = [[1, 2], [3]]


def test_every_preset_is_a_shape_that_the_widget_takes(array):
    for preset in array.presets:
        array.set_trait("rows", preset["state"]["rows"])
        for name, value in preset["state"].items():
            array.set_trait(name, tuple(value) if name == "lens" else value)
        assert array.wave.total_cycles > array.wave.interval_cycles


def test_another_widget_drives_it_by_its_traits(array):
    array.set_trait("cycle", array.wave.load_cycles)
    assert array.wave.active(array.cycle) == 1


def test_the_script_stays_small(array):
    assert len(array._esm) < 54_000

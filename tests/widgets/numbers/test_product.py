"""A product: every time and error is the engine's, and the story that the page tells holds."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
from tests.widgets.numbers.harness import change
from trnlab.kernels.matmul import blocked
from trnlab.kernels.narrow_matmul import INTERLEAVE, double_row, mx, mx_quantizing
from widgets.numbers.product import ProductPart, tensor_s, work
from widgets.numbers.products import CORNER_K, SIZES, VARIANTS, Product, operands

SMALL = {"K": "512", "M": "128", "N": "512"}


@pytest.fixture(scope="module")
def shared():
    return ProductPart()


@pytest.fixture
def product(shared):
    if shared.problem or shared.params != shared.first:
        shared.show(dict(shared.first))
    return shared


def point(product, name):
    return next(point for point in product.scene["points"] if point["name"] == name)


def shape(sizes, dtype):
    return trnlab.shape(sizes, dtype)


def test_times_are_those_of_the_kernels(product):
    k, m, n = 2048, 512, 512
    packed = [
        shape((k // 4, m), "uint32"),
        shape((128, m), "uint8"),
        shape((k // 4, n), "uint32"),
        shape((128, n), "uint8"),
    ]
    wide = [shape((k, m), "bfloat16"), shape((k, n), "bfloat16")]
    narrow = [shape((k, m), "float8_e4m3fn"), shape((k, n), "float8_e4m3fn")]
    options = {"chip": "trn3", "m_block": 4, "n_block": 1}
    expected = {
        "bf16": trnlab.profile(blocked, *wide, **options),
        "fp8": trnlab.profile(double_row, *narrow, scale=0.5, **options),
        "mxfp8": trnlab.profile(mx, *packed, **options),
        "mxfp8-core": trnlab.profile(
            mx_quantizing, *packed[:2], wide[1], interleave="scalar", **options
        ),
    }
    for name, run in expected.items():
        shown = point(product, name)
        assert (shown["us"], shown["bytes"]) == (run.total_us, run.hbm_bytes)
        assert shown["tensor_busy"] == run.busy["tensor"]
        assert shown["speedup"] == pytest.approx(expected["bf16"].total_s / run.total_s)


def test_errors_rank_as_the_formats_do(product):
    db = {point["name"]: point["db"] for point in product.scene["points"]}
    assert db["mxfp8"] == db["mxfp8-core"]  # who quantizes makes no difference
    assert db["bf16"] > db["mxfp8"] + 20 > db["mxfp4-core"] + 25 > db["mxfp4"] + 27


def test_the_error_of_bf16_is_the_rounding_of_the_result(product):
    w, x, exact = operands(CORNER_K, "normal")
    result = exact.astype(ml_dtypes.bfloat16).astype(np.float64)
    noise = np.square(result - exact).sum() / np.square(exact).sum()
    assert point(product, "bf16")["db"] == pytest.approx(-10 * np.log10(noise), abs=0.01)


def test_fewer_bytes_move_in_narrower_formats(product):
    moved = [point(product, name)["bytes"] for name in ("bf16", "mxfp8-core", "mxfp8", "mxfp4")]
    assert moved == sorted(moved, reverse=True)


def test_tensore_keeps_its_promise_and_the_product_does_not(product):
    change(product, M="2048", N="2048")
    for name, times in (("fp8", 2), ("mxfp8", 4), ("mxfp8-core", 4)):
        shown = point(product, name)
        assert shown["peak_speedup"] == times
        assert 0.95 * times < shown["tensor_speedup"] <= times * 1.001
        assert shown["speedup"] < shown["tensor_speedup"]


def test_the_rate_survives_when_tiles_are_used_often(product):
    lines = {name: values for name, _, values in product.more["lines"]}
    assert product.more["id"] == product.scene["id"]
    assert product.more["sizes"] == list(SIZES["M"])
    here = product.more["sizes"].index(512)
    for name, values in lines.items():
        assert values[here] == pytest.approx(point(product, name)["speedup"])
        assert values == sorted(values)
    assert lines["mxfp8-core"][-1] > 2 * lines["mxfp8-core"][0]
    assert all(
        core < before for core, before in zip(lines["mxfp8-core"], lines["mxfp8"], strict=True)
    )


def test_work_is_the_busy_time_of_each_engine(product):
    run = VARIANTS["mxfp8-core"].time(Product())
    shown = {entry["engine"]: dict(entry["parts"]) for entry in product.scene["work"]}
    line = run.timeline
    assert shown["tensor"] == {"multiply": pytest.approx(tensor_s(run) * 1e6)}
    assert set(shown["vector"]) == {"quantize_mx", "copy out of PSUM"}
    assert set(shown["scalar"]) == {"interleave"}
    for engine in ("vector", "scalar", "gpsimd"):
        rows = line["engine"] == line.engines.index(engine)
        assert sum(shown[engine].values()) == pytest.approx(line["busy_s"][rows].sum() * 1e6)


def test_quantize_mx_takes_four_elements_of_a_partition_in_a_cycle(product):
    core = VARIANTS["mxfp8-core"].time(Product()).core
    shown = {entry["engine"]: dict(entry["parts"]) for entry in product.scene["work"]}
    least = 2048 * 512 / 128 / 4 / core.vector.clock_hz * 1e6
    assert least <= shown["vector"]["quantize_mx"] < 1.5 * least


@pytest.mark.parametrize("interleave", INTERLEAVE)
def test_who_interleaves_changes_the_time_and_nothing_else(shared, interleave):
    change(shared, **{**shared.first, **SMALL, "interleave": interleave})
    assert shared.problem == ""
    engines = {
        entry["engine"] for entry in shared.scene["work"] if "interleave" in dict(entry["parts"])
    }
    assert engines == ({interleave} if interleave in ("scalar", "vector", "gpsimd") else set())
    assert point(shared, "mxfp8-core")["db"] == point(shared, "mxfp8")["db"]


def test_interleaving_by_dma_is_far_slower(shared):
    took = {}
    for interleave in ("scalar", "dma"):
        change(shared, **{**shared.first, **SMALL, "interleave": interleave})
        took[interleave] = point(shared, "mxfp8-core")["us"]
    assert took["dma"] > 10 * took["scalar"]
    assert "times slower" in shared.scene["words"]


def test_outlier_channels_hurt_four_bits(product):
    before = point(product, "mxfp4")["db"]
    change(product, data="outliers")
    assert point(product, "mxfp4")["db"] < before - 0.5


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_can_be_looked_at(shared, name):
    change(shared, **{**shared.first, **SMALL, "chosen": name})
    assert shared.problem == "" and shared.scene["label"] == VARIANTS[name].label
    assert work(shared.runs[name]) == shared.scene["work"]
    low, high = shared.more["range_us"]
    assert low < shared.scene["total_us"] < high


@pytest.mark.parametrize(
    "params, sentence",
    [
        ({"K": "1000"}, "K = 1000: choose one of 512, 1024, 2048, 4096."),
        ({"M": "NaN"}, "M = NaN: choose one of 128, 256"),
        ({"N": ""}, "N = : choose one of 512"),
        ({"N": -512}, "N = -512: choose one of 512"),
        ({"M": 10**30}, "M = 10000000000000000000: choose one of"),
        ({"interleave": "host"}, "interleave: 'host' is not one of scalar, vector"),
        ({"data": None}, "data: 'None' is not one of normal, outliers"),
        ({"chosen": "int8"}, "format: 'int8' is not one of bf16, fp8"),
    ],
)
def test_what_is_not_on_offer_is_refused(product, params, sentence):
    before = product.scene
    change(product, **params)
    assert product.problem.startswith(sentence) and product.scene == before


def test_the_state_leads_back():
    state = {"K": "512", "M": "256", "chosen": "mxfp4", "interleave": "vector"}
    product = ProductPart(state)
    assert product.saved() == state
    assert len(product.scene["points"]) == len(VARIANTS)


@pytest.mark.parametrize("k", SIZES["K"])
@pytest.mark.parametrize("n", SIZES["N"])
def test_every_size_on_offer_runs_and_narrower_is_never_more_bytes(k, n):
    for m in (SIZES["M"][0], SIZES["M"][-1]):
        moved = [VARIANTS[name].time(Product(k, m, n)).hbm_bytes for name in VARIANTS]
        assert moved[0] == max(moved) and moved[-1] == min(moved)

"""The closed form of a product is held to the engine's own schedule."""

import numpy as np
import pytest

import trnlab
from tests.cluster import products
from trnlab import spec
from trnlab.cluster.dtypes import FORMATS, number_format
from trnlab.cluster.product import Product, core_product_s, product_s
from trnlab.kernels.matmul import blocked, pipelined
from trnlab.spec.systems import SYSTEMS

BF16 = FORMATS["bfloat16"]
RESULT_S = 2e-6  # from the last column to the sum in SBUF, and TensorE's start at its lower rate
LARGE = [(1024, 2048, 2048), (2048, 2048, 2048), (4096, 1024, 2048), (4096, 2048, 1024)]
SMALL = [
    (512, 2048, 2048),
    (1024, 512, 1024),
    (4096, 256, 1024),
    (512, 1024, 512),
    (2048, 128, 2048),
]


EVEN = [(2048, 1024, 2048), (2048, 2048, 2048), (1024, 4096, 2048), (384, 7168, 2048)]
ODD = [(1000, 1000, 1000), (777, 1536, 3001), (200, 3000, 900), (1536, 300, 2100), (512, 512, 512)]
THIN = [(128, 512, 4096), (64, 1024, 1024), (16, 4096, 1024), (1, 2048, 2048), (8, 1024, 3584)]
WITHIN = [(EVEN, 0.05), (ODD, 0.10), (THIN, 0.15), ([(130, 130, 130)], 0.25)]
FORMATS_OF = {
    "trn1": ["float32", "bfloat16"],
    "trn2": ["float32", "bfloat16", "float8"],
    "trn3": ["float32", "bfloat16", "float8", "mxfp8", "mxfp4"],
}


def closed_s(chip: str, inner: int, rows: int, columns: int, dtype: str = "bfloat16") -> float:
    shape = (np.array([float(size)]) for size in (rows, inner, columns))
    return float(core_product_s(spec.chip(chip).core, *shape, FORMATS[dtype])[0])


def scheduled_s(chip: str, inner: int, rows: int, columns: int, dtype: str = "bfloat16") -> float:
    blocks = {"m_block": min(8, rows // 128), "n_block": min(2, columns // 512)}
    longest = 2048 if dtype == "bfloat16" else 1024
    kernel, more = (blocked, {}) if inner <= longest else (pipelined, {"k_block": 8})
    lhsT, rhs = (trnlab.shape((inner, size), dtype) for size in (rows, columns))
    return trnlab.profile(kernel, lhsT, rhs, chip=chip, **blocks, **more).total_s


@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
@pytest.mark.parametrize("shape", LARGE)
def test_large_products_are_within_two_percent_of_the_schedule(chip: str, shape: tuple) -> None:
    assert closed_s(chip, *shape) == pytest.approx(scheduled_s(chip, *shape), rel=0.02)


@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
@pytest.mark.parametrize("shape", SMALL)
def test_small_products_are_within_twelve_percent(chip: str, shape: tuple) -> None:
    assert closed_s(chip, *shape) == pytest.approx(scheduled_s(chip, *shape), rel=0.12)


@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
@pytest.mark.parametrize("shape", [(512, 1024, 2048), (1024, 1024, 1024), (2048, 1024, 1024)])
def test_products_in_float32_are_within_five_percent(chip: str, shape: tuple) -> None:
    found = closed_s(chip, *shape, "float32")
    assert found == pytest.approx(scheduled_s(chip, *shape, "float32"), rel=0.05)


@pytest.mark.parametrize(
    ("chip", "dtype"), [(chip, dtype) for chip in FORMATS_OF for dtype in FORMATS_OF[chip]]
)
def test_every_format_and_shape_is_held_to_the_schedule(chip: str, dtype: str) -> None:
    """Rows, contraction, columns: whole tiles, none whole, and those of decoding."""
    for shapes, within in WITHIN:
        for rows, inner, columns in shapes:
            scheduled = products.scheduled_s(chip, rows, inner, columns, dtype)
            found = closed_s(chip, inner, rows, columns, dtype)
            assert found == pytest.approx(scheduled, rel=within), (rows, inner, columns)


@pytest.mark.parametrize("chip", FORMATS_OF)
def test_products_of_decoding_take_as_long_as_their_weights(chip: str) -> None:
    """One more of a row of products: weights stream, results stay on the chip.

    Where TensorE is the limit, the closed form also waits for the result before: products of a
    network depend on each other, those of the schedule do not.
    """
    for rows, inner, columns in [(1, 2048, 1024), (1, 4096, 1792), (4, 4096, 512), (8, 1024, 4096)]:
        shape = (np.array([float(size)]) for size in (rows, inner, columns))
        found = float(core_product_s(spec.chip(chip).core, *shape, BF16, is_streamed=True)[0])
        scheduled = products.streamed_s(chip, rows, inner, columns)
        assert 0.98 * scheduled < found < scheduled + RESULT_S, (rows, inner, columns)
        if found > 1.01 * scheduled:
            assert chip == "trn3" and inner * columns <= 2**21


def test_on_trainium1_a_long_contraction_also_waits_for_sbuf() -> None:
    """Sums, blocks and results of two blocks do not fit; the form knows no such wait."""
    for shape in [(2048, 8192, 1024), (2048, 6144, 2048), (4096, 4096, 512)]:
        rows, inner, columns = shape
        found = closed_s("trn1", inner, rows, columns)
        scheduled = products.scheduled_s("trn1", *shape, "bfloat16")
        assert 0.75 * scheduled < found < 1.05 * scheduled


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_product_beats_the_peak(system: str) -> None:
    found = SYSTEMS[system]
    shape = Product(*(np.array([size]) for size in (8192.0, 8192.0, 8192.0, 1.0)))
    chip = found.chip
    peak = (
        found.cores_per_device * chip.core.mfu_flops_per_s
        if found.is_trainium
        else chip.flops_per_s["bfloat16"]
    )
    rate = 2 * 8192.0**3 / product_s(found, shape, BF16)[0]
    assert 0.5 * peak < rate < peak


def test_mx_formats_stream_four_rows_at_once() -> None:
    shape = ("trn3", 8192, 2048, 2048)
    assert closed_s(*shape, "mxfp8") < 0.45 * closed_s(*shape)


def test_more_cores_share_one_product() -> None:
    shape = Product(*(np.array([size]) for size in (8192.0, 4096.0, 8192.0, 1.0)))
    one = SYSTEMS["trn3-gen2"].with_(cores_per_device=1)
    speedup = product_s(one, shape, BF16) / product_s(SYSTEMS["trn3-gen2"], shape, BF16)
    assert 7.0 < speedup[0] < 8.0


def test_an_unknown_format_suggests_a_known_one() -> None:
    with pytest.raises(ValueError, match="Did you mean 'mxfp8'"):
        number_format("mxfp9")

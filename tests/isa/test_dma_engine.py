"""dma_copy: values, limits, and time by descriptors and DMA engines."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, refusal, stored, written
from trnlab import nki, spec
from trnlab.isa.dma_engine import DMA_COPY
from trnlab.isa.instruction import Kind, Transfer
from trnlab.memory import Allocation, Storage, Tensor

CORE = spec.TRN2.core  # 15 ns per descriptor and per transfer, 27.2 B/ns, 2 KiB pieces
FIXED_NS, BYTES_PER_NS = 15.0, 27.2


def tensor(shape: tuple[int, ...], dtype: str = "float32", buffer: str = "sbuf") -> Tensor:
    return Tensor.whole(Storage(Allocation(0, "t", buffer, shape, dtype, 0)))


def hbm(*shape: int, dtype: str = "float32") -> Tensor:
    return tensor(shape, dtype, "private_hbm")


def transfer(dst: Tensor, src: Tensor, core: spec.Core = CORE) -> Transfer:
    return DMA_COPY.cost(core, Kind(DMA_COPY, "dma", (dst.signature,), (src.signature,), ()))


def ns(pieces: int, bytes: int) -> float:
    """Time on one DMA engine."""
    return FIXED_NS + pieces * FIXED_NS + bytes / BYTES_PER_NS


@pytest.mark.parametrize(
    "dst, src, engines, pieces, bytes_per_engine",
    [
        # 128 partitions over 16 engines: 8 rows each; a row of 512 B is one piece
        (tensor((128, 128)), hbm(128, 128), 16, 8, 8 * 512),
        # a row of 8 KiB is four pieces
        (tensor((128, 2048)), hbm(128, 2048), 16, 32, 8 * 8192),
        # a row of 3000 B is cut in two
        (tensor((128, 750)), hbm(128, 750), 16, 16, 8 * 3000),
        # 4 rows of 8 KiB on one engine: C3 of the published measurements
        (tensor((4, 4096), "bfloat16"), hbm(4, 4096, dtype="bfloat16"), 1, 16, 4 * 8192),
        # a slice of HBM: each row a piece of its own
        (tensor((128, 128)), hbm(512, 512)[:128, 128:256], 16, 8, 8 * 512),
        # every second column: each element a piece
        (tensor((128, 128)), hbm(128, 256)[:, ::2], 16, 8 * 128, 8 * 512),
        # a quadrant reaches 4 engines
        (tensor((32, 128)), hbm(32, 128), 4, 8, 8 * 512),
        (tensor((20, 128)), hbm(20, 128), 3, 8, 8 * 512),
        # a cast moves the wider side, in as many pieces
        (tensor((128, 128), "bfloat16"), hbm(128, 128), 16, 8, 8 * 512),
        # a store costs what a load costs
        (hbm(128, 128), tensor((128, 128)), 16, 8, 8 * 512),
        # HBM to HBM: 512 pieces of 2 KiB over 16 engines
        (hbm(128, 2048), hbm(128, 2048), 16, 32, 65536),
        (hbm(16), hbm(16), 1, 1, 64),
    ],
)
def test_a_transfer_takes_its_descriptors_and_its_bytes(
    dst: Tensor, src: Tensor, engines: int, pieces: int, bytes_per_engine: int
) -> None:
    found = transfer(dst, src)
    assert found.engines == engines
    assert found.engine_s * 1e9 == pytest.approx(ns(pieces, bytes_per_engine))


@pytest.mark.parametrize("partition, engine", [(0, 0), (32, 4), (64, 8), (96, 12)])
def test_the_partition_decides_which_engines_serve(partition: int, engine: int) -> None:
    tile = tensor((128, 128))[partition : partition + 32]
    found = transfer(tile, hbm(32, 128))
    assert (found.engine, found.engines) == (engine, 4)


def test_four_rows_of_8_kib_on_one_engine_take_what_aws_measured() -> None:
    found = transfer(tensor((4, 4096), "bfloat16"), hbm(4, 4096, dtype="bfloat16"))
    assert found.engine_s == pytest.approx(1416e-9, rel=0.05)


@pytest.mark.parametrize(
    "dst, src, hbm_bytes",
    [
        (tensor((128, 128)), hbm(128, 128), 65536),
        (hbm(128, 128), tensor((128, 128)), 65536),
        (hbm(128, 128), hbm(128, 128), 2 * 65536),
        (tensor((128, 128)), tensor((128, 128)), 0),
        (tensor((128, 128), "bfloat16"), hbm(128, 128), 65536),
        (tensor((128, 128)), hbm(128, 128, dtype="bfloat16"), 32768),
    ],
)
def test_only_bytes_that_enter_or_leave_hbm_count_as_hbm_traffic(
    dst: Tensor, src: Tensor, hbm_bytes: int
) -> None:
    assert transfer(dst, src).hbm_bytes == hbm_bytes


def test_half_the_engines_take_twice_as_long_and_more_than_16_help_nobody() -> None:
    tile, source = tensor((128, 512)), hbm(128, 512)
    seconds = {
        engines: transfer(tile, source, CORE.with_({"dma.engines": engines})).engine_s
        for engines in (1, 4, 8, 16, 32)
    }
    moving = {engines: seconds[engines] - CORE.dma.transfer_s for engines in seconds}
    assert moving[8] == pytest.approx(2 * moving[16])
    assert moving[4] == pytest.approx(4 * moving[16])
    assert moving[1] == pytest.approx(16 * moving[16])
    assert moving[32] == moving[16]


def copies(dtype: Any = None) -> Any:
    def kernel(a):
        x = loaded(a)
        out = nl.ndarray(x.shape, dtype or x.dtype)
        nisa.dma_copy(out, x)
        return stored(out)

    return kernel


@pytest.mark.parametrize("shape", [(1, 1), (128, 3), (5, 7), (3, 4, 5), (33, 2, 2, 2)], ids=str)
def test_a_copy_through_sbuf_changes_nothing(shape: tuple[int, ...]) -> None:
    a = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    np.testing.assert_array_equal(nki.simulate(copies())(a), a)


def test_a_copy_casts_through_float32() -> None:
    a = np.array([[1 + 2**-8, 1e5, -3.75, 700.0]], np.float32)
    np.testing.assert_array_equal(
        nki.simulate(copies("bfloat16"))(a).astype("f4"), a.astype(ml_dtypes.bfloat16).astype("f4")
    )
    assert nki.simulate(copies("int8"))(a).tolist() == [[1, 127, -4, 127]]


def test_counts_must_agree_and_shapes_need_not() -> None:
    def gather(a):
        out = nl.ndarray((4, 32), a.dtype, nl.shared_hbm)
        nisa.dma_copy(out, a.reshape(8, 16))
        return out

    def misfit(a):
        nisa.dma_copy(nl.ndarray((16, 9), a.dtype), a)

    a = np.arange(128, dtype=np.float32)
    np.testing.assert_array_equal(nki.simulate(gather)(a), a.reshape(4, 32))
    assert refusal(misfit, trnlab.shape((128,))) == (
        "dma_copy: dst [16, 9] has 144 elements, src [128] has 128; slice both to the same tile"
    )


def test_psum_is_out_of_reach() -> None:
    def load(a):
        nisa.dma_copy(nl.ndarray((64, 8), nl.float32, nl.psum), a)

    def store(a):
        nisa.dma_copy(a, written((64, 8), buffer=nl.psum))

    shape = trnlab.shape((64, 8))
    assert refusal(load, shape) == (
        "dma_copy: dst is in PSUM, allowed is HBM or SBUF; copy it with nisa.tensor_copy first"
    )
    assert refusal(store, shape) == (
        "dma_copy: src is in PSUM, allowed is HBM or SBUF; copy it with nisa.tensor_copy first"
    )


def test_an_operand_that_is_no_tensor_is_refused_by_its_role() -> None:
    def kernel(a):
        nisa.dma_copy(nl.ndarray((64, 8), nl.float32), np.zeros((64, 8)))

    assert refusal(kernel, trnlab.shape((64, 8))) == (
        "dma_copy: src is of type ndarray, not a tensor; "
        "pass arrays as arguments of the kernel, and allocate tiles with nl.ndarray"
    )

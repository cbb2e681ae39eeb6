"""The explanation names what was done wrong, and what undoing it saves."""

import pytest

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.kernels import matmul
from trnlab.metrics.explain import Cause, Explanation
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.nki import isa as nisa
from trnlab.validation.heldout.rows import silu


def cause(found: Explanation, name: str) -> Cause:
    return next(cause for cause in found.causes if cause.name == name)


def test_one_psum_bank_is_found_and_two_save_what_was_said(
    one_bank: Profile, two_banks: Profile
) -> None:
    found = one_bank.explain()
    assert found.engine == "tensor"
    saved = cause(found, "PSUM banks").saved_s
    assert saved > 0.1 * one_bank.total_s
    # a second bank also hides the memsets, so it saves at least as much
    assert one_bank.total_s - two_banks.total_s >= saved
    assert "PSUM banks" not in [other.name for other in two_banks.explain().causes]


def test_causes_are_ranked_by_what_they_cost(one_bank: Profile) -> None:
    saved = [cause.saved_s for cause in one_bank.explain().causes]
    assert saved == sorted(saved, reverse=True)
    assert all(0 < seconds < one_bank.total_s for seconds in saved)


def test_fp32_matmuls_are_named() -> None:
    operand = shape((512, 512), "float32")
    run = profile(matmul.blocked, operand, operand, chip="trn2", n_block=1)
    assert "16 matmuls are in FP32" in str(run.explain())


def test_small_transfers_and_reloads_are_named() -> None:
    operand = shape((1024, 1024), "bfloat16")
    run = profile(matmul.tiled, operand, operand, chip="trn2")
    found = run.explain()
    text = cause(found, "small transfers").text
    assert text.startswith("272 of 272 DMA transfers move less than 2,048 bytes per partition")
    assert cause(found, "operands loaded again").text.startswith("rhs is loaded 8 times")


def test_gaps_of_the_busiest_engine_add_up_to_its_idle_time(one_bank: Profile) -> None:
    line = one_bank.timeline
    rows = line["lane"] == line.lanes.index("tensor")
    idle = sum(gap.seconds for gap in one_bank.explain().gaps)
    assert idle == pytest.approx(float(line["wait_s"][rows].sum()))


def test_gaps_name_the_queue_or_engine_that_was_waited_for(one_bank: Profile) -> None:
    gaps = {(gap.kind, gap.on): gap for gap in one_bank.explain().gaps}
    assert gaps["result in use", "VectorE"].times > 1
    queue = next(gap for (kind, on), gap in gaps.items() if on.startswith("DMA queue"))
    assert queue.kind == "data" and queue.on in queue.text
    line = one_bank.timeline
    rows = (line["lane"] == line.lanes.index("tensor")) & (line["wait_s"] > 0)
    lanes = {line.lane_title(on) for on in line["wait_on"][rows] if on >= 0}
    assert lanes == {gap.on for gap in gaps.values() if gap.on}


@nki.jit
def turned(data, by_matmul):
    """Transposes through TensorE, as an instruction of its own or as a matmul that moves bits."""
    result = nl.ndarray((128, 128), data.dtype, buffer=nl.shared_hbm)
    tile = nl.ndarray((128, 128), data.dtype)
    nisa.dma_copy(tile, data)
    for _ in range(100):
        out = nl.ndarray((128, 128), data.dtype, buffer=nl.psum)
        if by_matmul:
            nisa.nc_matmul(out, stationary=tile, moving=tile, is_transpose=True)
        else:
            nisa.nc_transpose(out, tile)
    kept = nl.ndarray((128, 128), data.dtype)
    nisa.tensor_copy(kept, out)
    nisa.dma_copy(result, kept)
    return result


@pytest.mark.parametrize("by_matmul", [False, True])
def test_transposes_are_named_however_they_are_made(by_matmul: bool) -> None:
    run = profile(turned, shape((128, 128), "bfloat16"), by_matmul, chip="trn2")
    found = cause(run.explain(), "transposes")
    assert found.text.startswith("TensorE makes 100 transposes")
    assert found.saved_s > 99 * 128 / 2.4e9


def test_it_reads_as_sentences(one_bank: Profile) -> None:
    lines = str(one_bank.explain()).splitlines()
    assert lines[0].endswith("of the time.")
    assert all(line.endswith(".") for line in lines)


@nki.jit
def idle(x):
    """Allocates, and does nothing."""
    nl.ndarray((1, 1), nl.float32, nl.sbuf)


@nki.jit
def moved(x):
    """One copy within HBM."""
    result = nl.ndarray(x.shape, x.dtype, buffer=nl.shared_hbm)
    nisa.dma_copy(dst=result, src=x)
    return result


def test_a_kernel_without_an_instruction_is_explained() -> None:
    found = profile(idle, shape((4, 4)), chip="trn2").explain()
    assert found.causes == () and found.gaps == ()
    assert str(found) == "0.0 us. No device instruction runs."


@pytest.mark.parametrize("chip", ["trn1", "trn2"])
def test_copies_within_hbm_have_causes(chip: str) -> None:
    run = profile(moved, shape((512, 512)), chip=chip)
    assert cause(run.explain(), "DMA latency").saved_s > 0.2 * run.total_s
    assert cause(run.explain(), "DMA bandwidth").saved_s > 0


def test_a_transfer_that_waits_for_nobody_says_why_it_is_not_there_yet() -> None:
    gaps = profile(moved, shape((128, 128)), chip="trn1").explain().gaps
    assert [gap.kind for gap in gaps] == ["start of a transfer"]
    assert "starts some time after its trigger" in gaps[0].text


@pytest.mark.parametrize(("chip", "says"), [("trn2", False), ("trn3", True)])
def test_what_nobody_measured_is_called_a_prediction(chip: str, says: bool) -> None:
    run = profile(moved, shape((128, 128)), chip=chip)
    texts = [str(run.explain()), str(run.compare(run)), repr(run)]
    assert [("predict" in text) for text in texts] == [says] * 3


@pytest.mark.parametrize("chip", ["trn2", "trn3"])
def test_bytes_are_to_blame_only_where_their_number_is(chip: str) -> None:
    """The tiled product waits for transfers that are written, a stream for bytes that move."""
    tile = shape((1024, 1024), "bfloat16")
    product = profile(matmul.LADDER["tiled"].kernel, tile, tile, chip=chip)
    causes = [found.name for found in product.explain().causes]
    assert causes[:2] == ["small transfers", "operands loaded again"]
    twice = product.core.with_({"hbm.bytes_per_s": 1e18, "dma.moving_bytes_per_s": 1e18})
    assert product.on(twice).total_s > 0.9 * product.total_s
    stream = profile(silu, shape((1024, 16384)), columns=4096, chip=chip)
    assert stream.explain().causes[0].name == "DMA bandwidth"

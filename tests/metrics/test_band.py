"""The band of a prediction."""

import pytest

from trnlab.kernels import matmul
from trnlab.metrics.profile import Profile, profile, shape


@pytest.fixture(scope="module")
def run() -> Profile:
    operand = shape((512, 512), "bfloat16")
    return profile(matmul.tiled, operand, operand, chip="trn3")


def test_the_prediction_lies_inside(run: Profile) -> None:
    band = run.band
    assert band.fast_s < band.predicted_s < band.slow_s
    assert band.predicted_s == run.total_s


def test_every_single_constant_stays_inside(run: Profile) -> None:
    for effect in run.band.effects:
        assert run.band.fast_s <= effect.fast_s <= effect.slow_s <= run.band.slow_s, effect.field


def test_the_constant_that_matters_most_comes_first(run: Profile) -> None:
    spreads = [effect.spread_s for effect in run.band.effects]
    assert spreads == sorted(spreads, reverse=True)
    # every load of this kernel is small, so the writing of descriptors decides
    assert run.band.effects[0].field == "dma.swdge_s"


def test_only_assumed_constants_are_varied(run: Profile) -> None:
    assumed = {fact.field for fact in run.core.facts() if fact.status == "assumed"}
    assert {effect.field for effect in run.band.effects} <= assumed


def test_it_reads_as_a_range(run: Profile) -> None:
    assert str(run.band).startswith(f"{run.total_us:,.1f} us, between ")

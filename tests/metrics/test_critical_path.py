"""The critical path accounts for the whole time."""

import pytest
from hypothesis import given, settings

import trnlab
from tests.programs import INPUT_SHAPE, Run, Step, integers, programs
from trnlab.metrics.profile import Profile

# random programs read what they have not written, too
pytestmark = pytest.mark.filterwarnings("ignore::trnlab.UnwrittenWarning")


def test_its_seconds_add_up_to_the_total(one_bank: Profile) -> None:
    path = one_bank.critical_path()
    assert sum(link.seconds for link in path) == pytest.approx(one_bank.total_s)


def test_it_goes_through_the_engine_that_limits(two_banks: Profile) -> None:
    path = two_banks.critical_path()
    tensor = sum(link.seconds for link in path if link.lane == "TensorE")
    assert tensor > 0.5 * two_banks.total_s


@settings(max_examples=60, deadline=None, derandomize=True)
@given(programs())
def test_every_link_starts_after_the_one_before(program: list[Step]) -> None:
    shape = trnlab.shape(INPUT_SHAPE)
    found = trnlab.profile(Run(program, *integers(0)).kernel(), shape, shape)
    path = found.critical_path()
    starts = [float(found.timeline["start_s"][link.row]) for link in path]
    assert starts == sorted(starts)
    assert all(link.seconds >= 0 for link in path)
    assert sum(link.seconds for link in path) == pytest.approx(found.total_s)

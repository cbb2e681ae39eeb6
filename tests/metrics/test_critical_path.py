"""The critical path accounts for the whole time."""

import pytest
from hypothesis import given, settings

from tests.schedule.kernels import programs, run
from trnlab.metrics.profile import Profile


def test_its_seconds_add_up_to_the_total(one_bank: Profile) -> None:
    path = one_bank.critical_path()
    assert sum(link.seconds for link in path) == pytest.approx(one_bank.total_s)


def test_it_goes_through_the_engine_that_limits(two_banks: Profile) -> None:
    path = two_banks.critical_path()
    tensor = sum(link.seconds for link in path if link.lane == "TensorE")
    assert tensor > 0.5 * two_banks.total_s


@settings(max_examples=60, deadline=None)
@given(programs)
def test_every_link_starts_after_the_one_before(program: tuple) -> None:
    found = run(program, "trn3")
    path = found.critical_path()
    starts = [float(found.timeline["start_s"][link.row]) for link in path]
    assert starts == sorted(starts)
    assert all(link.seconds >= 0 for link in path)
    assert sum(link.seconds for link in path) == pytest.approx(found.total_s)

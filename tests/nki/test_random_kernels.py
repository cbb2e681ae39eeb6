"""Any kernel computes what NumPy computes, and shows at any call what was there at that call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import trnlab
from tests.programs import Run, Step, integers, programs
from trnlab import nki

# random programs read what they have not written, too
pytestmark = pytest.mark.filterwarnings("ignore::trnlab.UnwrittenWarning")

some = settings(max_examples=40, deadline=None, derandomize=True)


@some
@given(programs())
def test_values_equal_numpys(program: list[Step]) -> None:
    run = Run(program, *integers(1))
    result = nki.simulate(run.kernel())(*integers(1))
    np.testing.assert_array_equal(result, run.output.values)


@some
@given(programs())
def test_values_at_a_call_are_those_that_the_run_had_then(program: list[Step]) -> None:
    run = Run(program, *integers(2))
    prof = trnlab.profile(run.kernel(), *integers(2))
    assert len(prof.trace) == len(run.touches)
    for call, touch in enumerate(run.touches):
        values = prof.values(call, "dst").astype(np.float32)
        np.testing.assert_array_equal(values, touch.after.astype(np.float32), str(call))

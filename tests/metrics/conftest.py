"""Runs that several tests read."""

import pytest

from trnlab.metrics.profile import Profile, profile, shape
from trnlab.validation import kernels

OPERAND = shape((1024, 1024), "bfloat16")


@pytest.fixture(scope="session")
def one_bank() -> Profile:
    return profile(kernels.resident, OPERAND, OPERAND, chip="trn2", banks=1)


@pytest.fixture(scope="session")
def two_banks() -> Profile:
    return profile(kernels.resident, OPERAND, OPERAND, chip="trn2", banks=2)

"""The validation table, made once."""

import pytest

from trnlab.validation import Row, validate


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    return validate()

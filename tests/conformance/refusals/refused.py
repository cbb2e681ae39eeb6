"""How tests of refusals run one call, and read what it says."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import trnlab.nki.isa as nisa
from tests.isa.harness import run, tile
from tests.kit import sentence
from trnlab import KernelError

X = np.arange(32 * 16, dtype=np.float32).reshape(32, 16)


def refusal_of(call: Callable[[Any], Any], chip: str = "trn3") -> str:
    """The sentence with which a call on a [32, 16] float32 tile is refused."""

    def body(x: Any) -> Any:
        call(x)
        return x

    with pytest.raises(KernelError, match=r" \(line \d+\)$") as refused:
        run(body, X, chip=chip)
    return re.sub(r"allocated in line \d+", "allocated in line N", sentence(refused.value))


def zeros(shape: tuple[int, ...], dtype: str) -> Any:
    """A tile of zeros in SBUF."""
    cleared = tile(shape, dtype)
    nisa.memset(cleared, 0)
    return cleared

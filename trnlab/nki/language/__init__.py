"""`nki.language`: tensors, dtypes, loops and operators."""

# ruff: noqa: F401

from trnlab.memory.indexing import DynamicSlice as ds
from trnlab.memory.tensor import Tensor as NkiTensor
from trnlab.nki.language.dtypes import *  # noqa: F403
from trnlab.nki.language.loops import affine_range, sequential_range, static_range
from trnlab.nki.language.operators import *  # noqa: F403
from trnlab.nki.language.tensors import (
    full,
    hbm,
    ndarray,
    ones,
    private_hbm,
    psum,
    sbuf,
    shared_hbm,
    zeros,
)
from trnlab.nki.language.tile_size import tile_size

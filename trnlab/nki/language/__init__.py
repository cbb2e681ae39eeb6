"""`nki.language`: tensors, dtypes, loops, operators, and tile-returning conveniences."""

# ruff: noqa: F401 - this module is the list of its names

from builtins import range as range
from typing import Any as _Any

from trnlab.memory.indexing import DynamicSlice as ds
from trnlab.memory.tensor import Tensor as NkiTensor
from trnlab.nki.language.constants import shared_constant, shared_identity_matrix
from trnlab.nki.language.dtypes import *  # noqa: F403
from trnlab.nki.language.loops import (
    affine_range,
    dynamic_range,
    fori_loop,
    sequential_range,
    static_range,
    while_loop,
)
from trnlab.nki.language.movement import (
    broadcast_to,
    dropout,
    expand_dims,
    gather_flattened,
    load,
    load_transpose2d,
    matmul,
    rand,
    random_seed,
    store,
    transpose,
    where,
)
from trnlab.nki.language.operators import *  # noqa: F403
from trnlab.nki.language.programs import (
    device_print,
    no_reorder,
    num_programs,
    program_id,
    program_ndim,
)
from trnlab.nki.language.reductions import (
    all,
    max,
    mean,
    min,
    prod,
    rms_norm,
    softmax,
    sum,
    var,
)
from trnlab.nki.language.regions import (
    hbm,
    is_hbm,
    is_on_chip,
    is_psum,
    is_sbuf,
    private_hbm,
    psum,
    sbuf,
    shared_hbm,
)
from trnlab.nki.language.tensors import (
    empty_like,
    full,
    ndarray,
    ones,
    par_dim,
    zeros,
    zeros_like,
)
from trnlab.nki.language.tile_size import tile_size
from trnlab.nki.nki_object import NKIObject
from trnlab.nki.old_names import missing as _missing


def __getattr__(name: str) -> _Any:
    """Names that older kernels use: say what took their place."""
    raise _missing(__name__, name)

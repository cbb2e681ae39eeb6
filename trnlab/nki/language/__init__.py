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

_OF_NKI_01 = {
    "mgrid": "index with slices, or show another order with .ap",
    "arange": "index with slices, or fill a tile with nisa.iota",
    "spmd_dim": "launch with kernel[n]",
    "nc": "launch with kernel[n]",
    "loop_reduce": "accumulate in PSUM with nisa.nc_matmul",
    "static_cast": "give the destination tile the dtype you want",
}


def __getattr__(name: str) -> _Any:
    """Names that older kernels use: say what took their place."""
    if name in _OF_NKI_01:
        raise AttributeError(
            f"nl.{name} belongs to NKI 0.1, and this is NKI 0.6: {_OF_NKI_01[name]}"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

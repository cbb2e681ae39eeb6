"""The surface of `nki.language`, `nki.collectives` and the tensor: NKI 0.6's parameters, in order.

Each table goes from names to the parameters and defaults that they share.
"""

import inspect

import pytest

import trnlab.nki.collectives as ncc
import trnlab.nki.language as nl
from trnlab.memory import Tensor

LANGUAGE = {
    "is_hbm is_on_chip is_psum is_sbuf": "buffer",
    "add subtract multiply divide maximum minimum abs_max abs_min power equal not_equal "
    "less less_equal greater greater_equal bitwise_and bitwise_or bitwise_xor left_shift "
    "right_shift logical_and logical_or logical_xor fmod mod": "x y dtype=None",
    "abs square invert logical_not exp log sqrt rsqrt tanh sigmoid relu gelu "
    "gelu_apprx_sigmoid gelu_apprx_tanh gelu_dx gelu_apprx_sigmoid_dx silu silu_dx "
    "softplus mish erf erf_dx reciprocal copy sin cos tan arctan ceil floor trunc "
    "negative sign transpose": "x dtype=None",
    "sum max min mean prod var": "x axis dtype=None keepdims=False",
    "all": "x axis dtype=None",
    "softmax": "x axis=-1 dtype=None",
    "rms_norm": "x w axis n epsilon=1e-06 dtype=None compute_dtype=None",
    "where": "condition x y dtype=None",
    "dropout": "x rate dtype=None",
    "ones zeros rand": "shape dtype buffer='sbuf' name=''",
    "full": "shape fill_value dtype buffer='sbuf' name=''",
    "zeros_like empty_like": "x dtype=None buffer=None name=''",
    "random_seed": "seed",
    "expand_dims": "x axis",
    "broadcast_to": "x shape dtype=None",
    "matmul": "x y transpose_x=False",
    "no_reorder program_ndim": "",
    "load_transpose2d load": "src dtype=None",
    "gather_flattened": "data indices axis=0 dtype=None",
    "ds": "start size",
    "affine_range sequential_range static_range dynamic_range": "start stop=None step=1",
    "fori_loop": "lower upper body_fun step=1",
    "while_loop": "init body_fun",
    "ndarray": "shape dtype buffer='sbuf' name='' address=None",
    "store": "dst value",
    "program_id": "axis=0",
    "num_programs": "axes=0",
    "shared_constant": "constant",
    "shared_identity_matrix": "n dtype='uint8' dst=None",
    "device_print": "print_prefix tensor",
}

COLLECTIVES = {
    "all_reduce": "srcs dsts replica_group op priority=None name=None",
    "all_gather all_to_all": "srcs dsts replica_group collective_dim priority=None name=None",
    "all_gather_v all_to_all_v": "srcs dsts replica_group metadata_tensor "
    "recv_counts_known=False has_rdispls=False priority=None name=None",
    "reduce_scatter": "srcs dsts replica_group collective_dim op priority=None name=None",
    "collective_permute": "srcs dsts source_target_pairs priority=None name=None",
    "collective_permute_implicit": "srcs_by_channel dsts_by_channel replica_group "
    "channel_ids=(0,) priority=None name=None",
    "collective_permute_implicit_reduce": "srcs0_by_channel srcs1_by_channel "
    "dsts_by_channel replica_group op channel_ids=(0,) priority=None name=None",
    "collective_permute_implicit_current_processing_rank_id": "iteration_id replica_group "
    "channel_id=0 name=None",
    "rank_id": "name=None",
}

METHODS = {
    "is_contiguous get_pattern is_indirect": "",
    "permute": "dims",
    "broadcast": "dim size",
    "expand_dim squeeze_dim": "dim",
    "reshape_dim": "dim shape",
    "flatten_dims": "start_dim end_dim",
    "reshape": "shape",
    "rearrange": "src_pattern dst_pattern fixed_sizes=None",
    "slice": "dim start end step=1",
    "select": "dim index",
    "vector_select": "dim vector_offset",
    "ap": "pattern offset=None scalar_offset=None vector_offset=None indirect_dim=0 dtype=None",
    "view": "dtype",
    "indirect": "index num_elem=None",
}

# ours take more than NKI's do, or say what NKI does although its default says otherwise
OTHERS = {
    "var": "x axis dtype=None keepdims=True",
    "reshape": "shape *more",
    "shared_constant": "constant dtype=None",
}


def spelled(function):
    """Parameters as the documentation writes them."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        found.append(star + parameter.name + default)
    return " ".join(name for name in found if name != "self")


@pytest.mark.parametrize(
    "owner, table", [(nl, LANGUAGE), (ncc, COLLECTIVES), (Tensor, METHODS)], ids=["nl", "ncc", "t"]
)
def test_parameters_and_defaults_are_nki_s(owner, table):
    for names, parameters in table.items():
        for name in names.split():
            assert spelled(getattr(owner, name)) == OTHERS.get(name, parameters), name


def test_the_tables_are_whole():
    counts = [sum(len(names.split()) for names in table) for table in (LANGUAGE, COLLECTIVES)]
    assert counts == [103, 11]

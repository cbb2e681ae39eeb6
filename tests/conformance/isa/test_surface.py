"""The surface of `nki.isa`: every name of NKI 0.6, with its parameters and defaults in order."""

import inspect

import pytest

import trnlab.nki.isa as nisa
from trnlab.nki import coverage

SIGNATURES = {
    "dma_copy": "dst src priority=None oob_mode=oob_mode.error dge_mode=dge_mode.unknown "
    "engine=engine.unknown",
    "tensor_copy": "dst src engine=engine.unknown",
    "memset": "dst value engine=engine.unknown",
    "tensor_copy_predicated": "dst src predicate reverse_pred=False",
    "nc_matmul": "dst stationary moving is_stationary_onezero=False is_moving_onezero=False "
    "is_transpose=False accumulate=None tile_position=() tile_size=() "
    "perf_mode=matmul_perf_mode.none",
    "nc_matmul_mx": "dst stationary moving stationary_scale moving_scale tile_position=None "
    "tile_size=None accumulate=None",
    "nc_transpose": "dst data engine=engine.unknown",
    "dma_transpose": "dst src axes=None priority=None dge_mode=dge_mode.unknown "
    "oob_mode=oob_mode.error",
    "tensor_tensor": "dst data1 data2 op engine=engine.unknown",
    "tensor_scalar": "dst data op0 operand0 reverse0=False op1=None operand1=None reverse1=False "
    "engine=engine.unknown",
    "tensor_reduce": "dst op data axis negate=False keepdims=False",
    "tensor_partition_reduce": "dst op data",
    "tensor_scalar_cumulative": "dst src op0 op1 imm0 imm1=None reduce_cmd=reduce_cmd.reset_reduce",
    "activation": "dst op data bias=None scale=1.0 reduce_op=None reduce_res=None "
    "reduce_cmd=reduce_cmd.idle",
    "activation_reduce": "dst op data reduce_op reduce_res bias=None scale=1.0",
    "activate2": "dst op data imm0 imm1 op0 op1 relu_param=0.0 reverse0=False reverse1=False "
    "reduce_op=None reduce_res=None reduce_cmd=reduce_cmd.idle",
    "iota": "dst pattern offset=0 channel_multiplier=0",
    "affine_select": "dst pattern channel_multiplier on_true_tile on_false_value "
    "cmp_op=equal offset=0",
    "local_gather": "dst src_buffer index num_elem_per_idx=1 num_valid_indices=None",
    "nc_n_gather": "dst data indices",
    "bn_stats": "dst data",
    "bn_aggr": "dst data",
    "tensor_tensor_scan": "dst data0 data1 initial op0 op1 reverse0=False reverse1=False",
    "nc_stream_shuffle": "dst src shuffle_mask",
    "rng": "dst engine=engine.vector",
    "dropout": "dst data prob",
    "set_rng_seed": "src_seeds",
    "rand_set_state": "src_seeds engine=engine.gpsimd",
    "rand_get_state": "dst engine=engine.gpsimd",
    "rand2": "dst min max",
    "exponential": "dst src max_value=0.0 reduce_res=None reduce_cmd=reduce_cmd.idle "
    "reduce_init=0.0",
    "reciprocal": "dst data",
    "max8": "dst src",
    "sequence_bounds": "dst segment_ids",
    "scalar_tensor_tensor": "dst data op0 operand0 op1 operand1 reverse0=False reverse1=False",
    "tensor_scalar_reduce": "dst data op0 operand0 reduce_op reduce_res=None reverse0=False "
    "reduce_cmd=reduce_cmd.reset_reduce reduce_init=None reduce_res_negate=False",
    "core_barrier": "data cores engine=engine.gpsimd",
    "dma_compute": "dst srcs reduce_op scales=None unique_indices=True oob_mode=oob_mode.error",
    "quantize_mx": "dst src dst_scale",
    "range_select": "dst on_true_tile comp_op0 comp_op1 bound0 bound1 "
    "reduce_cmd=reduce_cmd.reset_reduce reduce_res=None reduce_op=maximum range_start=0 "
    "on_false_value=...",
    "select_reduce": "dst predicate on_true on_false reduce_res=None reduce_cmd=reduce_cmd.idle "
    "reduce_op=maximum reverse_pred=False",
    "sendrecv": "src dst send_to_rank recv_from_rank pipe_id dma_engine=dma_engine.dma",
    "register_alloc": "x=None",
    "register_move": "dst src",
    "register_load": "dst src",
    "register_store": "dst src",
    "nc_find_index8": "dst data vals",
    "nc_match_replace8": "dst data vals imm dst_idx=None",
    "nonzero_with_count": "dst src index_offset=0 padding_val=-1",
    "topk": "val_dst idx_dst src n",
}

MEMBERS = {
    "engine": "unknown=0 tensor=1 scalar=2 gpsimd=3 dma=4 vector=5 sync=6",
    "dma_engine": "dma=1 gpsimd_dma=2",
    "reduce_cmd": "idle=0 reset=1 reduce=2 reset_reduce=3 load_reduce=4",
    "dge_mode": "unknown=0 swdge=1 hwdge=2 none=3",
    "oob_mode": "error=0 skip=1",
    "matmul_perf_mode": "none=none double_row=double_row",
    "nc_version": "gen2=2 gen3=3 gen4=4",
}
SAME = {"...": "Ellipsis"}


def spelled(parameter: inspect.Parameter) -> str:
    """As the documentation writes it."""
    value = parameter.default
    if value is parameter.empty:
        return parameter.name
    if isinstance(value, type(nisa.engine.tensor).__mro__[1]) or hasattr(value, "name"):
        return f"{parameter.name}={type(value).__name__}.{value.name}"
    return f"{parameter.name}={SAME.get(repr(value), repr(value))}"


@pytest.mark.parametrize("name", SIGNATURES)
def test_parameters_and_defaults_are_nki_s(name):
    parameters = list(inspect.signature(getattr(nisa, name)).parameters.values())
    expected = SIGNATURES[name].replace("...", "Ellipsis").split()
    older = ("dtype", "dst_rmw_op", "unique_indices") if name != "dma_compute" else ()  # NKI 0.2
    found = [spelled(p) for p in parameters if p.name not in ("name", *older)]
    operators = {"reduce_op='maximum'": "reduce_op=maximum", "cmp_op='equal'": "cmp_op=equal"}
    assert [operators.get(item, item) for item in found] == expected


def test_there_are_fifty_instructions():
    assert len(SIGNATURES) == 50 and set(SIGNATURES) == set(coverage.ISA)


def test_every_call_but_those_of_registers_can_be_named():
    for name in SIGNATURES:
        parameters = inspect.signature(getattr(nisa, name)).parameters
        assert ("name" in parameters) != name.startswith("register_")


@pytest.mark.parametrize("name", MEMBERS)
def test_enumerations_have_nki_s_members(name):
    members = {member.name: member.value for member in getattr(nisa, name)}
    expected = dict(item.split("=") for item in MEMBERS[name].split())
    assert {key: str(value) for key, value in members.items()} == expected


def test_versions_are_ordered_and_compare_with_integers():
    gen2, gen3, gen4 = nisa.nc_version
    assert gen2 < gen3 <= gen4 and gen3 == 3 and gen4 >= 3 and not gen2 >= 3


def test_old_names_of_engines():
    for name in ("tensor", "vector", "scalar", "gpsimd", "unknown"):
        assert getattr(nisa, f"{name}_engine") is nisa.engine[name]


def test_a_validation_error_is_what_instructions_raise():
    import trnlab

    assert nisa.NkiValidationError is trnlab.KernelError

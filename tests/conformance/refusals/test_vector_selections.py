"""What copies, searches and selections of the Vector engine refuse, each with its full sentence."""

import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import like, tile

REFUSED = {
    "memset gpsimd psum": (
        "trn3",
        lambda x: nisa.memset(tile((32, 16), "float32", "psum"), 0, engine=nisa.engine.gpsimd),
        (
            "memset: an operand [32, 16] is in PSUM, and GpSimd reaches SBUF only; run it on the "
            "Vector engine, or copy to SBUF first"
        ),
    ),
    "memset scalar engine": (
        "trn3",
        lambda x: nisa.memset(like(x), 0, engine=nisa.engine.scalar),
        (
            "memset: runs on vector, gpsimd of NeuronCore-v4, not on scalar; leave engine out or "
            "name one of these"
        ),
    ),
    "bn_stats 513": (
        "trn3",
        lambda x: nisa.bn_stats(tile((32, 6), "float32"), zeros((32, 513), "float32")),
        (
            "bn_stats: data has 513 elements per partition, at most 512 "
            "(nl.tile_size.bn_stats_fmax); merge several with nisa.bn_aggr"
        ),
    ),
    "bn_aggr 16": (
        "trn3",
        lambda x: nisa.bn_aggr(tile((32, 2), "float32"), x),
        (
            "bn_aggr: data has 16 elements per partition, it needs a multiple of 3: count, mean "
            "and variance x count, as nisa.bn_stats writes them"
        ),
    ),
    "max8 7": (
        "trn3",
        lambda x: nisa.max8(tile((32, 8), "float32"), x[:, :7]),
        (
            "max8: src has 7 elements per partition, allowed are 8 to 16384; pad it, or search "
            "it in pieces"
        ),
    ),
    "max8 16385": (
        "trn3",
        lambda x: nisa.max8(tile((32, 8), "float32"), zeros((32, 16385), "bfloat16")),
        (
            "max8: src has 16385 elements per partition, allowed are 8 to 16384; pad it, or "
            "search it in pieces"
        ),
    ),
    "max8 dst 9": (
        "trn3",
        lambda x: nisa.max8(tile((32, 9), "float32"), x),
        ("max8: dst [32, 9] should be [32, 8]: eight values per partition"),
    ),
    "nc_find_index8 int32 dst": (
        "trn3",
        lambda x: nisa.nc_find_index8(tile((32, 8), "int32"), x, x[:, :8]),
        (
            "nc_find_index8: dst is int32, allowed is uint16 or uint32; write it in such a "
            "dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "nc_stream_shuffle mask 31": (
        "trn3",
        lambda x: nisa.nc_stream_shuffle(like(x), x, [0] * 31),
        (
            "nc_stream_shuffle: shuffle_mask has 31 entries, it needs 32: one for each partition "
            "of a quadrant"
        ),
    ),
    "nc_stream_shuffle mask 32": (
        "trn3",
        lambda x: nisa.nc_stream_shuffle(like(x), x, [32] * 32),
        (
            "nc_stream_shuffle: shuffle_mask[0] is 32; allowed is 0 to 31, or 255 to leave the "
            "partition as it is"
        ),
    ),
    "nc_stream_shuffle dtype": (
        "trn3",
        lambda x: nisa.nc_stream_shuffle(tile((32, 16), "bfloat16"), x, [0] * 32),
        (
            "nc_stream_shuffle: src is float32 and dst is bfloat16; it does not cast, so both "
            "must be the same"
        ),
    ),
    "range_select bound bf16": (
        "trn3",
        lambda x: nisa.range_select(
            like(x), x, nl.less, nl.less, zeros((32, 1), "bfloat16"), zeros((32, 1), "float32")
        ),
        (
            "range_select: bound0 is bfloat16, allowed is float32; write it in such a dtype, or "
            "cast it with nisa.tensor_copy"
        ),
    ),
    "range_select not_equal": (
        "trn3",
        lambda x: nisa.range_select(
            like(x), x, nl.not_equal, nl.less, zeros((32, 1), "float32"), zeros((32, 1), "float32")
        ),
        (
            "range_select: comp_op0 is not_equal, allowed are nl.equal, nl.less, nl.less_equal, "
            "nl.greater, nl.greater_equal"
        ),
    ),
    "range_select int": (
        "trn3",
        lambda x: nisa.range_select(
            like(x),
            zeros((32, 16), "int32"),
            nl.less,
            nl.less,
            zeros((32, 1), "float32"),
            zeros((32, 1), "float32"),
        ),
        ("range_select: on_true_tile is int32; it takes floats: cast it first"),
    ),
    "range_select fill 0": (
        "trn3",
        lambda x: nisa.range_select(
            like(x),
            x,
            nl.less,
            nl.less,
            zeros((32, 1), "float32"),
            zeros((32, 1), "float32"),
            on_false_value=0.0,
        ),
        (
            "range_select: on_false_value must be the lowest float32, -3.4028234663852886e+38; "
            "leave it out"
        ),
    ),
    "range_select add": (
        "trn3",
        lambda x: nisa.range_select(
            like(x),
            x,
            nl.less,
            nl.less,
            zeros((32, 1), "float32"),
            zeros((32, 1), "float32"),
            reduce_op=nl.add,
        ),
        (
            "range_select: reduce_op add is not among maximum, which the accumulators can do; "
            "reduce dst with nisa.tensor_reduce instead"
        ),
    ),
    "select_reduce uint32 pred": (
        "trn3",
        lambda x: nisa.select_reduce(like(x), zeros((32, 16), "uint32"), x, 0.0),
        (
            "select_reduce: predicate is uint32, allowed is int8 or uint8 or int16 or uint16; "
            "write it in such a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "select_reduce int32 on_true": (
        "trn3",
        lambda x: nisa.select_reduce(
            like(x), zeros((32, 16), "uint8"), zeros((32, 16), "int32"), 0.0
        ),
        ("select_reduce: on_true is int32; it takes any other dtype: cast it first"),
    ),
    "tensor_copy_predicated int8 pred": (
        "trn3",
        lambda x: nisa.tensor_copy_predicated(like(x), x, zeros((32, 16), "int8")),
        (
            "tensor_copy_predicated: predicate is int8, allowed is uint8 or uint16 or uint32; "
            "write it in such a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "tensor_copy_predicated dtype": (
        "trn3",
        lambda x: nisa.tensor_copy_predicated(
            zeros((32, 16), "bfloat16"), x, zeros((32, 16), "uint8")
        ),
        (
            "tensor_copy_predicated: src is float32 and dst is bfloat16; it does not cast, so "
            "both must be the same"
        ),
    ),
    "quantize_mx f32": (
        "trn3",
        lambda x: nisa.quantize_mx(tile((32, 4), "float8_e5m2_x4"), x, tile((32, 4), "uint8")),
        (
            "quantize_mx: src is float32, allowed is bfloat16 or float16; write it in such a "
            "dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "quantize_mx fp4": (
        "trn3",
        lambda x: nisa.quantize_mx(
            tile((32, 4), "float4_e2m1fn_x4"), zeros((32, 16), "bfloat16"), tile((32, 4), "uint8")
        ),
        (
            "quantize_mx: dst is float4_e2m1fn_x4, allowed is float8_e4m3fn_x4 or "
            "float8_e5m2_x4; write it in such a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "quantize_mx F 14": (
        "trn3",
        lambda x: nisa.quantize_mx(
            tile((32, 4), "float8_e5m2_x4"), zeros((32, 14), "bfloat16"), tile((32, 4), "uint8")
        ),
        ("quantize_mx: src has 14 elements per partition, it needs a multiple of 4"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_sentence_names_operation_what_was_asked_and_what_is_allowed(case):
    chip, call, said = REFUSED[case]
    assert refusal_of(call, chip) == said

"""What instructions of the GpSimd engine refuse, each with its full sentence."""

import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import in_psum, like, tile

REFUSED = {
    "tensor_partition_reduce min": (
        "trn3",
        lambda x: nisa.tensor_partition_reduce(tile((1, 16), "float32"), nl.minimum, x),
        (
            "tensor_partition_reduce: minimum is none of nl.add, nl.average, nl.maximum, "
            "nl.bitwise_or, nl.bitwise_and"
        ),
    ),
    "iota psum": (
        "trn3",
        lambda x: nisa.iota(tile((32, 16), "int32", "psum"), [[1, 16]]),
        ("iota: dst is in PSUM, allowed is SBUF; copy it with nisa.tensor_copy first"),
    ),
    "iota 5 dims": (
        "trn3",
        lambda x: nisa.iota(tile((32, 16), "int32"), [[1, 2], [1, 2], [1, 2], [1, 2], [1, 1]]),
        (
            "iota: pattern [[1, 2], [1, 2], [1, 2], [1, 2], [1, 1]] has 5 [step, count] pairs, "
            "allowed are 1 to 4"
        ),
    ),
    "iota offset": (
        "trn3",
        lambda x: nisa.iota(tile((32, 16), "int32"), [[1, 16]], offset=2**31),
        ("iota: offset is 2147483648, which is no int32"),
    ),
    "affine_select multiplier": (
        "trn3",
        lambda x: nisa.affine_select(like(x), [[1, 16]], -(2**31) - 1, x, 0.0),
        ("affine_select: channel_multiplier is -2147483649, which is no int32"),
    ),
    "iota count": (
        "trn3",
        lambda x: nisa.iota(tile((32, 16), "int32"), [[1, 15]]),
        (
            "iota: pattern [[1, 15]] counts 15 elements per partition, dst [32, 16] has 16; make "
            "the counts multiply to it"
        ),
    ),
    "affine_select psum": (
        "trn3",
        lambda x: nisa.affine_select(like(x), [[1, 16]], 0, in_psum(x), 0.0),
        (
            "affine_select: on_true_tile is in PSUM, allowed is SBUF; copy it with "
            "nisa.tensor_copy first"
        ),
    ),
    "affine_select cmp add": (
        "trn3",
        lambda x: nisa.affine_select(like(x), [[1, 16]], 0, x, 0.0, nl.add),
        (
            "affine_select: cmp_op add is no comparison; use nl.equal, nl.not_equal, nl.greater, "
            "nl.greater_equal, nl.less, nl.less_equal"
        ),
    ),
    "topk n 7": (
        "trn3",
        lambda x: nisa.topk(
            tile((32, 4), "bfloat16"), tile((32, 4), "uint32"), zeros((32, 16), "bfloat16"), 7
        ),
        ("topk: n is 7, allowed is 8 to 65535"),
    ),
    "topk K>n": (
        "trn3",
        lambda x: nisa.topk(
            tile((32, 9), "bfloat16"), tile((32, 9), "uint32"), zeros((32, 16), "bfloat16"), 8
        ),
        ("topk: val_dst asks for 9 of 8 numbers, allowed is 1 to 8"),
    ),
    "topk float": (
        "trn3",
        lambda x: nisa.topk(tile((32, 4), "float32"), tile((32, 4), "uint32"), x, 8),
        (
            "topk: val_dst is float32, allowed is bfloat16; write it in such a dtype, or cast it "
            "with nisa.tensor_copy"
        ),
    ),
    "nonzero_with_count dst": (
        "trn3",
        lambda x: nisa.nonzero_with_count(tile((32, 16), "int32"), x),
        ("nonzero_with_count: dst [32, 16] should be [32, 17]: indices of src, and the count"),
    ),
    "nonzero_with_count bf16": (
        "trn3",
        lambda x: nisa.nonzero_with_count(tile((32, 17), "int32"), zeros((32, 16), "bfloat16")),
        (
            "nonzero_with_count: src is bfloat16, allowed is float32 or int32; write it in such "
            "a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "local_gather 8 partitions": (
        "trn3",
        lambda x: nisa.local_gather(tile((8, 16), "float32"), x[:8], zeros((8, 1), "uint16")),
        (
            "local_gather: src_buffer has 8 partitions and index has 8; both need the same "
            "multiple of 16"
        ),
    ),
    "local_gather int32": (
        "trn3",
        lambda x: nisa.local_gather(tile((32, 16), "float32"), x, zeros((32, 1), "int32")),
        (
            "local_gather: index is int32, allowed is uint16; write it in such a dtype, or cast "
            "it with nisa.tensor_copy"
        ),
    ),
    "local_gather elem 3": (
        "trn3",
        lambda x: nisa.local_gather(tile((32, 48), "float32"), x, zeros((32, 1), "uint16"), 3),
        ("local_gather: num_elem_per_idx is 3, allowed are (1, 2, 4, 8, 16, 32)"),
    ),
    "nc_n_gather int32": (
        "trn3",
        lambda x: nisa.nc_n_gather(tile((32, 4), "float32"), x, zeros((32, 4), "int32")),
        (
            "nc_n_gather: indices is int32, allowed is uint32; write it in such a dtype, or cast "
            "it with nisa.tensor_copy"
        ),
    ),
    "nc_n_gather psum": (
        "trn3",
        lambda x: nisa.nc_n_gather(tile((32, 4), "float32"), in_psum(x), zeros((32, 4), "uint32")),
        ("nc_n_gather: data is in PSUM, allowed is SBUF; copy it with nisa.tensor_copy first"),
    ),
    "sequence_bounds 2 part": (
        "trn3",
        lambda x: nisa.sequence_bounds(tile((2, 2, 16), "float32"), x[:2]),
        ("sequence_bounds: segment_ids [2, 16] has 2 partitions, allowed is 1; call it for each"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_sentence_names_operation_what_was_asked_and_what_is_allowed(case):
    chip, call, said = REFUSED[case]
    assert refusal_of(call, chip) == said

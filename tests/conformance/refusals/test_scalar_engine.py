"""What instructions of the Scalar engine refuse, each with its full sentence."""

import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import like, tile

REFUSED = {
    "activation reads what nothing set": (
        "trn3",
        lambda x: nisa.activation(like(x), nl.exp, x, reduce_res=tile((32, 1), "float32")),
        (
            "activation: reduce_res reads accumulators of the scalar engine that reduce_cmd.idle "
            "leaves unset; use reduce_cmd.reset_reduce"
        ),
    ),
    "activation reduce max": (
        "trn3",
        lambda x: nisa.activation(
            like(x),
            nl.exp,
            x,
            reduce_op=nl.maximum,
            reduce_res=tile((32, 1), "float32"),
            reduce_cmd=nisa.reduce_cmd.reset_reduce,
        ),
        (
            "activation: reduce_op maximum is not among add, which the accumulators can do; "
            "reduce dst with nisa.tensor_reduce instead"
        ),
    ),
    "activation load_reduce": (
        "trn3",
        lambda x: nisa.activation(
            like(x),
            nl.exp,
            x,
            reduce_op=nl.add,
            reduce_res=tile((32, 1), "float32"),
            reduce_cmd=nisa.reduce_cmd.load_reduce,
        ),
        (
            "activation: reduce_cmd.load_reduce is not among reduce_cmd.idle, reset, reduce, "
            "reset_reduce, which it takes"
        ),
    ),
    "activation bias tf32": (
        "trn3",
        lambda x: nisa.activation(like(x), nl.exp, x, bias=zeros((32, 1), "tfloat32")),
        (
            "activation: bias is tfloat32, allowed is float32 or bfloat16 or float16 or "
            "float8_e4m3 or float8_e4m3fn or float8_e5m2 or float8_e8m0fnu or int8 or int16 or "
            "int32 or uint8 or uint16 or uint32 or bool; write it in such a dtype, or cast it "
            "with nisa.tensor_copy"
        ),
    ),
    "activation scale bf16": (
        "trn3",
        lambda x: nisa.activation(like(x), nl.exp, x, scale=zeros((32, 1), "bfloat16")),
        (
            "activation: scale is bfloat16, allowed is float32; write it in such a dtype, or "
            "cast it with nisa.tensor_copy"
        ),
    ),
    "activation const bias trn1": (
        "trn1",
        lambda x: nisa.activation(like(x), nl.exp, x, bias=1.0),
        (
            "activation: bias is a constant; on NeuronCore-v2 it must be a [32, 1] tile: fill "
            "one with nisa.memset"
        ),
    ),
    "activation bias wide": (
        "trn3",
        lambda x: nisa.activation(like(x), nl.exp, x, bias=x),
        ("activation: bias [32, 16] should be a constant or [32, 1]: one value per partition"),
    ),
    "activate2 op0 bypass op1 add": (
        "trn3",
        lambda x: nisa.activate2(like(x), nl.exp, x, 1.0, 1.0, nl.bypass, nl.add),
        (
            "activate2: (op0, op1) = (nl.bypass, nl.add) is none of (nl.multiply, nl.add), "
            "(nl.multiply, nl.subtract), (nl.multiply, nl.bypass), (nl.add, nl.bypass), "
            "(nl.subtract, nl.bypass), (nl.bypass, nl.bypass)"
        ),
    ),
    "activate2 reduce mult": (
        "trn3",
        lambda x: nisa.activate2(
            like(x),
            nl.exp,
            x,
            1.0,
            1.0,
            nl.multiply,
            nl.add,
            reduce_op=nl.multiply,
            reduce_cmd=nisa.reduce_cmd.reset_reduce,
        ),
        (
            "activate2: reduce_op multiply is not among add, maximum, minimum, abs_max, abs_min, "
            "which the accumulators can do; reduce dst with nisa.tensor_reduce instead"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_sentence_names_operation_what_was_asked_and_what_is_allowed(case):
    chip, call, said = REFUSED[case]
    assert refusal_of(call, chip) == said

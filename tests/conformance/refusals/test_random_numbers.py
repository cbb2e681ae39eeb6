"""What instructions of the random number generators refuse, each with its full sentence."""

import pytest

import trnlab.nki.isa as nisa
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import like, tile

REFUSED = {
    "rng float": (
        "trn3",
        lambda x: nisa.rng(like(x)),
        (
            "rng: dst is float32, allowed is int8 or int16 or int32 or uint8 or uint16 or "
            "uint32; write it in such a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "rng gpsimd trn1": (
        "trn1",
        lambda x: nisa.rng(tile((32, 16), "int32"), engine=nisa.engine.gpsimd),
        (
            "rng: runs on vector of NeuronCore-v2, not on gpsimd; leave engine out or name one "
            "of these"
        ),
    ),
    "rand_set_state vector trn2": (
        "trn2",
        lambda x: nisa.rand_set_state(zeros((32, 24), "uint32"), engine=nisa.engine.vector),
        (
            "rand_set_state: runs on gpsimd of NeuronCore-v3, not on vector; leave engine out or "
            "name one of these"
        ),
    ),
    "rand2 e4m3fn": (
        "trn3",
        lambda x: nisa.rand2(tile((32, 16), "float8_e4m3fn"), 0.0, 1.0),
        ("rand2: dst is float8_e4m3fn; use float8_e4m3, float8_e5m2, a wider float or an integer"),
    ),
    "rand2 min>=max": (
        "trn3",
        lambda x: nisa.rand2(like(x), 1.0, 1.0),
        ("rand2: min must be less than max"),
    ),
    "dropout dtype": (
        "trn3",
        lambda x: nisa.dropout(tile((32, 16), "bfloat16"), x, 0.5),
        (
            "dropout: data is float32 and dst is bfloat16; it does not cast, so both must be the "
            "same"
        ),
    ),
    "dropout prob int data bf16 prob": (
        "trn3",
        lambda x: nisa.dropout(
            tile((32, 16), "int32"), zeros((32, 16), "int32"), zeros((32, 1), "bfloat16")
        ),
        ("dropout: prob is bfloat16 for data of int32; use float32"),
    ),
    "set_rng_seed 2": (
        "trn3",
        lambda x: nisa.set_rng_seed(zeros((1, 2), "int32")),
        ("set_rng_seed: src_seeds [1, 2] should be [1, 1]: one 32-bit value"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_sentence_names_operation_what_was_asked_and_what_is_allowed(case):
    chip, call, said = REFUSED[case]
    assert refusal_of(call, chip) == said

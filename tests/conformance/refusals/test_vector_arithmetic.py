"""What arithmetic of the Vector engine refuses, each with its full sentence."""

import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import in_psum, like, tile

REFUSED = {
    "exponential 5-D": (
        "trn3",
        lambda x: nisa.exponential(tile((32, 2, 2, 2, 2), "float32"), x.reshape((32, 2, 2, 2, 2))),
        ("exponential: src has 5 dimensions, dst 5; it takes up to 4: reshape them"),
    ),
    "exponential reduce_cmd reset": (
        "trn3",
        lambda x: nisa.exponential(like(x), x, reduce_cmd=nisa.reduce_cmd.reset),
        (
            "exponential: reduce_cmd.reset is not among reduce_cmd.idle, reset_reduce, reduce, "
            "load_reduce, which it takes"
        ),
    ),
    "exponential max_value bf16": (
        "trn3",
        lambda x: nisa.exponential(like(x), x, zeros((32, 1), "bfloat16")),
        (
            "exponential: max_value is bfloat16, allowed is float32; write it in such a dtype, "
            "or cast it with nisa.tensor_copy"
        ),
    ),
    "exponential reduce_init w/o load": (
        "trn3",
        lambda x: nisa.exponential(like(x), x, 0.0, None, nisa.reduce_cmd.reset_reduce, 2.0),
        ("exponential: an initial value with reduce_cmd.reset_reduce; it is for load_reduce only"),
    ),
    "tensor_copy indirect gpsimd": (
        "trn3",
        lambda x: nisa.tensor_copy(
            tile((32, 16), "float32"),
            x.indirect(zeros((32, 1), "uint16")),
            engine=nisa.engine.gpsimd,
        ),
        (
            "tensor_copy with an .indirect() view: runs on vector, scalar of NeuronCore-v4, not "
            "on gpsimd; leave engine out or name one of these"
        ),
    ),
    "tensor_tensor data2 indirect": (
        "trn3",
        lambda x: nisa.tensor_tensor(like(x), x, x.indirect(zeros((32, 1), "uint16")), nl.add),
        (
            "tensor_tensor: data2 is an .indirect() view on NeuronCore-v4; on NeuronCore-v4 it "
            "takes one for dst, data1. Gather into a tile with nisa.nc_n_gather first"
        ),
    ),
    "tensor_copy scalar trn1": (
        "trn1",
        lambda x: nisa.tensor_copy(like(x), x, engine=nisa.engine.scalar),
        (
            "tensor_copy: runs on vector, gpsimd of NeuronCore-v2, not on scalar; leave engine "
            "out or name one of these"
        ),
    ),
    "tensor_scalar op1 None operand1 given": (
        "trn3",
        lambda x: nisa.tensor_scalar(like(x), x, nl.add, 1.0, operand1=2.0),
        ("tensor_scalar: operand1 without op1; leave it None, or name the operator"),
    ),
    "tensor_scalar op0 None operand0 given": (
        "trn3",
        lambda x: nisa.tensor_scalar(like(x), x, None, 2.0, op1=nl.add, operand1=1.0),
        ("tensor_scalar: operand0 without op0; leave it None, or name the operator"),
    ),
    "tensor_scalar bits and a float": (
        "trn2",
        lambda x: nisa.tensor_scalar(like(x), x, nl.bitwise_and, 1.5),
        (
            "tensor_scalar: bitwise_and works on bits and never casts, here is 1.5; give it an "
            "integer"
        ),
    ),
    "tensor_scalar scalar engine trn2 sub": (
        "trn2",
        lambda x: nisa.tensor_scalar(like(x), x, nl.subtract, 1.0, engine=nisa.engine.scalar),
        (
            "tensor_scalar with subtract: runs on vector of NeuronCore-v3, not on scalar; leave "
            "engine out or name one of these"
        ),
    ),
    "tensor_scalar scalar engine trn1 mul": (
        "trn1",
        lambda x: nisa.tensor_scalar(like(x), x, nl.multiply, 1.0, engine=nisa.engine.scalar),
        (
            "tensor_scalar with multiply: runs on vector of NeuronCore-v2, not on scalar; leave "
            "engine out or name one of these"
        ),
    ),
    "tensor_scalar gpsimd mul": (
        "trn3",
        lambda x: nisa.tensor_scalar(like(x), x, nl.multiply, 1.0, engine=nisa.engine.gpsimd),
        (
            "tensor_scalar with multiply: runs on vector, scalar of NeuronCore-v4, not on "
            "gpsimd; leave engine out or name one of these"
        ),
    ),
    "tensor_scalar operand bf16": (
        "trn3",
        lambda x: nisa.tensor_scalar(like(x), x, nl.multiply, zeros((32, 1), "bfloat16")),
        (
            "tensor_scalar: operand0 is bfloat16, allowed is float32; write it in such a dtype, "
            "or cast it with nisa.tensor_copy"
        ),
    ),
    "tensor_scalar bits on scalar": (
        "trn3",
        lambda x: nisa.tensor_scalar(
            tile((32, 16), "int32"),
            zeros((32, 16), "int32"),
            nl.bitwise_and,
            1,
            engine=nisa.engine.scalar,
        ),
        (
            "tensor_scalar with bitwise_and: runs on vector of NeuronCore-v4, not on scalar; "
            "leave engine out or name one of these"
        ),
    ),
    "tensor_tensor both psum": (
        "trn3",
        lambda x: nisa.tensor_tensor(like(x), in_psum(x), in_psum(x), nl.add),
        (
            "tensor_tensor: data1 and data2 are both in PSUM, at most one may be; copy one to "
            "SBUF with nisa.tensor_copy first"
        ),
    ),
    "tensor_tensor power psum": (
        "trn3",
        lambda x: nisa.tensor_tensor(like(x), in_psum(x), x, nl.power),
        (
            "tensor_tensor with power: an operand [32, 16] is in PSUM, and GpSimd reaches SBUF "
            "only; run it on the Vector engine, or copy to SBUF first"
        ),
    ),
    "tensor_tensor power vector": (
        "trn3",
        lambda x: nisa.tensor_tensor(like(x), x, x, nl.power, engine=nisa.engine.vector),
        (
            "tensor_tensor with power: runs on gpsimd of NeuronCore-v4, not on vector; leave "
            "engine out or name one of these"
        ),
    ),
    "tensor_tensor rsqrt": (
        "trn3",
        lambda x: nisa.tensor_tensor(like(x), x, x, nl.rsqrt),
        ("tensor_tensor: rsqrt takes one input; use nisa.tensor_scalar or nisa.activation"),
    ),
    "tensor_tensor scalar engine": (
        "trn3",
        lambda x: nisa.tensor_tensor(like(x), x, x, nl.add, engine=nisa.engine.scalar),
        (
            "tensor_tensor with add: runs on vector, gpsimd of NeuronCore-v4, not on scalar; "
            "leave engine out or name one of these"
        ),
    ),
    "tensor_reduce axis 0": (
        "trn3",
        lambda x: nisa.tensor_reduce(tile((1, 16), "float32"), nl.add, x, 0),
        (
            "tensor_reduce: axis (0,) of data [32, 16]; it reduces the last free axes, such as "
            "(1,). For the partition axis transpose first, or multiply by ones with "
            "nisa.nc_matmul"
        ),
    ),
    "tensor_reduce middle": (
        "trn3",
        lambda x: nisa.tensor_reduce(tile((32, 4), "float32"), nl.add, x.reshape((32, 4, 4)), 1),
        (
            "tensor_reduce: axis (1,) of data [32, 4, 4]; it reduces the last free axes, such as "
            "(2,). For the partition axis transpose first, or multiply by ones with "
            "nisa.nc_matmul"
        ),
    ),
    "tensor_reduce equal": (
        "trn3",
        lambda x: nisa.tensor_reduce(tile((32, 1), "float32"), nl.equal, x, 1),
        (
            "tensor_reduce: equal is not a reduction; use one of nl.add, nl.bitwise_and, "
            "nl.bitwise_or, nl.bitwise_xor, nl.logical_and, nl.logical_or, nl.logical_xor, "
            "nl.maximum, nl.minimum, nl.multiply, nl.subtract"
        ),
    ),
    "tensor_reduce power": (
        "trn3",
        lambda x: nisa.tensor_reduce(tile((32, 1), "float32"), nl.power, x, 1),
        (
            "tensor_reduce: power is not a reduction; use one of nl.add, nl.bitwise_and, "
            "nl.bitwise_or, nl.bitwise_xor, nl.logical_and, nl.logical_or, nl.logical_xor, "
            "nl.maximum, nl.minimum, nl.multiply, nl.subtract"
        ),
    ),
    "tensor_scalar_cumulative int32": (
        "trn3",
        lambda x: nisa.tensor_scalar_cumulative(tile((32, 16), "int32"), x, nl.add, nl.add, 0.0),
        (
            "tensor_scalar_cumulative: dst is int32, allowed is bfloat16 or float16 or float32 "
            "or float8_e4m3 or float8_e4m3fn or float8_e5m2 or uint8 or uint16 or int8 or int16; "
            "write it in such a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "tensor_scalar_cumulative bitwise": (
        "trn3",
        lambda x: nisa.tensor_scalar_cumulative(like(x), x, nl.bitwise_and, nl.add, 0.0),
        (
            "tensor_scalar_cumulative: bitwise_and is a bit operator, it takes arithmetic ones "
            "only; use nisa.tensor_scalar"
        ),
    ),
    "tensor_scalar_cumulative tfloat32": (
        "trn3",
        lambda x: nisa.tensor_scalar_cumulative(tile((32, 16), "tfloat32"), x, nl.add, nl.add, 0.0),
        (
            "tensor_scalar_cumulative: dst is tfloat32, allowed is bfloat16 or float16 or "
            "float32 or float8_e4m3 or float8_e4m3fn or float8_e5m2 or uint8 or uint16 or int8 "
            "or int16; write it in such a dtype, or cast it with nisa.tensor_copy"
        ),
    ),
    "tensor_tensor_scan op bitwise": (
        "trn3",
        lambda x: nisa.tensor_tensor_scan(like(x), x, x, 0.0, nl.bitwise_and, nl.add),
        (
            "tensor_tensor_scan: bitwise_and is no arithmetic operator of two inputs; use one "
            "such as nl.add"
        ),
    ),
    "tensor_tensor_scan both psum": (
        "trn3",
        lambda x: nisa.tensor_tensor_scan(like(x), in_psum(x), in_psum(x), 0.0, nl.add, nl.add),
        (
            "tensor_tensor_scan: data0 and data1 are both in PSUM, at most one may be; copy one "
            "to SBUF with nisa.tensor_copy first"
        ),
    ),
    "scalar_tensor_tensor bits": (
        "trn3",
        lambda x: nisa.scalar_tensor_tensor(like(x), x, nl.bitwise_and, 1, nl.add, x),
        (
            "scalar_tensor_tensor: bitwise_and is a bit operator, it takes arithmetic ones only; "
            "use nisa.tensor_scalar"
        ),
    ),
    "scalar_tensor_tensor of one tile": (
        "trn3",
        lambda x: nisa.scalar_tensor_tensor(like(x), x, nl.add, 1.0, nl.square, x),
        (
            "scalar_tensor_tensor: op1 square takes one input and would leave operand1 out; use "
            "nisa.tensor_scalar"
        ),
    ),
    "tensor_scalar_reduce bits": (
        "trn3",
        lambda x: nisa.tensor_scalar_reduce(like(x), x, nl.bitwise_and, 1, nl.add),
        (
            "tensor_scalar_reduce: bitwise_and is a bit operator, it takes arithmetic ones only; "
            "use nisa.tensor_scalar"
        ),
    ),
    "tensor_scalar_reduce subtract": (
        "trn3",
        lambda x: nisa.tensor_scalar_reduce(like(x), x, nl.add, 1.0, nl.subtract),
        (
            "tensor_scalar_reduce: reduce_op subtract is not among add, multiply, maximum, "
            "minimum, which the accumulators can do; reduce dst with nisa.tensor_reduce instead"
        ),
    ),
    "tensor_scalar_reduce idle": (
        "trn3",
        lambda x: nisa.tensor_scalar_reduce(
            like(x), x, nl.add, 1.0, nl.add, reduce_cmd=nisa.reduce_cmd.idle
        ),
        (
            "tensor_scalar_reduce: reduce_cmd.idle is not among reduce_cmd.reset_reduce, reduce, "
            "load_reduce, which it takes"
        ),
    ),
    "tensor_scalar_reduce load no init": (
        "trn3",
        lambda x: nisa.tensor_scalar_reduce(
            like(x), x, nl.add, 1.0, nl.add, reduce_cmd=nisa.reduce_cmd.load_reduce
        ),
        ("tensor_scalar_reduce: reduce_cmd.load_reduce needs a value to load"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_sentence_names_operation_what_was_asked_and_what_is_allowed(case):
    chip, call, said = REFUSED[case]
    assert refusal_of(call, chip) == said

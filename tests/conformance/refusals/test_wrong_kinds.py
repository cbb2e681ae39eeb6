"""Any argument of the wrong kind ends in a sentence that names the call, the argument and the line.

Every instruction is called once as it should be, and then with each argument replaced by things
that it cannot be.
"""

import inspect
from typing import Any

import numpy as np
import pytest

import trnlab.nki.collectives as ncc
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import like, tile
from trnlab import KernelError, nki
from trnlab.nki import coverage
from trnlab.nki.argument_kinds import fits

X = np.ones((32, 16), np.float32)

VALID = {
    "nc_matmul": lambda x: dict(dst=tile((16, 16), "float32", "psum"), stationary=x, moving=x),
    "nc_matmul_mx": lambda x: dict(
        dst=tile((16, 16), "float32", "psum"),
        stationary=zeros((32, 16), "float8_e5m2_x4"),
        moving=zeros((32, 16), "float8_e5m2_x4"),
        stationary_scale=zeros((32, 16), "uint8"),
        moving_scale=zeros((32, 16), "uint8"),
    ),
    "nc_transpose": lambda x: dict(dst=tile((16, 32), "float32", "psum"), data=x),
    "activation": lambda x: dict(dst=like(x), op=nl.exp, data=x, bias=0.0, scale=1.0),
    "activation_reduce": lambda x: dict(
        dst=like(x), op=nl.exp, data=x, reduce_op=nl.add, reduce_res=tile((32, 1), "float32")
    ),
    "activate2": lambda x: dict(
        dst=like(x), op=nl.exp, data=x, imm0=1.0, imm1=1.0, op0=nl.multiply, op1=nl.add
    ),
    "tensor_copy": lambda x: dict(dst=like(x), src=x),
    "tensor_copy_predicated": lambda x: dict(
        dst=like(x), src=x, predicate=zeros((32, 16), "uint8")
    ),
    "memset": lambda x: dict(dst=like(x), value=1.0),
    "nc_stream_shuffle": lambda x: dict(dst=like(x), src=x, shuffle_mask=[0] * 32),
    "tensor_tensor": lambda x: dict(dst=like(x), data1=x, data2=x, op=nl.add),
    "tensor_scalar": lambda x: dict(dst=like(x), data=x, op0=nl.add, operand0=1.0),
    "scalar_tensor_tensor": lambda x: dict(
        dst=like(x), data=x, op0=nl.add, operand0=1.0, op1=nl.add, operand1=x
    ),
    "reciprocal": lambda x: dict(dst=like(x), data=x),
    "exponential": lambda x: dict(dst=like(x), src=x),
    "tensor_scalar_reduce": lambda x: dict(
        dst=like(x), data=x, op0=nl.add, operand0=1.0, reduce_op=nl.add
    ),
    "tensor_scalar_cumulative": lambda x: dict(
        dst=like(x), src=x, op0=nl.add, op1=nl.add, imm0=1.0
    ),
    "tensor_tensor_scan": lambda x: dict(
        dst=like(x), data0=x, data1=x, initial=0.0, op0=nl.add, op1=nl.add
    ),
    "tensor_reduce": lambda x: dict(dst=tile((32, 1), "float32"), op=nl.add, data=x, axis=1),
    "range_select": lambda x: dict(
        dst=like(x),
        on_true_tile=x,
        comp_op0=nl.less,
        comp_op1=nl.less,
        bound0=x[:, 0:1],
        bound1=x[:, 0:1],
    ),
    "select_reduce": lambda x: dict(
        dst=like(x), predicate=zeros((32, 16), "uint8"), on_true=x, on_false=0.0
    ),
    "bn_stats": lambda x: dict(dst=tile((32, 6), "float32"), data=x),
    "bn_aggr": lambda x: dict(dst=tile((32, 2), "float32"), data=x[:, :15]),
    "max8": lambda x: dict(dst=tile((32, 8), "float32"), src=x),
    "nc_find_index8": lambda x: dict(dst=tile((32, 8), "uint32"), data=x, vals=x[:, :8]),
    "nc_match_replace8": lambda x: dict(dst=like(x), data=x, vals=x[:, :8], imm=0.0),
    "quantize_mx": lambda x: dict(
        dst=tile((32, 4), "float8_e5m2_x4"),
        src=zeros((32, 16), "bfloat16"),
        dst_scale=tile((32, 4), "uint8"),
    ),
    "rng": lambda x: dict(dst=tile((32, 4), "int32")),
    "rand2": lambda x: dict(dst=like(x), min=0.0, max=1.0),
    "dropout": lambda x: dict(dst=like(x), data=x, prob=0.5),
    "set_rng_seed": lambda x: dict(src_seeds=zeros((1, 1), "int32")),
    "rand_set_state": lambda x: dict(src_seeds=zeros((32, 6), "uint32")),
    "rand_get_state": lambda x: dict(dst=tile((32, 6), "uint32")),
    "iota": lambda x: dict(dst=like(x), pattern=[[1, 16]], offset=0, channel_multiplier=0),
    "affine_select": lambda x: dict(
        dst=like(x), pattern=[[1, 16]], channel_multiplier=0, on_true_tile=x, on_false_value=0.0
    ),
    "tensor_partition_reduce": lambda x: dict(dst=tile((1, 16), "float32"), op=nl.add, data=x),
    "local_gather": lambda x: dict(
        dst=tile((32, 16), "float32"), src_buffer=x, index=zeros((32, 1), "uint16")
    ),
    "nc_n_gather": lambda x: dict(
        dst=tile((32, 4), "float32"), data=x, indices=zeros((32, 4), "uint32")
    ),
    "sequence_bounds": lambda x: dict(dst=tile((1, 2, 16), "float32"), segment_ids=x[0:1]),
    "nonzero_with_count": lambda x: dict(dst=tile((32, 17), "int32"), src=x),
    "topk": lambda x: dict(
        val_dst=tile((32, 4), "bfloat16"),
        idx_dst=tile((32, 4), "uint32"),
        src=zeros((32, 16), "bfloat16"),
        n=64,
    ),
    "dma_copy": lambda x: dict(dst=like(x), src=x),
    "dma_transpose": lambda x: dict(dst=tile((16, 32), "float32"), src=x),
    "dma_compute": lambda x: dict(dst=like(x), srcs=[x, x], reduce_op=nl.add),
    "register_load": lambda x: dict(dst=nisa.register_alloc(), src=zeros((1, 1), "int32")),
    "register_store": lambda x: dict(dst=tile((1, 1), "int32"), src=nisa.register_alloc(3)),
    "register_move": lambda x: dict(dst=nisa.register_alloc(), src=3),
}

ODD = (None, "warp", 2.5, [1, 2], (), {}, np.ones((32, 16), np.float32), np.add, object())
WITHOUT = {"core_barrier", "sendrecv", "register_alloc"}  # need a launch on two cores, or nothing


def call(name: str, **changed: Any) -> None:
    def kernel(x: Any) -> Any:
        loaded = tile(x.shape, "float32")
        nisa.dma_copy(loaded, x)
        getattr(nisa, name)(**(VALID[name](loaded) | changed))
        return x

    nki.simulate(nki.jit(kernel))(X)


def test_every_instruction_is_here():
    assert set(VALID) | WITHOUT == set(coverage.ISA)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", VALID)
def test_a_wrong_argument_is_refused_in_a_sentence_or_has_no_effect(name):
    call(name)
    for role in inspect.signature(getattr(nisa, name)).parameters:
        for odd in ODD:
            if role in ("name", "dtype"):
                continue
            try:
                call(name, **{role: odd})
            except KernelError as error:
                assert ": " in str(error), (role, odd)


@pytest.mark.parametrize(
    "name, role, odd, said",
    [
        ("iota", "offset", None, "iota: offset is None of type NoneType; it takes a whole number"),
        ("topk", "n", "x", "topk: n is 'x' of type str; it takes a whole number"),
        ("affine_select", "pattern", [1], "affine_select: pattern is [1] of type list; it takes a "
         "list of which each is a list of which each is a whole number"),
        ("dma_compute", "srcs", None, "dma_compute: srcs is None of type NoneType; it takes a list "
         "of which each is a tensor"),
        ("activation", "op", [1], "activation: op is [1] of type list; it takes a function"),
        ("memset", "value", None, "memset: value is of type NoneType; it takes a number"),
        ("nc_matmul", "perf_mode", "x", "nc_matmul: perf_mode: 'x' is none of none, double_row"),
        ("dma_copy", "oob_mode", [1], "dma_copy: oob_mode: [1] is none of error, skip"),
        ("rng", "engine", "tensor", "random numbers: the tensor engine has no generator; vector "
         "and gpsimd have"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_the_argument_is_and_what_it_should_be(name, role, odd, said):
    with pytest.raises(KernelError) as refused:
        call(name, **{role: odd})
    assert str(refused.value).startswith(f"{said} (line ")


def test_errors_of_the_kernel_itself_stay_as_they_are():
    def kernel(x):
        return x.shape[7]

    with pytest.raises(IndexError, match="tuple index"):
        nki.simulate(nki.jit(kernel))(X)

    def body(x):
        nl.fori_loop(0, 1, lambda _: 1 + "one")

    with pytest.raises(TypeError, match="unsupported operand"):
        nki.simulate(nki.jit(body))(X)


@pytest.mark.parametrize(
    "value, wanted, expected",
    [
        (1, int, True), (1.5, int, False), (np.int32(3), int, True), ("1", float, False),
        (2, float, True), (None, int | None, True), (np.add, nisa.Callable, True),
        ([[1, 2]], nisa.Sequence[nisa.Sequence[int]], True), ([1], nisa.Sequence[str], False),
        (object(), Any, True), (nisa.engine.vector, nisa.engine, True), ({}, nisa.engine, False),
    ],
)  # fmt: skip
def test_values_and_annotations(value, wanted, expected):
    assert fits(value, wanted) == expected


@pytest.mark.parametrize(
    "body, said",
    [
        (lambda t: t.reshape(None), "reshape: shape is None of type NoneType; it takes a whole "
         "number or a list of which each is a whole number"),
        (lambda t: t.permute("pf"), "permute: dims is 'pf' of type str; it takes a list of which "
         "each is a whole number"),
        (lambda t: t.select(1, "x"), "select: index is 'x' of type str; it takes a whole number or "
         "a register or a tensor"),
        (lambda t: t.slice(1, None, 4), "slice: start is None of type NoneType; it takes a whole "
         "number"),
        (lambda t: nl.sum(3, axis=1), "nl.sum: x is 3 of type int; it takes a tensor"),
        (lambda t: nl.exp(1.0), "nl.exp: x is 1.0 of type float; it takes a tensor"),
        (lambda t: nl.add(t, [1]), "tensor_scalar: operand0 is of type list; give it a "
         "constant or a [P, 1] tile"),
        (lambda t: nl.softmax(t, axis="f"), "nl.softmax: axis is 'f' of type str; it takes a whole "
         "number or a list of which each is a whole number"),
        (lambda t: nl.broadcast_to(t, 4), "nl.broadcast_to: shape is 4 of type int; it takes a "
         "list of which each is a whole number"),
        (lambda t: nl.fori_loop(0, None, print), "nl.fori_loop: upper is None of type NoneType; it "
         "takes a whole number or a register"),
        (lambda t: nl.shared_identity_matrix(-1), "nl.ndarray: shape [-1, -1] needs sizes of 1 or "
         "more"),
        (lambda t: ncc.all_reduce(t, None, [[0]], nl.add), "all_reduce: dsts is None of type "
         "NoneType; it takes a tensor or a list of which each is a tensor"),
        (lambda t: ncc.all_reduce(t, t, [0], nl.add), "ReplicaGroup: [0] should be lists of ranks, "
         "such as [[0, 1], [2, 3]]"),
    ],
)  # fmt: skip
def test_views_functions_and_collectives_say_the_same(body, said):
    assert refusal_of(body) == said


@pytest.mark.parametrize("dtype", [None, 3.0, "float64", [1], np.complex64])
def test_dtypes_that_nki_has_not_are_named(dtype):
    said = refusal_of(lambda _: nl.ndarray((4, 4), dtype))
    assert said.startswith(f"dtype: {dtype!r} is not one of NKI's: float32, tfloat32, bfloat16,")

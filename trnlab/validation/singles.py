"""Published times of single instructions."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import trnlab.nki.language as nl
from trnlab.metrics.profile import Profile, profile
from trnlab.nki import isa as nisa
from trnlab.validation import kernels
from trnlab.validation.table import Row

RMSNORM = "nki/library/specs/design-rmsnorm-quant.rst"
PERF = "nki/deep-dives/nki_perf_guide.rst"
HOWTO = "nki/guides/use-neuron-profile.rst"
PIXELS = "read off a picture"

LATENCY, DISTANCE, TO_THE_NEXT = "latency", "distance", "distance to the next"


class Single(NamedTuple):
    """One instruction, how it is issued, and what was measured."""

    name: str
    chip: str
    issue: Callable[..., Any]
    shapes: tuple
    op: str  # of the device instruction
    measured_ns: dict[str, float]
    source: str
    note: str = ""


def tile(free: int, dtype: str = "bfloat16", partitions: int = 128, buffer: str = "sbuf") -> tuple:
    """Shape, dtype and memory of a tile."""
    return ((partitions, free), dtype, buffer)


def _square(out: Any, data: Any) -> None:
    nisa.activation(dst=out, op=nl.square, data=data)


def _exp(out: Any, data: Any) -> None:
    nisa.activation(dst=out, op=nl.exp, data=data)


def _scale(out: Any, data: Any, factor: Any) -> None:
    nisa.tensor_scalar(dst=out, data=data, op0=nl.multiply, operand0=factor)


def _twice(out: Any, data: Any) -> None:
    nisa.tensor_scalar(dst=out, data=data, op0=nl.multiply, operand0=2.0)


def _multiply(out: Any, a: Any, b: Any) -> None:
    nisa.tensor_tensor(dst=out, data1=a, data2=b, op=nl.multiply)


def _absolute_maximum(out: Any, data: Any, result: Any) -> None:
    nisa.tensor_scalar_reduce(
        dst=out, data=data, op0=nl.abs, operand0=0.0, reduce_op=nl.maximum, reduce_res=result
    )


def _scale_and_weigh(out: Any, data: Any, factor: Any, weights: Any) -> None:
    nisa.scalar_tensor_tensor(
        dst=out, data=data, op0=nl.multiply, operand0=factor, op1=nl.multiply, operand1=weights
    )


def _sum_and_root(out: Any, data: Any, total: Any) -> None:
    nisa.activation_reduce(dst=out, op=nl.square, data=data, reduce_op=nl.add, reduce_res=total)
    nisa.activation(dst=total, op=nl.copy, data=total)


def _invert(data: Any) -> None:
    nisa.reciprocal(dst=data, data=data)


def _add(out: Any, a: Any, b: Any) -> None:
    nisa.tensor_tensor(dst=out, data1=a, data2=b, op=nl.add)


def _matmul(out: Any, stationary: Any, moving: Any) -> None:
    nisa.nc_matmul(dst=out, stationary=stationary, moving=moving)


def _chain(data: Any) -> None:
    nisa.activation(dst=data, op=nl.square, data=data)


COLUMN = tile(1, "float32")
SINGLES = (
    Single("activation, 16,384 elements", "trn2", _square, (tile(16384), tile(16384)),
           "activation", {LATENCY: 13_954}, RMSNORM),
    Single("activation, one element", "trn2", _square, (tile(1), tile(1)),
           "activation", {LATENCY: 303}, RMSNORM, "285 to 321 ns"),
    Single("abs-max, BF16, 16,384 elements", "trn2", _absolute_maximum,
           (tile(16384), tile(16384), COLUMN),
           "tensor_scalar_reduce", {LATENCY: 17_230}, RMSNORM, PIXELS),
    Single("tensor_scalar, BF16 to FP8, 16,384 elements", "trn2", _scale,
           (tile(16384, "float8_e4m3"), tile(16384), COLUMN),
           "tensor_scalar", {LATENCY: 8_800}, RMSNORM, PIXELS),
    Single("scalar_tensor_tensor, 512 elements, one operand in PSUM", "trn2", _scale_and_weigh,
           (tile(512), tile(512), COLUMN, tile(512, "float32", 128, "psum")),
           "scalar_tensor_tensor", {LATENCY: 769, DISTANCE: 655}, RMSNORM),
    Single("tensor_scalar, one element", "trn2", _twice, (tile(1), tile(1)),
           "tensor_scalar", {LATENCY: 160}, RMSNORM, PIXELS),
    Single("reciprocal, one element, the next needs it", "trn2", _invert, (COLUMN,),
           "reciprocal", {DISTANCE: 206}, RMSNORM, PIXELS),
    Single("tensor_tensor, FP32, [128, 8192]", "trn1", _multiply, (tile(8192, "float32"),) * 3,
           "tensor_tensor", {LATENCY: 14_987}, PERF),
    Single("tensor_tensor, FP32, [64, 8192]", "trn1", _add,
           (tile(8192, "float32", 64),) * 3, "tensor_tensor", {LATENCY: 14_968}, PERF),
    Single("activation, one element, each needs the one before", "trn1", _chain, (tile(1),),
           "activation", {LATENCY: 159, DISTANCE: 189}, PERF),
    Single("activation that needs the sum read before it", "trn2", _sum_and_root,
           (tile(1), tile(1), COLUMN), "read_accumulators", {TO_THE_NEXT: 306}, RMSNORM, PIXELS),
    Single("nc_matmul, FP32, 128 x 128 x 512", "trn2", _matmul,
           (tile(512, "float32", 128, "psum"), tile(128, "float32"), tile(512, "float32")),
           "MultiplyMoving", {LATENCY: 590, DISTANCE: 430.3}, HOWTO, "589 to 592 ns"),
    Single("load of an activation table", "trn1", _exp, (tile(1), tile(1)),
           "LoadTable", {LATENCY: 368}, HOWTO),
    Single("load of an activation table", "trn2", _exp, (tile(1), tile(1)),
           "LoadTable", {LATENCY: 1_255}, RMSNORM, "1.22 to 1.29 us"),
)  # fmt: skip


def instructions() -> Iterator[Row]:
    """Latency of one instruction, and distance of equal ones that follow each other."""
    for single in SINGLES:
        run = profile(kernels.instructions, single.issue, single.shapes, 64, chip=single.chip)
        for quantity, published in single.measured_ns.items():
            predicted = _measure(run, single.op, quantity) * 1e9
            yield Row(
                single.name, single.chip, quantity, "ns", published, predicted, single.source,
                note=single.note,
            )  # fmt: skip


def _measure(run: Profile, op: str, quantity: str) -> float:
    """Of the last instruction, when the engine has long been at work."""
    line = run.timeline
    rows = line["op"] == line.ops.index(op)
    start = line["start_s"][rows]
    if quantity == TO_THE_NEXT:  # of the same engine
        later = line["start_s"][line["lane"] == line["lane"][rows][0]]
        return float(later[later > start[-1]].min() - start[-1])
    if quantity == DISTANCE:
        return float(start[-1] - start[-2])
    return float(line["end_s"][rows][-1] - start[-1])

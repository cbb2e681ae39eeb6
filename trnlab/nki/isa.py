"""`nki.isa`: the instructions, with NKI's own signatures.

Each call checks, computes and records one instruction of `trnlab.isa`. Operands are on-chip
tensors, but for DMA. `name` labels the call for the reader.
"""

from enum import Enum
from numbers import Real
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa import dma_engine, scalar_engine, tensor_engine, vector_engine
from trnlab.isa.activations import activation_name
from trnlab.isa.operators import is_unary, operator_name
from trnlab.memory import Tensor
from trnlab.nki.launch import NkiInstruction, current


class engine(Enum):  # noqa: N801
    """Engines of a core; `unknown` leaves the choice to the instruction."""

    tensor = "tensor"
    vector = "vector"
    scalar = "scalar"
    gpsimd = "gpsimd"
    dma = "dma"
    sync = "sync"
    unknown = ""


class matmul_perf_mode(Enum):  # noqa: N801
    """Fast modes of nc_matmul."""

    none = "none"


class dge_mode(Enum):  # noqa: N801
    """Who makes DMA descriptors."""

    unknown = "unknown"


def nc_matmul(
    dst: Tensor,
    stationary: Tensor,
    moving: Tensor,
    is_stationary_onezero: bool = False,
    is_moving_onezero: bool = False,
    is_transpose: bool = False,
    accumulate: bool | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """dst[M, N] = stationary[K, M]^T @ moving[K, N].

    accumulate: False overwrites, True adds, None overwrites what nothing has written and adds to
    the rest.
    """
    if accumulate and isinstance(dst, Tensor) and not dst.storage.allocation.written:
        raise KernelError(
            f"nc_matmul: {dst.name} {list(dst.shape)} is added to, but nothing has written it; "
            "start a sum with accumulate=False, or leave it out"
        )
    return current().issue(tensor_engine.NC_MATMUL, (dst,), (stationary, moving), values=accumulate)


def nc_transpose(
    dst: Tensor, data: Tensor, engine: engine = engine.unknown, name: str | None = None
) -> NkiInstruction:
    """dst[F, P] = data[P, F]^T: on TensorE into PSUM, or up to 32 x 32 on VectorE."""
    instructions = {
        "": tensor_engine.NC_TRANSPOSE_TENSOR,
        "tensor": tensor_engine.NC_TRANSPOSE_TENSOR,
        "vector": vector_engine.NC_TRANSPOSE_VECTOR,
    }
    chosen = _name_of(engine)
    if chosen not in instructions:
        raise KernelError(f"nc_transpose: runs on tensor or vector, not on {chosen}")
    return current().issue(instructions[chosen], (dst,), (data,))


def tensor_copy(
    dst: Tensor, src: Tensor, engine: engine = engine.unknown, name: str | None = None
) -> NkiInstruction:
    """dst = src, cast when the dtypes differ."""
    return current().issue(vector_engine.TENSOR_COPY, (dst,), (src,), engine=_name_of(engine))


def tensor_tensor(
    dst: Tensor,
    data1: Tensor,
    data2: Tensor,
    op: Any,
    engine: engine = engine.unknown,
    name: str | None = None,
) -> NkiInstruction:
    """dst = data1 op data2, element by element."""
    operator = operator_name("tensor_tensor", op)
    if is_unary(operator):
        raise KernelError(
            f"tensor_tensor: {operator} takes one input; use nisa.tensor_scalar or nisa.activation"
        )
    return current().issue(
        vector_engine.TENSOR_TENSOR, (dst,), (data1, data2), (operator,), operator, _name_of(engine)
    )


def tensor_scalar(
    dst: Tensor,
    data: Tensor,
    op0: Any,
    operand0: Any,
    reverse0: bool = False,
    op1: Any = None,
    operand1: Any = None,
    reverse1: bool = False,
    engine: engine = engine.unknown,
    name: str | None = None,
) -> NkiInstruction:
    """dst = (data op0 operand0) op1 operand1; operands are constants or float32 (P, 1) tiles."""
    ops = (
        operator_name("tensor_scalar", op0),
        operator_name("tensor_scalar", op1) if op1 is not None else "",
    )
    for op, operand in zip(ops, (operand0, operand1), strict=True):
        if operand is None and op and not is_unary(op):
            raise KernelError(
                f"tensor_scalar: {op} needs an operand; give it a constant or a (P, 1) tile"
            )
    tiles, (first, second) = _split_tiles("tensor_scalar", operand0, operand1)
    return current().issue(
        vector_engine.TENSOR_SCALAR,
        (dst,),
        (data, *tiles),
        ops,
        (ops[0], first, reverse0, ops[1], second, reverse1),
        _name_of(engine),
    )


def activation(
    dst: Tensor,
    op: Any,
    data: Tensor,
    bias: Any = None,
    scale: Any = 1.0,
    name: str | None = None,
) -> NkiInstruction:
    """dst = op(data * scale + bias); scale and bias are constants or float32 (P, 1) tiles."""
    function = activation_name("activation", op)
    tiles, (first, second) = _split_tiles("activation", 1.0 if scale is None else scale, bias)
    return current().issue(
        scalar_engine.ACTIVATION, (dst,), (data, *tiles), (function,), (function, first, second)
    )


def memset(
    dst: Tensor, value: float, engine: engine = engine.unknown, name: str | None = None
) -> NkiInstruction:
    """dst = value."""
    return current().issue(vector_engine.MEMSET, (dst,), (), (value == 0,), value, _name_of(engine))


def dma_copy(
    dst: Tensor,
    src: Tensor,
    dge_mode: dge_mode = dge_mode.unknown,
    engine: engine = engine.unknown,
    name: str | None = None,
) -> NkiInstruction:
    """dst = src between HBM and SBUF, in any direction."""
    return current().issue(dma_engine.DMA_COPY, (dst,), (src,))


def _name_of(chosen: Any) -> str:
    if not isinstance(chosen, engine):
        known = ", ".join(f"nisa.engine.{known.name}" for known in engine)
        raise KernelError(f"engine {chosen!r} is none of {known}")
    return chosen.value


def _split_tiles(name: str, *operands: Any) -> tuple[list[Tensor], list[Any]]:
    """Tiles apart from constants; a tile's place is kept by the word "tile"."""
    for operand in operands:
        if not (operand is None or isinstance(operand, (Tensor, Real, np.generic))):
            raise KernelError(
                f"{name}: an operand is of type {type(operand).__name__}; "
                "give it a constant or a (P, 1) tile"
            )
    tiles = [operand for operand in operands if isinstance(operand, Tensor)]
    return tiles, ["tile" if isinstance(operand, Tensor) else operand for operand in operands]

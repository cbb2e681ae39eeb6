"""The accumulators of the Scalar and the Vector engine: one float32 for each lane.

They persist from one instruction to the next, and all accumulating instructions of an engine share
them. They hold float32, before the rounding that dst gets.
"""

from typing import NamedTuple

import numpy as np

from trnlab.isa.instruction import Kind
from trnlab.isa.operators import ARITHMETIC, IDENTITIES, REDUCTIONS
from trnlab.isa.requirements import require, require_on_chip, require_size
from trnlab.memory import Signature, Tensor
from trnlab.spec.core import Core

COMMANDS = ("idle", "reset", "reduce", "reset_reduce", "load_reduce")
RESULT = "reduce_res"
REGISTERS = "accumulators"


class Reduction(NamedTuple):
    """How an instruction uses the accumulators of its engine."""

    operator: str
    command: str
    negates: bool = False  # of what is read out


def update(
    accumulators: Tensor, how: Reduction, values: np.ndarray, initial: np.ndarray | float = 0.0
) -> None:
    """Carry a command out.

    Args:
        accumulators: float32 [P, 1]
        values: float32 [P, F], what the instruction computed
        initial: what load_reduce loads
    """
    operator, command = how.operator, how.command
    if command == "idle":
        return
    if command == "reset":
        accumulators.put(np.full(accumulators.shape, IDENTITIES[operator], np.float32))
        return
    reduced = REDUCTIONS[operator](values, 1).reshape(-1, 1)
    if command != "reset_reduce":
        before = accumulators.array if command == "reduce" else np.float32(initial)
        reduced = ARITHMETIC[operator](before, reduced)
    accumulators.put(reduced)


def forget(accumulators: Tensor) -> None:
    """Vector's accumulators are unknown after an instruction that leaves them idle."""
    accumulators.put(np.full(accumulators.shape, np.nan, np.float32))


def read_out(result: Tensor, accumulators: Tensor, how: Reduction) -> None:
    """Write the accumulators to a tile."""
    values = accumulators.array
    result.put(-values if how.negates else values)


def check_reduction(
    core: Core,
    name: str,
    kind: Kind,
    data: Signature,
    commands: tuple[str, ...],
    operators: tuple[str, ...],
) -> None:
    """The command, the operator and the result tile must be ones that the instruction takes."""
    how = kind.options.reduction
    require(
        how.command in commands,
        f"{name}: reduce_cmd.{how.command} is not among reduce_cmd.{', '.join(commands)}, "
        "which it takes",
    )
    require(
        how.operator in operators,
        f"{name}: reduce_op {how.operator} is not among {', '.join(operators)}, which the "
        "accumulators can do; reduce dst with nisa.tensor_reduce instead",
    )
    if RESULT in kind.roles:
        result = kind.operands[RESULT]
        require_on_chip(core, name, RESULT, result)
        require_size(name, RESULT, result, data.partitions, 1, "one value per partition")

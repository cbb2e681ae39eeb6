"""ScalarE: functions of one tensor, func(data * scale + bias), one lane per partition.

The engine can add up what it computes in its accumulators, at no cost but for reading them out.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.accumulators import RESULT, Reduction, check_reduction, read_out, update
from trnlab.isa.activations import FUNCTIONS, PRELU, table_of
from trnlab.isa.elementwise import DOCSTRING, accumulator_read, as_rows, operand_value, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.operators import combine
from trnlab.isa.requirements import (
    require,
    require_generation,
    require_tiles,
    require_vector,
)
from trnlab.memory import Tensor
from trnlab.numerics import FORMATS
from trnlab.spec.core import Core

COMMANDS = ("idle", "reset", "reduce", "reset_reduce")
BIAS_DTYPES = tuple(
    name for name, format in FORMATS.items() if format.kind != "packed" and name != "tfloat32"
)
NO_REDUCTION = Reduction("add", "idle")
BYPASS = ""
PREPARATIONS = (
    ("multiply", "add"),
    ("multiply", "subtract"),
    ("multiply", BYPASS),
    ("add", BYPASS),
    ("subtract", BYPASS),
    (BYPASS, BYPASS),
)


class ActivationOptions(NamedTuple):
    op: str
    has_constant_bias: bool
    reduction: Reduction
    tiles: tuple[str, ...]  # which of scale and bias are tiles
    results: tuple[str, ...]


class Activation(Instruction):
    """dst = op(data * scale + bias), float32 inside; with an optional running sum."""

    name = "activation"
    inputs = ("data",)
    indirect = ("dst", "data")
    ours = (
        "functions are exact in float32, the device's polynomials are not published; a sum that no "
        "command asks for is the call's own"
    )
    cost_source = f"published: {DOCSTRING}; reading the sum: trainium_inferentia2_arch.rst"
    commands: tuple[str, ...] = COMMANDS
    operators = ("add",)

    def engine(self, core: Core, kind: Kind) -> str:
        return "scalar"

    def check(self, core: Core, kind: Kind) -> None:
        operands, options = kind.operands, kind.options
        dst, data = operands["dst"], operands["data"]
        require_tiles(core, self.name, dst, ("data", data))
        require(
            options.op != PRELU,
            f"{self.name}: prelu needs relu_param; use nisa.activate2, which has it",
        )
        if "scale" in operands:
            require_vector(core, self.name, "scale", operands["scale"], data, "float32")
        if "bias" in operands:
            require_vector(core, self.name, "bias", operands["bias"], data, *BIAS_DTYPES)
        require(
            core.generation != "v2" or not options.has_constant_bias,
            f"{self.name}: bias is a constant; on {core.name} it must be a "
            f"[{data.partitions}, 1] tile: fill one with nisa.memset",
        )
        require(
            core.generation != "v2" or options.op != "reciprocal" or "bias" not in operands,
            f"{self.name}: reciprocal takes no bias on {core.name}; add it first",
        )
        check_reduction(core, self.name, kind, data, self.commands, self.operators)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """N cycles; scale, bias and sum are free."""
        steps = (step(core, "scalar", self.name, kind.writes[0].free),)
        return (*steps, accumulator_read(core, "scalar")) if RESULT in kind.roles else steps

    def table(self, kind: Kind) -> str:
        return table_of(kind.options.op)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, tiles = reads[0], iter(reads[1:])
        x = data.fp32() * operand_value(values[0], tiles, data.ndim)
        bias = operand_value(values[1], tiles, data.ndim)
        finish(kind, writes, FUNCTIONS[kind.options.op](x if bias is None else x + bias))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.reduction.command in ("idle", "reduce")


class ActivationReduce(Activation):
    """The same with reset_reduce."""

    name = "activation_reduce"
    commands = ("reset_reduce",)


class Activate2Options(NamedTuple):
    op: str
    op0: str  # BYPASS: none
    op1: str
    reverse0: bool
    reverse1: bool
    reduction: Reduction
    tiles: tuple[str, ...]  # which of imm0, imm1 and relu_param are tiles
    results: tuple[str, ...]


class Activate2(Instruction):
    """dst = op((data op0 imm0) op1 imm1), with an optional reduction."""

    name = "activate2"
    inputs = ("data",)
    indirect = ("dst", "data")
    ours = "functions are exact in float32, the device's polynomials are not published"
    cost_source = "assumed: as activation, max(64, N)"

    def engine(self, core: Core, kind: Kind) -> str:
        return "scalar"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v4", "use nisa.activation")
        operands, options = kind.operands, kind.options
        dst, data = operands["dst"], operands["data"]
        require_tiles(core, self.name, dst, ("data", data))
        pair = (options.op0, options.op1)
        require(
            pair in PREPARATIONS,
            f"{self.name}: (op0, op1) = {_spelled(pair)} is none of "
            + ", ".join(_spelled(allowed) for allowed in PREPARATIONS),
        )
        for reverses, op, name in (
            (options.reverse0, pair[0], "0"),
            (options.reverse1, pair[1], "1"),
        ):
            require(
                not reverses or op != BYPASS,
                f"{self.name}: reverse{name} without op{name}; leave it False",
            )
        for role in options.tiles:
            require_vector(core, self.name, role, operands[role], data)
        if "imm0" in operands and "imm1" in operands:
            dtypes = (operands["imm0"].dtype, operands["imm1"].dtype)
            require(
                dtypes[0] == dtypes[1],
                f"{self.name}: imm0 is {dtypes[0]} and imm1 is {dtypes[1]}; give both one dtype",
            )
        reductions = ("add", "maximum", "minimum", "abs_max", "abs_min")
        check_reduction(core, self.name, kind, data, COMMANDS, reductions)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        steps = (step(core, "scalar", self.name, kind.writes[0].free),)
        return (*steps, accumulator_read(core, "scalar")) if RESULT in kind.roles else steps

    def table(self, kind: Kind) -> str:
        return table_of(kind.options.op)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, tiles, options = reads[0], iter(reads[1:]), kind.options
        imm0, imm1, slope = (operand_value(value, tiles, data.ndim) for value in values)
        x = data.fp32()
        if options.op0 != BYPASS:
            x = combine(options.op0, x, imm0, options.reverse0)
        if options.op1 != BYPASS:
            x = combine(options.op1, x, imm1, options.reverse1)
        if options.op == PRELU:
            finish(kind, writes, np.where(x > 0, x, x * slope))
        else:
            finish(kind, writes, FUNCTIONS[options.op](x))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.reduction.command in ("idle", "reduce")


def finish(kind: Kind, writes: Sequence[Tensor], result: np.ndarray) -> None:
    """Write dst, carry out the command on Scalar's accumulators, and read them out if asked."""
    options = kind.options
    if options.results:
        update(writes[-1], options.reduction, as_rows(result))
    writes[0].put(result.astype(np.float32, copy=False))
    if RESULT in options.results:
        read_out(writes[1], writes[-1], options.reduction)


def _spelled(pair: tuple[str, str]) -> str:
    return "(" + ", ".join(f"nl.{op or 'bypass'}" for op in pair) + ")"


ACTIVATION = Activation()
ACTIVATION_REDUCE = ActivationReduce()
ACTIVATE2 = Activate2()

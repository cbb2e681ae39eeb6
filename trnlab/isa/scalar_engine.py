"""ScalarE: functions of one tensor, func(data * scale + bias), one lane per partition."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.isa.activations import FUNCTIONS
from trnlab.isa.elementwise import operand_value, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.vector_engine import check_operands, check_vectors
from trnlab.memory import Tensor
from trnlab.spec.core import Core


class Activation(Instruction):
    """dst = op(data * scale + bias), float32 inside."""

    name = "activation"
    roles = ("dst", "data", "operand", "operand")

    def engine(self, core: Core, kind: Kind) -> str:
        return "scalar"

    def check(self, core: Core, kind: Kind) -> None:
        dst, data, vectors = kind.writes[0], kind.reads[0], kind.reads[1:]
        check_operands(core, self.name, dst, ("data", data))
        check_vectors(core, self.name, "scale or bias", dst, vectors)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """N cycles; scale and bias are free (NKI 2.26.1 docstring)."""
        return (step(core, "scalar", self.name, kind.writes[0].free),)

    def execute(self, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any) -> None:
        dst, data, vectors = writes[0], reads[0], list(reads[1:])
        op, scale, bias = values
        scale = operand_value(vectors.pop(0) if scale == "tile" else scale, data)
        bias = operand_value(vectors.pop(0) if bias == "tile" else bias, data)
        x = data.fp32() * scale
        if bias is not None:
            x = x + bias
        with np.errstate(all="ignore"):
            dst.put(FUNCTIONS[op](x).astype(np.float32, copy=False))


ACTIVATION = Activation()

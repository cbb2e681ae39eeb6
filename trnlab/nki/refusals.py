"""What a launch says of arguments that cannot be."""

from operator import index
from typing import Any

from trnlab.errors import KernelError
from trnlab.isa.instruction import Instruction, Kind
from trnlab.memory import Allocation, Tensor


def sizes_of(shape: Any) -> tuple[int, ...]:
    """A shape as whole numbers."""
    try:
        return tuple(map(index, shape if hasattr(shape, "__iter__") else (shape,)))
    except TypeError:
        raise KernelError(
            f"nl.ndarray: shape {shape} needs whole numbers; divide with //"
        ) from None


def not_a_tensor(instruction: Instruction, options: tuple, operands: tuple[Any, ...]) -> str:
    """What to say of an operand that is no tensor."""
    roles = Kind(instruction, "", (), (), options).roles
    role, operand = next(
        (role, operand)
        for role, operand in zip(roles, operands, strict=False)
        if not isinstance(operand, Tensor)
    )
    return (
        f"{instruction.name}: {role} is of type {type(operand).__name__}, not a tensor; "
        "pass arrays as arguments of the kernel, and allocate tiles with nl.ndarray"
    )


def never_written(instruction: Instruction, unset: Allocation) -> str:
    """What to say of an operand that nothing has written."""
    return (
        f"{instruction.name}: {unset.name} {list(unset.shape)} in {unset.memory.upper()} "
        f"(allocated in line {unset.line}) is read, but nothing has written it; "
        "load or compute it first"
    )

"""What `nki.isa` functions do with their arguments before they issue an instruction."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.accumulators import REGISTERS, RESULT, Reduction
from trnlab.isa.elementwise import TILE
from trnlab.isa.operators import is_bitwise, is_unary, operator_name
from trnlab.isa.scalar_engine import BYPASS
from trnlab.memory import Tensor
from trnlab.nki.enums import dge_mode, dma_engine, engine, matmul_perf_mode, oob_mode, reduce_cmd
from trnlab.nki.launch import current
from trnlab.nki.unwritten import warn_presumed

ENGINE_NAMES: dict[Any, str] = {member: member.name for member in engine}
ENGINE_NAMES |= {member.name: member.name for member in engine}
ENGINE_NAMES |= {engine.unknown: "", "unknown": "", None: ""}
COMMAND_NAMES: dict[Any, str] = {member: member.name for member in reduce_cmd}
_reductions: dict[tuple, Reduction] = {}  # made so far, by what was given
NEITHER = (np.ndarray, list, tuple, str)  # a tile nor a constant
OOB_NAMES: dict[Any, str] = {mode: mode.name for mode in oob_mode}
OOB_NAMES |= {mode.name: mode.name for mode in oob_mode}
PERF_NAMES: dict[Any, str] = {mode: mode.name for mode in matmul_perf_mode}
MOVER_NAMES: dict[Any, str] = {member: member.name for member in dma_engine}
MOVER_NAMES |= {member.name: member.name for member in dma_engine}
DGE_NAMES: dict[Any, str] = {member: member.name for member in dge_mode} | {None: "unknown"}


def named(names: dict[Any, str], what: str, given: Any) -> str:
    """The name of an enumeration's member, given as such or as its integer."""
    try:
        return names[given]
    except (KeyError, TypeError):  # TypeError: nothing that could be a key
        known = ", ".join(dict.fromkeys(filter(None, names.values())))
        raise KernelError(f"{what}: {given!r} is none of {known}") from None


def number(name: str, role: str, value: Any) -> Any:
    """A constant operand.

    Raises:
        KernelError: it is no number
    """
    if not hasattr(value, "__float__") or hasattr(value, "__len__"):
        raise KernelError(f"{name}: {role} is of type {type(value).__name__}; it takes a number")
    return value


def int32(name: str, role: str, value: Any) -> int:
    """A constant that the instruction carries in 32 bits.

    Raises:
        KernelError: it does not fit
    """
    whole = int(value)
    if not -(2**31) <= whole < 2**31:
        raise KernelError(f"{name}: {role} is {whole}, which is no int32")
    return whole


def apart(
    name: str, names: Sequence[str], *operands: Any
) -> tuple[tuple[str, ...], tuple[Tensor, ...], tuple[Any, ...]]:
    """Operands that may be tiles or constants.

    Returns:
        names of the tiles, the tiles, and all operands with TILE in place of the tiles
    Raises:
        KernelError: an operand is neither
    """
    for role, operand in zip(names, operands, strict=True):
        if isinstance(operand, NEITHER):
            raise KernelError(
                f"{name}: {role} is of type {type(operand).__name__}; give it a constant or a "
                "[P, 1] tile"
            )
    if not any([isinstance(operand, Tensor) for operand in operands]):
        return (), (), operands
    roles, tiles, constants = [], [], []
    for role, operand in zip(names, operands, strict=True):
        is_tile = isinstance(operand, Tensor)
        if is_tile:
            roles.append(role)
            tiles.append(operand)
        constants.append(TILE if is_tile else operand)
    return tuple(roles), tuple(tiles), tuple(constants)


def reduction(
    name: str,
    engine: str,
    op: Any,
    command: Any,
    result: Tensor | None,
    data: Tensor,
    negates: bool = False,
) -> tuple[Reduction, tuple[str, ...], tuple[Tensor, ...]]:
    """How a call uses its engine's accumulators.

    Returns:
        the reduction; roles and tensors that the call writes beside dst
    Raises:
        KernelError: the accumulators hold nothing that could be continued or read
    """
    how = _reductions.get((op, command, negates))
    if how is None:
        how = _reductions[op, command, negates] = Reduction(
            operator_name(name, op) if op is not None else "add",
            named(COMMAND_NAMES, f"{name}: reduce_cmd", command),
            negates,
        )
    launch = current()
    accumulators = launch.state.accumulators(engine, data)
    is_set = accumulators.storage.allocation.mutated and not launch.state.presumes
    if how.command != "idle":
        launch.state.presumes = False
    elif result is not None and op is not None and engine == "scalar" and not is_set:
        warn_presumed(name, launch.said, launch.lines)
        launch.state.presumes, is_set = True, True
        how = how._replace(command="reset_reduce")
    if how.command == "reduce" and not is_set:
        raise KernelError(
            f"{name}: reduce_cmd.reduce goes on with the accumulators of the {engine} engine, but "
            "nothing has set them; begin with reduce_cmd.reset_reduce"
        )
    if result is None:
        return how, (REGISTERS,), (accumulators,)
    if how.command == "idle" and (engine == "vector" or not is_set):
        raise KernelError(
            f"{name}: reduce_res reads accumulators of the {engine} engine that reduce_cmd.idle "
            "leaves unset; use reduce_cmd.reset_reduce"
        )
    return how, (RESULT, REGISTERS), (result, accumulators)


def stages(name: str, *given: tuple[Any, Any, bool]) -> list[tuple[Any, Any, bool]]:
    """Operator, operand and reversal of each stage; kernels leave one out by an operator None.

    Returns:
        all of them, those that were left out last
    Raises:
        KernelError: an operand without an operator
    """
    for number, (op, operand, _) in enumerate(given):
        if op is None and operand is not None:
            raise KernelError(
                f"{name}: operand{number} without op{number}; leave it None, or name the operator"
            )
    return sorted(given, key=lambda stage: stage[0] is None)


def unary_or_not(name: str, op: Any, operand: Any) -> str:
    """Name of an operator; a unary one must come without an operand, any other with one."""
    operator = operator_name(name, op)
    if operand is None and not is_unary(operator):
        raise KernelError(
            f"{name}: {operator} needs an operand; give it a constant or a [P, 1] tile"
        )
    if is_unary(operator) and (isinstance(operand, Tensor) or operand not in (None, 0)):
        raise KernelError(
            f"{name}: {operator} takes no operand, here is {operand!r}; leave it None or 0"
        )
    return operator


def check_bits(name: str, operator: str, operand: Any) -> None:
    """Bit operators take constants as they are.

    Raises:
        KernelError: the constant would have to be cast
    """
    if operator and is_bitwise(operator) and isinstance(operand, float | np.floating):
        raise KernelError(
            f"{name}: {operator} works on bits and never casts, here is {operand!r}; give it an "
            "integer"
        )


def bypassed(name: str, op: Any) -> str:
    """Name of an operator, "" for nl.bypass."""
    is_bypass = op is None or getattr(op, "__name__", op) == "bypass"
    return BYPASS if is_bypass else operator_name(name, op)


def pattern(given: Any) -> tuple[tuple[int, int], ...]:
    """[[step, count], ...] as a tuple."""
    return tuple([(int(step), int(count)) for step, count in given])


def check_accumulation(name: str, dst: Any, accumulate: bool | None) -> None:
    """accumulate=True reads dst, which must hold something.

    Raises:
        KernelError: nothing has written it
    """
    if not accumulate or not isinstance(dst, Tensor):
        return
    allocation = dst.storage.allocation
    part = allocation.written_part
    if not allocation.written or (part is not None and not part.meets(dst)):
        raise KernelError(
            f"{name}: accumulate=True adds to {dst.name} {list(dst.shape)} (allocated in line "
            f"{allocation.line}), but nothing has written it; overwrite it first with "
            "accumulate=False, for example accumulate=k > 0, or leave accumulate out"
        )

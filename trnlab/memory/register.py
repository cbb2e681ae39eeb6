"""Registers: whole numbers that the device knows only while it runs.

They hold loop counters, loaded scalars and the own rank; they address memory and bound loops. Plain
Python control flow must not depend on them: on the device the kernel is traced before any of their
values exist. Without inputs (a run on shapes alone) a loaded register has no value at all.
"""

import linecache
import sys
from typing import Any

from trnlab.errors import KernelError


class RegisterUseError(KernelError, TypeError):
    """A register was used where Python needs a number while the kernel is traced."""


class Register:
    """A scalar register of the engines' sequencers."""

    __slots__ = ("call", "frozen", "origin", "value")

    def __init__(self, value: int | None = None, origin: str = "", frozen: bool = False) -> None:
        self.value = value  # None: not known
        self.origin = origin  # what its value comes from, for messages
        self.frozen = frozen  # a loop counter
        self.call = -1  # NKI call that wrote it last

    def known(self, what: str) -> int:
        """Its value.

        Args:
            what: the operation that needs it
        Raises:
            KernelError: the run has no values, or nothing was moved into it
        """
        if self.value is None:
            source = self.origin or "nothing: no register_move or register_load has written it"
            raise KernelError(
                f"{what}: the value of a register is missing; it comes from {source}. "
                "Run the kernel on NumPy arrays instead of shapes alone"
            )
        return self.value

    def __bool__(self) -> bool:
        """A register may be the condition of a while statement, and of nothing else."""
        frame = sys._getframe(1)
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if text.lstrip().startswith("while "):
            return self.known("while") != 0
        raise _misused("a condition", "nl.while_loop, or compute a mask on tiles")

    def __int__(self) -> int:
        raise _misused("a Python int", "it as scalar_offset, in nl.ds(...) or as a loop bound")

    def __index__(self) -> int:
        raise _misused("a Python index", "nl.dynamic_range or nl.fori_loop for a loop")

    def __float__(self) -> float:
        raise _misused("a Python float", "nisa.register_store to bring it into a tile")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (int, float)) and not isinstance(other, bool):
            raise _misused("a comparison", "nl.while_loop, or compute a mask on tiles")
        return self is other

    def __lt__(self, other: object) -> bool:
        raise _misused("a comparison", "nl.while_loop, or compute a mask on tiles")

    __gt__ = __le__ = __ge__ = __lt__

    def __hash__(self) -> int:
        return id(self)

    def __add__(self, other: Any) -> "Register":
        return self._combined(other, lambda x, y: x + y)

    def __sub__(self, other: Any) -> "Register":
        return self._combined(other, lambda x, y: x - y)

    def __rsub__(self, other: Any) -> "Register":
        return self._combined(other, lambda x, y: y - x)

    def __mul__(self, other: Any) -> "Register":
        return self._combined(other, lambda x, y: x * y)

    def __floordiv__(self, other: Any) -> "Register":
        return self._combined(other, lambda x, y: x // y)

    def __mod__(self, other: Any) -> "Register":
        return self._combined(other, lambda x, y: x % y)

    __radd__, __rmul__ = __add__, __mul__

    def _combined(self, other: Any, operator: Any) -> "Register":
        """A new register: the sequencer's arithmetic."""
        right = other.value if isinstance(other, Register) else other
        later = other if isinstance(other, Register) and other.call > self.call else self
        value = None if self.value is None or right is None else int(operator(self.value, right))
        result = Register(value, later.origin)
        result.call = later.call
        return result

    def __repr__(self) -> str:
        return f"Register({'?' if self.value is None else self.value})"


def _misused(use: str, way: str) -> RegisterUseError:
    return RegisterUseError(
        f"register: it cannot be {use}, since its value is not known while the device's compiler "
        f"traces the kernel; use {way}"
    )

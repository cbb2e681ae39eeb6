"""`nki.isa.register_*`: scalars that exist only at run time, see `trnlab.memory.register`."""

from typing import Any

from trnlab.errors import KernelError
from trnlab.isa.sequencers import REGISTER_LOAD, REGISTER_STORE
from trnlab.memory import Register, Tensor
from trnlab.nki.instruction_handle import NkiInstruction
from trnlab.nki.launch import current


def register_alloc(x: Any = None) -> Register:
    """A new register.

    Args:
        x: None (no value yet), an int, or a tile of one element that is loaded
    """
    register = Register()
    if isinstance(x, Tensor):
        register_load(register, x)
    elif x is not None:
        register_move(register, x)
    return register


def register_move(dst: Register, src: int | Register) -> None:
    """dst = src: an int or another register.

    Raises:
        KernelError: dst is the counter of a dynamic_range
    """
    _check_register("register_move", "dst", dst)
    if isinstance(src, Register):
        dst.value, dst.origin, dst.call = src.value, src.origin, src.call
    elif hasattr(src, "__index__"):
        if not -(2**31) <= int(src) < 2**32:
            raise KernelError(f"register_move: src is {src}, and a register holds 32 bits")
        dst.value, dst.origin, dst.call = int(src), "", -1
    else:
        raise KernelError(f"register_move: src {src!r} should be an int or a register")


def register_load(dst: Register, src: Tensor) -> NkiInstruction:
    """dst = src: a tile of one element; on shapes alone the register's value stays unknown."""
    _check_register("register_load", "dst", dst)
    launch = current()
    handle = launch.issue(REGISTER_LOAD, (), (src,))
    dst.call = handle.index
    dst.origin = f"{src.name} (register_load in line {launch.trace.calls[handle.index].line})"
    dst.value = int(src.array.reshape(-1)[0]) if launch.has_values else None
    return handle


def register_store(dst: Tensor, src: Register) -> NkiInstruction:
    """dst = src: a tile of one element."""
    _check_register("register_store", "src", src, writes=False)
    launch = current()
    value = src.known("register_store") if launch.has_values else None
    handle = launch.issue(REGISTER_STORE, (dst,), (), values=value)
    launch.trace.order(handle.index, src.call)
    return handle


def _check_register(name: str, role: str, register: Any, writes: bool = True) -> None:
    if not isinstance(register, Register):
        raise KernelError(f"{name}: {role} {register!r} should come from nisa.register_alloc")
    if writes and register.frozen:
        raise KernelError(
            f"{name}: {role} is the counter of a dynamic_range, which cannot be written; "
            "copy it into a register of your own"
        )

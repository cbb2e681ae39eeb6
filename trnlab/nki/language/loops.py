"""Loops. Static ones are plain Python ranges, fully unrolled; dynamic ones count in a register.

A dynamic loop is one loop on the device. Here its body runs once per iteration, with real trip
counts; without values (shapes alone) a bound that is loaded from memory is not known, and the loop
says so.
"""

from collections.abc import Callable, Iterator
from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Register
from trnlab.nki.launch import current


def affine_range(start: int, stop: int | None = None, step: int = 1) -> range:
    """A range whose iterations do not depend on each other, but through accumulation."""
    return range(start) if stop is None else range(start, stop, step)


def sequential_range(start: int, stop: int | None = None, step: int = 1) -> range:
    """A range whose iterations may depend on each other."""
    return range(start) if stop is None else range(start, stop, step)


def static_range(start: int, stop: int | None = None, step: int = 1) -> range:
    """A range that the compiler unrolls."""
    return range(start) if stop is None else range(start, stop, step)


def dynamic_range(start: Any, stop: Any = None, step: int = 1) -> Iterator[Register]:
    """A loop on the device: yields a register that cannot be written.

    Args:
        start, stop: int or register
        step: positive int
    """
    if stop is None:
        start, stop = 0, start
    counts = _counts("dynamic_range", start, stop, step)
    with current().dynamic_loop():
        for value in counts:
            yield _counter(value, stop, frozen=True)


def fori_loop(
    lower: int | Register,
    upper: int | Register,
    body_fun: Callable[[Register], Any],
    step: int = 1,
) -> None:
    """body_fun(i) for i from lower to upper (excluded); i is a register of its own each time.

    Args:
        lower, upper: int or register
        step: positive int
    """
    counts = _counts("fori_loop", lower, upper, step)
    with current().dynamic_loop():
        for value in counts:
            body_fun(_counter(value, upper, frozen=False))


def while_loop(init: Register, body_fun: Callable[[Register], Register]) -> None:
    """r = init; while r is not 0: r = body_fun(r)."""
    _check_outside_no_reorder("while_loop")
    register = init
    with current().dynamic_loop():
        while _register("while_loop", register).known("while_loop") != 0:
            twin = Register(register.value, register.origin)
            twin.call = register.call
            register = body_fun(twin)


def _counts(name: str, lower: Any, upper: Any, step: Any) -> range:
    _check_outside_no_reorder(name)
    if isinstance(step, Register) or int(step) < 1:
        raise KernelError(
            f"{name}: step {step!r} must be a positive int; the device's loop instruction holds it"
        )
    first, last = (
        bound.known(f"{name}: loop bound") if isinstance(bound, Register) else int(bound)
        for bound in (lower, upper)
    )
    return range(first, last, int(step))


def _counter(value: int, bound: Any, frozen: bool) -> Register:
    counter = Register(value, "a loop counter", frozen)
    if isinstance(bound, Register):
        counter.call = bound.call
    return counter


def _register(name: str, value: Any) -> Register:
    if not isinstance(value, Register):
        raise KernelError(
            f"{name}: the condition {value!r} should be a register; body_fun must return the next "
            "one"
        )
    return value


def _check_outside_no_reorder(name: str) -> None:
    if current().last_ordered is not None:
        raise KernelError(
            f"{name}: a dynamic loop inside nl.no_reorder() is not supported; put no_reorder into "
            "the loop's body"
        )

"""Kernels: `nki.jit`, `nki.simulate`, and recording a run of one."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from trnlab import spec
from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.launch import Launch, current, is_running, launching
from trnlab.numerics import dtype_name, storage
from trnlab.schedule.scheduler import placements
from trnlab.spec import Core
from trnlab.trace import Trace


class Shape(NamedTuple):
    """A kernel input without values."""

    shape: tuple[int, ...]
    dtype: str


class Recording(NamedTuple):
    """What one run of a kernel left behind."""

    trace: Trace
    output: Any  # NumPy arrays as the kernel returned tensors; None on shapes alone
    inputs: dict[int, np.ndarray]  # by allocation id, as they were before the run


class Kernel:
    """A function that issues NKI instructions."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Inside a kernel: run inline. Outside: simulate on Trainium3's core."""
        if is_running():
            return self.function(*args, **kwargs)
        return simulate(self)(*args, **kwargs)


def jit(function: Callable[..., Any] | None = None, **_options: Any) -> Any:
    """Decorator that makes a kernel, bare or called; compiler options have no meaning here."""
    return Kernel(function) if function is not None else Kernel


def simulate(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs a kernel on NumPy arrays and returns NumPy arrays.

    Raises, when called:
        KernelError: the device would refuse the kernel
        CapacityError: its live tiles do not fit into SBUF or PSUM
    """

    def run(*args: Any, **kwargs: Any) -> Any:
        core = spec.TRN3.core
        recording = record(kernel, args, kwargs, core)
        placements(recording.trace, core)
        return recording.output

    return run


def plain(kernel: Callable[..., Any]) -> Any:
    """The function that holds a kernel's source, without decorators and bound arguments."""
    inner = inspect.unwrap(kernel)
    while isinstance(inner, functools.partial):
        inner = inspect.unwrap(inner.func)
    return inner if hasattr(inner, "__code__") else inner.__call__


def record(
    kernel: Callable[..., Any], args: tuple, kwargs: dict[str, Any], core: Core
) -> Recording:
    """Run a kernel once.

    Args:
        args, kwargs: NumPy arrays or `Shape`s become HBM tensors, anything else is passed on.
            One `Shape` is enough to run on shapes alone.
        core: the core whose limits apply
    """
    function = kernel.function if isinstance(kernel, Kernel) else kernel
    has_values = not any(isinstance(value, Shape) for value in (*args, *kwargs.values()))
    launch = Launch(core, has_values, plain(kernel).__code__.co_filename)
    names = _parameter_names(function, len(args))
    inputs: dict[int, tuple[np.ndarray, Tensor]] = {}
    with launching(launch):
        positional = [_input(name, value, inputs) for name, value in zip(names, args, strict=True)]
        named = {name: _input(name, value, inputs) for name, value in kwargs.items()}
        before = {id: array.copy() for id, (array, _) in inputs.items()} if has_values else {}
        result = function(*positional, **named)
    _mark_output(result)
    if not has_values:
        return Recording(launch.trace, None, {})
    for given, tensor in inputs.values():
        _update(given, tensor)
    return Recording(launch.trace, _output(result), before)


def _update(given: np.ndarray, tensor: Tensor) -> None:
    """Bring what the kernel wrote to an input back into the caller's array."""
    if not tensor.storage.allocation.mutated or np.shares_memory(given, tensor.array):
        return
    if not given.flags.writeable:
        raise KernelError(
            f"input {tensor.name}: the kernel writes it, but the array is read-only; pass a copy"
        )
    given[...] = tensor.array.reshape(given.shape)


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    names = [
        name
        for name, p in inspect.signature(function).parameters.items()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return names[:count] + [f"argument_{i}" for i in range(len(names), count)]


def _input(name: str, value: Any, inputs: dict[int, tuple[np.ndarray, Tensor]]) -> Any:
    """An HBM tensor for an array or a shape; other values are passed on."""
    if not isinstance(value, (np.ndarray, Shape)):
        return value
    if value.dtype in (np.float64, np.int64, np.uint64):
        narrow = str(value.dtype).replace("64", "32")
        raise KernelError(
            f"input {name}: NKI has no {value.dtype}; pass {name}.astype(np.{narrow})"
        )
    tensor = current().allocate(value.shape or (1,), dtype_name(value.dtype), "private_hbm", name)
    tensor.storage.allocation.argument = True
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value)
        if not data.flags.writeable:
            data = data.copy()
        tensor.storage.data = data.reshape(-1).view(np.uint8)
        inputs[tensor.storage.id] = (value, tensor)
    return tensor


def _mark_output(result: Any) -> None:
    for tensor in result if isinstance(result, (tuple, list)) else (result,):
        if isinstance(tensor, Tensor):
            tensor.storage.allocation.output = True


def _output(result: Any) -> Any:
    if isinstance(result, Tensor):
        return result.array.astype(storage(result.dtype))
    if isinstance(result, (tuple, list)):
        return type(result)(_output(item) for item in result)
    return result

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
    inputs: dict[int, np.ndarray] | None  # by allocation id, before the run; None on shapes


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

    @functools.wraps(kernel)
    def run(*args: Any, **kwargs: Any) -> Any:
        if is_running():
            return kernel(*args, **kwargs)
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
        before = {id: t.array.copy() for id, (_, t) in inputs.items()} if has_values else None
        try:
            result = function(*positional, **named)
        except BaseException:
            _restore(inputs, before or {})
            raise
    _mark_output(result)
    if not has_values:
        return Recording(launch.trace, None, None)
    for given, tensor in inputs.values():
        _update(given, tensor)
    return Recording(launch.trace, _output(result), before)


def _restore(inputs: dict[int, tuple[np.ndarray, Tensor]], before: dict[int, np.ndarray]) -> None:
    """Undo what a kernel that failed wrote to the caller's arrays: the device would not run it."""
    for id, values in before.items():
        given, tensor = inputs[id]
        if tensor.storage.allocation.mutated and np.shares_memory(given, tensor.array):
            given[...] = values.reshape(given.shape)


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
    tensor = current().allocate(value.shape or (1,), _dtype(name, value), "private_hbm", name)
    tensor.storage.allocation.argument = True
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value, value.dtype.newbyteorder("="))
        if not data.flags.writeable:
            data = data.copy()
        tensor.storage.data = data.reshape(-1).view(np.uint8)
        inputs[tensor.storage.id] = (value, tensor)
    return tensor


def _dtype(name: str, value: np.ndarray | Shape) -> str:
    """NKI dtype of an input."""
    if value.dtype in (np.float64, np.int64, np.uint64):
        narrow = str(np.dtype(value.dtype)).replace("64", "32")
        raise KernelError(
            f"input {name}: NKI has no {value.dtype}; pass {name}.astype(np.{narrow})"
        )
    try:
        return dtype_name(value.dtype)
    except ValueError as error:
        raise KernelError(f"input {name}: {error}") from None


def _mark_output(result: Any) -> None:
    for tensor in result if isinstance(result, (tuple, list)) else (result,):
        if isinstance(tensor, Tensor):
            tensor.storage.allocation.output = True


def _output(result: Any) -> Any:
    if isinstance(result, Tensor):
        return result.array.astype(storage(result.dtype))
    if isinstance(result, (tuple, list)):
        items = [_output(item) for item in result]
        return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
    return result

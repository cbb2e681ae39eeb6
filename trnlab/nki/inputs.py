"""What goes into a kernel and what comes out: NumPy arrays become tensors, tensors arrays."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.launch import Launch
from trnlab.nki.nki_object import NKIObject
from trnlab.numerics import dtype_name

WIDE = (np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.uint64))


class Shape(NamedTuple):
    """A kernel input without values."""

    shape: tuple[int, ...]
    dtype: str


def holds_shape(value: Any) -> bool:
    """Whether an argument, or anything in it, has no values."""
    if isinstance(value, Shape):
        return True
    return any(holds_shape(part) for part in _parts(value))


class Inputs:
    """The input tensors of a launch, each made once for all of its programs."""

    def __init__(self, launch: Launch, buffer: str) -> None:
        self._launch = launch
        self._buffer = buffer
        self._made: list[Tensor] = []  # in the order in which the arguments hold them
        self._seen = 0  # of them, by the program that takes its arguments now
        self._given: list[tuple[Any, Tensor]] = []

    def arguments(
        self, function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """The kernel's arguments, arrays replaced by tensors; containers are copied."""
        self._seen = 0
        names = parameter_names(function, len(args))
        positional = [self._put(name, value) for name, value in zip(names, args, strict=True)]
        return positional, {name: self._put(name, value) for name, value in kwargs.items()}

    def _put(self, name: str, value: Any) -> Any:
        if isinstance(value, (np.ndarray, Shape)):
            if self._seen == len(self._made):
                self._made.append(self._tensor(name, value))
            self._seen += 1
            return self._made[self._seen - 1]
        return _rebuilt(name, value, self._put)

    def _tensor(self, name: str, value: Any) -> Tensor:
        launch = self._launch
        allocation = launch.trace.allocate(
            name, self._buffer, value.shape or (1,), _dtype(name, value), launch.line()
        )
        allocation.argument = True
        tensor = launch.tensor_of(allocation)
        if isinstance(value, np.ndarray):
            data = np.ascontiguousarray(value, value.dtype.newbyteorder("="))
            ranks = launch.team.world.takers.setdefault(_owner(value), set())
            if not data.flags.writeable or ranks - {launch.team.rank}:
                data = data.copy()  # each rank has an HBM of its own
            ranks.add(launch.team.rank)
            tensor.storage.data = data.reshape(-1).view(np.uint8)
            self._given.append((value, tensor))
        return tensor

    def before(self) -> dict[int, np.ndarray]:
        """Values before the run by allocation id, none of them in the caller's own memory."""
        kept = self._launch.team.world.before
        values = {}
        for given, tensor in self._given:
            array = kept.get(tensor.storage.id)
            if array is None:
                array = tensor.array
                array = array.copy() if np.shares_memory(given, array) else array
            values[tensor.storage.id] = array
        return values

    def again(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments as they were before the run, in memory of their own."""
        before, made = self.before(), iter(self._made)

        def put(name: str, value: Any) -> Any:
            if isinstance(value, np.ndarray):
                return before[next(made).storage.id].reshape(value.shape).copy()
            return _rebuilt(name, value, put)

        return tuple(put("", arg) for arg in args), {k: put(k, v) for k, v in kwargs.items()}

    def written(self) -> list[np.ndarray]:
        """What the inputs that the kernel wrote to hold now."""
        tensors = [tensor for _, tensor in self._given]
        return [tensor.array for tensor in tensors if tensor.storage.allocation.mutated]

    def update(self) -> None:
        """Bring what the kernel wrote to its inputs back into the caller's arrays."""
        for given, tensor in self._given:
            if not tensor.storage.allocation.mutated or np.shares_memory(given, tensor.array):
                continue
            if not given.flags.writeable:
                raise KernelError(
                    f"input {tensor.name}: the kernel writes it, but the array is read-only; "
                    "pass a copy"
                )
            given[...] = tensor.array.reshape(given.shape)

    def check_aliases(self) -> None:
        """Refuse arguments that are one array if the kernel wrote to it.

        Raises:
            KernelError: it did; on the device they are tensors apart, which nothing orders
        """
        takers = self._launch.team.world.takers
        for given, tensor in self._given:
            if not tensor.storage.allocation.mutated:
                continue
            twins = [t for other, t in self._given if t is not tensor and _is_one(given, other)]
            ranks = sorted(takers[_owner(given)])
            if (twins or len(ranks) > 1) and self._is_changed(tensor):
                raise KernelError(_aliased(tensor.name, [twin.name for twin in twins], ranks))

    def _is_changed(self, tensor: Tensor) -> bool:
        """The kernel wrote something else to an input than it held."""
        before = self._launch.team.world.before[tensor.storage.id]
        return tensor.array.tobytes() != before.tobytes()

    def restore(self) -> None:
        """Undo what a kernel that failed wrote to the caller's arrays."""
        kept = self._launch.team.world.before
        for given, tensor in self._given:
            if tensor.storage.id in kept and np.shares_memory(given, tensor.array):
                given[...] = kept[tensor.storage.id].reshape(given.shape)


def _is_one(a: np.ndarray, b: np.ndarray) -> bool:
    return np.may_share_memory(a, b) and np.shares_memory(a, b)


def _aliased(name: str, twins: list[str], ranks: list[int]) -> str:
    if twins:
        return (
            f"inputs {name} and {twins[0]} are one array, and the kernel writes {name}: nothing "
            "orders what it does to one with what it does to the other; pass a copy"
        )
    return (
        f"input {name}: ranks {', '.join(map(str, ranks))} got one array, and the kernel writes "
        "it; each rank has an HBM of its own, pass each a copy"
    )


def _owner(array: np.ndarray) -> int:
    """Which memory an array is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return id(array)


def _dtype(name: str, value: Any) -> str:
    """NKI dtype of an input."""
    if value.dtype in WIDE:
        narrow = str(np.dtype(value.dtype)).replace("64", "32")
        raise KernelError(
            f"input {name}: NKI has no {value.dtype}; pass {name}.astype(np.{narrow})"
        )
    try:
        return dtype_name(value.dtype)
    except ValueError as error:
        raise KernelError(f"input {name}: {error}") from None


def mark_output(result: Any) -> list[Tensor]:
    """Note which tensors the kernel returns, and list them."""
    if isinstance(result, Tensor):
        result.storage.allocation.output = True
        return [result]
    return [tensor for part in _parts(result) for tensor in mark_output(part)]


def output(result: Any) -> Any:
    """What the kernel returned, tensors replaced by arrays."""
    if isinstance(result, Tensor):
        return result.array if _is_its_own(result) else result.array.copy()
    return _rebuilt("", result, lambda _, part: output(part))


def arrays(result: Any) -> list[np.ndarray]:
    """The arrays in what a kernel returned."""
    if isinstance(result, np.ndarray):
        return [result]
    return [array for part in _parts(result) for array in arrays(part)]


def _is_its_own(result: Tensor) -> bool:
    """All of a memory that nothing but the kernel used."""
    allocation = result.storage.allocation
    is_all = result.size * result.array.itemsize == allocation.nbytes
    return is_all and not allocation.argument and result.array.flags.c_contiguous


def parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """Names of the first positional parameters."""
    names = [
        name
        for name, p in inspect.signature(function).parameters.items()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return names[:count] + [f"argument_{i}" for i in range(len(names), count)]


def _fields(value: Any) -> dict[str, Any]:
    """Attributes of a record that a kernel takes as one argument."""
    is_record = isinstance(value, NKIObject) or dataclasses.is_dataclass(value)
    return vars(value) if is_record and not isinstance(value, type) and _has_dict(value) else {}


def _has_dict(value: Any) -> bool:
    return hasattr(value, "__dict__")


def _parts(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)) and not isinstance(value, Shape):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    return list(_fields(value).values())


def _rebuilt(name: str, value: Any, change: Callable[[str, Any], Any]) -> Any:
    """A container with its parts changed; itself if nothing in it changes."""
    if isinstance(value, (list, tuple)):
        parts = [change(f"{name}_{i}", part) for i, part in enumerate(value)]
        if isinstance(value, tuple) and all(a is b for a, b in zip(parts, value, strict=True)):
            return value
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: change(f"{name}_{key}", part) for key, part in value.items()}
    fields = _fields(value)
    changed = {key: change(f"{name}_{key}", part) for key, part in fields.items()}
    if all(changed[key] is part for key, part in fields.items()):
        return value
    twin = object.__new__(type(value))
    twin.__dict__.update(changed)
    return twin

"""`nl.NKIObject`: records as NKI kernels write them, with or without @dataclass.

Fields are the class attributes in order, annotated or not. A field that is not given has its
default, else None. `__post_init__` runs; a method of the class's own always goes first.
"""

import ast
import copy
import dataclasses
import functools
import inspect
import textwrap
import types
from typing import Any

from trnlab.errors import KernelError


class NKIObject:
    """Base class of records and helpers in kernels."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Give the class an initializer, before @dataclass looks whether it has one."""
        super().__init_subclass__(**options)
        inherited = next(
            (vars(base)["__init__"] for base in cls.__mro__[1:] if "__init__" in vars(base)), None
        )
        is_ours = inherited is None or getattr(inherited, "is_nki_initializer", False)
        if "__init__" not in vars(cls) and (is_ours or inherited is object.__init__):
            cls.__init__ = _initializer()  # type: ignore[method-assign]

    def __post_init__(self) -> None:
        """Nothing, unless the class says otherwise."""


def _initializer() -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        fields = fields_of(self.__class__)
        if len(args) > len(fields):
            raise KernelError(
                f"{type(self).__name__}: {len(args)} values for {len(fields)} fields "
                f"({', '.join(fields)})"
            )
        given = dict(zip(fields, args, strict=False))
        for name, value in kwargs.items():
            if name not in fields or name in given:
                raise KernelError(
                    f"{type(self).__name__}: no field {name!r} is left to set; it has "
                    + ", ".join(fields)
                )
            given[name] = value
        for name, default in fields.items():
            value = given[name] if name in given else _fresh(default)
            object.__setattr__(self, name, value)
        self.__post_init__()

    __init__.is_nki_initializer = True  # type: ignore[attr-defined]
    return __init__


@functools.lru_cache(maxsize=1024)
def fields_of(cls: type) -> dict[str, Any]:
    """Fields and defaults of an NKIObject class, those of its bases first."""
    fields: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base in (object, NKIObject) or not issubclass(base, NKIObject):
            continue
        own, declared = vars(base), vars(base).get("__dataclass_fields__", {})
        for name in _names(base):
            fields[name] = declared.get(name, own.get(name, fields.get(name)))
    return fields


def _names(cls: type) -> list[str]:
    """Field names in the order of the class body."""
    own = vars(cls)
    annotated = [name for name in own.get("__annotations__", {}) if not name.startswith("__")]
    assigned = [
        name for name, value in own.items() if not name.startswith("_") and not _is_method(value)
    ]
    plain = [name for name in assigned if name not in annotated]
    if not plain or not annotated:
        return annotated or plain
    written = _body_order(cls)
    return sorted({*annotated, *plain}, key=lambda name: written.get(name, len(written)))


def _body_order(cls: type) -> dict[str, int]:
    """Place of each name in the class body, read from its source: Python does not keep it."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body  # type: ignore[attr-defined]
    except (OSError, TypeError, SyntaxError):
        return {}
    places: dict[str, int] = {}
    for statement in body:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        for target in targets:
            if isinstance(target, ast.Name):
                places.setdefault(target.id, len(places))
    return places


def _is_method(value: Any) -> bool:
    return isinstance(
        value,
        (types.FunctionType, property, staticmethod, classmethod, types.MemberDescriptorType, type),
    )


def _fresh(default: Any) -> Any:
    """A default of one's own: a factory's product, or a copy of a container."""
    if isinstance(default, dataclasses.Field):
        if default.default_factory is not dataclasses.MISSING:
            return default.default_factory()
        return None if default.default is dataclasses.MISSING else default.default
    return copy.copy(default) if isinstance(default, (list, dict, set)) else default

"""Arguments of the wrong kind: a sentence instead of the Python error that they end in.

Nothing is checked beforehand, for that costs every call. When a call ends in an error of Python's,
its arguments are held against the annotations of its parameters.
"""

import inspect
import traceback
from collections.abc import Callable, Sequence
from enum import Enum
from types import FrameType, FunctionType, UnionType
from typing import Any, Union, get_args, get_origin

from trnlab.memory import Register, Tensor

PYTHON_ERRORS = (TypeError, ValueError, AttributeError, IndexError, OverflowError)
CALLED = ("trnlab.nki.isa", "trnlab.nki.language", "trnlab.nki.collectives", "trnlab.nki.registers",
          "trnlab.memory.views")  # fmt: skip
WORDS = {
    Tensor: "a tensor", Register: "a register", float: "a number", int: "a whole number",
    bool: "True or False", str: "a string", type(None): "None", Callable: "a function",
}  # fmt: skip


def wrong_kind(error: BaseException) -> str | None:
    """The sentence for an error of Python's that an argument of the wrong kind led to.

    None: it is no such error.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not isinstance(error, PYTHON_ERRORS) or not _is_ours(frames[-1], ("trnlab.", "numpy")):
        return None
    called = next((frame for frame in frames if _is_ours(frame, CALLED)), None)
    function = _function(called) if called is not None else None
    if called is None or function is None:
        return None
    names = {**function.__globals__, "Tensor": Tensor}  # views know it while types are checked
    parameters = inspect.signature(function, globals=names, eval_str=True).parameters
    for name, parameter in parameters.items():
        given, wanted = called.f_locals.get(name), parameter.annotation
        if given is not parameter.default and not fits(given, wanted):
            shown = f"{given!r} of type {type(given).__name__}"
            call = function.__name__
            call = f"nl.{call}" if ".language." in function.__module__ else call
            return f"{call}: {name} is {shown[:120]}; it takes {spelled(wanted)}"
    return None


def _is_ours(frame: FrameType, modules: Sequence[str]) -> bool:
    return frame.f_globals.get("__name__", "").startswith(tuple(modules))


def _function(frame: FrameType) -> FunctionType | None:
    """The function that a frame runs, if it is one of its module's or of a class in it.

    Functions made by one factory share their code; what they close over tells them apart.
    """
    owner = frame.f_locals.get("self")
    if owner is not None:
        found = getattr(type(owner), frame.f_code.co_name, None)
        return found if isinstance(found, FunctionType) else None
    own = frame.f_locals.get("operator")
    names = [frame.f_locals.get("name"), getattr(own, "__name__", None), frame.f_code.co_name]
    same = {
        name: value
        for name, value in frame.f_globals.items()
        if isinstance(value, FunctionType) and value.__code__ is frame.f_code
    }
    return next((same[name] for name in names if isinstance(name, str) and name in same), None)


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value is of the kind that an annotation names; unknown annotations take all."""
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in get_args(wanted))
    if wanted is None or wanted is type(None):
        return value is None
    if wanted is Callable or origin is Callable:
        return callable(value) or isinstance(value, str)
    if wanted is Sequence or origin is Sequence:
        parts = get_args(wanted)
        is_list = hasattr(value, "__len__") and not isinstance(value, (str, dict))
        return is_list and all(fits(item, parts[0]) for item in value if parts)
    if origin is dict:
        return isinstance(value, dict)
    if wanted in (Any, inspect.Parameter.empty) or not isinstance(wanted, type):
        return True
    if issubclass(wanted, Enum):
        return isinstance(value, (int, str)) or value is None
    if wanted in (int, bool):
        return hasattr(value, "__index__") and not hasattr(value, "__len__")
    if wanted is float:
        return hasattr(value, "__float__") and not hasattr(value, "__len__")
    return isinstance(value, wanted)


def spelled(wanted: Any) -> str:
    """An annotation in words."""
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return " or ".join(spelled(part) for part in get_args(wanted))
    if wanted is Sequence or origin is Sequence:
        parts = [spelled(part) for part in get_args(wanted)]
        return "a list" + (f" of which each is {parts[0]}" if parts else "")
    if wanted is Callable or origin is Callable:
        return WORDS[Callable]
    if origin is dict:
        return "a dict"
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return f"a member of nisa.{wanted.__name__}"
    return WORDS.get(None.__class__ if wanted is None else wanted, str(wanted))

"""Calls that do not fit a signature: a sentence instead of Python's TypeError.

Files for NKI 0.1 meet it most: their calls take masks, and return tiles where later ones write dst.
"""

import inspect
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from trnlab.errors import KernelError
from trnlab.memory.views import Views

HOMES = {"nl": "language", "nisa": "isa", "ncc": "collectives"}

SAID = re.compile(r"(?:[\w<>]+\.)*(\w+)\(\) (.*)")
NDARRAY = "__call__"  # nl.ndarray is an object that is called
UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")
MISSING = re.compile(r"missing \d+ required \S+ arguments?: (.*)")
MASK = (
    "mask belongs to NKI 0.1, and this is NKI 0.6: slice the tiles to what is there, or select "
    "with nisa.affine_select"
)


class CallError(KernelError, TypeError):
    """A call of the language that does not fit the function."""


def wrong_call(error: BaseException) -> str | None:
    """The sentence for a call of the language that does not fit the function; None: it is none."""
    said = SAID.match(str(error))
    frame = list(traceback.walk_tb(error.__traceback__))[-1][0]
    module = frame.f_globals.get("__name__", "")
    if not isinstance(error, TypeError) or said is None or module.startswith("trnlab."):
        return None
    name, fault = said.groups()
    unexpected, lacks = UNEXPECTED.match(fault), MISSING.match(fault)
    lacking = re.findall(r"'(\w+)'", fault) if lacks else []
    call, function = _called(name, lacking)
    if function is None or (name in frame.f_globals and frame.f_globals[name] is not function):
        return None
    if unexpected and unexpected[1] == "mask":
        return f"{call}: {MASK}"
    takes = _takes(function)
    if unexpected:
        what = f"it has no parameter {unexpected[1]!r}"
    else:
        what = f"no {' and no '.join(lacking)} given" if lacks else fault
    older = lacks and takes[0] == "dst"
    hint = ". Since NKI 0.2 it writes into dst and returns no tile" if older else ""
    return f"{call}: {what}; it takes {', '.join(takes)}{hint}"


def _called(name: str, lacking: Sequence[str]) -> tuple[str, Callable[..., Any] | None]:
    """A function of the language that has such parameters, as kernels call it."""
    modules = {alias: sys.modules[f"trnlab.nki.{home}"] for alias, home in HOMES.items()}
    if name == NDARRAY:
        return "nl.ndarray", type(modules["nl"].ndarray).__call__
    for alias, module in modules.items():
        function = getattr(module, name, None)
        if inspect.isfunction(function) and set(lacking) <= set(_takes(function)):
            return f"nl.{name}" if alias == "nl" else name, function
    return name, getattr(Views, name, None)


def _takes(function: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]

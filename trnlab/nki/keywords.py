"""`sbuf`, `psum` and `hbm` as words of the language: NKI 0.2 knows them in kernels, unimported.

`sbuf.view(dtype=..., shape=...)` allocates. A module gets a word only if one of its functions uses
it and nothing defines it.
"""

import builtins
from types import FunctionType
from typing import Any

from trnlab.memory import Tensor
from trnlab.nki.launch import current


class Region(str):
    """A memory region that allocates."""

    def view(self, dtype: Any, shape: Any) -> Tensor:
        """A new tensor in this memory."""
        return current().allocate(shape, dtype, str(self))


KEYWORDS = {
    "sbuf": Region("sbuf"),
    "psum": Region("psum"),
    "hbm": Region("private_hbm"),
    "private_hbm": Region("private_hbm"),
    "shared_hbm": Region("shared_hbm"),
}


def grant_keywords(function: FunctionType) -> None:
    """Give the module of a kernel the words that its functions use and that it lacks."""
    names = function.__globals__
    inside = [
        value.__code__.co_names
        for value in list(names.values())
        if isinstance(value, FunctionType) and value.__globals__ is names
    ]
    used = {name for used in (function.__code__.co_names, *inside) for name in used}
    for name in used & set(KEYWORDS):
        if not hasattr(builtins, name):
            names.setdefault(name, KEYWORDS[name])

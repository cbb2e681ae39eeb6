"""`trnlab.as_nki()`: files written for the device import nki and get trnlab."""

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from trnlab.nki.old_names import gone

MODULES = {
    "nki": "trnlab.nki",
    "nki.language": "trnlab.nki.language",
    "nki.isa": "trnlab.nki.isa",
    "nki.isa.constants": "trnlab.nki.enums",
    "nki.collectives": "trnlab.nki.collectives",
    "nki.typing": "trnlab.nki.typing",
    "nki.tensor": "trnlab.nki.tensor",
    "nki.dtype": "trnlab.nki.language",
    # one current file of the kernel library still takes annotations from here
    "neuronxcc.nki.typing": "trnlab.nki.typing",
}


@contextmanager
def as_nki() -> Iterator[None]:
    """Within the block `import nki`, `nki.language`, ... give trnlab.

    Afterwards sys.modules and os.environ are as before: a real nki is back, and modules that were
    imported within the block and hold on to trnlab's are forgotten, so that the next import of them
    takes the real one. Functions and kernels that were taken from them go on working.
    """
    modules = {name: importlib.import_module(ours) for name, ours in MODULES.items()}
    modules |= _old_packages(modules["neuronxcc.nki.typing"], modules["nki"].jit)
    before, environment = dict(sys.modules), dict(os.environ)
    refusal = _RefusesOldNames()
    sys.modules.update(modules)
    sys.meta_path.insert(0, refusal)
    try:
        yield
    finally:
        if sys and sys.meta_path:  # not while Python ends, when nothing is left to restore
            sys.meta_path.remove(refusal)
            _restore_modules(before, set(modules))
            for name in set(os.environ) - set(environment):
                del os.environ[name]
            os.environ.update(environment)


class _RefusesOldNames:
    """Says why a file written for NKI 0.1 cannot be imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Nothing; it only looks at names.

        Raises:
            ModuleNotFoundError: a module of the old namespace
            ImportError: a name that a module had in NKI 0.1, as `from nki.language import mgrid`
        """
        if name.startswith("neuronxcc."):
            raise _old(name)
        module, _, last = name.rpartition(".")
        if said := gone(module, last):
            raise ImportError(said, name=module)


def _old(name: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(
        f"{name} is from the namespace of NKI 0.1, whose calls return tiles and take masks; it is "
        "gone since NKI 0.4. trnlab runs NKI 0.6: import nki, nki.language and nki.isa, and give "
        "each instruction its dst",
        name=name,
    )


def _old_packages(typing: ModuleType, jit: Any) -> dict[str, ModuleType]:
    """The packages around the old home of annotations and of the decorator; nothing else is there.

    A file that takes the decorator from here, and all else from nki, is one for NKI 0.2 and later.
    """
    compiler, old = ModuleType("neuronxcc"), ModuleType("neuronxcc.nki")
    compiler.nki, old.typing, old.jit = old, typing, jit  # type: ignore[attr-defined]
    compiler.__path__, old.__path__ = [], []

    def refuse(name: str) -> None:
        raise AttributeError(name) if name.startswith("__") else _old(f"neuronxcc.nki.{name}")

    old.__getattr__ = refuse  # type: ignore[method-assign]
    return {"neuronxcc": compiler, "neuronxcc.nki": old}


def _restore_modules(before: dict[str, ModuleType], replaced: set[str]) -> None:
    ours = {id(module) for name, module in sys.modules.items() if name.startswith("trnlab.nki")}
    new = {name: module for name, module in sys.modules.items() if name not in before}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a look at what other people's modules hold
        holding = {name for name, module in new.items() if name in replaced or _holds(module, ours)}
    parents = {name.rpartition(".")[0] for name in holding}
    while parents:
        holding |= parents & set(new)
        parents = {name.rpartition(".")[0] for name in parents} - {""}
    for name in holding:
        if not name.startswith("trnlab"):
            sys.modules.pop(name, None)
    for name in replaced & set(before):
        sys.modules[name] = before[name]


def _holds(module: ModuleType, ours: set[int]) -> bool:
    """Whether a module refers to one of trnlab's, or to something that comes from it."""
    return any(
        id(value) in ours or str(getattr(value, "__module__", "")).startswith("trnlab.nki")
        for value in list(vars(module).values())
    )

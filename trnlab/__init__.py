"""trnlab: run NKI kernels on a modelled Trainium, and see values, time and reasons."""

from importlib import import_module
from typing import Any

_LAZY = {
    "profile": "trnlab.metrics.profile",
    "Profile": "trnlab.metrics.profile",
    "shape": "trnlab.metrics.profile",
    "as_nki": "trnlab.nki.imports",
    "launch": "trnlab.nki.ranks",
    "tune": "trnlab.metrics.tune",
    "KernelError": "trnlab.errors",
    "CapacityError": "trnlab.errors",
    "RaceError": "trnlab.errors",
    "RaceWarning": "trnlab.errors",
    "UnwrittenWarning": "trnlab.errors",
    "LimitError": "trnlab.errors",
}

__all__ = [*_LAZY, "nki", "spec"]


def __getattr__(name: str) -> Any:
    """Load a part when it is first asked for, so that `import trnlab` stays quick."""
    if name in ("nki", "spec", "kernels", "data", "metrics", "cluster"):
        return import_module(f"trnlab.{name}")
    if name not in _LAZY:
        raise AttributeError(f"trnlab has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_LAZY[name]), name)

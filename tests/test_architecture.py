"""Each layer imports only those before it: facts, numbers, memory, instructions, time, language."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import trnlab

ROOT = Path(__file__).parents[1]
LAYERS = (
    "trnlab.errors",
    "trnlab.files",
    "trnlab.spec",
    "trnlab.numerics",
    "trnlab.memory",
    "trnlab.isa",
    "trnlab.trace",
    "trnlab.replay",
    "trnlab.schedule",
    "trnlab.nki",
    "trnlab.data",
    "trnlab.kernels",
    "trnlab.metrics",
    "trnlab.networks",
    "trnlab.cluster",
    "trnlab.validation",
    "trnlab.report",
    "trnlab.serve",
    "trnlab.cli",
    "trnlab.__main__",
    "widgets",
)
FREE = ("trnlab",)  # the package itself loads its parts when they are asked for


def layer_of(module: str) -> str:
    """The layer that a module belongs to; "" for modules that are not ours."""
    if module in FREE:
        return module
    found = [name for name in LAYERS if module == name or module.startswith(name + ".")]
    if not found and module.split(".")[0] in ("trnlab", "widgets"):
        raise AssertionError(f"{module} belongs to no layer; add it to LAYERS where it fits")
    return found[0] if found else ""


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool) -> Iterator[str]:
    """Every module that a source imports, also inside functions."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, node.module or ""]).strip(".") if node.level else node.module
            assert base is not None
            if base == "trnlab":
                yield from (_part_of_trnlab(alias.name) for alias in node.names)
            else:
                yield base


def _part_of_trnlab(name: str) -> str:
    return trnlab._LAZY.get(name, f"trnlab.{name}")


def offenses(source: str, module: str, is_package: bool = False) -> list[str]:
    """Imports of a later layer."""
    own = layer_of(module)
    if own in FREE:
        return []
    layers = [(name, layer_of(name)) for name in imports(source, module, is_package)]
    return [
        f"{module} is in {own} and imports {name}"
        for name, layer in layers
        if layer in LAYERS and LAYERS.index(layer) > LAYERS.index(own)
    ]


SOURCES = sorted([*ROOT.glob("trnlab/**/*.py"), *ROOT.glob("widgets/**/*.py")])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_layers_before_its_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert offenses(source, module_of(path), path.name == "__init__.py") == []


def test_every_layer_exists() -> None:
    present = {layer_of(module_of(path)) for path in SOURCES} - set(FREE)
    assert present == set(LAYERS)


@pytest.mark.parametrize(
    "module, source",
    [
        ("trnlab.memory.tensor", "from trnlab.isa import operators"),
        ("trnlab.memory.tensor", "def f():\n    import trnlab.nki.language as nl"),
        ("trnlab.isa.dma_engine", "from ..schedule import scheduler"),
        ("trnlab.schedule.timeline", "from trnlab import nki"),
        ("trnlab.nki.isa", "from trnlab import profile"),
        ("trnlab.metrics.profile", "import widgets.chart"),
        ("trnlab.spec.core", "from trnlab.numerics import itemsize"),
    ],
)
def test_an_import_of_a_later_layer_is_found(module: str, source: str) -> None:
    assert len(offenses(source, module)) == 1


@pytest.mark.parametrize(
    "module, source",
    [
        ("trnlab.isa.dma_engine", "from trnlab.memory import Tensor\nimport numpy as np"),
        ("trnlab.spec.core", "from .dma import Dma\nfrom . import sources"),
        ("trnlab.nki.isa", "from trnlab import KernelError, spec"),
        ("widgets.chart.chart", "import trnlab\nfrom trnlab import profile"),
    ],
)
def test_an_import_of_an_earlier_layer_is_not(module: str, source: str) -> None:
    assert offenses(source, module) == []


def test_the_engine_needs_no_view_library() -> None:
    """NumPy and ml_dtypes are all that a run of a kernel imports."""
    allowed = {"numpy", "ml_dtypes", "trnlab"}
    engine = LAYERS[: LAYERS.index("trnlab.cluster") + 1]
    for path in SOURCES:
        if layer_of(module_of(path)) not in engine:
            continue
        for name in imports(path.read_text(), module_of(path), path.name == "__init__.py"):
            top = name.split(".")[0]
            assert top in allowed or top in sys.stdlib_module_names, f"{module_of(path)}: {name}"

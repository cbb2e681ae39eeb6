"""A kernel in a file, run from a shell: what to run and on what, and the profile as a table."""

import ast
import importlib
import importlib.util
import inspect
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from trnlab.errors import told
from trnlab.metrics.basis import is_prediction
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.nki.imports import as_nki
from trnlab.nki.kernel import Kernel, Shape, jit
from trnlab.numerics import is_float, storage

TOP_WAITS = 5
MOST_ROWS_OF_A_BAND = 30_000  # it schedules the run about a hundred times
MOST_RANDOM = 2**28  # numbers that --values random makes
NAMED = re.compile(r":([A-Za-z_]\w*)(?:\[([^\]]*)\])?$")  # FILE:KERNEL, FILE:KERNEL[2]


def report(where: str, inputs: Sequence[str], chip: str | None = None, values: bool = False) -> str:
    """Profile a kernel and print what a reader wants to know first.

    Args:
        where: `FILE`, `FILE:KERNEL` or, on both cores of a logical core, `FILE:KERNEL[2]`
        inputs: `NAME=SHAPE:DTYPE` for arrays (`lhsT=512x128:bfloat16`), `NAME=VALUE` for the rest
        chip: "trn1", "trn2" or "trn3"; None: what the file or the environment asks for
        values: compute from random numbers (seed 0) instead of running on shapes alone
    Raises:
        ValueError: no such file or kernel, an input that does not fit, or a refused kernel
    """
    with as_nki():
        kernel = find_kernel(where)
        arguments = _arguments(inputs)
        _check_names(kernel, arguments)
        if values:
            arguments = _with_values(arguments)
        return "\n".join(_lines(_profile(kernel, arguments, chip)))


def find_kernel(where: str) -> Callable[..., Any]:
    """The kernel that `FILE` or `FILE:KERNEL` names; without a name, the only one in the file."""
    named = NAMED.search(where)
    path, name, cores = (where[: named.start()], *named.groups()) if named else (where, "", None)
    module = _load(Path(path))
    kernels = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, Kernel) and value.function.__module__ == module.__name__
    }
    chosen = vars(module).get(name) if name else next(iter(kernels.values()), None)
    if callable(chosen) and (name or len(kernels) == 1):
        return jit(chosen)[_grid(cores)] if cores is not None else chosen
    listed = f"its kernels are {', '.join(kernels)}" if kernels else "decorate one with @nki.jit"
    asked = f"has no kernel {name!r}" if name else f"has {len(kernels)} kernels, not one"
    raise ValueError(f"{path} {asked}; {listed}; name one as {path}:KERNEL")


def _grid(text: str) -> Any:
    """What stands in the brackets of `KERNEL[2]`."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _arguments(inputs: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for text in inputs:
        name, value = parse_input(text)
        if name in given:
            raise ValueError(f"--input {text}: {name} is given twice")
        given[name] = value
    return given


def parse_input(text: str) -> tuple[str, Any]:
    """`lhsT=512x128:bfloat16` as a named shape, `m_block=4` as a named number."""
    name, _, value = text.partition("=")
    array = re.fullmatch(r"(\d+(?:[x,]\d+)*):(\w+)", value)
    if name.isidentifier() and array:
        return name, shape(tuple(int(size) for size in re.split("[x,]", array[1])), array[2])
    try:
        if name.isidentifier():
            return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        pass
    raise ValueError(
        f"--input {text}: give NAME=SHAPE:DTYPE, such as lhsT=512x128:bfloat16,"
        " or NAME=VALUE, such as m_block=4"
    )


def _load(path: Path) -> ModuleType:
    """A file as a module; one of a package under its full name, so that it finds its siblings."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a Python file in it")
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    if path.suffix != ".py":
        raise ValueError(f"{path} is not a Python file")
    folder, names = path.resolve().parent, [path.stem]
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    sys.path.insert(0, str(folder))  # it may import its neighbors
    try:
        return importlib.import_module(".".join(names)) if len(names) > 1 else _alone(path)
    except (Exception, SystemExit) as error:
        raise ValueError(f"{path} cannot be loaded: {told(error)}") from error
    finally:
        sys.path.pop(0)


def _alone(path: Path) -> ModuleType:
    """A file that belongs to no package. Its classes look their module up by name."""
    name = path.stem
    while name in sys.modules:
        name += "_"
    found = importlib.util.spec_from_file_location(name, path.resolve())
    assert found is not None and found.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _check_names(kernel: Callable[..., Any], arguments: dict[str, Any]) -> None:
    function = kernel.function if isinstance(kernel, Kernel) else kernel
    signature = inspect.signature(function)
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise ValueError(
            f"{function.__name__}{signature}: {error}; give one --input for each argument"
        ) from None


def _with_values(arguments: dict[str, Any]) -> dict[str, Any]:
    sizes = [math.prod(value.shape) for value in arguments.values() if isinstance(value, Shape)]
    if sum(sizes) > MOST_RANDOM:
        raise ValueError(
            f"--values random: {sum(sizes):,} numbers are more than the {MOST_RANDOM:,} that a run"
            " with values may have; use smaller inputs, or leave it out for time alone"
        )
    rng = np.random.default_rng(0)
    return {
        name: _random(value, rng) if isinstance(value, Shape) else value
        for name, value in arguments.items()
    }


def _random(wanted: Shape, rng: np.random.Generator) -> np.ndarray:
    if is_float(wanted.dtype):
        return rng.standard_normal(wanted.shape).astype(storage(wanted.dtype))
    return rng.integers(0, 8, wanted.shape).astype(storage(wanted.dtype))


def _profile(kernel: Callable[..., Any], arguments: dict[str, Any], chip: str | None) -> Profile:
    try:
        return profile(kernel, **arguments, chip=chip)
    except ValueError:
        raise
    except (Exception, SystemExit) as error:
        raise ValueError(f"the kernel failed: {told(error)}") from error


def _lines(prof: Profile) -> Iterator[str]:
    roof = prof.roofline
    cores = "one NeuronCore" if prof.trace.cores == 1 else f"{prof.trace.cores} NeuronCores"
    yield f"{prof.name} on {cores} of {prof.chip}"
    yield f"{len(prof.trace):,} NKI calls, {prof.timeline.rows:,} device instructions"
    yield ""
    yield _row("total time", f"{prof.total_us:,.2f} us")
    if is_prediction(prof.core):
        yield _row("a prediction", _band(prof), "AWS has published no time of this chip")
    yield _row("with the launch", f"{prof.launched_us:,.2f} us", "as neuron-profile counts")
    yield _row("MFU", f"{prof.mfu:.1%}", f"{roof.flops_per_s / 1e12:.4g} TFLOP/s")
    yield _row("MBU", f"{prof.mbu:.1%}", f"{_rate(prof) / 1e9:.4g} GB/s")
    yield _row("moved from and to HBM", f"{prof.hbm_bytes / 1e6:,.3f} MB")
    yield _row(
        "arithmetic intensity",
        f"{roof.intensity:.4g} FLOP/byte",
        f"the roofs meet at {roof.knee:.4g}",
    )
    for engine, fraction in prof.busy.items():
        yield _row(f"{engine} busy", f"{fraction:.1%}", "#" * round(40 * fraction))
    waits = list(_waits(prof))
    if waits:
        yield ""
        yield "Longest waits, summed over a lane and a reason, and the longest single one"
        yield from waits


def _band(prof: Profile) -> str:
    """Between which times, if that does not take long to find out."""
    if prof.timeline.rows > MOST_ROWS_OF_A_BAND:
        return "range: prof.band"
    return f"{prof.band.fast_s * 1e6:,.2f} to {prof.band.slow_s * 1e6:,.2f} us"


def _rate(prof: Profile) -> float:
    """Bytes per second from and to HBM, of a run that may be empty."""
    return prof.hbm_bytes / prof.total_s if prof.total_s else 0.0


def _row(name: str, value: str, note: str = "") -> str:
    return f"{name:<24}{value:>20}  {note}".rstrip()


def _waits(prof: Profile) -> Iterator[str]:
    line = prof.timeline
    rows = np.flatnonzero(line["wait_s"] > 0)
    groups = np.stack([line["lane"][rows], line["wait_kind"][rows]], axis=1)
    _, group = np.unique(groups, axis=0, return_inverse=True)
    sums = np.bincount(group.ravel(), weights=line["wait_s"][rows])
    for index in np.argsort(-sums, kind="stable")[:TOP_WAITS]:
        members = rows[group.ravel() == index]
        longest = int(members[np.argmax(line["wait_s"][members])])
        yield f"{sums[index] * 1e6:>12,.2f} us  {line.wait_text(longest)}"

"""`trnlab.tune`: every tile and block choice of a kernel family, scheduled on shapes alone.

Candidates are independent, so they run one after the other or on any `concurrent.futures.Executor`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from html import escape
from importlib import import_module
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from trnlab import spec
from trnlab.errors import KernelError, LimitError
from trnlab.kernels.matmul import LADDER, Rung
from trnlab.metrics.basis import caution
from trnlab.metrics.profile import profile
from trnlab.nki.kernel import Shape

BLOCKS = (1, 2, 4, 8, 16)  # tiles in a block
FASTEST = 10  # lines of a table in words


class Candidate(NamedTuple):
    """One member of a family with its choices."""

    kernel: str  # name within the family
    choices: tuple[tuple[str, int], ...]
    total_s: float  # 0 if it was refused
    mfu: float
    hbm_bytes: int
    refused: str  # why the device would not take it; "" if it does

    @property
    def label(self) -> str:
        """The call that it stands for."""
        return f"{self.kernel}({', '.join(f'{name}={value}' for name, value in self.choices)})"


class HeatMap(NamedTuple):
    """The best MFU for each pair of two choices; NaN where nothing is legal."""

    x: str
    y: str
    x_values: tuple[int, ...]
    y_values: tuple[int, ...]
    mfu: np.ndarray  # [y, x]
    caution: str = ""  # how far its times can be trusted, if nothing of the kind was measured

    @property
    def title(self) -> str:
        """What the numbers are."""
        return f"MFU in percent, the best for each {self.x} (across) and {self.y} (down)"

    def __str__(self) -> str:
        """Numbers in rows and columns, the largest with a star."""
        width = max(8, *(len(str(value)) + 2 for value in self.x_values))
        lines = [self.title, " " * 8 + "".join(f"{value:>{width}}" for value in self.x_values)]
        for value, row in zip(self.y_values, self.mfu.tolist(), strict=True):
            lines.append(f"{value:>8}" + "".join(f"{self._cell(mfu):>{width}}" for mfu in row))
        return "\n".join([*lines, self.caution] if self.caution else lines)

    def _repr_html_(self) -> str:
        """The same as a table whose cells are darker the better they are, for a notebook."""
        head = "".join(f"<th scope='col'>{value}</th>" for value in self.x_values)
        rows = "".join(
            f"<tr><th scope='row'>{value}</th>{''.join(map(self._shaded, row))}</tr>"
            for value, row in zip(self.y_values, self.mfu.tolist(), strict=True)
        )
        words = " ".join(filter(None, (f"{self.title}.", self.caution)))
        corner = f"<th>{escape(self.y)} \\ {escape(self.x)}</th>"
        return f"<table><caption>{escape(words)}</caption><tr>{corner}{head}</tr>{rows}</table>"

    def _cell(self, mfu: float) -> str:
        if np.isnan(mfu):
            return "-"
        return f"{100 * mfu:.1f}{'*' if mfu == np.nanmax(self.mfu) else ''}"

    def _shaded(self, mfu: float) -> str:
        share = 0.0 if np.isnan(mfu) else 40 * mfu / np.nanmax(self.mfu)
        color = f"color-mix(in srgb, currentColor {share:.0f}%, transparent)"
        return f"<td style='background: {color}'>{self._cell(mfu)}</td>"


class Tuning(NamedTuple):
    """All candidates, the fastest first, the refused ones last."""

    candidates: tuple[Candidate, ...]
    caution: str = ""  # how far its times can be trusted, if nothing of the kind was measured

    def __str__(self) -> str:
        """The fastest as a table."""
        lines = [f"{len(self.legal)} of {len(self.candidates)} candidates are legal"]
        lines += [
            f"{found.total_s * 1e6:>12,.1f} us  MFU {found.mfu:6.1%}  {found.label}"
            for found in self.legal[:FASTEST]
        ]
        return "\n".join([*lines, self.caution] if self.caution else lines)

    @property
    def legal(self) -> tuple[Candidate, ...]:
        """Those that the device takes."""
        return tuple(found for found in self.candidates if not found.refused)

    @property
    def best(self) -> Candidate:
        """The fastest.

        Raises:
            ValueError: no candidate is legal
        """
        if not self.legal:
            raise ValueError(f"tune: no candidate is legal; the first: {_first_refusal(self)}")
        return self.legal[0]

    def columns(self) -> dict[str, list]:
        """The legal candidates as columns."""
        names = sorted({name for found in self.legal for name, _ in found.choices})
        choices = [dict(found.choices) for found in self.legal]
        return {
            "kernel": [found.kernel for found in self.legal],
            **{name: [given.get(name) for given in choices] for name in names},
            "total_us": [found.total_s * 1e6 for found in self.legal],
            "mfu": [found.mfu for found in self.legal],
            "hbm_mb": [found.hbm_bytes / 1e6 for found in self.legal],
        }

    def heat_map(self, x: str, y: str, kernel: str = "") -> HeatMap:
        """The best MFU over two choices.

        Args:
            kernel: of the family; "": any that has both choices
        Raises:
            ValueError: no legal candidate has both choices
        """
        rows = [
            (dict(found.choices), found.mfu)
            for found in self.legal
            if kernel in ("", found.kernel) and {x, y} <= dict(found.choices).keys()
        ]
        if not rows:
            names = ", ".join(sorted({name for found in self.legal for name, _ in found.choices}))
            raise ValueError(
                f"heat_map: no legal candidate has both {x} and {y}; there are {names}, not each "
                "of them for each kernel"
            )
        x_values = tuple(sorted({choices[x] for choices, _ in rows}))
        y_values = tuple(sorted({choices[y] for choices, _ in rows}))
        grid = np.full((len(y_values), len(x_values)), np.nan)
        for choices, mfu in rows:
            at = y_values.index(choices[y]), x_values.index(choices[x])
            grid[at] = np.fmax(grid[at], mfu)
        return HeatMap(x, y, x_values, y_values, grid, self.caution)


class _Task(NamedTuple):
    """What a worker needs to run one candidate: names, since kernels cannot be sent."""

    name: str
    kernel: Any  # the kernel, or (module, name) for another process
    choices: tuple[tuple[str, int], ...]
    shapes: tuple[Shape, ...]
    chip: str


def tune(
    family: Mapping[str, Rung] = LADDER,
    shapes: Iterable[Shape] = (),
    chip: str = "trn3",
    executor: Executor | None = None,
    blocks: Iterable[int] = BLOCKS,
    progress: Callable[[int, int], None] | None = None,
) -> Tuning:
    """Schedule every tile and block choice of every kernel of a family.

    Args:
        family: kernels by name, each with the blocks and tiles that can be chosen
        shapes: of the kernel's inputs, as `trnlab.shape` makes them
        executor: where candidates run, such as a process pool or what Dask's
            `Client.get_executor()` gives; None: here, one after the other
        blocks: values of each choice of a block, in tiles
        progress: told after each candidate how many are done, of how many; what it raises stops
            the work, and candidates that have not begun are never run
    Returns:
        all candidates, the fastest first
    Raises:
        ValueError: a kernel that another process could not import
    """
    tasks = list(_tasks(family, tuple(shapes), chip, tuple(blocks), executor is not None))
    run: Callable[..., Iterable[Candidate]] = executor.map if executor else map
    found = []
    for candidate in run(_run, tasks):
        found.append(candidate)
        if progress:
            progress(len(found), len(tasks))
    found.sort(key=lambda candidate: (bool(candidate.refused), candidate.total_s, candidate.label))
    return Tuning(tuple(found), caution(spec.chip(chip).core))


def _tasks(
    family: Mapping[str, Rung],
    shapes: tuple[Shape, ...],
    chip: str,
    blocks: tuple[int, ...],
    elsewhere: bool,
) -> Iterator[_Task]:
    for name, rung in family.items():
        kernel = _address(rung.kernel) if elsewhere else rung.kernel
        names = (*rung.blocks, *rung.tiles)
        values = (*[blocks] * len(rung.blocks), *rung.tiles.values())
        for chosen in product(*values):
            choices = tuple(zip(names, chosen, strict=True))
            yield _Task(name, kernel, choices, shapes, chip)


def _address(kernel: Any) -> tuple[str, str]:
    """Module and name by which another process finds a kernel."""
    module, name = kernel.__module__, kernel.__qualname__
    if getattr(import_module(module), name, None) is not kernel or module == "__main__":
        raise ValueError(
            f"tune: {name} cannot be found by its name in {module}, so no other process can run "
            "it; put the kernel in a file of its own, or leave out executor"
        )
    return module, name


def _run(task: _Task) -> Candidate:
    kernel = task.kernel
    if isinstance(kernel, tuple):
        module, name = kernel
        kernel = getattr(import_module(module), name)
    try:
        run = profile(kernel, *task.shapes, chip=task.chip, **dict(task.choices))
    except (KernelError, LimitError) as refused:
        return Candidate(task.name, task.choices, 0.0, 0.0, 0, str(refused))
    return Candidate(task.name, task.choices, run.total_s, run.mfu, run.hbm_bytes, "")


def _first_refusal(tuning: Tuning) -> str:
    return tuning.candidates[0].refused if tuning.candidates else "the family is empty"

"""Kernels: `nki.jit`, `nki.simulate`, and recording a run of one."""

import copy
import functools
import gc
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any, NamedTuple

from trnlab.errors import KernelError
from trnlab.nki.frameworks import to_numpy, to_torch, uses_torch
from trnlab.nki.inputs import Inputs, Shape, arrays, holds_shape, mark_output, output
from trnlab.nki.kept_inputs import KeptInputs
from trnlab.nki.keywords import grant_keywords
from trnlab.nki.launch import Launch, is_running, launching
from trnlab.nki.located import located
from trnlab.nki.named_edges import Edges, add_schedule
from trnlab.nki.platform import asked_platform, platform_chip, require_precise
from trnlab.nki.team import World
from trnlab.nki.unwritten import check_returned
from trnlab.schedule.races import require_no_race
from trnlab.schedule.scheduler import placements
from trnlab.schedule.zeroing import fold_zeros
from trnlab.spec import Chip, Core
from trnlab.trace import Trace

__all__ = ["Kernel", "Recording", "Shape", "jit", "record", "record_ranks", "simulate"]

MAX_LNC = 2


class Recording(NamedTuple):
    """What one run of a kernel left behind."""

    trace: Trace
    output: Any  # NumPy arrays as the kernel returned tensors; None on shapes alone
    inputs: KeptInputs | None  # before the run; None: not kept


class Kernel:
    """A function that issues NKI instructions."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.lnc: int | None = None  # physical cores of the logical one; None: no grid was given
        self.edges: Edges = ()
        self.platform = asked_platform()  # when the kernel's file was read
        functools.update_wrapper(self, function)

    @property
    def func(self) -> Callable[..., Any]:
        """The plain function, under the name that NKI's own kernels have for it."""
        return self.function

    def __getitem__(self, cores: Any) -> "Kernel":
        """The kernel on 1 or 2 physical cores of a logical core: `kernel[2](...)`.

        Raises:
            KernelError: not 1 or 2
        """
        count = cores[0] if isinstance(cores, tuple) and len(cores) == 1 else cores
        if not hasattr(count, "__index__") or not 1 <= int(count) <= MAX_LNC:
            raise KernelError(
                f"kernel[{cores}]: a logical core has 1 or {MAX_LNC} physical cores; launch with "
                f"kernel[1](...) or kernel[{MAX_LNC}](...). What the programs of a larger grid did "
                "up to NKI 0.1 is a loop over tiles in the kernel"
            )
        twin = copy.copy(self)
        twin.lnc = int(count)
        return twin

    def with_schedule(self, edges: Edges) -> "Kernel":
        """The kernel with more waits: (consumer, producer or list of them), by instruction name."""
        twin = copy.copy(self)
        twin.edges = (*self.edges, *edges)
        return twin

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Inside a kernel: run inline. Outside: simulate."""
        if is_running():
            return self.function(*args, **kwargs)
        return simulate(self)(*args, **kwargs)


def jit(function: Callable[..., Any] | None = None, **_options: Any) -> Any:
    """Decorator that makes a kernel, bare or called; compiler options have no meaning here."""
    if function is None:
        return jit
    return function if isinstance(function, Kernel) else Kernel(function)


def simulate(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs a kernel on NumPy arrays and returns those; on PyTorch tensors, these.

    It runs on what NEURON_PLATFORM_TARGET_OVERRIDE asks for, now or when the kernel's file was
    read; else on Trainium3.

    Raises, when called:
        KernelError: the device would refuse the kernel
        CapacityError: its live tiles do not fit into SBUF or PSUM
    """

    @functools.wraps(kernel)
    def run(*args: Any, **kwargs: Any) -> Any:
        if is_running():
            return kernel(*args, **kwargs)
        core = target_core(kernel)
        recording = record(kernel, args, kwargs, core, keeps_inputs=False)
        placements(recording.trace, core)
        result = recording.output
        return to_torch(result) if uses_torch((args, kwargs)) else result

    return run


def target_chip(kernel: Callable[..., Any]) -> Chip:
    """The chip that a kernel is meant for."""
    return platform_chip(asked_platform() or getattr(kernel, "platform", None))


def target_core(kernel: Callable[..., Any]) -> Core:
    """The core that a kernel is meant for."""
    return target_chip(kernel).core


def plain(kernel: Callable[..., Any]) -> Any:
    """The function that holds a kernel's source, without decorators and bound arguments."""
    inner = inspect.unwrap(kernel)
    while isinstance(inner, functools.partial):
        inner = inspect.unwrap(inner.func)
    return inner if hasattr(inner, "__code__") else inner.__call__


@contextmanager
def uncollected() -> Iterator[None]:
    """Most of what a run allocates stays; looking for garbage in it takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def record(
    kernel: Callable[..., Any],
    args: tuple,
    kwargs: dict[str, Any],
    core: Core,
    keeps_inputs: bool = True,
) -> Recording:
    """Run a kernel once.

    Args:
        args, kwargs: NumPy arrays or `Shape`s become HBM tensors, anything else is passed on.
            One `Shape` is enough to run on shapes alone.
        core: the core whose limits apply
        keeps_inputs: for looking at values later, whatever happens to the caller's arrays
    """
    trace, (result,), inputs = record_ranks(
        kernel, [(args, kwargs)], core, keeps_inputs=keeps_inputs
    )
    return Recording(trace, result, inputs)


@uncollected()
def record_ranks(
    kernel: Callable[..., Any],
    arguments: Sequence[tuple[tuple, dict[str, Any]]],
    core: Core,
    lnc: int | None = None,
    keeps_inputs: bool = False,
) -> tuple[Trace, list[Any], KeptInputs | None]:
    """Run a kernel on some ranks side by side, one logical core each.

    Returns:
        the trace of all cores, the outputs by rank, the inputs (None: not kept)
    """
    if not callable(kernel):
        raise ValueError(f"kernel: {kernel!r} cannot be called; give a function, as nki.jit makes")
    kernel = kernel if isinstance(kernel, Kernel) else Kernel(kernel)
    require_precise()
    arguments = [(to_numpy(args), to_numpy(kwargs)) for args, kwargs in arguments]
    cores = lnc or kernel.lnc or 1
    if cores > 1 and core.generation == "v2":
        raise KernelError(
            f"kernel[{cores}]: {core.name} has no logical cores of several physical ones; launch "
            "kernel[1](...), or run on trn2 or trn3"
        )
    has_values = not any(holds_shape(value) for a, k in arguments for value in (*a, *k.values()))
    runs, results = _run_all(kernel, arguments, core, cores, has_values)
    world = runs[0].world

    def is_harmless() -> bool:
        return _ends_the_same(kernel, core, runs, results)

    try:
        add_schedule(world.trace, kernel.edges)
        fold_zeros(world.trace)
        if cores > 1:
            require_no_race(world.trace, has_values, is_harmless if has_values else None)
        for run in runs:
            run.inputs.check_aliases()
    except BaseException:
        for run in runs:
            run.inputs.restore()
        raise
    outputs = [run.finish(results[i * cores]) for i, run in enumerate(runs)]
    if not has_values or not keeps_inputs:
        return world.trace, outputs, None
    inputs = KeptInputs()
    for id, array in world.constants.items():
        inputs.keep(id, "", array, False)
    for run in runs:
        run.inputs.keep(inputs)
    return world.trace, outputs, inputs


def _run_all(
    kernel: "Kernel",
    arguments: Sequence[tuple[tuple, dict[str, Any]]],
    core: Core,
    cores: int,
    has_values: bool,
    is_backward: bool = False,
) -> tuple[list["_Rank"], list[Any]]:
    """Run all programs, each as far as it comes and then the next; backward: the last one first.

    Returns:
        the ranks' runs, and what the programs returned
    """
    world = World(core, len(arguments), cores)
    runs = [
        _Rank(kernel, world, rank, given, has_values, cores) for rank, given in enumerate(arguments)
    ]
    programs = [program for run in runs for program in run.programs()]
    turn = -1 if is_backward else 1
    try:
        if len(programs) == 1:
            return runs, [programs[0][1]()]
        return runs, world.crew.run(programs[::turn])[::turn]
    except BaseException:
        for run in runs:
            run.inputs.restore()
        raise
    finally:
        world.teams.clear()  # they hold the world: a run that is dropped is gone at once


def _ends_the_same(kernel: "Kernel", core: Core, runs: list["_Rank"], results: list[Any]) -> bool:
    """Whether all values are the same if the last core goes first."""
    cores = len(runs[0].launches)
    try:
        again = [run.inputs.again(run.args, run.kwargs) for run in runs]
        others, back = _run_all(kernel, again, core, cores, True, is_backward=True)
    except KernelError:
        return False
    for i, (one, other) in enumerate(zip(runs, others, strict=True)):
        ours = one.inputs.written() + arrays(output(results[i * cores]))
        theirs = other.inputs.written() + arrays(output(back[i * cores]))
        if [array.tobytes() for array in ours] != [array.tobytes() for array in theirs]:
            return False
    return True


class _Rank:
    """One rank's run of a kernel."""

    def __init__(
        self,
        kernel: Kernel,
        world: World,
        rank: int,
        arguments: tuple[tuple, dict[str, Any]],
        has_values: bool,
        cores: int,
    ) -> None:
        self.function = kernel.function
        source = plain(self.function)
        if isinstance(source, FunctionType):
            grant_keywords(source)
        self.world = world
        self.args, self.kwargs = arguments
        self.has_values = has_values
        self.name = f"rank {rank} " if len(world.teams) > 1 else ""
        filename = source.__code__.co_filename
        has_grid = kernel.lnc is not None or cores > 1
        self.launches = [
            Launch(world.trace.core, has_values, filename, world.teams[rank], program, has_grid)
            for program in range(cores)
        ]
        self.inputs = Inputs(self.launches[0], "shared_hbm" if cores > 1 else "private_hbm")

    def programs(self) -> list[tuple[str, Callable[[], Any]]]:
        """Name and function of each core's program; all see the same input tensors."""
        return [
            (f"{self.name}core {launch.program}", functools.partial(self._run, launch))
            for launch in self.launches
        ]

    def _run(self, launch: Launch) -> Any:
        with launching(launch), located(launch.filename):
            args, kwargs = self.inputs.arguments(self.function, self.args, self.kwargs)
            return self.function(*args, **kwargs)

    def finish(self, result: Any) -> Any:
        """The output as arrays, inputs brought up to date; None without values."""
        check_returned(mark_output(result), plain(self.function))
        if not self.has_values:
            return None
        self.inputs.update()
        return output(result)

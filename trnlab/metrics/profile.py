"""`trnlab.profile`: one run of a kernel, read as values and as time."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trnlab import spec
from trnlab.metrics.band import Band, band
from trnlab.metrics.basis import is_prediction
from trnlab.metrics.compare import Comparison, compare
from trnlab.metrics.critical_path import Link, critical_path
from trnlab.metrics.explain import Cause, Explanation, explain
from trnlab.metrics.perfetto import write_perfetto
from trnlab.metrics.roofline import Roofline, roofline
from trnlab.metrics.tiles import tiles
from trnlab.metrics.utilization import busy_s
from trnlab.nki.kernel import Recording, Shape, plain, record, target_chip, uncollected
from trnlab.numerics import dtype_name
from trnlab.replay import values_after
from trnlab.schedule import Timeline, schedule
from trnlab.schedule.timeline import ENGINES
from trnlab.spec import Chip, Core
from trnlab.trace import Trace


def shape(sizes: tuple[int, ...], dtype: Any = "float32") -> Shape:
    """A kernel input without values, to run on shapes alone.

    Args:
        sizes: of each dimension
        dtype: NKI dtype
    Raises:
        ValueError: sizes that are not positive integers, or no such dtype
    """
    try:
        are_sizes = bool(sizes) and all(int(size) == size >= 1 for size in sizes)
    except (TypeError, ValueError, OverflowError):
        are_sizes = False
    if not are_sizes:
        raise ValueError(f"shape: {sizes!r} needs sizes that are whole numbers of 1 or more")
    return Shape(tuple(int(size) for size in sizes), dtype_name(dtype))


def profile(
    kernel: Callable[..., Any], *args: Any, chip: str | Chip | None = None, **kwargs: Any
) -> "Profile":
    """Run a kernel on one core of a chip.

    Args:
        args, kwargs: the kernel's own; NumPy arrays, or `shape(...)` for time alone
        chip: "trn1", "trn2" or "trn3", or a `spec.Chip` with changed numbers; None: what
            NEURON_PLATFORM_TARGET_OVERRIDE asks for, now or when the file was read, or trn3
    Returns:
        values and time
    Raises:
        KernelError: the device would refuse the kernel
        CapacityError: its live tiles do not fit into SBUF or PSUM
        LimitError: too large for this simulator
    """
    return run(kernel, *args, chip=chip, **kwargs).timed()


class Run(NamedTuple):
    """A kernel that ran, before it is timed."""

    kernel: Callable[..., Any]
    recording: Recording
    chip: Chip

    @property
    def trace(self) -> Trace:
        """What was recorded."""
        return self.recording.trace

    def timed(self) -> "Profile":
        """Schedule it.

        Raises:
            CapacityError: its live tiles do not fit into SBUF or PSUM
        """
        with uncollected():
            line = schedule(self.trace, self.chip.core)
            return Profile(self.kernel, self.recording, self.chip, line)


def run(
    kernel: Callable[..., Any], *args: Any, chip: str | Chip | None = None, **kwargs: Any
) -> Run:
    """The first half of `profile`, for those who show what ran before its time is known.

    Raises:
        KernelError, LimitError: as `profile`
    """
    chosen = target_chip(kernel) if chip is None else spec.chip(chip)
    return Run(kernel, record(kernel, args, kwargs, chosen.core), chosen)


class Profile:
    """What one run took and gave."""

    def __init__(
        self, kernel: Callable[..., Any], recording: Recording, chip: Chip, timeline: Timeline
    ) -> None:
        self._kernel = plain(kernel)
        self._recording = recording
        self.chip = chip.name
        self.core: Core = timeline.core
        self.timeline = timeline

    def on(self, core: Core) -> "Profile":
        """The same run, scheduled on a core with other numbers."""
        line = schedule(self.trace, core)
        return Profile(self._kernel, self._recording, spec.chip(self.chip), line)

    def __repr__(self) -> str:
        predicted = " predicted" if is_prediction(self.core) else ""
        return (
            f"Profile({self.name} on {self.chip}: {self.total_us:.2f} us{predicted}, "
            f"MFU {self.mfu:.1%}, "
            f"{len(self.trace)} NKI calls, {self.timeline.rows} device instructions)"
        )

    @property
    def name(self) -> str:
        """Name of the kernel."""
        return self._kernel.__name__

    @property
    def trace(self) -> Trace:
        """What was recorded."""
        return self._recording.trace

    @property
    def output(self) -> Any:
        """The kernel's result as NumPy arrays; None on shapes alone."""
        return self._recording.output

    @property
    def total_s(self) -> float:
        """Time until the last result can be read, seconds."""
        return self.timeline.total_s

    @property
    def total_us(self) -> float:
        """The same in microseconds."""
        return self.total_s * 1e6

    @property
    def launched_us(self) -> float:
        """The total with what the device's launch adds before and after the kernel.

        Compare this with a `total_time` of neuron-profile, which counts both, and `total_us` with
        what a kernel takes inside.
        """
        return (self.total_s + self.core.launch_s) * 1e6

    @cached_property
    def flops(self) -> int:
        """Useful floating-point operations on TensorE."""
        return int(self.timeline["flops"].sum())

    @cached_property
    def hbm_bytes(self) -> int:
        """Bytes moved between HBM and the chip."""
        return int(self.timeline["bytes"].sum())

    @property
    def mfu(self) -> float:
        """Model FLOP utilization: FLOPs over time and the cores' BF16 peak, whatever the dtype."""
        return self._over(self.flops, self.trace.cores * self.core.mfu_flops_per_s)

    @property
    def mbu(self) -> float:
        """Memory bandwidth utilization: bytes over time and bandwidth of the cores' HBM stacks."""
        stacks = -(-self.trace.cores // self.core.hbm.cores)
        return self._over(self.hbm_bytes, stacks * self.core.hbm_bytes_per_s)

    def _over(self, amount: float, per_s: float) -> float:
        return amount / (self.total_s * per_s) if self.total_s else 0.0

    @cached_property
    def busy(self) -> Mapping[str, float]:
        """Fraction of the total time in which each engine works; the mean of the cores."""
        total = self.total_s or 1.0
        return {engine: busy_s(self.timeline, engine) / total for engine in ENGINES}

    def explain(self, causes: Sequence[Cause] | None = None) -> Explanation:
        """What limits this run, most costly cause first; each found by scheduling without it.

        Args:
            causes: found already, one for each of `metrics.explain.suspects`
        """
        return explain(self.timeline, causes)

    @cached_property
    def band(self) -> Band:
        """The total time with every assumed constant at its faster and at its slower end."""
        return band(self)

    def critical_path(self) -> list[Link]:
        """The chain of device instructions that the total time is the length of."""
        return critical_path(self.timeline)

    def compare(self, other: "Profile") -> Comparison:
        """This run and another, quantity by quantity."""
        return compare(self, other)

    def to_perfetto(self, path: str | Path) -> None:
        """Write the run in the Chrome trace format, which ui.perfetto.dev opens."""
        write_perfetto(self.timeline, self.tiles, path)

    @property
    def roofline(self) -> Roofline:
        """The run's point against the roofs of its TensorE mode."""
        return roofline(
            self.core, self._mode(), self.flops, self.hbm_bytes, self.total_s, self.trace.cores
        )

    def _mode(self) -> str:
        """TensorE mode of the run's matmuls; BF16 if it has none."""
        modes = (recorded.kind.instruction.mode(recorded.kind) for recorded in self.trace.calls)
        return next(filter(None, modes), "bfloat16")

    @cached_property
    def tiles(self) -> Mapping[str, np.ndarray]:
        """SBUF and PSUM tiles as columns: see `metrics.tiles`."""
        return tiles(self.timeline)

    def values(self, call: int, role: str) -> np.ndarray:
        """An operand's values right after a call, in its storage dtype.

        Raises:
            ValueError: a run on shapes alone, no such operand, or a large input that was changed
        """
        inputs = self._recording.inputs
        if inputs is None:
            raise ValueError("values: this profile ran on shapes alone; give it NumPy arrays")
        if not 0 <= call < len(self.trace):
            raise ValueError(f"values: there is no call {call}; this run has {len(self.trace)}")
        recorded = self.trace.calls[call]
        views = dict(zip(recorded.kind.roles, recorded.writes + recorded.reads, strict=False))
        if role not in views:
            raise ValueError(f"values: call {call} has no {role!r}, it has {', '.join(views)}")
        return values_after(self.trace, inputs.arrays(), call, views[role])

    @property
    def line(self) -> int:
        """First line of the kernel's source."""
        return self._kernel.__code__.co_firstlineno

    @cached_property
    def source(self) -> tuple[int, list[str]]:
        """First line and lines of the kernel's source."""
        lines, first = inspect.getsourcelines(self._kernel)
        return first, [line.rstrip("\n") for line in lines]

"""`trnlab.launch`: one kernel on several ranks side by side, for collectives."""

from collections.abc import Callable, Sequence
from typing import Any

from trnlab.errors import KernelError
from trnlab.nki.kernel import record_ranks, target_core
from trnlab.schedule import Timeline, schedule
from trnlab.schedule.scheduler import placements
from trnlab.trace import Trace


class Launched(list):
    """The outputs of a launch by rank, with its trace and time."""

    def __init__(self, outputs: Sequence[Any], trace: Trace) -> None:
        super().__init__(outputs)
        self.trace = trace

    @property
    def timeline(self) -> Timeline:
        """Time of all ranks; core = rank x lnc + program."""
        return schedule(self.trace)

    @property
    def total_us(self) -> float:
        """Time until the last result of any rank can be read, in microseconds."""
        return self.timeline.total_s * 1e6


def launch(
    kernel: Callable[..., Any],
    arguments: Sequence[tuple[tuple, dict[str, Any]]],
    lnc: int | None = None,
) -> Launched:
    """Run a kernel on as many ranks as there are pairs of arguments.

    Args:
        arguments: (args, kwargs) for each rank; NumPy arrays, or shapes for time alone
        lnc: physical cores of a rank, 1 or 2; default what kernel[n] says, else 1
    Returns:
        the outputs by rank
    Raises:
        KernelError: the device would refuse the kernel, or ranks wait for each other
        CapacityError: the live tiles of a core do not fit into SBUF or PSUM
    """
    if not arguments:
        raise KernelError("launch: no rank; give one (args, kwargs) pair for each")
    if lnc not in (None, 1, 2):
        raise KernelError(
            f"launch: lnc {lnc!r}; a logical core has 1 or 2 physical cores, so give 1 or 2, or "
            "None for what kernel[n] says"
        )
    core = target_core(kernel)
    trace, outputs, _ = record_ranks(kernel, arguments, core, lnc)
    placements(trace, core)
    return Launched(outputs, trace)

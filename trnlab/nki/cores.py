"""`nki.isa.core_barrier` and `sendrecv`: how the two cores of an LNC 2 launch meet.

Each is recorded as several calls, before a meeting and after it. So the trace of both cores, in the
order in which they ran, waits only for earlier calls.
"""

from collections.abc import Sequence
from typing import Any

from trnlab.errors import KernelError
from trnlab.isa.sequencers import CORE_SIGNAL, CORE_WAIT, READY, RECEIVE, SEND
from trnlab.memory import Tensor
from trnlab.nki.instruction_handle import NkiInstruction
from trnlab.nki.launch import Launch, current
from trnlab.nki.operands import MOVER_NAMES, named

BARRIER_ENGINES = ("tensor", "vector", "scalar", "gpsimd", "sync")


def core_barrier(
    data: Tensor, cores: Sequence[int] | int, engine: Any = "gpsimd", name: str | None = None
) -> NkiInstruction:
    """Both cores meet; what each did to `data` before is seen by the other after.

    Args:
        data: in shared HBM; a tile is taken too, since kernels of nki-library pass one
        cores: (0, 1); in a launch on one core 0
        engine: whose instruction stream waits
    """
    launch = current()
    runner = getattr(engine, "name", engine)
    asked = (cores,) if isinstance(cores, int) else tuple(cores)
    if asked == (0,) and launch.team.cores == 1:  # nobody to wait for
        return launch.issue(CORE_WAIT, (data,), (), engine=runner, name=name)
    if asked != (0, 1) or launch.team.cores != 2:
        raise KernelError(
            f"core_barrier: cores {asked} in a launch on {launch.team.cores} core(s); it "
            "joins cores (0, 1) of kernel[2](...)"
        )
    if runner not in BARRIER_ENGINES:
        raise KernelError(f"core_barrier: engine {runner} is none of {', '.join(BARRIER_ENGINES)}")
    signal = launch.issue(CORE_SIGNAL, (data,), (), engine=runner)
    signals = meet(launch, "core_barrier", signal.index)
    wait = launch.issue(CORE_WAIT, (data,), (), engine=runner, name=name)
    launch.trace.order(wait.index, *signals)
    return wait


def meet(launch: Launch, what: str, offer: Any) -> list[Any]:
    """Wait for the other program of the logical core; what all of them offer, by program."""
    team = launch.team
    number = launch.meetings
    launch.meetings += 1
    others = [p for p in range(team.cores) if p != launch.program]
    text = f"{what} in line {launch.line()} for {' and '.join(f'core {p}' for p in others)}"
    found = team.crew.meet(
        (team.rank, what, number), launch.program, range(team.cores), offer, text
    )
    return [found[program] for program in range(team.cores)]


def sendrecv(
    src: Tensor,
    dst: Tensor,
    send_to_rank: int,
    recv_from_rank: int,
    pipe_id: Any,
    dma_engine: Any = "dma",
    name: str | None = None,
) -> NkiInstruction:
    """Send src to one core and receive dst from one; calls of one pipe pair up in order.

    Args:
        src, dst: tiles in SBUF of equal dtype and shape
        send_to_rank, recv_from_rank: 0 or 1
        dma_engine: dma, or gpsimd_dma for small tiles
    """
    launch = current()
    team, me = launch.team, launch.program
    for role, peer in (("send_to_rank", send_to_rank), ("recv_from_rank", recv_from_rank)):
        if peer not in (0, 1) or team.cores != 2:
            raise KernelError(
                f"sendrecv: {role} {peer} in a launch on {team.cores} core(s); it joins cores 0 "
                "and 1 of kernel[2](...)"
            )
    if src.dtype != dst.dtype or src.shape[0] != dst.shape[0] or src.size != dst.size:
        raise KernelError(
            f"sendrecv: src {list(src.shape)} {src.dtype} and dst {list(dst.shape)} {dst.dtype} "
            "must have the same dtype and shape"
        )
    mover = named(MOVER_NAMES, "sendrecv: dma_engine", dma_engine)
    runner = "gpsimd" if mover == "gpsimd_dma" else ""
    text = f"sendrecv (pipe {pipe_id}) in line {launch.line()} for core"
    ready = launch.issue(READY, (dst,), ())
    team.receivers[recv_from_rank, me, pipe_id].append(ready.index)
    receivers = team.receivers[me, send_to_rank, pipe_id]
    team.crew.wait(lambda: bool(receivers), f"{text} {send_to_rank}")
    sent = launch.issue(SEND, (), (src,), engine=runner)
    launch.trace.order(sent.index, receivers.popleft())
    values = src.array.copy() if launch.has_values else None
    team.messages[me, send_to_rank, pipe_id].append((sent.index, values))
    arrived = team.messages[recv_from_rank, me, pipe_id]
    team.crew.wait(lambda: bool(arrived), f"{text} {recv_from_rank}")
    call, values = arrived.popleft()
    if values is not None and values.size != dst.size:
        raise KernelError(
            f"sendrecv: dst {list(dst.shape)} receives {list(values.shape)} from core "
            f"{recv_from_rank} on pipe {pipe_id}; both cores must send tiles of one shape"
        )
    received = launch.issue(RECEIVE, (dst,), (), values=values, name=name)
    launch.trace.order(received.index, call)
    return received

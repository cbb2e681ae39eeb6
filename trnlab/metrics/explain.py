"""Why a run takes as long as it does, and what fixing each cause would save.

Every saving is found by scheduling the run again without the cause; nothing is guessed. Savings of
several causes do not add up: behind one limit there is the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from trnlab.isa.instruction import Kind
from trnlab.metrics.basis import caution
from trnlab.metrics.loads import SMALL_BYTES, loads_of
from trnlab.metrics.utilization import busy_s, rows_of
from trnlab.schedule.dependencies import BANK, READ, SPACE, WRITE
from trnlab.schedule.program import Waits
from trnlab.schedule.timeline import ENGINE_TITLE, ENGINES, Timeline
from trnlab.schedule.whatif import Change, total_s

STARTING = "start of a transfer"  # kind of a gap in which nothing else is waited for
LEAST_SHARE = 0.002  # of the total time; smaller savings are left out


class Gap(NamedTuple):
    """Idle time of the busiest engine, by what it waited for, and for whom.

    Of a launch on several cores seconds are the mean of the cores.
    """

    kind: str
    on: str  # the engine or DMA queue; "" if no other is to blame
    seconds: float
    times: int
    text: str  # the longest one

    @property
    def why(self) -> str:
        """Kind and whom it waits for, in a few words."""
        return f"{self.kind}, on {self.on}" if self.on else self.kind


class Cause(NamedTuple):
    """Something that costs time."""

    name: str
    saved_s: float  # of the total, if it did not exist
    text: str


class Explanation(NamedTuple):
    """What limits a run: most costly cause first."""

    total_s: float
    engine: str  # the busiest
    busy: float  # fraction of the total time
    gaps: tuple[Gap, ...]
    causes: tuple[Cause, ...]
    caution: str = ""  # how far its times can be trusted, if nothing of the kind was measured

    @property
    def busiest(self) -> str:
        """The busiest engine in a sentence."""
        title = ENGINE_TITLE[self.engine]
        return f"{title} is the busiest engine: at work {self.busy:.1%} of the time."

    def __str__(self) -> str:
        if not self.total_s:
            return "0.0 us. No device instruction runs."
        lines = [f"{self.total_s * 1e6:,.1f} us. {self.busiest}"]
        lines += [
            f"  idle {gap.seconds * 1e6:,.1f} us: {gap.why}, in {_times(gap.times)} {gap.text}"
            for gap in self.gaps
            if gap.seconds >= LEAST_SHARE * self.total_s
        ]
        lines += [
            f"{number}. {cause.text} Without it: {cause.saved_s * 1e6:,.1f} us less "
            f"({cause.saved_s / self.total_s:.1%})."
            for number, cause in enumerate(self.causes, 1)
        ]
        return "\n".join([*lines, self.caution] if self.caution else lines)


Suspect = tuple[str, Change, str]


def suspects(line: Timeline) -> list[Suspect]:
    """What may cost a run time, not yet judged: name, what to change, and the words for it."""
    return [*_engines(line), *_hazards(line), *_transfers(line), *_habits(line)]


def cause_of(line: Timeline, suspect: Suspect) -> Cause:
    """What a suspect costs, found by scheduling the run again without it."""
    name, change, text = suspect
    return Cause(name, line.total_s - total_s(line.trace, line.core, change), text)


def explain(line: Timeline, causes: Sequence[Cause] | None = None) -> Explanation:
    """Rank what limits a run.

    Args:
        causes: of each of its suspects; None: found now
    """
    if causes is None:
        causes = [cause_of(line, suspect) for suspect in suspects(line)]
    total = line.total_s
    shares = {engine: busy_s(line, engine) / total if total else 0.0 for engine in ENGINES}
    engine = max(shares, key=shares.__getitem__)
    found = [cause for cause in causes if cause.saved_s > LEAST_SHARE * total]
    found.sort(key=lambda cause: -cause.saved_s)
    gaps = _gaps(line, engine)
    return Explanation(total, engine, shares[engine], gaps, tuple(found), caution(line.core))


def _gaps(line: Timeline, engine: str) -> tuple[Gap, ...]:
    rows = rows_of(line, engine)
    rows = rows[line["wait_s"][rows] > 0]
    on = line["wait_on"][rows]
    lanes = np.where(on >= 0, line["lane"][on], -1)
    found = []
    for code, lane in np.unique(np.stack((line["wait_kind"][rows], lanes)), axis=1).T:
        chosen = rows[(line["wait_kind"][rows] == code) & (lanes == lane)]
        waits = line["wait_s"][chosen]
        longest = int(chosen[np.argmax(waits)])
        whom = line.lane_title(int(line["wait_on"][longest])) if lane >= 0 else ""
        text = line.wait_text(longest)
        idle_s = float(waits.sum()) / line.trace.cores
        kind = line.wait_kinds[code] if code or engine != "dma" else STARTING
        found.append(Gap(kind, whom, idle_s, len(chosen), text))
    return tuple(sorted(found, key=lambda gap: -gap.seconds))


def _times(count: int) -> str:
    return "1 wait:" if count == 1 else f"{count:,} waits; the longest:"


def _engines(line: Timeline) -> Iterator[Suspect]:
    """Fixed costs of engines that show up in this run."""
    ops = [line.ops[code] for code in np.unique(line["op"])]
    core = line.core
    if "LoadTable" in ops:
        count = int((line["op"] == line.ops.index("LoadTable")).sum())
        often = "once" if count == 1 else f"{count:,} times"
        text = f"ScalarE loads a table of functions {often}; group calls of one function."
        yield "function tables", Change({"scalar.table_load_s": 0.0}), text
    if "MultiplyMoving" in ops and core.tensor.ramp_s:
        rate = core.tensor.ramp_rate
        text = f"TensorE starts at {rate:.0%} of its rate after idleness; keep it fed."
        yield "ramp of TensorE", Change({"tensor.ramp_s": 0.0}), text
    text = "Engines tell each other through semaphores; fewer, larger instructions need fewer."
    yield "semaphores", Change({"semaphore_s": 0.0}), text


def _hazards(line: Timeline) -> Iterator[Suspect]:
    """Waits for places that are in use."""
    in_psum = _writes_psum(line)
    yield (
        "PSUM banks",
        Change(keep=lambda waits: ~(_is_reuse(waits) & in_psum[waits.call])),
        "A PSUM bank is written again before it was read out; use more banks in turn.",
    )
    yield (
        "SBUF space",
        Change(keep=lambda waits: waits.reason != SPACE),
        "A tile waits for the SBUF space of an older one; use smaller blocks.",
    )
    yield (
        "buffers in use",
        Change(keep=lambda waits: ~(_is_overwrite(waits) & ~in_psum[waits.call])),
        "A tile is written again while it is in use; use two tiles in turn.",
    )


def _is_overwrite(waits: Waits) -> np.ndarray:
    return (waits.reason == READ) | (waits.reason == WRITE)


def _is_reuse(waits: Waits) -> np.ndarray:
    return _is_overwrite(waits) | (waits.reason == BANK)


def _writes_psum(line: Timeline) -> np.ndarray:
    """By call: whether it writes to PSUM."""
    allocations = line.trace.allocations
    return np.array(
        [
            any(allocations[view[0]].memory == "psum" for view in recorded.writes)
            for recorded in line.trace.calls
        ],
        bool,
    )


def _transfers(line: Timeline) -> Iterator[Suspect]:
    """What DMA costs beside its bytes, and its bytes."""
    loads = loads_of(line)
    if not loads.transfers:
        return
    dma = line.core.dma
    if loads.small:
        yield (
            "small transfers",
            Change(dict(_FREE_OVERHEAD)),
            f"{loads.small:,} of {loads.transfers:,} DMA transfers move less than {SMALL_BYTES:,} "
            f"bytes per partition, {loads.mean_bytes:,.0f} on average; load larger blocks at once.",
        )
    latency = dma.usual_start_s + dma.completion_s
    yield (
        "DMA latency",
        Change(dict.fromkeys(_LATENCY, 0.0)),
        f"A transfer takes {latency * 1e6:.1f} us besides moving its bytes; start it earlier.",
    )
    yield (
        "DMA bandwidth",
        Change({"dma.moving_bytes_per_s": 1e18, "hbm.bytes_per_s": 1e18}),
        f"{loads.bytes / 1e6:,.1f} MB move between HBM and the chip; move less, or sooner.",
    )
    if loads.repeated:
        yield (
            "operands loaded again",
            Change(free=loads.repeated),
            f"{loads.again_text}; keep it in SBUF, or make the blocks larger.",
        )


_LATENCY = (
    "dma.start_s",
    "dma.fetch_s",
    "dma.hwdge_start_s",
    "dma.stagger_s",
    "dma.completion_s",
)
_FREE_OVERHEAD: Mapping[str, float] = {
    "dma.descriptor_s": 0.0,
    "dma.prepared_descriptor_s": 0.0,
    "dma.transfer_s": 0.0,
    "dma.queue_interval_s": 0.0,
    "dma.swdge_s": 0.0,
    "dma.hwdge_s": 0.0,
    "sync.dma_trigger_s": 0.0,
}


def _habits(line: Timeline) -> Iterator[Suspect]:
    """Work that another way of writing would not need."""
    calls = line.trace.calls
    fp32 = [
        recorded
        for recorded in calls
        if recorded.kind.instruction.name == "nc_matmul"
        and recorded.kind.reads[1].dtype == "float32"
    ]
    if fp32:
        rate = line.core.tensor.macs_per_pe_cycle["bfloat16"]
        yield (
            "FP32 matmuls",
            Change({"tensor.macs_per_pe_cycle.float32": rate}),
            f"{len(fp32):,} matmuls are in FP32, at a quarter of the rate; use BF16 if it will do.",
        )
    transposes = frozenset(
        call
        for call, recorded in enumerate(calls)
        if recorded.kind.engine == "tensor" and _is_transpose(recorded.kind)
    )
    if transposes:
        yield (
            "transposes",
            Change(free=transposes),
            f"TensorE makes {len(transposes):,} transposes; load transposed, or store that way.",
        )


def _is_transpose(kind: Kind) -> bool:
    """nc_transpose, or a matmul that only moves bits."""
    return kind.instruction.name == "nc_transpose" or getattr(kind.options, "is_transpose", False)

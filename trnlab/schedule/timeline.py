"""The timeline: columns with one row per device instruction, in program order."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from trnlab.schedule.placement import Place
from trnlab.spec.core import Core
from trnlab.trace import Trace

ENGINES = ("tensor", "vector", "scalar", "gpsimd", "sync", "dma")
ENGINE_TITLE = {
    "tensor": "TensorE",
    "vector": "VectorE",
    "scalar": "ScalarE",
    "gpsimd": "GpSimdE",
    "sync": "SyncE",
    "dma": "DMA",
}

# the first five are the reasons in `dependencies`
WAIT_KINDS = (
    "none",
    "data",
    "operand in use",
    "result in use",
    "sbuf space",
    "psum bank",
    "weights",
    "dma engines",
    "hbm",
    "order",
    "descriptors",
    "told to",
)
WAIT_NONE = 0
WAIT_WEIGHTS, WAIT_DMA_ENGINES, WAIT_HBM, WAIT_ORDER, WAIT_DESCRIPTORS = range(6, 11)
_LANE_TITLE = {
    "tensor_load": "TensorE (weights)",
    "gpsimd_dge": "GpSimdE (descriptors)",
    "dma_cc": "Collectives",
}


class Timeline(Mapping[str, np.ndarray]):
    """Columns by name.

    call: NKI call the row came from; lane, engine, op, wait_kind: codes into `lanes`, `engines`,
    `ops`, `wait_kinds`; start_s, busy_s (lane occupied), end_s (result readable), wait_s (lane idle
    before this row because it waited), wait_on (row waited for, -1: none), line (of the kernel's
    source), core (of the launch), bytes (between HBM and chip), flops.
    """

    engines = ENGINES
    wait_kinds = WAIT_KINDS

    def __init__(
        self,
        columns: dict[str, np.ndarray],
        lanes: tuple[str, ...],
        ops: tuple[str, ...],
        trace: Trace,
        core: Core,
        places: dict[int, Place],
    ) -> None:
        self._columns = columns
        self.lanes = lanes
        self.ops = ops
        self.trace = trace
        self.core = core
        self.places = places

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def rows(self) -> int:
        """Number of device instructions."""
        return len(self._columns["call"])

    @property
    def total_s(self) -> float:
        """Time until the last result can be read."""
        return float(self._columns["end_s"].max(initial=0.0))

    def lane_title(self, row: int) -> str:
        """The lane of a row as a reader knows it."""
        return self._title(int(self["lane"][row]))

    def _title(self, lane: int) -> str:
        name, _, core = self.lanes[lane].partition(" of core ")
        return self._lane_name(name) + (f" of core {core}" if core else "")

    def _lane_name(self, name: str) -> str:
        engine, _, queue = name.partition(" q")
        if queue:
            return f"DMA queue {queue}"
        return _LANE_TITLE.get(name) or ENGINE_TITLE[engine]

    def wait_text(self, row: int) -> str:
        """What a row waited for, as a sentence."""
        kind = WAIT_KINDS[self["wait_kind"][row]]
        wait_us = self["wait_s"][row] * 1e6
        who = self.lane_title(row)
        is_transfer = ENGINES[self["engine"][row]] == "dma"
        if wait_us <= 0 or (kind == "none" and not is_transfer):
            return f"{who} runs this as soon as the one before it allows."
        begin = f"{who} waits {wait_us:.2f} us"
        if kind == "none":
            return f"{begin}: a transfer starts some time after its trigger."
        if kind == "dma engines":
            return f"{begin}: all its DMA engines are busy."
        if kind == "hbm":
            return f"{begin}: HBM delivers no faster."
        if kind == "order":
            return f"{begin}: its queue works in order."
        if kind == "descriptors":
            return f"{begin}: the descriptors of other transfers are written first."
        if kind == "weights":
            return f"{begin} until its stationary tile is loaded."
        return f"{begin} for {self._producer(row, kind)}"

    def _producer(self, row: int, kind: str) -> str:
        on = int(self["wait_on"][row])
        call = self.trace.call(int(self["call"][on]))
        tile = call.operands[0].tensor.name if call.operands else ""
        where = f"{self.lane_title(on)}: {call.op}"
        line = f"(line {call.line})"
        if kind == "data":
            return f"{where} that writes {tile} {line}."
        if kind == "sbuf space":
            return f"{where}, the last user of the SBUF space it takes {line}."
        if kind == "psum bank":
            return f"{where}, the last user of the PSUM bank it takes {line}."
        if kind == "told to":
            return f"{where}, which it was told to follow {line}."
        if kind == "result in use":
            return f"{where} that writes the same place {line}."
        return f"{where} that still reads the place it overwrites {line}."


def engine_of_lane(lanes: Sequence[str]) -> np.ndarray:
    """Code of the engine that each lane belongs to."""
    engines = [lane.partition("_")[0].partition(" ")[0] for lane in lanes]
    return np.array([ENGINES.index(engine) for engine in engines], np.int8)

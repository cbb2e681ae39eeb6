"""How busy each engine is, as a fraction of the total time."""

import numpy as np

from trnlab.schedule import Timeline


def busy_s(line: Timeline, engine: str) -> float:
    """Seconds in which an engine works on something, from its start until its result is there.

    This is AWS's "active time": at least one instruction is under way, waits not counted. TensorE
    counts its multiplies; loads of stationary tiles run behind them. DMA counts the time in which
    at least one of its engines moves data. Of a launch on several cores it is their mean.

    Source: tools/neuron-explorer/overview-summary-page.rst
    """
    rows = rows_of(line, engine)
    start = line["start_s"][rows]
    end = start + line["busy_s"][rows] if engine == "dma" else line["end_s"][rows]
    core = line["core"][rows]
    cores = range(line.trace.cores)
    return sum(_union_s(start[core == own], end[core == own]) for own in cores) / len(cores)


def rows_of(line: Timeline, engine: str) -> np.ndarray:
    """Rows of an engine on every core; of TensorE without its loads of stationary tiles."""
    chosen = line["engine"] == line.engines.index(engine)
    if engine == "tensor":
        loads = [lane for lane, name in enumerate(line.lanes) if name.startswith("tensor_load")]
        chosen &= ~np.isin(line["lane"], loads)
    return np.flatnonzero(chosen)


def _union_s(start: np.ndarray, end: np.ndarray) -> float:
    """Length of the union of intervals."""
    if not len(start):
        return 0.0
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    reached = np.maximum.accumulate(end)
    before = np.concatenate(([start[0]], reached[:-1]))
    return float(np.maximum(0.0, reached - np.maximum(start, before)).sum())

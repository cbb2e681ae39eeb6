"""Published DMA transfers: single ones, and bandwidth against size."""

from collections.abc import Iterator

import trnlab.nki.language as nl
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.nki import isa as nisa
from trnlab.validation import kernels
from trnlab.validation.table import Row

OVERVIEW = "nki/get-started/about/nki-dma-overview.rst"
PIXELS = "read off a picture"
CURVE = {32: 1.6, 64: 2.9, 128: 5.3, 256: 10.5, 512: 20.9, 1024: 42.3, 2048: 81.4, 4096: 96.5,
         8192: 98.3, 16384: 99.0, 32768: 100.0}  # fmt: skip
PREPARED = {"dge_mode": nisa.dge_mode.none}  # SyncE starts these loads
COUNT = 24  # transfers of one bandwidth


def single() -> Iterator[Row]:
    """Load, exp, store of 32 KiB: by one DMA engine, and by all sixteen."""
    one = profile(kernels.exponential, shape((4, 4096), "bfloat16"), chip="trn2", **PREPARED)
    both = profile(kernels.exponential, shape((128, 128), "bfloat16"), chip="trn2")
    for run, workload, rows in (
        (one, "Load, exp, store of [4, 4096]", {
            "transfer by one engine": (1416, _busy_s(one, "dma_copy"), ""),
            "SyncE's trigger to first byte": (1000, _start_gap_s(one), PIXELS),
            "last byte to ScalarE": (300, _end_gap_s(one), PIXELS),
            "exp, 4,096 elements": (3705, _latency_s(one, "activation"), PIXELS),
            "load of the exp table": (1280, _latency_s(one, "LoadTable"), PIXELS),
        }),
        (both, "Load, exp, store of [128, 128]", {
            "one engine's share": (97, _share_s(both), ""),
            "all engines' shares": (468, _busy_s(both, "dma_copy"), ""),
            "GpSimdE's trigger to first byte": (739, _start_gap_s(both), ""),
            "last byte to ScalarE": (300, _end_gap_s(both), PIXELS),
            "exp, 128 elements": (400, _latency_s(both, "activation"), PIXELS),
        }),
    ):  # fmt: skip
        for quantity, (published, seconds, note) in rows.items():
            yield Row(
                workload, run.chip, quantity, "ns", published, 1e9 * seconds, OVERVIEW, note=note
            )


def bandwidth() -> Iterator[Row]:
    """Loads of 128 partitions, of more and more bytes each, against the largest."""
    rates = {bytes_: _rate(bytes_) for bytes_ in CURVE}
    for bytes_, published in CURVE.items():
        percent = 100 * rates[bytes_] / rates[max(CURVE)]
        yield Row(
            f"DMA bandwidth, {bytes_:,} B per partition", "trn2", "of the largest", "%",
            published, percent, OVERVIEW, note=f"{PIXELS}; chip not named",
        )  # fmt: skip


def _rate(bytes_per_partition: int) -> float:
    """Bytes per second of one load after another."""
    data = shape((128, bytes_per_partition), nl.uint8)
    few, many = (
        profile(kernels.loads, data, count, chip="trn2", **PREPARED).total_s
        for count in (COUNT, 2 * COUNT)
    )
    return COUNT * 128 * bytes_per_partition / (many - few)


def _first(run: Profile, column: str, op: str) -> float:
    line = run.timeline
    return float(line[column][line["op"] == line.ops.index(op)][0])


def _busy_s(run: Profile, op: str) -> float:
    return _first(run, "busy_s", op)


def _latency_s(run: Profile, op: str) -> float:
    return _first(run, "end_s", op) - _first(run, "start_s", op)


def _start_gap_s(run: Profile) -> float:
    """From the first trigger to the first byte."""
    return _first(run, "start_s", "dma_copy") - _first(run, "start_s", "DmaTrigger")


def _end_gap_s(run: Profile) -> float:
    """From the last byte to the first instruction of ScalarE."""
    end = _first(run, "start_s", "dma_copy") + _busy_s(run, "dma_copy")
    return _first(run, "start_s", "LoadTable") - end


def _share_s(run: Profile) -> float:
    kind = run.trace.calls[0].kind
    return kind.instruction.cost(run.core, kind).engine_s  # type: ignore[union-attr]

"""Published DMA transfers: single ones, and bandwidth against size."""

from collections.abc import Iterator

import trnlab.nki.language as nl
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.validation import kernels
from trnlab.validation.table import Row

OVERVIEW = "nki/get-started/about/nki-dma-overview.rst"
PIXELS = "read off a picture"
CURVE = {32: 1.6, 64: 2.9, 128: 5.3, 256: 10.5, 512: 20.9, 1024: 42.3, 2048: 81.4, 4096: 96.5,
         8192: 98.3, 16384: 99.0, 32768: 100.0}  # fmt: skip
COUNT = 24  # transfers of one bandwidth


def single() -> Iterator[Row]:
    """Load, exp, store of 32 KiB: by one DMA engine, and by all sixteen."""
    one = profile(kernels.exponential, shape((4, 4096), "bfloat16"), chip="trn2")
    for quantity, published, row, part, note in (
        ("transfer by one engine", 1416, "dma_copy", "busy", ""),
        ("exp, 4,096 elements", 3705, "activation", "latency", PIXELS),
        ("load of the exp table", 1250, "LoadTable", "latency", "1.22 to 1.29 us"),
    ):
        yield _row("Load, exp, store of [4, 4096]", one, quantity, published, row, part, note)
    both = profile(kernels.exponential, shape((128, 128), "bfloat16"), chip="trn2")
    workload = "Load, exp, store of [128, 128]"
    share_ns = _share_s(both) * 1e9
    yield Row(workload, "trn2", "one engine's share", "ns", 97, share_ns, OVERVIEW)
    for quantity, published, row, part, note in (
        ("all engines' shares", 468, "dma_copy", "busy", ""),
        ("exp, 128 elements", 400, "activation", "latency", PIXELS),
    ):
        yield _row(workload, both, quantity, published, row, part, note)
    start = _first(both, "start_s", "dma_copy") - _first(both, "start_s", "DmaTrigger")
    yield Row(workload, "trn2", "trigger to first byte", "ns", 739, start * 1e9, OVERVIEW)
    line = both.timeline
    end = _first(both, "start_s", "dma_copy") + _first(both, "busy_s", "dma_copy")
    gap = float(line["start_s"][line["op"] == line.ops.index("LoadTable")][0]) - end
    yield Row(workload, "trn2", "last byte to ScalarE", "ns", 300, gap * 1e9, OVERVIEW, note=PIXELS)


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
        profile(kernels.loads, data, count, chip="trn2").total_s for count in (COUNT, 2 * COUNT)
    )
    return COUNT * 128 * bytes_per_partition / (many - few)


def _first(run: Profile, column: str, op: str) -> float:
    line = run.timeline
    return float(line[column][line["op"] == line.ops.index(op)][0])


def _share_s(run: Profile) -> float:
    kind = run.trace.calls[0].kind
    return kind.instruction.cost(run.core, kind).engine_s  # type: ignore[union-attr]


def _row(
    workload: str, run: Profile, quantity: str, published: float, op: str, part: str, note: str
) -> Row:
    if part == "busy":
        seconds = _first(run, "busy_s", op)
    else:
        seconds = _first(run, "end_s", op) - _first(run, "start_s", op)
    return Row(workload, run.chip, quantity, "ns", published, seconds * 1e9, OVERVIEW, note=note)

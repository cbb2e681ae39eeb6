"""Published times of collectives: the cluster's engine, in the same table."""

from collections.abc import Iterable, Iterator

from trnlab.cluster.published import ALL_REDUCE_US, OTHER_SIZES_US
from trnlab.cluster.validation import all_reduce_rows, collective_rows
from trnlab.validation.table import Row


def collectives() -> Iterator[Row]:
    """All-reduce of two ranks, a hop of a ring, and a write to another server."""
    yield from _all_reduce(ALL_REDUCE_US)
    for row in collective_rows()[len(ALL_REDUCE_US) :]:
        yield Row(
            row.workload.removesuffix(", Trn2"), "trn2", "latency", "us",
            row.published, row.predicted, row.source, note=row.assumed,
        )  # fmt: skip


def other_sizes() -> Iterator[Row]:
    """All-reduce of two ranks at the sizes of the same table that chose nothing."""
    yield from _all_reduce(OTHER_SIZES_US)


def _all_reduce(measured_us: Iterable[tuple[float, float]]) -> Iterator[Row]:
    sizes = [size for size, _ in measured_us]
    for size, row in zip(sizes, all_reduce_rows(measured_us), strict=True):
        yield Row(
            f"all-reduce, FP32, 2 ranks, {size:,.0f} B", "trn1", "total time", "us",
            row.published, row.predicted, row.source, note=row.assumed,
        )  # fmt: skip

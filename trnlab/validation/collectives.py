"""Published times of collectives: the cluster's engine, in the same table."""

from collections.abc import Iterator

from trnlab.cluster.published import ALL_REDUCE_US
from trnlab.cluster.validation import collective_rows
from trnlab.validation.table import Row

REDUCTION_LIMIT = 8.0  # percent: one curve of latency and bandwidth through all sizes


def collectives() -> Iterator[Row]:
    """All-reduce of two ranks, a hop of a ring, and a write to another server."""
    rows = collective_rows()
    sizes = [size for size, _ in ALL_REDUCE_US]
    for size, row in zip(sizes, rows, strict=False):
        yield Row(
            f"all-reduce, FP32, 2 ranks, {size:,.0f} B", "trn1", "total time", "us",
            row.published, row.predicted, row.source, REDUCTION_LIMIT, row.assumed,
        )  # fmt: skip
    for row in rows[len(sizes) :]:
        yield Row(
            row.workload.removesuffix(", Trn2"), "trn2", "latency", "us",
            row.published, row.predicted, row.source, note=row.assumed,
        )  # fmt: skip

"""Published times of collectives: the cluster's engine, in the same table."""

from collections.abc import Iterator

from trnlab.cluster.published import ALL_REDUCE_US, NCCOM
from trnlab.cluster.validation import collective_rows
from trnlab.spec.systems import system
from trnlab.validation.table import Row

COLLECTIVES = "neuron-runtime/about/collectives.rst"
PLATFORM = "the platform is not stated; taken as Trainium1"


def collectives() -> Iterator[Row]:
    """All-reduce of two ranks, a hop of a ring, and a write to another server."""
    for (size, _), row in zip(ALL_REDUCE_US, collective_rows(), strict=True):
        yield Row(
            f"all-reduce, FP32, 2 ranks, {size:,.0f} B", "trn1", "total time", "us",
            row.published, row.predicted, NCCOM, 8.0, PLATFORM,
        )  # fmt: skip
    server = system("trn1")
    for workload, published, seconds, note in (
        ("hop of a ring in an instance", 1.5, server.fabric.hop_s, "1 to 2 us; the middle"),
        ("write to another server, HBM to HBM", 15.0, server.scale_out.hop_s, ""),
    ):
        yield Row(
            workload, "trn1", "latency", "us", published, 1e6 * seconds, COLLECTIVES, note=note
        )  # fmt: skip

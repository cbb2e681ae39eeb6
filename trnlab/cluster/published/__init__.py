"""Figures that others have measured and published, by group.

Constants of a system were chosen on some groups; on the others they were only tried.
"""

from __future__ import annotations

from typing import NamedTuple

from .a100 import (
    A100_2021_RUNS,
    A100_LAYERS,
    A100_REPLICAS,
    A100_RUNS,
    A100_SHARDED_RUNS,
    A100_WEAK_RUNS,
    MEMORY,
)
from .h100 import H100_RUNS, NEMO_MIXTURE_RUNS, NEMO_RUNS
from .records import MeasuredLayer, MeasuredMemory, MeasuredRequest, Run
from .shapes import MEGATRON_MODELS
from .tpu import V4_RUNS, V5E_POD_RUNS, V5E_RUNS, V5P_OTHER_RUNS, V5P_RUNS
from .trainium import (
    ALL_REDUCE_US,
    COLLECTIVES,
    HOP_US,
    NCCOM,
    OTHER_SIZES_US,
    RDMA_US,
    TRN1_LATER_RUNS,
    TRN1_REQUESTS,
    TRN1_RUNS,
    TRN2_REQUESTS,
)


class Group(NamedTuple):
    """Runs that belong together."""

    runs: tuple[Run, ...]
    chose: str = ""  # constants that were chosen on these runs; empty: none, they were held out
    note: str = ""  # what the model is known to leave out here


GROUPS = {
    "A100": Group(
        A100_RUNS, "rates and launch of A100, rates of its links, exchanges left backward"
    ),
    "Trainium1": Group(TRN1_RUNS, "elementwise passes of VectorE"),
    "TPU v5p": Group(V5P_RUNS, "rates of TPU v5p, exposed exchanges"),
    "H100": Group(H100_RUNS, "rate of products of H100"),
    "TPU v5e, 2 to 32 pods": Group(V5E_POD_RUNS, "what the slowest of several pods costs"),
    "A100, weights sharded over 64": Group(
        A100_SHARDED_RUNS,
        "what an exchange behind compute takes from it",
    ),
    "H100 and B200, FP8": Group(
        NEMO_RUNS, "what an exchange behind compute takes, on the first row alone"
    ),
    "A100, 2021": Group(A100_2021_RUNS),
    "A100, 2021, weak scaling": Group(A100_WEAK_RUNS),
    "A100, eight replicas": Group(A100_REPLICAS),
    "Trainium1, later": Group(TRN1_LATER_RUNS),
    "TPU v5p, other sizes": Group(V5P_OTHER_RUNS),
    "TPU v5e": Group(V5E_RUNS),
    "TPU v4": Group(V4_RUNS),
    "H100 and B200, mixtures": Group(
        NEMO_MIXTURE_RUNS,
        note="The host that starts the kernels of each expert, and waits for their token counts, "
        "is left out; runs with small experts wait for it.",
    ),
}

__all__ = [
    "A100_LAYERS",
    "ALL_REDUCE_US",
    "OTHER_SIZES_US",
    "COLLECTIVES",
    "GROUPS",
    "HOP_US",
    "MEGATRON_MODELS",
    "MEMORY",
    "NCCOM",
    "RDMA_US",
    "TRN1_REQUESTS",
    "TRN2_REQUESTS",
    "Group",
    "MeasuredLayer",
    "MeasuredMemory",
    "MeasuredRequest",
    "Run",
]

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
    DEEPSPEED_RUNS,
    MEMORY,
)
from .h100 import H100_RUNS, NEMO_2024_RUNS, NEMO_2026_RUNS, NEMO_RUNS
from .mixtures import HOST_RUNS, MIXTURE_RUNS
from .mosaic import MOSAIC_RUNS
from .recipes import (
    IRONWOOD_OTHER_RUNS,
    IRONWOOD_RUNS,
    TPU_MIXTURE_RUNS,
    TPU_OTHER_MIXTURE_RUNS,
    TRILLIUM_OTHER_RUNS,
    TRILLIUM_RUNS,
    V5P_RECIPE_RUNS,
)
from .records import MeasuredLayer, MeasuredMemory, MeasuredRequest, MeasuredServing, Run
from .serving import H100_SERVING
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
    TRN1_OTHER_RUNS,
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
    "H100": Group(H100_RUNS, "rates and exposed exchanges of H100"),
    "TPU v5e, 2 to 32 pods": Group(V5E_POD_RUNS, "what the slowest of several pods costs"),
    "A100, weights sharded over 64": Group(
        A100_SHARDED_RUNS,
        "what an exchange behind compute takes from it",
    ),
    "H100 and B200, FP8": Group(
        NEMO_RUNS,
        "rates and exposed exchanges of H100; what an exchange behind compute takes, first row",
    ),
    "B200, a mixture that waits for its host": Group(HOST_RUNS, "time of the host for an operator"),
    "Ironwood": Group(IRONWOOD_RUNS, "rates of products and of attention on Ironwood"),
    "Trillium": Group(TRILLIUM_RUNS, "rate of products on Trillium"),
    "Ironwood, mixtures": Group(
        TPU_MIXTURE_RUNS, "what memory gives a TPU that picks rows by index"
    ),
    "A100, 2021": Group(A100_2021_RUNS),
    "A100, 2021, weak scaling": Group(A100_WEAK_RUNS),
    "A100, eight replicas": Group(A100_REPLICAS),
    "A100, DeepSpeed, 2021": Group(
        DEEPSPEED_RUNS,
        note="The same network on the same servers took 49 s for each sequence of a GPU in "
        "Megatron's own pipelines a year later, and 70 s here. Idle stages explain 10 % of it; the "
        "rest may be the software of the time: predicted too fast.",
    ),
    "Trainium1, later": Group(TRN1_LATER_RUNS),
    "Trainium1, other sizes": Group(TRN1_OTHER_RUNS),
    "TPU v5p, other sizes": Group(V5P_OTHER_RUNS),
    "TPU v5e": Group(V5E_RUNS),
    "TPU v4": Group(V4_RUNS),
    "TPU v5p, recipes": Group(V5P_RECIPE_RUNS),
    "Ironwood, other runs": Group(IRONWOOD_OTHER_RUNS),
    "Trillium, other runs": Group(TRILLIUM_OTHER_RUNS),
    "TPU, other mixtures": Group(
        TPU_OTHER_MIXTURE_RUNS,
        note="GPT-OSS is predicted much too fast. Its heads of 64 on matrix units 256 wide, and "
        "its window of 128 tokens under an attention kernel that works on blocks of 1,024 and "
        "2,048, are not modelled; they may explain a part.",
    ),
    "A100 and H100, MPT": Group(
        MOSAIC_RUNS,
        note="An attention kernel of 2023, slow for long sequences, and elementwise kernels that "
        "are not fused; both are predicted as those of the other runs: too fast.",
    ),
    "H100, FP8, 2024": Group(NEMO_2024_RUNS),
    "H100, FP8, 2026": Group(NEMO_2026_RUNS),
    "H100 and B200, mixtures": Group(
        MIXTURE_RUNS,
        note="Releases of one table differ by a factor of two on the same GPUs (Qwen3 30B on 16 "
        "H100: 10,494, then 5,275, then 5,113 tokens/s for each); no constant of a system can "
        "follow that. Which attention GPT-OSS ran with in Megatron-Bridge's containers is not "
        "stated: TransformerEngine fuses sinks from cuDNN 9.13.1 on. If it was fused, these four "
        "runs would be predicted 11 to 42 % too fast.",
    ),
}

__all__ = [
    "A100_LAYERS",
    "ALL_REDUCE_US",
    "OTHER_SIZES_US",
    "COLLECTIVES",
    "GROUPS",
    "H100_SERVING",
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
    "MeasuredServing",
    "Run",
]

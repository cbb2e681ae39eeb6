"""What was measured and published: a run, a figure of memory, a request.

Recomputation, attention kernel and overlap are those of the published recipe. A setting that no
document gives is listed in `assumed`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import Transformer


@dataclass(frozen=True, kw_only=True)
class Run:
    """One measured run; exactly one of the three figures is its result."""

    model: Transformer
    system: str
    chips: int
    plan: Plan
    global_batch: int
    micro_batch: int
    sequence: int
    dtype: str = "bfloat16"
    step_s: float | None = None
    mfu: float | None = None
    tokens_per_s_chip: float | None = None
    source: str
    attention: str = "full"  # pairs of tokens that the source counts in its MFU
    assumed: str = ""  # settings that the source leaves out


@dataclass(frozen=True, kw_only=True)
class MeasuredLayer:
    """One layer of a micro-batch, forward and backward, on the GPUs that share it."""

    model: str
    plan: Plan
    micro_batch: int
    sequence: int
    forward_ms: float
    backward_ms: float  # with what is computed again
    source: str = "arXiv 2205.05198, Table 4"


@dataclass(frozen=True, kw_only=True)
class MeasuredMemory:
    """GiB of one GPU: weights, gradients and optimizer; activations two ways."""

    model: str
    chips: int
    pp: int
    virtual_stages: int
    micro_batch: int
    state_gib: float
    activations_gib: float  # nothing recomputed, tensor parallelism alone
    reduced_gib: float  # sequence parallelism and selective recomputation
    source: str = "arXiv 2205.05198, Figure 1"


@dataclass(frozen=True, kw_only=True)
class MeasuredRequest:
    """Requests of one batch, each with the same prompt."""

    model: str
    system: str
    chips: int
    plan: Plan
    batch: int = 1
    prompt: int
    bucket: int = 0  # tokens that the prompt is padded to; 0: none are added
    output: int
    ttft_s: float | None = None
    tpot_s: float | None = None
    source: str
    assumed: str = field(default="")

    @property
    def computed_prompt(self) -> int:
        """Tokens that the prompt's pass computes, with padding."""
        return max(self.prompt, self.bucket)


@dataclass(frozen=True, kw_only=True)
class MeasuredServing:
    """An endless queue of equal requests on the chips of one tensor-parallel group, in FP8."""

    model: str
    system: str
    chips: int
    prompt: int
    output: int
    tokens_per_s: float  # written, all chips
    source: str
    most_requests: int = 2048  # at once, the server's own limit
    cache_share: float = 0.9  # of the memory that weights leave
    assumed: str = "requests of a batch start together; 90 % of free memory is cache"

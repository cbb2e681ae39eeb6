"""Trainium4: announced, not built. Only the multiples that AWS has stated, over Trainium3.

NVLink Fusion is a scale-up domain of a size that the learner sets; a domain may hold GPUs as well.
Whatever no one has announced is assumed and marked so.
"""

from __future__ import annotations

from dataclasses import dataclass

from .accelerator import Accelerator
from .fabric import Collectives, ScaleOut, Switched
from .fact import Assumption
from .record import Record
from .system import System
from .trn3 import TRN3

GIB = 2**30
ANNOUNCED = "AWS re:Invent, December 2025, as reported by nand-research.com and ctmanga.com"
FUSION = "NVLink Fusion announcement, December 2025, as reported by hyper.ai and servernews.ru"
LARGEST_DOMAIN = 576


@dataclass(frozen=True, kw_only=True)
class Announced(Record):
    """Multiples over one Trainium3 chip, each "at least"."""

    derived = ("fp4_flops_per_s", "fp8_flops_per_s", "hbm_bytes_per_s")

    fp4_ratio: float
    fp8_ratio: float
    hbm_bandwidth_ratio: float
    domain_chips: int  # of one NVLink domain

    @property
    def fp4_flops_per_s(self) -> float:
        """Ratio x the MXFP4 peak of Trainium3."""
        return self.fp4_ratio * TRN3.published_flops_per_s["mx"]

    @property
    def fp8_flops_per_s(self) -> float:
        """Ratio x the MXFP8 peak of Trainium3."""
        return self.fp8_ratio * TRN3.published_flops_per_s["mx"]

    @property
    def hbm_bytes_per_s(self) -> float:
        """Ratio x the bandwidth of Trainium3's four stacks."""
        return self.hbm_bandwidth_ratio * TRN3.hbm_bytes_per_s


TRAINIUM4 = Announced(
    source=ANNOUNCED,
    fp4_ratio=6.0,
    fp8_ratio=3.0,
    hbm_bandwidth_ratio=4.0,
    domain_chips=72,
    sources={"domain_chips": FUSION},
)

_NOT_SAID = "Trainium4 does not exist yet and nobody has announced this."


def _not_said(low: float, high: float) -> Assumption:
    return Assumption(low=low, high=high, why=_NOT_SAID)


def trainium4(domain_chips: int = TRAINIUM4.domain_chips) -> System:
    """A system of Trainium4 as announced, in NVLink domains of a chosen size.

    Raises:
        ValueError: a domain of no chips, or larger than NVLink has been announced for
    """
    whole = isinstance(domain_chips, int) and not isinstance(domain_chips, bool)
    if not whole or not 1 <= domain_chips <= LARGEST_DOMAIN:
        raise ValueError(
            f"trainium4: domain_chips = {domain_chips!r:.40} should be a whole number from 1 to "
            f"{LARGEST_DOMAIN}, the largest NVLink domain announced"
        )
    return System(
        source=ANNOUNCED,
        name="trn4-announced",
        product=f"Trainium4 as announced, NVLink Fusion domain of {domain_chips}",
        device="Trainium4 chip (announced)",
        chip=_CHIP,
        cores_per_device=1,
        chips_per_server=1,
        fabric=_domain(domain_chips),
        scale_out=_SCALE_OUT,
        collectives=_COLLECTIVES,
        max_chips=1_000_000,
        vector_passes=1.0,
        memory_reserved_bytes=4 * GIB,
        step_overhead_s=0.0,
        recomputes_all=False,
        keeps_products_alone=False,
        assumed={
            "memory_reserved_bytes": _not_said(0, 16 * GIB),
            "vector_passes": _not_said(1.0, 1.0),
            "step_overhead_s": _not_said(0.0, 0.5),
            "max_chips": _not_said(1, 10**6),
        },
    )


_CHIP = Accelerator(
    source=ANNOUNCED,
    name="trn4-announced",
    product="AWS Trainium4 (announced)",
    flops_per_s={
        "bfloat16": TRAINIUM4.fp8_flops_per_s / 4,
        "float16": TRAINIUM4.fp8_flops_per_s / 4,
        "float8": TRAINIUM4.fp8_flops_per_s,
        "mxfp8": TRAINIUM4.fp8_flops_per_s,
        "mxfp4": TRAINIUM4.fp4_flops_per_s,
    },
    hbm_bytes_per_s=TRAINIUM4.hbm_bytes_per_s,
    hbm_capacity_bytes=288 * GIB,
    units=8,
    tile_rows=128,
    tile_columns=512,
    matmul_rate=0.85,
    attention_rate=0.5,
    hbm_rate=0.85,
    launch_s=2e-6,
    assumed={
        "flops_per_s.bfloat16": _not_said(6e14, 8e15),
        "flops_per_s.float16": _not_said(6e14, 8e15),
        "hbm_capacity_bytes": _not_said(144 * GIB, 1024 * GIB),
        "units": _not_said(1, 64),
        "tile_rows": _not_said(64, 512),
        "tile_columns": _not_said(64, 4096),
        "matmul_rate": _not_said(0.3, 1.0),
        "attention_rate": _not_said(0.2, 1.0),
        "hbm_rate": _not_said(0.5, 1.0),
        "launch_s": _not_said(0.0, 2e-5),
    },
)
_NVLINK6_BYTES_PER_S = 1.8e12  # one direction


def _domain(chips: int) -> Switched:
    return Switched(
        source="NVLink 6, 3.6 TB/s for a chip in both directions; " + FUSION,
        chips_per_server=1,
        servers=chips,
        halves=1,
        server_bytes_per_s=_NVLINK6_BYTES_PER_S,
        rack_bytes_per_s=_NVLINK6_BYTES_PER_S,
        twin_bytes_per_s=0.0,
        hop_s=2e-6,
        status={"twin_bytes_per_s": "absent"},
        assumed={
            "hop_s": _not_said(0.5e-6, 5e-6),
            "server_bytes_per_s": _not_said(0.4e12, 1.8e12),
            "rack_bytes_per_s": _not_said(0.4e12, 1.8e12),
        },
    )


_SCALE_OUT = ScaleOut(
    source=ANNOUNCED,
    name="EFA",
    bytes_per_s=50e9,
    hop_s=15e-6,
    max_chips=1_000_000,
    status={"straggle": "absent"},
    assumed={
        "bytes_per_s": _not_said(25e9, 200e9),
        "hop_s": _not_said(2e-6, 2e-5),
        "max_chips": _not_said(1, 10**6),
    },
)
_COLLECTIVES = Collectives(
    source=ANNOUNCED,
    start_s=2e-5,
    handshake_s=0.0,
    device_bytes_per_s=_NVLINK6_BYTES_PER_S,
    rate=0.78,
    out_rate=0.8,
    exposed=1.0,
    status={"hidden_cost": "absent", "handshake_s": "absent"},
    assumed={
        "start_s": _not_said(0.0, 6e-5),
        "device_bytes_per_s": _not_said(0.2e12, 4e12),
        "rate": _not_said(0.5, 1.0),
        "out_rate": _not_said(0.3, 1.0),
        "exposed": _not_said(0.1, 1.0),
        "backward": _not_said(0.1, 1.0),
    },
)


@dataclass(frozen=True)
class MixedDomain:
    """One NVLink Fusion domain that holds Trainium4 chips and GPUs. It does not exist yet."""

    trainium_chips: int
    gpus: int
    gpu: Accelerator

    def flops_per_s(self, mode: str) -> tuple[float, float]:
        """Peak of the Trainium4 chips and of the GPUs in a mode; 0 for GPUs without it."""
        own = self.trainium_chips * _CHIP.flops_per_s[mode]
        return own, self.gpus * self.gpu.flops_per_s.get(mode, 0.0)

    @property
    def hbm_bytes(self) -> tuple[int, int]:
        """Memory of the Trainium4 chips and of the GPUs."""
        return (
            self.trainium_chips * _CHIP.hbm_capacity_bytes,
            self.gpus * self.gpu.hbm_capacity_bytes,
        )

    @property
    def hbm_bytes_per_s(self) -> tuple[float, float]:
        """Memory bandwidth of the Trainium4 chips and of the GPUs."""
        return (
            self.trainium_chips * _CHIP.hbm_bytes_per_s,
            self.gpus * self.gpu.hbm_bytes_per_s,
        )

    @property
    def between_bytes_per_s(self) -> float:
        """What all chips of the smaller kind can exchange with the other kind, one direction."""
        return min(self.trainium_chips, self.gpus) * _NVLINK6_BYTES_PER_S


def mixed_domain(trainium_chips: int, gpus: int, gpu: Accelerator) -> MixedDomain:
    """A rack of both kinds behind one NVLink switch.

    Raises:
        ValueError: counts that are not whole, or more than a domain holds
    """
    for name, count in (("trainium_chips", trainium_chips), ("gpus", gpus)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ValueError(f"mixed domain: {name} = {count!r:.40} should be a whole number")
    if not 1 <= trainium_chips + gpus <= LARGEST_DOMAIN:
        raise ValueError(
            f"mixed domain: {trainium_chips} + {gpus} chips; a domain holds 1 to {LARGEST_DOMAIN}"
        )
    return MixedDomain(trainium_chips, gpus, gpu)

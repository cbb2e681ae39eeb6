"""What AWS prints about a whole system, to hold claims against. No model reads these figures.

They are sums over chips as AWS has rounded them; `systems` holds what the cluster model uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import sources as doc
from .chip import Chip
from .fact import Reading
from .record import Record
from .table import Table
from .trn1 import TRN1
from .trn2 import TRN2
from .trn3 import TRN3

GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class Sheet(Record):
    """One row of AWS's tables of systems."""

    name: str  # as in `systems`
    product: str
    chip: Chip
    chips: int
    flops_per_s: Mapping[str, float]  # "8-bit", "bfloat16", "float32", "sparse"
    hbm_bytes: int
    hbm_bytes_per_s: float
    host_bytes: int
    chip_link_bytes_per_s: float
    network_bits_per_s: float


TRN1_SHEET = Sheet(
    source=doc.TRN1_SYSTEMS,
    name="trn1",
    product="Trn1 instance",
    chip=TRN1,
    chips=16,
    flops_per_s={"8-bit": 3.04e15, "bfloat16": 3.04e15, "float32": 0.76e15},
    hbm_bytes=512 * GIB,
    hbm_bytes_per_s=13_120 * GIB,
    host_bytes=512 * GIB,
    chip_link_bytes_per_s=384e9,
    network_bits_per_s=800e9,
    conflicts={"hbm_bytes_per_s": (Reading(16 * 820e9, "820 GB/s a chip, " + doc.TRN1_GUIDE),)},
)

_TRN2_CHIP_BYTES_PER_S = 3.0e12

TRN2_SHEET = Sheet(
    source=doc.TRN2_SYSTEMS,
    name="trn2",
    product="Trn2 instance",
    chip=TRN2,
    chips=16,
    flops_per_s={"8-bit": 20.8e15, "bfloat16": 10.7e15, "float32": 2.9e15, "sparse": 41e15},
    hbm_bytes=1536 * GIB,
    hbm_bytes_per_s=46.4e12,
    host_bytes=2048 * GIB,
    chip_link_bytes_per_s=1024e9,
    network_bits_per_s=3200e9,
    conflicts={
        "hbm_bytes_per_s": (
            Reading(16 * _TRN2_CHIP_BYTES_PER_S, "3 TB/s a chip, " + doc.TRN2_GUIDE),
        )
    },
)

TRN2_ULTRA_SHEET = Sheet(
    source=doc.TRN2_SYSTEMS,
    name="trn2-ultraserver",
    product="Trn2 UltraServer",
    chip=TRN2,
    chips=64,
    flops_per_s={"8-bit": 83.2e15, "bfloat16": 42.8e15, "float32": 11.6e15, "sparse": 164e15},
    hbm_bytes=6144 * GIB,
    hbm_bytes_per_s=185.6e12,
    host_bytes=8192 * GIB,
    chip_link_bytes_per_s=1280e9,
    network_bits_per_s=3200e9,
    conflicts={
        "hbm_bytes_per_s": (
            Reading(64 * _TRN2_CHIP_BYTES_PER_S, "3 TB/s a chip, " + doc.TRN2_GUIDE),
        ),
        "network_bits_per_s": (Reading(12_800e9, "four instances of 3,200 Gb/s"),),
    },
)


def _trn3(
    name: str,
    product: str,
    chips: int,
    flops: Mapping[str, float],
    hbm_gib: int,
    bytes_per_s: float,
    host_gib: int,
    bits: float,
) -> Sheet:
    return Sheet(
        source=doc.TRN3_SYSTEMS,
        name=name,
        product=product,
        chip=TRN3,
        chips=chips,
        flops_per_s={**flops, "sparse": chips * TRN3.published_flops_per_s["sparse"]},
        hbm_bytes=hbm_gib * GIB,
        hbm_bytes_per_s=bytes_per_s,
        host_bytes=host_gib * GIB,
        chip_link_bytes_per_s=2048 * GIB,
        network_bits_per_s=bits,
        sources={"flops_per_s.sparse": "chips x 2,517 TFLOP/s, " + doc.TRN3_PAGE},
        status={"flops_per_s.sparse": "inferred"},
        conflicts={
            "hbm_bytes_per_s": (
                Reading(chips * TRN3.hbm_bytes_per_s, "4.7 TB/s a chip, " + doc.TRN3_GUIDE),
            )
        },
    )


GEN1_SHEET = _trn3(
    "trn3-gen1",
    "Trn3 UltraServer Gen1",
    64,
    {"8-bit": 161.088e15, "bfloat16": 42.944e15, "float32": 11.712e15},
    9216,
    313.6e12,
    8192,
    12_800e9,
)
GEN2_SHEET = _trn3(
    "trn3-gen2",
    "Trn3 UltraServer Gen2",
    144,
    {"8-bit": 362.448e15, "bfloat16": 96.624e15, "float32": 26.352e15},
    20_736,
    705.6e12,
    27_648,
    28_800e9,
)

SHEETS = Table(
    {
        sheet.name: sheet
        for sheet in (TRN1_SHEET, TRN2_SHEET, TRN2_ULTRA_SHEET, GEN1_SHEET, GEN2_SHEET)
    }
)

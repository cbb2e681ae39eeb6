"""Systems of Trainium1, 2 and 3.

A Trainium1 device is a NeuronCore and a Trainium2 device a logical NeuronCore of two, as published
runs count them. A Trainium3 device is a whole chip, whose eight cores share its HBM and divide each
product between them.
"""

from __future__ import annotations

from . import sources as doc
from .fabric import Collectives, ScaleOut, Switched, Torus
from .fact import Assumption, Reading
from .system import MAX_CHIPS, System
from .trn1 import TRN1
from .trn2 import TRN2
from .trn3 import TRN3

GIB = 2**30
COLLECTIVES = "neuron-runtime/about/collectives.rst"
NCCOM = "tools/neuron-sys-tools/nccom-test.rst (platform not stated)"
RANK_BYTES_PER_S = 57e9  # all-reduce of two ranks, FP32, 256 MB and 1 GB

_HOP = Assumption(low=1e-6, high=2e-6, why="The documents give 1 to 2 us for a hop.")
_HOP_TRN3 = Assumption(low=0.3e-6, high=2e-6, why="Carried over; no time is published for it.")


def _collectives(
    dma_against_trn1: float, why: str, start_s: float = 52e-6, handshake_s: float = 3e-6
) -> Collectives:
    """A mesh starts as late on every chip; the newer of NCCOM's tables leaves 3 us to shake hands.

    Args:
        dma_against_trn1: DMA rate of a device over that of a NeuronCore-v2
    """
    return Collectives(
        source=NCCOM,
        start_s=start_s,
        handshake_s=handshake_s,
        device_bytes_per_s=RANK_BYTES_PER_S * dma_against_trn1,
        rate=0.9,
        out_rate=0.8,
        exposed=1.0,
        sources={"handshake_s": "that it exists: --unique-buff, " + NCCOM},
        status={"start_s": "measured", "hidden_cost": "absent"},
        assumed={
            "start_s": Assumption(low=3e-6, high=60e-6, why=why),
            "handshake_s": Assumption(low=0.0, high=30e-6, why=why),
            "device_bytes_per_s": Assumption(low=20e9, high=4e12, why=why),
            "rate": Assumption(low=0.6, high=1.0, why="No large collective is published."),
            "out_rate": Assumption(low=0.5, high=1.0, why="No large collective is published."),
            "exposed": Assumption(low=0.1, high=1.0, why="Overlap is not published."),
            "backward": Assumption(low=0.3, high=1.0, why="Overlap is not published."),
        },
        conflicts={
            "start_s": (Reading(4.7e-6, f"32 ranks gather 1 KB in 6.2 us, same page, {NCCOM}"),)
        },
    )


def _dma_ratio(bytes_per_s: float) -> float:
    return bytes_per_s / TRN1.core.dma.total_bytes_per_s


def _efa(bits_per_s: float, source: str, max_chips: int = MAX_CHIPS) -> ScaleOut:
    return ScaleOut(
        source=source,
        name="EFA",
        bytes_per_s=bits_per_s / 8,
        hop_s=15e-6,
        max_chips=max_chips,
        sources={"hop_s": COLLECTIVES},
        status={"hop_s": "measured", "bytes_per_s": "inferred", "straggle": "absent"},
        assumed={
            "max_chips": Assumption(
                low=100_000, high=MAX_CHIPS, why="Announced, not documented; see the launch claims."
            )
        },
    )


_PASSES = Assumption(low=0.3, high=2.0, why="Vector, Scalar and GpSimd engines share passes.")
_RESERVED = Assumption(low=0, high=4 * GIB, why="The runtime's own buffers are not published.")
_OVERHEAD = Assumption(low=0.0, high=0.5, why="Host work between steps is not published.")
_ASSUMED = {
    "vector_passes": _PASSES,
    "memory_reserved_bytes": _RESERVED,
    "step_overhead_s": _OVERHEAD,
}


_UNIT = Assumption(
    low=1, high=8, why="Rings of ranks per chip and per die exist; here a chip is one device."
)


def _torus(z: int, link: float, z_link: float, other: float, source: str) -> Torus:
    return Torus(
        source=source,
        x=4,
        y=4,
        z=z,
        link_bytes_per_s=link,
        z_link_bytes_per_s=z_link,
        hop_s=1.5e-6,
        routed_hop_s=0.25e-6,
        routed_rate=0.35,
        axis_orders=2,
        sources={"hop_s": COLLECTIVES},
        assumed={
            "hop_s": _HOP,
            "routed_hop_s": Assumption(low=0.0, high=1e-6, why="Not published."),
            "routed_rate": Assumption(
                low=0.1, high=1.0, why="Chosen so that mesh gives way to halving near 1 MB."
            ),
            "axis_orders": Assumption(
                low=1, high=4, why="Ranks of a chip share links in part; how many is not published."
            ),
        },
        status={
            "link_bytes_per_s": "inferred",
            "z_link_bytes_per_s": "inferred" if z_link else "absent",
        },
        conflicts={
            "link_bytes_per_s": (
                Reading(other, f"half, if the total counts both directions; {source}"),
            )
        },
    )


TRN1_SERVER = System(
    source=doc.TRN1_SYSTEMS,
    name="trn1",
    product="trn1.32xlarge",
    device="NeuronCore-v2",
    chip=TRN1,
    cores_per_device=1,
    chips_per_server=16,
    fabric=_torus(1, 96e9, 0.0, 48e9, doc.TRN1_SYSTEMS),
    scale_out=_efa(50e9, f"800 Gb/s over 16 chips, {doc.TRN1_SYSTEMS}", 100_000),
    collectives=_collectives(
        1.0,
        "Two ranks were measured, the platform is not stated.",
        start_s=30e-6,
        handshake_s=25e-6,
    ),
    max_chips=100_000,
    vector_passes=0.5,
    memory_reserved_bytes=GIB // 2,
    step_overhead_s=0.0,
    recomputes_all=False,
    keeps_products_alone=False,
    assumed=_ASSUMED,
)


def _trn2(name: str, product: str, z: int, z_link: float) -> System:
    return System(
        source=doc.TRN2_SYSTEMS,
        name=name,
        product=product,
        device="logical NeuronCore of two NeuronCore-v3 (LNC 2)",
        chip=TRN2,
        cores_per_device=2,
        chips_per_server=16,
        fabric=_torus(z, 256e9, z_link, 128e9, doc.TRN2_SYSTEMS),
        scale_out=_efa(200e9, COLLECTIVES),
        collectives=_collectives(
            _dma_ratio(2 * TRN2.core.dma.total_bytes_per_s),
            "Scaled from the two ranks measured by the DMA rate of a device.",
        ),
        max_chips=MAX_CHIPS,
        vector_passes=TRN1_SERVER.vector_passes,
        memory_reserved_bytes=GIB,
        step_overhead_s=0.0,
        recomputes_all=False,
        keeps_products_alone=False,
        assumed=_ASSUMED,
    )


TRN2_SERVER = _trn2("trn2", "trn2.48xlarge", 1, 0.0)
TRN2_ULTRA = _trn2("trn2-ultraserver", "Trn2 UltraServer (64 chips)", 4, 128e9)


def _trn3(name: str, product: str, servers: int, chips_per_server: int) -> System:
    fabric = Switched(
        source=doc.TRN3_SYSTEMS,
        chips_per_server=chips_per_server,
        servers=servers,
        halves=2,
        server_bytes_per_s=TRN3.links["server"].total_bytes_per_s,
        rack_bytes_per_s=TRN3.links["rack"].total_bytes_per_s,
        twin_bytes_per_s=TRN3.links["other_rack"].total_bytes_per_s,
        hop_s=1.5e-6,
        status={
            "server_bytes_per_s": "inferred",
            "rack_bytes_per_s": "inferred",
            "twin_bytes_per_s": "inferred",
        },
        assumed={"hop_s": _HOP_TRN3},
        conflicts={
            "rack_bytes_per_s": (
                Reading(640e9, f"half of 2,048 GB/s, less the others; table, {doc.TRN3_SYSTEMS}"),
                Reading(896e9, f"half of 2.56 TB/s, less the others; {doc.TRN3_PAGE}"),
            )
        },
    )
    return System(
        source=doc.TRN3_SYSTEMS,
        name=name,
        product=product,
        device="Trainium3 chip (8 NeuronCore-v4)",
        chip=TRN3,
        cores_per_device=8,
        chips_per_server=chips_per_server,
        fabric=fabric,
        scale_out=_efa(200e9, doc.TRN3_SYSTEMS),
        collectives=_collectives(
            _dma_ratio(8 * TRN3.core.dma.total_bytes_per_s),
            "Scaled from the two ranks measured by the DMA rate of a device.",
        ),
        max_chips=MAX_CHIPS,
        vector_passes=TRN1_SERVER.vector_passes,
        memory_reserved_bytes=4 * GIB,
        step_overhead_s=0.0,
        recomputes_all=False,
        keeps_products_alone=False,
        assumed={**_ASSUMED, "cores_per_device": _UNIT},
    )


TRN3_GEN1 = _trn3("trn3-gen1", "Trn3 UltraServer Gen1 (64 chips)", 4, 16)
TRN3_GEN2 = _trn3("trn3-gen2", "Trn3 UltraServer Gen2 (144 chips)", 36, 4)

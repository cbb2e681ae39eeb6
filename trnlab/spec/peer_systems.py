"""Systems of other vendors, to compare with and to check the cluster model against."""

from __future__ import annotations

from collections.abc import Mapping

from .accelerator import Accelerator
from .fabric import Collectives, ScaleOut, Switched, Torus
from .fact import Assumption
from .gpus import A100, A100_SHEET, B200, B200_SHEET, H100, H100_SHEET
from .system import System
from .tpus import (
    IRONWOOD,
    IRONWOOD_PAGE,
    V4,
    V4_PAGE,
    V5E,
    V5E_PAGE,
    V5P,
    V5P_PAGE,
    V6E,
    V6E_PAGE,
)

GIB = 2**30
NCCL = "nccl-tests on eight GPUs, as operators publish them"
SCALING_BOOK = "jax-ml/scaling-book, tpus.md"

_ASSUMED: Mapping[str, Assumption] = {
    "vector_passes": Assumption(low=1.0, high=1.0, why="Passes of other vendors are bytes alone."),
    "memory_reserved_bytes": Assumption(low=0, high=8 * GIB, why="Driver and library buffers."),
    "step_overhead_s": Assumption(low=0.0, high=0.5, why="Host work between steps."),
}


def _collectives(
    source: str,
    start_s: float,
    device: float,
    rate: float,
    out_rate: float,
    exposed: float,
    backward: float = 1.0,
    hidden_cost: float = 0.0,
    sends_token_once: bool = False,
) -> Collectives:
    doubt = Assumption(
        low=0.0, high=0.5, why="One value for all GPUs, chosen on runs over 64 A100 and 8 H100."
    )
    return Collectives(
        source=source,
        start_s=start_s,
        handshake_s=0.0,
        device_bytes_per_s=device,
        rate=rate,
        out_rate=out_rate,
        exposed=exposed,
        backward=backward,
        hidden_cost=hidden_cost,
        sends_token_once=sends_token_once,
        status={
            "handshake_s": "absent",
            **({} if hidden_cost else {"hidden_cost": "absent"}),
        },
        assumed={
            **({"hidden_cost": doubt} if hidden_cost else {}),
            "start_s": Assumption(low=0.0, high=1e-4, why="One value for the system."),
            "device_bytes_per_s": Assumption(low=1e9, high=1e13, why="The links are the limit."),
            "rate": Assumption(low=0.5, high=1.0, why="One value for the system."),
            "out_rate": Assumption(low=0.3, high=1.0, why="One value for the system."),
            "exposed": Assumption(
                low=0.1, high=1.0, why="One value for the system; recipes since H100 hide a part."
            ),
            "backward": Assumption(
                low=0.3, high=1.0, why="One value for all GPUs, chosen on runs of A100."
            ),
        },
    )


def _gpu(
    name: str, chip: Accelerator, link: float, network_bits: float, sheet: str, exposed: float
) -> System:
    nvlink = Switched(
        source=sheet,
        chips_per_server=8,
        servers=1,
        halves=1,
        server_bytes_per_s=link,
        rack_bytes_per_s=0.0,
        twin_bytes_per_s=0.0,
        hop_s=2e-6,
        status={"rack_bytes_per_s": "absent", "twin_bytes_per_s": "absent"},
        assumed={"hop_s": Assumption(low=0.5e-6, high=5e-6, why="One value for the system.")},
    )
    network = ScaleOut(
        source=f"one adapter of {network_bits / 1e9:.0f} Gb/s for each GPU, DGX data sheet",
        name="InfiniBand",
        bytes_per_s=network_bits / 8,
        hop_s=5e-6,
        max_chips=131_072,
        status={"straggle": "absent"},
        assumed={
            "hop_s": Assumption(low=2e-6, high=20e-6, why="One value for the system."),
            "max_chips": Assumption(low=1024, high=10**6, why="Larger ones are not published."),
        },
    )
    return System(
        source=sheet,
        name=name,
        product=f"{chip.product}, 8 to a server",
        device="GPU",
        chip=chip,
        cores_per_device=1,
        chips_per_server=8,
        fabric=nvlink,
        scale_out=network,
        collectives=_collectives(NCCL, 1.5e-5, link, 0.78, 0.85, exposed, 0.6, 0.3, True),
        max_chips=131_072,
        vector_passes=1.0,
        memory_reserved_bytes=2 * GIB,
        step_overhead_s=0.0,
        host_call_s=33e-6,
        recomputes_all=True,
        keeps_products_alone=False,
        assumed={
            **_ASSUMED,
            "host_call_s": Assumption(
                low=0.0, high=1e-4, why="Chosen on one run of a mixture, B200 with 16 experts each."
            ),
        },
    )


def _tpu(
    name: str,
    chip: Accelerator,
    grid: tuple[int, int, int],
    link: float,
    network: float,
    page: str,
) -> System:
    x, y, z = grid
    torus = Torus(
        source=page,
        x=x,
        y=y,
        z=z,
        link_bytes_per_s=link,
        z_link_bytes_per_s=link if z > 1 else 0.0,
        hop_s=1e-6,
        routed_hop_s=0.3e-6,
        routed_rate=1.0,
        sources={"hop_s": SCALING_BOOK},
        assumed={"routed_hop_s": Assumption(low=0.1e-6, high=1e-6, why="Not published.")},
        status={"z_link_bytes_per_s": "published" if z > 1 else "absent"},
    )
    return System(
        source=page,
        name=name,
        product=chip.product,
        device="TPU chip",
        chip=chip,
        cores_per_device=1,
        chips_per_server=4,
        fabric=torus,
        scale_out=ScaleOut(
            source=SCALING_BOOK,
            name="data-center network",
            bytes_per_s=network,
            hop_s=2e-5,
            max_chips=131_072,
            straggle=0.025,
            sources={"straggle": "MaxText on 1 to 32 pods of TPU v5e: 2 to 4 % at each doubling"},
            assumed={
                "straggle": Assumption(
                    low=0.01, high=0.05, why="One value, chosen on the runs of several pods."
                ),
                "hop_s": Assumption(low=5e-6, high=5e-5, why="Not published."),
                "max_chips": Assumption(low=1024, high=10**6, why="Larger ones are not published."),
            },
        ),
        collectives=_collectives(SCALING_BOOK, 1e-6, 6 * link, 0.9, 0.85, 0.6),
        max_chips=131_072,
        vector_passes=1.0,
        memory_reserved_bytes=GIB,
        step_overhead_s=0.0,
        recomputes_all=False,
        keeps_products_alone=True,
        assumed=_ASSUMED,
    )


A100_PODS = _gpu("a100-80gb", A100, 300e9, 200e9, A100_SHEET, 1.0)
H100_PODS = _gpu("h100", H100, 450e9, 400e9, H100_SHEET, 0.5)
B200_PODS = _gpu("b200", B200, 900e9, 400e9, B200_SHEET, 0.5)
V4_PODS = _tpu("tpu-v4", V4, (16, 16, 16), 50e9, 6.25e9, V4_PAGE)
V5E_PODS = _tpu("tpu-v5e", V5E, (16, 16, 1), 50e9, 3.125e9, V5E_PAGE)
V5P_PODS = _tpu("tpu-v5p", V5P, (16, 20, 28), 100e9, 6.25e9, V5P_PAGE)
V6E_PODS = _tpu("tpu-v6e", V6E, (16, 16, 1), 100e9, 12.5e9, V6E_PAGE)
IRONWOOD_PODS = _tpu("ironwood", IRONWOOD, (16, 16, 36), 100e9, 12.5e9, IRONWOOD_PAGE)

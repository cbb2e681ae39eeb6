"""A GPU or TPU seen from outside: one device with a peak, a memory and three constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .record import Record


@dataclass(frozen=True, kw_only=True)
class Accelerator(Record):
    """A device of another vendor, for comparison and to check the cluster model.

    Its inside is not modelled: the three rates below say how much of its published peaks long,
    well-shaped work reaches. They belong to the device, never to a run.
    """

    name: str
    product: str
    flops_per_s: Mapping[str, float]  # dense peak by data type
    hbm_bytes_per_s: float
    hbm_capacity_bytes: int
    units: int  # that share the tiles of a product
    tile_rows: int  # of the result, made by one unit at a time
    tile_columns: int
    matmul_rate: float  # of the peak, reached while all units multiply
    attention_rate: float  # of the peak, reached by a fused attention kernel
    hbm_rate: float  # of the memory bandwidth, reached by a long pass
    launch_s: float  # between two kernels
    gather_rate: float = 1.0  # of that, where rows are picked by index

    @property
    def cores(self) -> int:
        """Devices of other vendors count as one core."""
        return 1

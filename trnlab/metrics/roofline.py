"""The roofline: what a kernel reaches against what compute and HBM allow."""

from typing import NamedTuple

from trnlab.spec import Core


class Roofline(NamedTuple):
    """One kernel's point, and its two roofs."""

    intensity: float  # FLOP per byte moved between HBM and chip
    flops_per_s: float  # achieved
    peak_flops_per_s: float  # TensorE in the kernel's mode
    hbm_bytes_per_s: float  # what HBM or the DMA engines sustain, whichever is lower
    slope_of: str = "HBM"  # or DMA: whose rate that is

    @property
    def bound_flops_per_s(self) -> float:
        """The lower roof at this intensity."""
        return min(self.peak_flops_per_s, self.intensity * self.hbm_bytes_per_s)

    @property
    def knee(self) -> float:
        """Intensity at which the two roofs meet, FLOP per byte."""
        return self.peak_flops_per_s / self.hbm_bytes_per_s


def roofline(
    core: Core, mode: str, flops: int, hbm_bytes: int, total_s: float, cores: int = 1
) -> Roofline:
    """The point of a run.

    Args:
        mode: TensorE mode, a key of `core.tensor.macs_per_pe_cycle`
        cores: of the launch; those of one HBM stack share it
    """
    dma = core.dma
    rate = max(dma.usable_bytes_per_s, dma.piece_bytes_per_s)  # Trainium1 was measured above AWS's
    stacks = -(-cores // core.hbm.cores) * core.hbm_bytes_per_s
    engines = cores * dma.engines * rate
    return Roofline(
        flops / hbm_bytes if hbm_bytes else 0.0,
        flops / total_s if total_s else 0.0,
        cores * core.tensor.peak_flops_per_s(mode),
        min(stacks, engines),
        "HBM" if stacks < engines else "DMA",
    )

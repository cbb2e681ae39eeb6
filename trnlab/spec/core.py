"""One NeuronCore: engines, memories and DMA in one record."""

from __future__ import annotations

from dataclasses import dataclass

from .dma import Dma
from .engines import GpSimdEngine, ScalarEngine, SyncEngine, TensorEngine, VectorEngine
from .memories import Hbm, Psum, Sbuf
from .record import Record


@dataclass(frozen=True, kw_only=True)
class Core(Record):
    """A NeuronCore; change one value by `core.with_({"dma.descriptor_s": 20e-9})`."""

    derived = ("mfu_flops_per_s", "hbm_bytes_per_s", "hbm_share_bytes_per_s")

    name: str  # "NeuronCore-v4"
    generation: str  # "v2", "v3" or "v4"
    tensor: TensorEngine
    vector: VectorEngine
    scalar: ScalarEngine
    gpsimd: GpSimdEngine
    sync: SyncEngine
    sbuf: Sbuf
    psum: Psum
    dma: Dma
    hbm: Hbm
    semaphore_s: float  # from a result on one engine to the start of the engine that waits for it
    launch_start_s: float  # from the start of a launch to the kernel's first instruction
    launch_end_s: float  # from the kernel's last byte to the end of the launch

    @property
    def launch_s(self) -> float:
        """What a launch takes on the device beside its kernel: engines meet, semaphores clear."""
        return self.launch_start_s + self.launch_end_s

    @property
    def mfu_flops_per_s(self) -> float:
        """BF16 peak of TensorE, the denominator of MFU for every data type."""
        return self.tensor.peak_flops_per_s("bfloat16")

    @property
    def hbm_bytes_per_s(self) -> float:
        """Bandwidth of one HBM stack, the denominator of MBU."""
        return self.hbm.bytes_per_s

    @property
    def hbm_share_bytes_per_s(self) -> float:
        """Bandwidth of one HBM stack / cores that share it."""
        return self.hbm.share_bytes_per_s

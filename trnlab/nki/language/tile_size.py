"""`nl.tile_size`: sizes that the hardware fixes, of the core that the kernel runs on."""

from trnlab.nki.launch import current_core


class _TileSize:
    """Read from the spec of the running core; outside a kernel, Trainium3's."""

    @property
    def pmax(self) -> int:
        """Partitions."""
        return current_core().sbuf.partitions

    @property
    def psum_bank_fmax(self) -> int:
        """float32 elements of a PSUM bank, per partition."""
        return current_core().psum.bank_fp32_elements

    @property
    def psum_bank_fmax_bytes(self) -> int:
        """Bytes of a PSUM bank, per partition."""
        return current_core().psum.bank_bytes

    @property
    def psum_fmax(self) -> int:
        """Older name of psum_bank_fmax."""
        return self.psum_bank_fmax

    @property
    def psum_num_banks(self) -> int:
        """PSUM banks."""
        return current_core().psum.banks

    @property
    def gemm_stationary_fmax(self) -> int:
        """Free size of a stationary tile (M)."""
        return current_core().tensor.stationary_fmax

    @property
    def gemm_moving_fmax(self) -> int:
        """Free size of a moving tile (N) that fills one PSUM bank: 512 on every generation."""
        return min(current_core().tensor.moving_fmax, self.psum_bank_fmax)

    @property
    def bn_stats_fmax(self) -> int:
        """Elements that one bn_stats takes."""
        return self.psum_bank_fmax

    @property
    def total_available_sbuf_size(self) -> int:
        """Usable SBUF bytes per partition."""
        return current_core().sbuf.usable_partition_bytes

    @property
    def psum_min_align(self) -> int:
        """Bytes to which a PSUM address aligns: one float32 (value not published, assumed)."""
        return 4

    @property
    def sbuf_min_align(self) -> int:
        """Bytes to which an SBUF address aligns (value not published, assumed)."""
        return 1

    @property
    def sbuf_size_bytes(self) -> int:
        """Bytes of SBUF, all partitions."""
        return current_core().sbuf.total_bytes

    @property
    def sbuf_fmax_bytes(self) -> int:
        """Usable SBUF bytes per partition."""
        return current_core().sbuf.usable_partition_bytes

    @property
    def sbuf_fmax(self) -> int:
        """Usable SBUF per partition in float32 elements."""
        return self.sbuf_fmax_bytes // 4


tile_size = _TileSize()

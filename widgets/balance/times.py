"""The time that one nc_matmul asks of each part, each at its ceiling. No waiting, no fixed cost.

Goes in: a core of `trnlab.spec`, a tile shape, and how often a loaded tile is used. Comes out: one
time for each part. This is a balance of rates, not a schedule: the engine has that.
"""

from dataclasses import dataclass

from trnlab.spec import Core

ELEMENT_BYTES = {"float32": 4, "bfloat16": 2, "float8": 1}  # without NumPy: the page opens sooner


@dataclass(frozen=True)
class Share:
    """What one part has to do for one matmul."""

    part: str  # as in widgets.theme.PARTS
    work: str
    time_s: float


@dataclass(frozen=True)
class Balance:
    """One matmul against the ceilings of a core."""

    flops: int
    hbm_bytes: float
    peak_flops_per_s: float
    shares: tuple[Share, ...]

    @property
    def intensity(self) -> float:
        """FLOP per byte moved between HBM and SBUF."""
        return self.flops / self.hbm_bytes

    @property
    def slowest(self) -> Share:
        """The part that limits the rate."""
        return max(self.shares, key=lambda share: share.time_s)

    @property
    def flops_per_s(self) -> float:
        """The rate at which the slowest part lets matmuls through."""
        return self.flops / self.slowest.time_s

    def time_s(self, part: str) -> float:
        """The time of one part."""
        return next(share.time_s for share in self.shares if share.part == part)


def knee(core: Core, dtype: str, bytes_per_s: float) -> float:
    """FLOP per byte above which TensorE, and not the memory, is the limit."""
    return core.tensor.peak_flops_per_s(dtype) / bytes_per_s


def balance(
    core: Core, k: int, m: int, n: int, *, dtype: str = "bfloat16", uses: int = 1, k_tiles: int = 1
) -> Balance:
    """Balance stationary [K, M] x moving [K, N], one of many in a large product.

    Args:
        dtype: a mode of TensorE in `ELEMENT_BYTES`; results are stored in the same type
        uses: matmuls that use a loaded tile before it is dropped, on average
        k_tiles: matmuls that add into one PSUM tile before VectorE copies it to SBUF
    Raises:
        ValueError: a shape that TensorE does not take, or a count below one
    """
    _check(core, k, m, n, uses, k_tiles)
    tensor, vector = core.tensor, core.vector
    element_bytes = ELEMENT_BYTES[dtype]
    loaded = (k * m + k * n) * element_bytes / uses
    stored = m * n * element_bytes / k_tiles
    interval = max(min(tensor.min_interval_cycles, m), n) / tensor.macs_per_pe_cycle[dtype]
    copy = max(vector.min_interval_cycles, n) / k_tiles
    moved = loaded + stored
    return Balance(
        flops=2 * k * m * n,
        hbm_bytes=moved,
        peak_flops_per_s=tensor.peak_flops_per_s(dtype),
        shares=(
            Share("tensor", f"{interval:,.0f} cycles", interval / tensor.clock_hz),
            Share("dma", f"{moved:,.0f} bytes", moved / core.dma.total_bytes_per_s),
            Share("hbm", f"{moved:,.0f} bytes", moved / core.hbm_share_bytes_per_s),
            Share("vector", f"{copy:,.0f} cycles to empty PSUM", copy / vector.clock_hz),
        ),
    )


def _check(core: Core, k: int, m: int, n: int, uses: int, k_tiles: int) -> None:
    tensor = core.tensor
    limits = (
        ("K", k, tensor.rows, "rows of the array"),
        ("M", m, tensor.stationary_fmax, "columns of the stationary tile"),
        ("N", n, core.psum.bank_fp32_elements, "FP32 numbers of a PSUM bank"),
    )
    for name, value, limit, of in limits:
        if not (float(value).is_integer() and 1 <= value <= limit):
            raise ValueError(f"{name} = {value}: a whole number from 1 to the {limit} {of}.")
    for name, value in (("uses", uses), ("k_tiles", k_tiles)):
        if value < 1:
            raise ValueError(f"{name} = {value} must be at least 1.")

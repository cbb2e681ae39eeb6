"""The five engines of a NeuronCore as numbers: widths, clocks and fixed costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .record import Record
from .table import Table


@dataclass(frozen=True, kw_only=True)
class TensorEngine(Record):
    """The systolic array that multiplies matrices."""

    derived = ("peaks_flops_per_s",)

    rows: int  # processing elements along K
    columns: int  # processing elements along M
    clock_hz: float
    macs_per_pe_cycle: Mapping[str, float]  # mode -> multiply-accumulates of one PE in one cycle
    min_interval_cycles: int  # smallest distance between two matmuls
    latency_cycles: float  # from the end of streaming to a readable result
    load_speedup: float  # a load of the stationary tile against a multiply of equal free size
    load_latency_cycles: float  # from the start of a load to its use, beyond streaming
    fp32_matmuls_per_call: int  # device MATMULs issued by one FP32 nc_matmul
    pass_overhead: float  # measured distance of two MATMULs over their streaming time
    onezero_speedup: float  # FP32 matmul with an operand of ones and zeros
    fp32_transpose_speedup: float  # FP32 transpose against an FP32 matmul of the same size
    ramp_s: float  # time from the first rate to the full rate; 0: no ramp
    ramp_rate: float  # rate at the start, as a fraction of the full rate
    ramp_window_s: float  # the window over which a low utilization re-arms the ramp
    ramp_threshold: float  # utilization below which it re-arms
    stationary_fmax: int  # elements of the stationary free dimension
    moving_fmax: int  # elements of the moving free dimension, FP32 destination
    moving_fmax_bf16_dst: int  # the same, BF16 destination
    min_row_tile_rows: int  # smallest row tile
    has_bf16_psum: bool  # results may be written and accumulated as BF16
    has_background_transpose: bool  # a transpose overlaps another matmul
    published_flops_per_s: Mapping[str, float]  # AWS's peak of one core, to compare with only

    def peak_flops_per_s(self, mode: str = "bfloat16") -> float:
        """2 x rows x columns x MACs per PE and cycle x clock, in FLOP/s.

        Raises:
            ValueError: the engine has no such mode
        """
        if mode not in self.macs_per_pe_cycle:
            modes = ", ".join(self.macs_per_pe_cycle)
            raise ValueError(f"TensorEngine: no mode {mode!r} on this core; it has {modes}.")
        return 2 * self.rows * self.columns * self.macs_per_pe_cycle[mode] * self.clock_hz

    @property
    def peaks_flops_per_s(self) -> Table[float]:
        """2 x rows x columns x MACs per PE and cycle x clock, for each mode."""
        return Table({mode: self.peak_flops_per_s(mode) for mode in self.macs_per_pe_cycle})

    @property
    def row_tile_sizes(self) -> tuple[int, ...]:
        """Rows that a matmul may occupy, smallest first: each twice the one before."""
        sizes = [self.min_row_tile_rows]
        while sizes[-1] * 2 <= self.rows:
            sizes.append(sizes[-1] * 2)
        return tuple(sizes)


@dataclass(frozen=True, kw_only=True)
class VectorEngine(Record):
    """The elementwise and reduction engine: one lane for each partition."""

    lanes: int
    clock_hz: float
    min_interval_cycles: int  # smallest distance between two independent instructions
    issue_cycles: float  # from the end of streaming to the next instruction
    operand_cycles: float  # reading one value per partition before streaming
    overhead_cycles: float  # result readable after streaming
    dependent_overhead_cycles: float  # the same for the next instruction of this engine
    fast_sbuf_speedup: float  # copy or tensor_scalar, 16-bit, all in SBUF, contiguous
    fast_speedup: float  # SBUF not contiguous or other types, or one side in PSUM; tensor_tensor
    has_fp8_fast_modes: bool  # FP8 takes part in the two modes above
    quantize_mx_elements_per_cycle: float
    quantize_mx_scale_over_ocp: float  # its scales, over those of OCP's sample algorithm
    exponential_elements_per_cycle: float
    rand2_elements_per_cycle: float
    is_sbuf_port_shared_with_gpsimd: bool  # never both at once
    is_psum_port_shared_with_scalar: bool  # never both at once


@dataclass(frozen=True, kw_only=True)
class ScalarEngine(Record):
    """The engine of activation functions: func(x * scale + bias), one lane for each partition."""

    lanes: int
    clock_hz: float
    min_interval_cycles: int  # smallest distance between two independent instructions
    issue_cycles: float  # from the end of streaming to the next instruction
    overhead_cycles: float  # result readable after streaming
    copy_overhead_cycles: float  # the same after a copy, which needs no table
    dependent_overhead_cycles: float  # the same for the next instruction of this engine
    table_load_s: float  # switching to functions of another table
    accumulator_read_cycles: int  # the extra instruction that reads a running sum out
    fast_speedup: float  # tensor_copy and tensor_scalar on 16-bit types; 1: no such mode


@dataclass(frozen=True, kw_only=True)
class GpSimdEngine(Record):
    """Eight general processors, each beside 16 partitions."""

    processors: int
    lanes: int
    clock_hz: float
    min_interval_cycles: int
    start_cycles: float  # before the first element of an instruction
    tcm_bytes: int  # local memory of one processor
    dma_bytes_per_s: float  # integrated DMA of all processors, one direction


@dataclass(frozen=True, kw_only=True)
class SyncEngine(Record):
    """A sequencer without arithmetic: it triggers DMA and waits for semaphores."""

    clock_hz: float
    dma_trigger_s: float  # the engine is occupied by one DMA trigger

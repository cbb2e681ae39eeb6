"""`nki.isa`: the instructions, with NKI's own signatures.

Each call checks, computes and records one instruction of `trnlab.isa`, where its limits, values and
cost are. Operands are on-chip tiles [partition, free...], but for DMA. Where an operand may be "a
constant or a tile", the tile is [P, 1]: one value per partition. `name` labels the call. Every
call raises KernelError for what the device would refuse.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa import dma_engine as dma
from trnlab.isa import gpsimd_engine as gpsimd
from trnlab.isa import (
    gpsimd_gather,
    mx,
    random_numbers,
    vector_arithmetic,
    vector_copies,
    vector_reductions,
    vector_scans,
    vector_search,
    vector_selections,
)
from trnlab.isa import scalar_engine as scalar
from trnlab.isa import tensor_engine as tensor
from trnlab.isa.activations import activation_name
from trnlab.isa.indirection import check_accumulated, check_gather_index, check_same_index
from trnlab.isa.matmul_tiles import MatmulOptions
from trnlab.isa.operators import operator_name
from trnlab.memory import Register, Tensor
from trnlab.nki import cores as meetings
from trnlab.nki.enums import *  # noqa: F403
from trnlab.nki.enums import (
    dge_mode,
    dma_engine,
    engine,
    matmul_perf_mode,
    nc_version,
    oob_mode,
    reduce_cmd,
)
from trnlab.nki.hazards import check_overlap
from trnlab.nki.instruction_handle import NkiInstruction
from trnlab.nki.launch import current, current_core
from trnlab.nki.old_names import missing
from trnlab.nki.operands import (
    DGE_NAMES,
    ENGINE_NAMES,
    OOB_NAMES,
    PERF_NAMES,
    apart,
    bypassed,
    check_accumulation,
    check_bits,
    int32,
    named,
    number,
    pattern,
    reduction,
    stages,
    unary_or_not,
)
from trnlab.nki.registers import (  # noqa: F401
    register_alloc,
    register_load,
    register_move,
    register_store,
)

NkiValidationError = KernelError
VirtualRegister = Register
Scalar = float | Tensor
Name = str | None

# what most calls leave as it is: known without a look into the names of the enumerations
_PLAIN, _PLAIN_DMA = MatmulOptions(), dma.DmaOptions()
_ANY, _ANY_DGE, _REFUSE = engine.unknown, dge_mode.unknown, oob_mode.error


def get_nc_version() -> nc_version:
    """The generation of the core that the kernel runs on."""
    return nc_version(int(current_core().generation[1:]))


def get_nc_sub_version() -> int:
    """The silicon revision within a generation: the first."""
    return 0


# --- Tensor engine ---------------------------------------------------------------------------


def nc_matmul(
    dst: Tensor,
    stationary: Tensor,
    moving: Tensor,
    is_stationary_onezero: bool = False,
    is_moving_onezero: bool = False,
    is_transpose: bool = False,
    accumulate: bool | None = None,
    tile_position: Sequence[int] | None = (),
    tile_size: Sequence[int] | None = (),
    perf_mode: matmul_perf_mode | str = matmul_perf_mode.none,
    name: Name = None,
) -> NkiInstruction:
    """dst[M, N] = stationary[K, M]^T @ moving[K, N].

    accumulate: False overwrites, True adds, None overwrites what nothing has written and adds to
    the rest.
    """
    options = _PLAIN
    has_onezero = is_stationary_onezero or is_moving_onezero
    if is_transpose or has_onezero or tile_position or tile_size or perf_mode != "none":
        options = MatmulOptions(
            bool(is_transpose),
            has_onezero,
            tuple(tile_position or ()),
            tuple(tile_size or ()),
            named(PERF_NAMES, "nc_matmul: perf_mode", perf_mode) == "double_row",
        )
    check_accumulation("nc_matmul", dst, accumulate)
    return current().issue(
        tensor.NC_MATMUL, (dst,), (stationary, moving), options, accumulate, name=name
    )


def nc_matmul_mx(
    dst: Tensor,
    stationary: Tensor,
    moving: Tensor,
    stationary_scale: Tensor,
    moving_scale: Tensor,
    tile_position: Sequence[int] | None = None,
    tile_size: Sequence[int] | None = None,
    accumulate: bool | None = None,
    name: Name = None,
) -> NkiInstruction:
    """The same of packed operands with one scale for 8 partitions x 4 packed elements."""
    options = MatmulOptions(position=tuple(tile_position or ()), size=tuple(tile_size or ()))
    check_same_index("nc_matmul_mx", stationary, stationary_scale)
    check_same_index("nc_matmul_mx", moving, moving_scale)
    check_accumulation("nc_matmul_mx", dst, accumulate)
    reads = (stationary, moving, stationary_scale, moving_scale)
    return current().issue(mx.NC_MATMUL_MX, (dst,), reads, options, accumulate, name=name)


def nc_transpose(
    dst: Tensor, data: Tensor, engine: engine = engine.unknown, name: Name = None
) -> NkiInstruction:
    """dst[F, P] = data[P, F]^T: on TensorE from SBUF into PSUM, or up to 32 x 32 on VectorE.

    Left open, TensorE takes what goes from SBUF into PSUM.
    """
    asked = named(ENGINE_NAMES, "nc_transpose: engine", engine)
    across = dst.storage.memory == "psum" and data.storage.memory == "sbuf"
    on_tensor = asked == "tensor" or (not asked and across)
    instruction = tensor.NC_TRANSPOSE_TENSOR if on_tensor else vector_copies.NC_TRANSPOSE_VECTOR
    return current().issue(instruction, (dst,), (data,), engine=asked, name=name)


# --- Scalar engine ---------------------------------------------------------------------------


def activation(
    dst: Tensor,
    op: Callable,
    data: Tensor,
    bias: Scalar | None = None,
    scale: Scalar = 1.0,
    reduce_op: Callable | None = None,
    reduce_res: Tensor | None = None,
    reduce_cmd: reduce_cmd = reduce_cmd.idle,
    name: Name = None,
) -> NkiInstruction:
    """dst = op(data * scale + bias), and its running sum if `reduce_cmd` is not idle."""
    return _activation(
        scalar.ACTIVATION, dst, op, data, bias, scale, reduce_op, reduce_res, reduce_cmd, name
    )


def activation_reduce(
    dst: Tensor,
    op: Callable,
    data: Tensor,
    reduce_op: Callable,
    reduce_res: Tensor | None,
    bias: Scalar | None = None,
    scale: Scalar = 1.0,
    name: Name = None,
) -> NkiInstruction:
    """activation with reset_reduce."""
    command = _RESET_REDUCE
    return _activation(
        scalar.ACTIVATION_REDUCE, dst, op, data, bias, scale, reduce_op, reduce_res, command, name
    )


def activate2(
    dst: Tensor,
    op: Callable,
    data: Tensor,
    imm0: Scalar,
    imm1: Scalar,
    op0: Callable | None,
    op1: Callable | None,
    relu_param: Scalar = 0.0,
    reverse0: bool = False,
    reverse1: bool = False,
    reduce_op: Callable | None = None,
    reduce_res: Tensor | None = None,
    reduce_cmd: reduce_cmd = reduce_cmd.idle,
    name: Name = None,
) -> NkiInstruction:
    """dst = op((data op0 imm0) op1 imm1), and its reduction; nl.bypass skips a step."""
    roles, tiles, given = apart("activate2", ("imm0", "imm1", "relu_param"), imm0, imm1, relu_param)
    how, results, written = reduction(
        "activate2", "scalar", reduce_op, reduce_cmd, reduce_res, data
    )
    options = scalar.Activate2Options(
        activation_name("activate2", op),
        bypassed("activate2", op0),
        bypassed("activate2", op1),
        reverse0,
        reverse1,
        how,
        roles,
        results,
    )
    return current().issue(
        scalar.ACTIVATE2, (dst, *written), (data, *tiles), options, given, name=name
    )


# --- Vector engine ---------------------------------------------------------------------------


def tensor_copy(
    dst: Tensor,
    src: Tensor,
    engine: engine = engine.unknown,
    name: Name = None,
    dtype: Any = None,  # of NKI 0.2, where it repeats dst's
) -> NkiInstruction:
    """dst = src, cast when the dtypes differ."""
    return current().issue(
        vector_copies.TENSOR_COPY, (dst,), (src,), (), None, _engine("tensor_copy", engine), name
    )


def tensor_copy_predicated(
    dst: Tensor,
    src: Scalar,
    predicate: Tensor,
    reverse_pred: bool = False,
    name: Name = None,
) -> NkiInstruction:
    """dst = src where predicate is not 0; src is a constant or a tile of dst's size."""
    roles, tiles, (constant,) = apart("tensor_copy_predicated", ("src",), src)
    if not roles:
        number("tensor_copy_predicated", "src", constant)
    options = vector_copies.CopyPredicatedOptions(reverse_pred, roles)
    return current().issue(
        vector_copies.TENSOR_COPY_PREDICATED,
        (dst,),
        (predicate, *tiles),
        options,
        constant,
        name=name,
    )


def memset(
    dst: Tensor, value: float, engine: engine = engine.unknown, name: Name = None
) -> NkiInstruction:
    """dst = value."""
    number("memset", "value", value)
    options = vector_copies.MemsetOptions(bool(value == 0))
    return current().issue(
        vector_copies.MEMSET, (dst,), (), options, value, _engine("memset", engine), name
    )


def nc_stream_shuffle(
    dst: Tensor, src: Tensor, shuffle_mask: Sequence[int], name: Name = None
) -> NkiInstruction:
    """Partition i of each 32 of dst = partition shuffle_mask[i] of src's; 255 leaves it alone."""
    options = vector_copies.ShuffleOptions(tuple([int(source) for source in shuffle_mask]))
    return current().issue(vector_copies.NC_STREAM_SHUFFLE, (dst,), (src,), options, name=name)


def tensor_tensor(
    dst: Tensor,
    data1: Tensor,
    data2: Tensor,
    op: Callable,
    engine: engine = engine.unknown,
    name: Name = None,
) -> NkiInstruction:
    """dst = data1 op data2, element by element."""
    return current().issue(
        vector_arithmetic.TENSOR_TENSOR,
        (dst,),
        (data1, data2),
        vector_arithmetic.OperatorOptions(operator_name("tensor_tensor", op)),
        None,
        _engine("tensor_tensor", engine),
        name,
    )


def tensor_scalar(
    dst: Tensor,
    data: Tensor,
    op0: Callable | None,
    operand0: Scalar | None,
    reverse0: bool = False,
    op1: Callable | None = None,
    operand1: Scalar | None = None,
    reverse1: bool = False,
    engine: engine = engine.unknown,
    name: Name = None,
) -> NkiInstruction:
    """dst = (data op0 operand0) op1 operand1; operands are constants or tiles."""
    if op0 is None or op1 is None:
        (op0, operand0, reverse0), (op1, operand1, reverse1) = stages(
            "tensor_scalar", (op0, operand0, reverse0), (op1, operand1, reverse1)
        )
        if op0 is None:  # neither: what is left is the copy
            op0, operand0 = np.multiply, 1.0
    roles, tiles, given = apart("tensor_scalar", ("operand0", "operand1"), operand0, operand1)
    options = vector_arithmetic.ScalarOptions(
        unary_or_not("tensor_scalar", op0, operand0),
        unary_or_not("tensor_scalar", op1, operand1) if op1 is not None else "",
        reverse0,
        reverse1,
        roles,
    )
    check_bits("tensor_scalar", options.op0, operand0)
    check_bits("tensor_scalar", options.op1, operand1)
    return current().issue(
        vector_arithmetic.TENSOR_SCALAR,
        (dst,),
        (data, *tiles),
        options,
        given,
        _engine("tensor_scalar", engine),
        name,
    )


def scalar_tensor_tensor(
    dst: Tensor,
    data: Tensor,
    op0: Callable,
    operand0: Scalar | None,
    op1: Callable,
    operand1: Tensor,
    reverse0: bool = False,
    reverse1: bool = False,
    name: Name = None,
    dtype: Any = None,  # of NKI 0.2, where it repeats dst's
) -> NkiInstruction:
    """dst = (data op0 operand0) op1 operand1; operand0 a constant or tile, operand1 like data."""
    roles, tiles, (constant,) = apart("scalar_tensor_tensor", ("operand0",), operand0)
    options = vector_arithmetic.ScalarOptions(
        unary_or_not("scalar_tensor_tensor", op0, operand0),
        operator_name("scalar_tensor_tensor", op1),
        reverse0,
        reverse1,
        roles,
    )
    return current().issue(
        vector_arithmetic.SCALAR_TENSOR_TENSOR,
        (dst,),
        (data, operand1, *tiles),
        options,
        constant,
        name=name,
    )


def reciprocal(dst: Tensor, data: Tensor, name: Name = None) -> NkiInstruction:
    """dst = 1 / data."""
    return current().issue(vector_arithmetic.RECIPROCAL, (dst,), (data,), name=name)


def exponential(
    dst: Tensor,
    src: Tensor,
    max_value: Scalar = 0.0,
    reduce_res: Tensor | None = None,
    reduce_cmd: reduce_cmd = reduce_cmd.idle,
    reduce_init: Scalar = 0.0,
    name: Name = None,
) -> NkiInstruction:
    """dst = exp(src - max_value), and its running sum if `reduce_cmd` is not idle."""
    roles, tiles, given = apart("exponential", ("max_value", "reduce_init"), max_value, reduce_init)
    how, results, written = reduction("exponential", "vector", None, reduce_cmd, reduce_res, src)
    _check_initial("exponential", how.command, reduce_init)
    options = vector_reductions.ExponentialOptions(how, roles, results)
    return current().issue(
        vector_reductions.EXPONENTIAL, (dst, *written), (src, *tiles), options, given, name=name
    )


def tensor_scalar_reduce(
    dst: Tensor,
    data: Tensor,
    op0: Callable,
    operand0: Scalar | None,
    reduce_op: Callable,
    reduce_res: Tensor | None = None,
    reverse0: bool = False,
    reduce_cmd: reduce_cmd = reduce_cmd.reset_reduce,
    reduce_init: Scalar | None = None,
    reduce_res_negate: bool = False,
    name: Name = None,
) -> NkiInstruction:
    """dst = data op0 operand0, and its reduction over all free axes."""
    function = "tensor_scalar_reduce"
    operator_name(function, reduce_op)
    roles, tiles, given = apart(function, ("operand0", "reduce_init"), operand0, reduce_init)
    how, results, written = reduction(
        function, "vector", reduce_op, reduce_cmd, reduce_res, data, reduce_res_negate
    )
    _check_initial(function, how.command, reduce_init)
    options = vector_reductions.ScalarReduceOptions(
        unary_or_not(function, op0, operand0), reverse0, how, roles, results
    )
    return current().issue(
        vector_reductions.TENSOR_SCALAR_REDUCE,
        (dst, *written),
        (data, *tiles),
        options,
        given,
        name=name,
    )


def tensor_scalar_cumulative(
    dst: Tensor,
    src: Tensor,
    op0: Callable,
    op1: Callable,
    imm0: Scalar,
    imm1: Scalar | None = None,
    reduce_cmd: reduce_cmd = reduce_cmd.reset_reduce,
    name: Name = None,
) -> NkiInstruction:
    """dst[i] = (src[i] op0 imm0) op1 dst[i - 1]."""
    function = "tensor_scalar_cumulative"
    operator_name(function, op1)
    roles, tiles, given = apart(function, ("imm0", "imm1"), imm0, imm1)
    how, results, written = reduction(function, "vector", op1, reduce_cmd, None, src)
    _check_initial(function, how.command, imm1)
    options = vector_scans.CumulativeOptions(operator_name(function, op0), how, roles, results)
    return current().issue(
        vector_scans.TENSOR_SCALAR_CUMULATIVE,
        (dst, *written),
        (src, *tiles),
        options,
        given,
        name=name,
    )


def tensor_tensor_scan(
    dst: Tensor,
    data0: Tensor,
    data1: Tensor,
    initial: Scalar,
    op0: Callable,
    op1: Callable,
    reverse0: bool = False,
    reverse1: bool = False,
    name: Name = None,
) -> NkiInstruction:
    """dst[i] = (data0[i] op0 dst[i - 1]) op1 data1[i], from `initial` on."""
    roles, tiles, (constant,) = apart("tensor_tensor_scan", ("initial",), initial)
    options = vector_scans.ScanOptions(
        operator_name("tensor_tensor_scan", op0),
        operator_name("tensor_tensor_scan", op1),
        reverse0,
        reverse1,
        roles,
    )
    return current().issue(
        vector_scans.TENSOR_TENSOR_SCAN,
        (dst,),
        (data0, data1, *tiles),
        options,
        constant,
        name=name,
    )


def tensor_reduce(
    dst: Tensor,
    op: Callable,
    data: Tensor,
    axis: int | Sequence[int],
    negate: bool = False,
    keepdims: bool = False,
    name: Name = None,
) -> NkiInstruction:
    """dst = data reduced along its last free axes; keepdims changes the shape only."""
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    options = vector_reductions.ReduceOptions(operator_name("tensor_reduce", op), axes, negate)
    return current().issue(vector_reductions.TENSOR_REDUCE, (dst,), (data,), options, name=name)


def range_select(
    dst: Tensor,
    on_true_tile: Tensor,
    comp_op0: Callable,
    comp_op1: Callable,
    bound0: Tensor,
    bound1: Tensor,
    reduce_cmd: reduce_cmd = reduce_cmd.reset_reduce,
    reduce_res: Tensor | None = None,
    reduce_op: Callable | str = "maximum",
    range_start: int = 0,
    on_false_value: float = ...,  # type: ignore[assignment]
    name: Name = None,
) -> NkiInstruction:
    """dst = on_true_tile where range_start + index passes both comparisons with the bounds."""
    how, results, written = reduction(
        "range_select", "vector", reduce_op, reduce_cmd, reduce_res, on_true_tile
    )
    options = vector_selections.RangeSelectOptions(
        (operator_name("range_select", comp_op0), operator_name("range_select", comp_op1)),
        int(range_start),
        on_false_value is ... or vector_selections.is_lowest(on_false_value),
        how,
        results,
    )
    return current().issue(
        vector_selections.RANGE_SELECT,
        (dst, *written),
        (on_true_tile, bound0, bound1),
        options,
        name=name,
    )


def select_reduce(
    dst: Tensor,
    predicate: Tensor,
    on_true: Tensor,
    on_false: Scalar,
    reduce_res: Tensor | None = None,
    reduce_cmd: reduce_cmd = reduce_cmd.idle,
    reduce_op: Callable | str = "maximum",
    reverse_pred: bool = False,
    name: Name = None,
) -> NkiInstruction:
    """dst = on_true where predicate is not 0, else on_false; and the largest of each row."""
    roles, tiles, (constant,) = apart("select_reduce", ("on_false",), on_false)
    if not roles:
        number("select_reduce", "on_false", constant)
    how, results, written = reduction(
        "select_reduce", "vector", reduce_op, reduce_cmd, reduce_res, on_true
    )
    options = vector_selections.SelectReduceOptions(reverse_pred, how, roles, results)
    return current().issue(
        vector_selections.SELECT_REDUCE,
        (dst, *written),
        (predicate, on_true, *tiles),
        options,
        constant,
        name=name,
    )


def bn_stats(dst: Tensor, data: Tensor, name: Name = None) -> NkiInstruction:
    """dst[P, 6] = count, mean, variance x count of the even elements, then of the odd ones."""
    return current().issue(vector_reductions.BN_STATS, (dst,), (data,), name=name)


def bn_aggr(dst: Tensor, data: Tensor, name: Name = None) -> NkiInstruction:
    """dst[P, 2] = mean and variance from triples that bn_stats wrote."""
    return current().issue(vector_reductions.BN_AGGR, (dst,), (data,), name=name)


def max8(dst: Tensor, src: Tensor, name: Name = None) -> NkiInstruction:
    """dst[P, 8] = the eight largest of each partition, largest first."""
    return current().issue(vector_search.MAX8, (dst,), (src,), name=name)


def nc_find_index8(dst: Tensor, data: Tensor, vals: Tensor, name: Name = None) -> NkiInstruction:
    """dst[P, 8] = where each of eight values first occurs in data; all ones if it does not."""
    return current().issue(vector_search.NC_FIND_INDEX8, (dst,), (data, vals), name=name)


def nc_match_replace8(
    dst: Tensor,
    data: Tensor,
    vals: Tensor,
    imm: float,
    dst_idx: Tensor | None = None,
    name: Name = None,
) -> NkiInstruction:
    """dst = data with one occurrence of each of eight values replaced by imm."""
    number("nc_match_replace8", "imm", imm)
    found: tuple[Tensor, ...] = () if dst_idx is None else (dst_idx,)
    options = vector_search.MatchOptions(("dst_idx",) if found else ())
    return current().issue(
        vector_search.NC_MATCH_REPLACE8, (dst, *found), (data, vals), options, imm, name=name
    )


def quantize_mx(dst: Tensor, src: Tensor, dst_scale: Tensor, name: Name = None) -> NkiInstruction:
    """dst and dst_scale = src in MXFP8; one scale for 8 partitions x 4 neighbors."""
    offset = mx.exponent_offset(current_core())
    return current().issue(mx.QUANTIZE_MX, (dst, dst_scale), (src,), values=offset, name=name)


# --- Random numbers --------------------------------------------------------------------------


def rng(dst: Tensor, engine: engine = engine.vector, name: Name = None) -> NkiInstruction:
    """dst = random bits."""
    chosen = _engine("rng", engine) or "vector"
    generator = current().state.generator(chosen, dst)
    return current().issue(random_numbers.RNG, (dst, generator), (), (), None, chosen, name)


def rand2(dst: Tensor, min: Scalar, max: Scalar, name: Name = None) -> NkiInstruction:
    """dst = numbers uniform in [min, max)."""
    roles, tiles, given = apart("rand2", ("min", "max"), min, max)
    generator = current().state.generator("vector", dst)
    options = random_numbers.Rand2Options(bool(roles) or given[0] < given[1], roles)
    return current().issue(random_numbers.RAND2, (dst, generator), tiles, options, given, name=name)


def dropout(dst: Tensor, data: Tensor, prob: Scalar, name: Name = None) -> NkiInstruction:
    """dst = data with each element replaced by 0 with probability prob."""
    roles, tiles, (constant,) = apart("dropout", ("prob",), prob)
    generator = current().state.generator("vector", data)
    options = random_numbers.DropoutOptions(roles)
    return current().issue(
        random_numbers.DROPOUT, (dst, generator), (data, *tiles), options, constant, name=name
    )


def set_rng_seed(src_seeds: Tensor, name: Name = None) -> NkiInstruction:
    """Seed the Vector engine's generator with the 32-bit value of a [1, 1] tile."""
    generator = current().state.whole_generator("vector")
    return current().issue(random_numbers.SET_RNG_SEED, (generator,), (src_seeds,), name=name)


def rand_set_state(
    src_seeds: Tensor, engine: engine = engine.gpsimd, name: Name = None
) -> NkiInstruction:
    """Load a generator's state, uint32 [P, 6] on GpSimd or [P, 24] on Vector."""
    chosen = _engine("rand_set_state", engine) or "gpsimd"
    generator = current().state.generator(chosen, src_seeds)
    return current().issue(
        random_numbers.RAND_SET_STATE, (generator,), (src_seeds,), (), None, chosen, name
    )


def rand_get_state(
    dst: Tensor, engine: engine = engine.gpsimd, name: Name = None
) -> NkiInstruction:
    """Store a generator's state, uint32 [P, 6] of GpSimd or [P, 24] of Vector."""
    chosen = _engine("rand_get_state", engine) or "gpsimd"
    generator = current().state.generator(chosen, dst)
    return current().issue(
        random_numbers.RAND_GET_STATE, (dst, generator), (), (), None, chosen, name
    )


# --- GpSimd ----------------------------------------------------------------------------------


def iota(
    dst: Tensor,
    pattern: Sequence[Sequence[int]],
    offset: int = 0,
    channel_multiplier: int = 0,
    name: Name = None,
) -> NkiInstruction:
    """dst = offset + partition x channel_multiplier + sum of index x step of [step, count]."""
    multiplier = int32("iota", "channel_multiplier", channel_multiplier)
    options = gpsimd.PatternOptions(_pattern(pattern), multiplier)
    return current().issue(gpsimd.IOTA, (dst,), (), options, _whole("iota", offset), name=name)


def affine_select(
    dst: Tensor,
    pattern: Sequence[Sequence[int]],
    channel_multiplier: int,
    on_true_tile: Tensor,
    on_false_value: float,
    cmp_op: Callable | str = "equal",
    offset: int = 0,
    name: Name = None,
) -> NkiInstruction:
    """dst = on_true_tile where cmp_op(the affine value that iota gives, 0), else a constant."""
    multiplier = int32("affine_select", "channel_multiplier", channel_multiplier)
    options = gpsimd.AffineSelectOptions(
        _pattern(pattern), multiplier, operator_name("affine_select", cmp_op)
    )
    number("affine_select", "on_false_value", on_false_value)
    values = (_whole("affine_select", offset), on_false_value)
    return current().issue(
        gpsimd.AFFINE_SELECT, (dst,), (on_true_tile,), options, values, name=name
    )


def tensor_partition_reduce(
    dst: Tensor, op: Callable, data: Tensor, name: Name = None
) -> NkiInstruction:
    """dst[1, F] = data[P, F] reduced over partitions: add, average, max, bitwise or and and."""
    is_average = getattr(op, "__name__", op) == "average"
    operator = "average" if is_average else operator_name("tensor_partition_reduce", op)
    options = gpsimd.PartitionReduceOptions(operator)
    return current().issue(gpsimd.TENSOR_PARTITION_REDUCE, (dst,), (data,), options, name=name)


def local_gather(
    dst: Tensor,
    src_buffer: Tensor,
    index: Tensor,
    num_elem_per_idx: int = 1,
    num_valid_indices: int | None = None,
    name: Name = None,
) -> NkiInstruction:
    """Each 16 partitions gather by the indices in them, read column by column."""
    every = gpsimd.GROUP * index.signature.free
    count = every if num_valid_indices is None else num_valid_indices
    options = gpsimd_gather.LocalGatherOptions(num_elem_per_idx, count)
    return current().issue(
        gpsimd_gather.LOCAL_GATHER, (dst,), (src_buffer, index), options, name=name
    )


def nc_n_gather(dst: Tensor, data: Tensor, indices: Tensor, name: Name = None) -> NkiInstruction:
    """dst[p, i] = data[p, indices[p, i]]."""
    return current().issue(gpsimd_gather.NC_N_GATHER, (dst,), (data, indices), name=name)


def sequence_bounds(dst: Tensor, segment_ids: Tensor, name: Name = None) -> NkiInstruction:
    """dst[1, 2, F] = start and end of each element's segment."""
    return current().issue(gpsimd.SEQUENCE_BOUNDS, (dst,), (segment_ids,), name=name)


def nonzero_with_count(
    dst: Tensor, src: Tensor, index_offset: int = 0, padding_val: int = -1, name: Name = None
) -> NkiInstruction:
    """Indices of nonzeros, padding, and their count, on partitions 0, 16, ..., 112."""
    function = "nonzero_with_count"
    values = (
        int32(function, "index_offset", index_offset),
        int32(function, "padding_val", padding_val),
    )
    return current().issue(gpsimd.NONZERO_WITH_COUNT, (dst,), (src,), (), values, name=name)


def topk(
    val_dst: Tensor, idx_dst: Tensor, src: Tensor, n: int, name: Name = None
) -> NkiInstruction:
    """The K largest of n numbers that snake over 16 partitions, smallest first."""
    return current().issue(
        gpsimd.TOPK, (val_dst, idx_dst), (src,), gpsimd.TopkOptions(int(n)), name=name
    )


# --- DMA -------------------------------------------------------------------------------------


def dma_copy(
    dst: Tensor,
    src: Tensor,
    priority: int | None = None,
    oob_mode: oob_mode = oob_mode.error,
    dge_mode: dge_mode = dge_mode.unknown,
    engine: engine = engine.unknown,
    name: Name = None,
    dst_rmw_op: Callable | None = None,  # of NKI 0.2: dma_compute took its place
    unique_indices: bool = True,
) -> NkiInstruction:
    """dst = src between HBM and SBUF, in any direction; dst += src with dst_rmw_op=nl.add."""
    if dst_rmw_op is not None:
        return dma_compute(dst, [dst, src], dst_rmw_op, None, unique_indices, oob_mode, name)
    options = _PLAIN_DMA
    if not (priority is None and oob_mode is _REFUSE and dge_mode is _ANY_DGE and engine is _ANY):
        options = dma.DmaOptions(
            named(DGE_NAMES, "dma_copy: dge_mode", dge_mode),
            _engine("dma_copy", engine),
            priority,
            named(OOB_NAMES, "dma_copy: oob_mode", oob_mode) == "skip",
        )
    launch = current()
    check_overlap("dma_copy", dst, src, launch.lines)
    return launch.issue(dma.DMA_COPY, (dst,), (src,), options, None, "", name, options.skips)


def dma_transpose(
    dst: Tensor,
    src: Tensor,
    axes: Sequence[int] | None = None,
    priority: int | None = None,
    dge_mode: dge_mode = dge_mode.unknown,
    oob_mode: oob_mode = oob_mode.error,
    name: Name = None,
) -> NkiInstruction:
    """dst = src with axes [1, 0], [2, 1, 0] or [3, 1, 2, 0]."""
    wanted = dma.PERMUTATIONS.get(src.ndim)
    if axes is not None and tuple(axes) != wanted:
        raise KernelError(
            f"dma_transpose: axes {tuple(axes)} of src {list(src.shape)}; allowed are "
            + ", ".join(str(allowed) for allowed in dma.PERMUTATIONS.values())
            + " by number of dimensions"
        )
    check_gather_index("dma_transpose", src)
    mode = named(DGE_NAMES, "dma_transpose: dge_mode", dge_mode)
    options = dma.DmaOptions(
        mode, "", priority, named(OOB_NAMES, "dma_transpose: oob_mode", oob_mode) == "skip"
    )
    launch = current()
    check_overlap("dma_transpose", dst, src, launch.lines, moves=True)
    return launch.issue(
        dma.DMA_TRANSPOSE, (dst,), (src,), options, name=name, skips_oob=options.skips
    )


def dma_compute(
    dst: Tensor,
    srcs: Sequence[Tensor],
    reduce_op: Callable | Sequence[float],
    scales: Sequence[float] | Callable | None = None,
    unique_indices: bool = True,
    oob_mode: oob_mode = oob_mode.error,
    name: Name = None,
) -> NkiInstruction:
    """dst = sum of srcs. Up to NKI 0.2 scales came before reduce_op; both orders are taken."""
    operator: Any = reduce_op
    factors: Any = scales
    if callable(scales) or isinstance(reduce_op, (list, tuple)):
        operator, factors = scales, reduce_op
    if callable(factors):
        raise KernelError("dma_compute: reduce_op and scales are both functions; scales is a list")
    options = dma.ComputeOptions(
        tuple([f"src{i}" for i in range(len(srcs))]),
        operator_name("dma_compute", operator),
        None if factors is None else tuple(factors),
        unique_indices,
        skips=named(OOB_NAMES, "dma_compute: oob_mode", oob_mode) == "skip",
    )
    check_accumulated("dma_compute", dst, srcs)
    launch = current()
    for src in srcs:
        check_overlap("dma_compute", dst, src, launch.lines)
    return launch.issue(
        dma.DMA_COMPUTE, (dst,), tuple(srcs), options, name=name, skips_oob=options.skips
    )


# --- Registers and the other core -----------------------------------------------------------
# register_alloc, register_move, register_load and register_store are those of nki.registers.


def core_barrier(
    data: Tensor, cores: Sequence[int], engine: engine = engine.gpsimd, name: Name = None
) -> NkiInstruction:
    """Both cores of an LNC 2 launch meet; each sees what the other did to `data` before."""
    return meetings.core_barrier(data, cores, _engine("core_barrier", engine) or "gpsimd", name)


def sendrecv(
    src: Tensor,
    dst: Tensor,
    send_to_rank: int,
    recv_from_rank: int,
    pipe_id: Any,
    dma_engine: dma_engine = dma_engine.dma,
    name: Name = None,
) -> NkiInstruction:
    """Send src to one core and receive dst from one; calls of one pipe pair up in order."""
    return meetings.sendrecv(src, dst, send_to_rank, recv_from_rank, pipe_id, dma_engine, name)


# --- What several of them share --------------------------------------------------------------

_RESET_REDUCE = reduce_cmd.reset_reduce
_pattern = pattern


def _engine(name: str, given: Any) -> str:
    return named(ENGINE_NAMES, f"{name}: engine", given)


def _whole(name: str, offset: Any) -> int | None:
    """An offset that may be a register; None for one that is not known."""
    if not isinstance(offset, Register):
        return int32(name, "offset", offset)
    return offset.known(f"{name}: offset") if current().has_values else None


def _activation(
    instruction: scalar.Activation,
    dst: Tensor,
    op: Callable,
    data: Tensor,
    bias: Any,
    scale: Any,
    reduce_op: Any,
    reduce_res: Tensor | None,
    command: Any,
    name: Name,
) -> NkiInstruction:
    roles, tiles, given = apart(
        instruction.name, ("scale", "bias"), 1.0 if scale is None else scale, bias
    )
    how = scalar.NO_REDUCTION
    results: tuple[str, ...] = ()
    written: tuple[Tensor, ...] = ()
    if command or reduce_res is not None:
        how, results, written = reduction(
            instruction.name, "scalar", reduce_op, command, reduce_res, data
        )
    has_constant_bias = bias is not None and "bias" not in roles
    options = scalar.ActivationOptions(
        activation_name(instruction.name, op), has_constant_bias, how, roles, results
    )
    return current().issue(instruction, (dst, *written), (data, *tiles), options, given, name=name)


def _check_initial(name: str, command: str, initial: Any) -> None:
    """load_reduce needs a value to load; the other commands must not get one."""
    given = isinstance(initial, Tensor) or bool(initial)
    if command == "load_reduce" and initial is None:
        raise KernelError(f"{name}: reduce_cmd.load_reduce needs a value to load")
    if command != "load_reduce" and given:
        raise KernelError(
            f"{name}: an initial value with reduce_cmd.{command}; it is for load_reduce only"
        )


def __getattr__(name: str) -> Any:
    """Names that older kernels use: say what took their place."""
    raise missing(__name__, name)

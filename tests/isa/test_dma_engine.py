"""dma_copy, dma_transpose, dma_compute."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import cost, in_psum, like, normal, profile, run, tile
from trnlab import KernelError, nki

BF16 = ml_dtypes.bfloat16
BF16_NAME = "bfloat16"
DGE, OOB = nisa.dge_mode, nisa.oob_mode


def copied(dtype=None, **options):
    def body(x):
        out = like(x, dtype)
        nisa.dma_copy(dst=out, src=x, **options)
        return out

    return body


def from_hbm(body, *arrays, chip="trn3"):
    """Run body(*tensors in HBM), which returns a tensor in HBM."""
    return trnlab.profile(body, *arrays, chip=chip).output


def test_equal_dtypes_are_copied_bit_for_bit_and_others_cast():
    x = np.array([[2**24 + 1, 7]], np.int32)
    assert np.array_equal(run(copied(), x), x)
    assert run(copied("float32"), x).tolist() == [[2**24, 7]]
    y = normal(4, 8)
    assert np.array_equal(run(copied("bfloat16"), y), y.astype(BF16))


def test_shapes_may_differ_and_counts_may_not():
    def body(x):
        out = tile((2, 12), "float32")
        nisa.dma_copy(dst=out, src=x)
        return out

    x = normal(4, 6)
    assert np.array_equal(run(body, x), x.reshape(2, 12))
    with pytest.raises(KernelError, match=r"dst \[2, 12\] has 24 elements, src \[4, 7\] has 28"):
        run(body, normal(4, 7))


def test_dma_does_not_reach_psum():
    with pytest.raises(KernelError, match="dma_copy: src is in PSUM, allowed is HBM or SBUF"):
        run(lambda x: nisa.dma_copy(dst=like(x), src=in_psum(x)), normal(4, 4))


@pytest.mark.parametrize("mode", [*DGE, 0, 1, 2, 3])
def test_every_descriptor_mode_moves_the_same_values(mode):
    x = normal(4, 8)
    assert np.array_equal(run(copied(dge_mode=mode), x), x)


@pytest.mark.parametrize(
    "options, chip, message",
    [
        ({"dge_mode": DGE.hwdge}, "trn1", "with dge_mode.hwdge: exists from NeuronCore-v3"),
        (
            {"dge_mode": DGE.hwdge, "dtype": "bfloat16"},
            "trn3",
            "src is float32 and dst is bfloat16",
        ),
        (
            {"dge_mode": DGE.hwdge, "engine": nisa.engine.vector},
            "trn3",
            "for dge_mode.hwdge only, sync",
        ),
        (
            {"engine": nisa.engine.sync},
            "trn3",
            "engine sync with dge_mode.unknown; an engine can be",
        ),
        ({"priority": 0}, "trn2", "dma_copy with priority: exists from NeuronCore-v4"),
        ({"priority": 4}, "trn3", r"priority 4, allowed is 0 \(first\) to 3"),
        ({"dge_mode": 9}, "trn3", "dge_mode: 9 is none of unknown, swdge, hwdge, none"),
    ],
)
def test_options_are_checked(options, chip, message):
    with pytest.raises(KernelError, match=message):
        run(copied(**options), normal(4, 8), chip=chip)


@pytest.mark.parametrize("engine", [nisa.engine.sync, nisa.engine.scalar])
def test_two_engines_command_hardware_descriptors(engine):
    x = normal(4, 8)
    assert np.array_equal(run(copied(dge_mode=DGE.hwdge, engine=engine, priority=3), x), x)


def test_packed_types_are_moved_as_they_are():
    def body(x):
        packed = like(x, "float8_e4m3fn_x4")
        nisa.dma_copy(dst=packed, src=x.view("float8_e4m3fn_x4"))
        return packed.view("uint32")

    x = np.arange(64, dtype=np.uint32).reshape(32, 2)
    assert np.array_equal(run(body, x), x)
    with pytest.raises(KernelError, match="src is uint32 and dst is float8_e4m3fn_x4; it does not"):
        run(copied("float8_e4m3fn_x4"), x)


def gather(data, index, mode=OOB.error, dge=DGE.unknown):
    rows, columns = index.shape[0], data.shape[1]
    at, out = tile((rows, 1), "int32"), tile((rows, columns), "float32")
    nisa.dma_copy(dst=at, src=index)
    nisa.memset(out, 7.0)
    view = data.ap(pattern=[[columns, rows], [1, columns]], vector_offset=at, indirect_dim=0)
    nisa.dma_copy(dst=out, src=view, oob_mode=mode, dge_mode=dge)
    result = nl.ndarray(out.shape, "float32", nl.shared_hbm)
    nisa.dma_copy(dst=result, src=out)
    return result


def test_a_gather_reads_a_row_for_each_partition():
    data, index = normal(20, 6), np.array([[3], [19], [0], [3]], np.int32)
    assert np.array_equal(from_hbm(gather, data, index), data[index[:, 0]])


def test_rows_out_of_range_are_an_error_or_left_alone():
    data, index = normal(20, 6), np.array([[3], [20], [-1], [0]], np.int32)
    with pytest.raises(KernelError, match="dma_copy: index 20 into data .* is out of range"):
        from_hbm(gather, data, index)
    found = from_hbm(lambda d, i: gather(d, i, OOB.skip), data, index)
    expected = data[np.clip(index[:, 0], 0, 19)]
    expected[1:3] = 7
    assert np.array_equal(found, expected)


def test_only_software_descriptors_gather():
    data, index = normal(20, 6), np.zeros((4, 1), np.int32)
    with pytest.raises(
        KernelError, match="a vector_offset with dge_mode.hwdge; only dge_mode.swdge"
    ):
        from_hbm(lambda d, i: gather(d, i, dge=DGE.hwdge), data, index)


def scatter(out, data, index, add=False, mode=OOB.error):
    rows, columns = data.shape
    at, values = tile((rows, 1), "int32"), tile((rows, columns), "float32")
    nisa.dma_copy(dst=at, src=index)
    nisa.dma_copy(dst=values, src=data)
    view = out.ap(pattern=[[columns, rows], [1, columns]], vector_offset=at, indirect_dim=0)
    if add:
        nisa.dma_compute(dst=view, srcs=[view, values], reduce_op=nl.add, oob_mode=mode)
    else:
        nisa.dma_copy(dst=view, src=values, oob_mode=mode)
    return out


@pytest.mark.parametrize("add", [False, True])
def test_a_scatter_writes_or_adds_rows(add):
    out, data = normal(20, 6), normal(3, 6, seed=1)
    index = np.array([[7], [0], [19]], np.int32)
    found = from_hbm(lambda o, d, i: scatter(o, d, i, add), out.copy(), data, index)
    expected = out.copy()
    expected[index[:, 0]] = data + (expected[index[:, 0]] if add else 0)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("add", [False, True])
def test_a_scatter_skips_rows_out_of_range(add):
    out, data = normal(20, 6), normal(3, 6, seed=1)
    index = np.array([[7], [99], [-3]], np.int32)
    found = from_hbm(lambda o, d, i: scatter(o, d, i, add, OOB.skip), out.copy(), data, index)
    expected = out.copy()
    expected[7] = data[0] + (expected[7] if add else 0)
    assert np.array_equal(found, expected)


def test_gather_and_add():
    def kernel(data, index, start):
        at, total = tile((4, 1), "int32"), tile((4, 6), "float32")
        nisa.dma_copy(dst=at, src=index)
        nisa.dma_copy(dst=total, src=start)
        view = data.ap(pattern=[[6, 4], [1, 6]], vector_offset=at, indirect_dim=0)
        nisa.dma_compute(dst=total, srcs=[total, view], reduce_op=nl.add, oob_mode=OOB.skip)
        out = nl.ndarray((4, 6), "float32", nl.shared_hbm)
        nisa.dma_copy(dst=out, src=total)
        return out

    data, start = normal(20, 6), normal(4, 6, seed=1)
    index = np.array([[3], [40], [0], [3]], np.int32)
    expected = start + data[np.minimum(index[:, 0], 19)]
    expected[1] = start[1]
    assert np.array_equal(from_hbm(kernel, data, index, start), expected)


def summed(*, count=2, **options):
    def body(*tiles):
        out = like(tiles[0], options.get("dtype"))
        rest = {key: value for key, value in options.items() if key != "dtype"}
        nisa.dma_compute(out, list(tiles) * count, **({"reduce_op": nl.add} | rest))
        return out

    return body


def test_dma_copy_of_nki_02_adds_to_what_is_there():
    x, y = normal(4, 8), normal(4, 8, seed=1)

    def body(x, y):
        nisa.dma_copy(x, y, dst_rmw_op=nl.add)
        return x

    assert np.array_equal(run(body, x, y), x + y)


def test_dma_compute_adds_in_float32():
    x, y = normal(4, 8), normal(4, 8, seed=1)
    assert np.array_equal(run(summed(count=1), x, y), x + y)
    low = [array.astype(BF16) for array in (x, y)]
    expected = (low[0].astype(np.float32) + low[1].astype(np.float32)).astype(BF16)
    assert np.array_equal(run(summed(count=1), *low), expected)
    assert np.array_equal(run(summed(count=16), np.ones((2, 2), np.float32)), np.full((2, 2), 16))


def test_both_orders_of_its_arguments_are_taken():
    def body(x):
        out = like(x)
        nisa.dma_compute(out, [x, x], [1.0, 1.0], nl.add)
        return out

    x = normal(4, 4)
    assert np.array_equal(run(body, x), x + x)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"count": 17}, "17 sources, allowed are 1 to 16"),
        ({"reduce_op": nl.maximum}, "reduce_op maximum; DMA engines add only"),
        ({"scales": [1.0, 2.0]}, "scales must all be 1.0"),
        ({"oob_mode": OOB.skip}, "oob_mode.skip without vector_offset"),
    ],
)
def test_dma_compute_refuses(options, message):
    with pytest.raises(KernelError, match=message):
        run(summed(**options), normal(4, 4))


def transposed(shape, **options):
    def body(x):
        out = tile(shape, x.dtype)
        nisa.dma_transpose(dst=out, src=x, **options)
        return out

    return body


@pytest.mark.parametrize(
    "shape, axes", [((6, 4), (1, 0)), ((6, 3, 4), (2, 1, 0)), ((6, 2, 3, 4), (3, 1, 2, 0))]
)
@pytest.mark.parametrize("dtype", [np.float32, BF16])
def test_dma_transposes_of_two_to_four_dimensions(shape, axes, dtype):
    x = normal(*shape).astype(dtype)
    expected = x.transpose(axes)
    assert np.array_equal(run(transposed(expected.shape), x), expected)
    assert np.array_equal(run(transposed(expected.shape, axes=list(axes)), x), expected)


def test_dma_transpose_refuses():
    x = normal(6, 4)
    with pytest.raises(KernelError, match=r"axes \(0, 1\) of src \[6, 4\]; allowed are"):
        run(transposed((4, 6), axes=(0, 1)), x)
    with pytest.raises(KernelError, match=r"dst \[4, 6, 1\] should be \[4, 6\]"):
        run(transposed((4, 6, 1)), x)
    with pytest.raises(KernelError, match="dge_mode.swdge; allowed are unknown, none, hwdge"):
        run(transposed((4, 6), dge_mode=DGE.swdge), x)
    assert np.array_equal(run(transposed((4, 6), dge_mode=DGE.none), x), x.T)
    with pytest.raises(KernelError, match="src is float32 and dst is bfloat16"):
        run(lambda x: nisa.dma_transpose(tile((4, 6), "bfloat16"), x), x)


@pytest.mark.parametrize(
    "shape, dtype, legal",
    [
        ((16, 64), BF16, True),
        ((8, 64), BF16, False),
        ((16, 64), np.float32, False),
        ((4, 4, 64), BF16, True),
        ((4, 3, 64), BF16, False),
        ((16, 129), BF16, False),
    ],
)
def test_hardware_transposes_have_shapes_of_their_own(shape, dtype, legal):
    x = normal(*shape).astype(dtype)
    if shape[-1] > 128:
        body = transposed((128, 16), dge_mode=DGE.hwdge)
    else:
        body = transposed(x.T.shape, dge_mode=DGE.hwdge)
    if legal:
        assert np.array_equal(run(body, x), x.T)
    else:
        with pytest.raises(KernelError, match="dma_transpose: (src .* with dge_mode.hwdge|dst)"):
            run(body, x)


def test_a_transpose_is_slower_than_a_copy():
    x = normal(128, 128).astype(BF16)
    copy, turned = profile(copied(), x), profile(transposed((128, 128)), x)
    slow, fast = cost(turned, "dma_transpose"), cost(copy, "dma_copy")
    assert slow.engine_s > 1.1 * fast.engine_s


def test_a_transpose_of_blocks_reaches_nearly_nine_tenths_of_a_copy():
    @nki.jit
    def kernel(rows, wide):
        turned, copy, odd = (nl.ndarray((128, n), BF16_NAME, nl.sbuf) for n in (1024, 1024, 1001))
        nisa.dma_transpose(turned, rows)
        nisa.dma_transpose(odd, rows[:1001])
        nisa.dma_copy(copy, wide)

    shapes = (trnlab.shape(size, BF16_NAME) for size in ((1024, 128), (128, 1024)))
    run = trnlab.profile(kernel, *shapes, chip="trn2")
    kinds = [recorded.kind for recorded in run.trace.calls]
    turned, odd, copy = (kind.instruction.cost(run.core, kind).engine_s for kind in kinds)
    assert turned == pytest.approx(copy / 0.9, rel=0.05)
    assert odd > 1.3 * turned  # no blocks of 16 rows: each row is a piece


def test_a_gather_may_transpose():
    def kernel(data, index):
        at, out = tile((16, 1), "uint32"), tile((8, 16), "bfloat16")
        nisa.dma_copy(dst=at, src=index)
        nisa.memset(out, 7.0)
        view = data.ap(pattern=[[8, 16], [1, 8]], vector_offset=at, indirect_dim=0)
        nisa.dma_transpose(dst=out, src=view, axes=(1, 0), oob_mode=OOB.skip)
        result = nl.ndarray(out.shape, "bfloat16", nl.shared_hbm)
        nisa.dma_copy(dst=result, src=out)
        return result

    data = normal(32, 8).astype(BF16)
    index = np.random.default_rng(0).integers(0, 32, (16, 1)).astype(np.uint32)
    index[5] = 1000
    expected = data[np.minimum(index[:, 0], 31)].T.copy()
    expected[:, 5] = 7
    assert np.array_equal(from_hbm(kernel, data, index), expected)


def test_descriptors_that_were_prepared_cost_more_than_generated_ones():
    """128 rows of 8 KiB: two pieces of 4 KiB each, or four of 2 KiB with descriptors in HBM."""

    @nki.jit
    def kernel(data):
        for mode in (nisa.dge_mode.swdge, nisa.dge_mode.hwdge, nisa.dge_mode.none):
            nisa.dma_copy(nl.ndarray(data.shape, data.dtype), data, dge_mode=mode)

    run = trnlab.profile(kernel, trnlab.shape((128, 4096), BF16_NAME), chip="trn2")
    dma = run.core.dma
    kinds = [recorded.kind for recorded in run.trace.calls]
    by_gpsimd, by_hardware, prepared = (kind.instruction.cost(run.core, kind) for kind in kinds)
    moved_s = dma.transfer_s + 8 * 8192 / dma.moving_bytes_per_s
    assert by_gpsimd.engine_s == pytest.approx(moved_s + 16 * dma.descriptor_s)
    assert by_hardware.engine_s == by_gpsimd.engine_s
    assert prepared.engine_s == pytest.approx(moved_s + 32 * dma.prepared_descriptor_s)
    assert by_hardware.fetch_s == pytest.approx(dma.hwdge_start_s - dma.start_s)
    triggers = [cost.trigger for cost in (by_gpsimd, by_hardware, prepared)]
    assert triggers == ["gpsimd_dge", "sync", "sync"]

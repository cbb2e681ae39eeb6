"""Registers, gathers, scatters and dynamic slices: what they read, write, refuse and wait for."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import small_integers
from tests.nki.kernels import loaded, normal, run, stored
from trnlab.errors import KernelError
from trnlab.memory.register import RegisterUseError

DATA = normal(40, 16)
BF16 = ml_dtypes.bfloat16
ROWS = np.array([[3], [39], [0], [3]], np.int32)


def register(tile):
    found = nisa.register_alloc()
    nisa.register_load(found, tile)
    return found


def gather(data, rows):
    index = loaded(rows)
    tile = nl.ndarray((rows.shape[0], 16), data.dtype)
    source = data.ap([[16, rows.shape[0]], [1, 16]], vector_offset=index, indirect_dim=0)
    nisa.dma_copy(dst=tile, src=source)
    return stored(tile)


def test_a_vector_offset_gathers_rows():
    assert np.array_equal(run(gather, DATA, ROWS), DATA[ROWS[:, 0]])


def test_vector_select_gathers_rows():
    def kernel(data, rows):
        out = nl.ndarray((4, 16), data.dtype, nl.shared_hbm)
        nisa.dma_copy(dst=out, src=data.vector_select(0, loaded(rows)))
        return out

    assert np.array_equal(run(kernel, DATA, ROWS), DATA[ROWS[:, 0]])


def test_a_vector_offset_scatters_rows():
    def kernel(data, rows, out):
        target = out.ap([[16, 4], [1, 16]], vector_offset=loaded(rows), indirect_dim=0)
        nisa.dma_copy(dst=target, src=loaded(data))
        return out

    out = np.zeros((40, 16), np.float32)
    expected = out.copy()
    rows = np.array([[5], [9], [0], [39]], np.int32)
    expected[rows[:, 0]] = DATA[:4]
    assert np.array_equal(run(kernel, DATA[:4], rows, out), expected)
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("bad", [40, -1])
def test_a_row_out_of_range_is_refused(bad):
    with pytest.raises(KernelError, match=f"index {bad} into data .* legal are 0 to 39"):
        run(gather, DATA, np.array([[0], [bad]], np.int32))


@pytest.mark.parametrize("bad", [40, -1])
def test_a_row_out_of_range_is_dropped_with_skip(bad):
    def kernel(data, rows):
        tile = nl.zeros((2, 16), data.dtype)
        source = data.ap([[16, 2], [1, 16]], vector_offset=loaded(rows), indirect_dim=0)
        nisa.dma_copy(dst=tile, src=source, oob_mode=nisa.oob_mode.skip)
        return stored(tile)

    found = run(kernel, DATA, np.array([[bad], [7]], np.int32))
    assert np.array_equal(found, np.stack([np.zeros(16, np.float32), DATA[7]]))


def test_a_scalar_index_out_of_range_skips_the_whole_transfer():
    def kernel(data, at):
        tile = nl.zeros((1, 16), data.dtype)
        source = data.select(0, loaded(at)).reshape((1, 16))
        nisa.dma_copy(dst=tile, src=source, oob_mode=nisa.oob_mode.skip)
        return stored(tile)

    assert not run(kernel, DATA, np.array([[40]], np.int32)).any()
    prof = trnlab.profile(kernel, DATA, np.array([[40]], np.int32))
    assert not prof.values(3, "dst").any()


def pairs(data, rows):
    """Each index reads its row and the next one: a bilinear filter's two neighbors."""
    tile = nl.full((rows.shape[0], 32), -1.0, data.dtype)
    source = data.ap([[16, rows.shape[0]], [1, 32]], vector_offset=loaded(rows), indirect_dim=0)
    nisa.dma_copy(dst=tile, src=source, oob_mode=nisa.oob_mode.skip)
    return stored(tile)


def test_with_skip_the_part_of_a_row_that_ends_beyond_the_tensor_is_copied():
    rows = np.array([[38], [39], [40], [-1]], np.int32)
    left = np.full(16, -1, np.float32)
    expected = [[DATA[38], DATA[39]], [DATA[39], left], [left, left], [left, left]]
    assert np.array_equal(run(pairs, DATA, rows), np.array(expected).reshape(4, 32))
    prof = trnlab.profile(pairs, DATA, rows, chip="trn2")
    assert np.array_equal(prof.values(2, "dst"), np.array(expected).reshape(4, 32))


def test_without_skip_a_row_that_ends_beyond_the_tensor_is_refused():
    def kernel(data, rows):
        tile = nl.ndarray((1, 32), data.dtype)
        nisa.dma_copy(dst=tile, src=data.ap([[16, 1], [1, 32]], vector_offset=loaded(rows)))
        return stored(tile)

    with pytest.raises(KernelError, match="index 39 into data .* legal are 0 to 38"):
        run(kernel, DATA, np.array([[39]], np.int32))


def test_with_skip_a_scattered_row_is_written_as_far_as_the_tensor_goes():
    def kernel(data, rows, out):
        target = out.ap([[16, 2], [1, 32]], vector_offset=loaded(rows), indirect_dim=0)
        nisa.dma_copy(dst=target, src=loaded(data), oob_mode=nisa.oob_mode.skip)
        return out

    data, out = np.arange(64, dtype=np.float32).reshape(2, 32) + 1, np.zeros((40, 16), np.float32)
    found = run(kernel, data, np.array([[39], [4]], np.int32), out)
    expected = np.zeros((40, 16), np.float32)
    expected[39], expected[4:6] = data[0, :16], data[1].reshape(2, 16)
    assert np.array_equal(found, expected)


def test_with_skip_one_index_copies_the_rows_that_exist():
    def kernel(data, at):
        tile = nl.zeros((4, 16), data.dtype)
        source = data.ap([[16, 4], [1, 16]], scalar_offset=loaded(at), indirect_dim=0)
        nisa.dma_copy(dst=tile, src=source, oob_mode=nisa.oob_mode.skip)
        return stored(tile)

    found = run(kernel, DATA, np.array([[38]], np.int32))
    assert np.array_equal(found, np.concatenate([DATA[38:], np.zeros((2, 16), np.float32)]))


@pytest.mark.parametrize("start", [0, 11, 37])
def test_a_register_addresses_a_slice(start):
    def kernel(data, at):
        found = register(loaded(at))
        out = nl.ndarray((3, 16), data.dtype, nl.shared_hbm)
        nisa.dma_copy(dst=out, src=data[nl.ds(found, 3)])
        return out

    at = np.array([[start]], np.int32)
    assert np.array_equal(run(kernel, DATA, at), DATA[start : start + 3])


def test_a_scalar_offset_moves_along_a_free_dimension_on_chip():
    def kernel(data, at):
        tile = loaded(data)
        part = nl.ndarray((40, 4), data.dtype)
        view = tile.ap([[16, 40], [1, 4]], scalar_offset=register(loaded(at)), indirect_dim=1)
        nisa.tensor_copy(dst=part, src=view)
        return stored(part)

    assert np.array_equal(run(kernel, DATA, np.array([[5]], np.int32)), DATA[:, 5:9])
    with pytest.raises(KernelError, match="legal are 0 to 12"):
        run(kernel, DATA, np.array([[13]], np.int32))


def test_register_arithmetic_runs_on_the_sequencer():
    def kernel(data, at):
        found = register(loaded(at)) * 4 + 2
        return stored(data[nl.ds(found, 1)])

    assert np.array_equal(run(kernel, DATA, np.array([[3]], np.int32)), DATA[14:15])


def test_tensor_indirection_gathers_columns_by_groups_of_16_partitions():
    def kernel(data, index):
        tile = loaded(data)
        out = nl.ndarray((32, 20), data.dtype)
        nisa.tensor_copy(dst=out, src=tile.indirect(loaded(index), 20))
        return stored(out)

    data = normal(32, 50)
    index = np.random.default_rng(1).integers(0, 50, (32, 2)).astype(np.uint32)
    expected = np.stack(
        [[data[p, index[p // 16 * 16 + i % 16, i // 16]] for i in range(20)] for p in range(32)]
    )
    assert np.array_equal(run(kernel, data, index), expected)


def test_the_tensor_engine_reads_offsets_of_32_partitions_together():
    def kernel(data, moving, index):
        gathered = loaded(data).indirect(loaded(index), 40)
        acc = nl.ndarray((40, 8), nl.float32, nl.psum)
        nisa.nc_matmul(acc, gathered, loaded(moving))
        return stored(acc)

    data, moving = small_integers(64, 50, dtype=BF16), small_integers(64, 8, dtype=BF16, seed=1)
    index = np.random.default_rng(2).integers(0, 50, (64, 2)).astype(np.uint16)
    chosen = np.stack(
        [[data[p, index[p // 32 * 32 + i % 32, i // 32]] for i in range(40)] for p in range(64)]
    )
    expected = chosen.astype(np.float32).T @ moving.astype(np.float32)
    assert np.array_equal(run(kernel, data, moving, index), expected)


def test_more_offsets_than_the_engine_s_groups_hold_are_refused():
    def kernel(data, index):
        out = nl.ndarray((32, 40), data.dtype)
        nisa.tensor_copy(dst=out, src=loaded(data).indirect(loaded(index), 40))
        return stored(out)

    with pytest.raises(KernelError, match=r"index \[32, 2\] holds 32 for each 16 partitions"):
        run(kernel, normal(32, 50), np.zeros((32, 2), np.uint16))


def test_an_index_tile_that_was_never_written_is_reported():
    def kernel(data):
        index = nl.ndarray((4, 1), nl.int32)
        out = nl.ndarray((4, 16), data.dtype, nl.shared_hbm)
        nisa.dma_copy(dst=out, src=data.vector_select(0, index))
        return out

    with pytest.raises(KernelError, match="is read, but nothing has written it"):
        run(kernel, DATA)


def test_a_view_takes_one_run_time_index():
    def kernel(data, rows):
        index = loaded(rows)
        data.select(0, index[0:1]).select(0, index[1:2])

    with pytest.raises(KernelError, match="addressed at run time already"):
        run(kernel, DATA, ROWS)


def test_bytes_are_reinterpreted_before_an_index_is_chosen():
    def kernel(data, rows, early):
        index = loaded(rows)
        source = data.view(nl.int32) if early else data
        gathered = source.vector_select(0, index)
        tile = nl.ndarray((4, 16), nl.int32)
        nisa.dma_copy(dst=tile, src=gathered if early else gathered.view(nl.int32))
        return stored(tile)

    assert np.array_equal(run(kernel, DATA, ROWS, True), DATA[ROWS[:, 0]].view(np.int32))
    with pytest.raises(KernelError, match="view: .* is addressed at run time already"):
        run(kernel, DATA, ROWS, False)


@pytest.mark.parametrize(
    "use",
    [int, float, lambda r: [0][r], lambda r: 1 if r else 0, lambda r: r == 2, lambda r: r < 2,
     range, lambda r: not r],
)  # fmt: skip
def test_python_control_flow_cannot_depend_on_a_register(use):
    def kernel(rows):
        use(register(loaded(rows[0:1])))

    with pytest.raises(RegisterUseError, match="register: it cannot be"):
        run(kernel, ROWS)


def test_registers_hold_32_bits():
    run(lambda rows: nisa.register_alloc(2**32 - 1), ROWS)
    with pytest.raises(KernelError, match="src is 4294967296, and a register holds 32 bits"):
        run(lambda rows: nisa.register_alloc(2**32), ROWS)


def test_a_register_is_not_none():
    found = []
    run(lambda rows: found.append(register(loaded(rows[0:1])) == None), ROWS)  # noqa: E711
    assert found == [False]


def test_the_counter_of_a_dynamic_range_cannot_be_written():
    def kernel(rows):
        for i in nl.dynamic_range(2):
            nisa.register_move(i, 3)

    with pytest.raises(KernelError, match="counter of a dynamic_range, which cannot be written"):
        run(kernel, ROWS)


def test_registers_move_store_and_load():
    def kernel(rows):
        first = register(loaded(rows[1:2]))
        second = nisa.register_alloc(7)
        nisa.register_move(second, first)
        tile = nl.ndarray((1, 1), nl.int32)
        nisa.register_store(tile, second)
        return stored(tile)

    assert run(kernel, ROWS).item() == 39


def test_time_is_the_same_with_values_and_on_shapes_alone():
    alone = trnlab.profile(gather, trnlab.shape(DATA.shape), trnlab.shape(ROWS.shape, "int32"))
    assert trnlab.profile(gather, DATA, ROWS).total_s == alone.total_s


def test_values_of_a_gather_are_computed_again():
    assert np.array_equal(trnlab.profile(gather, DATA, ROWS).values(1, "dst"), DATA[ROWS[:, 0]])


def test_what_a_register_addresses_waits_for_its_load():
    def kernel(data, at):
        found = register(loaded(at))
        return stored(data[nl.ds(found, 3)])

    line = trnlab.profile(kernel, DATA, np.array([[1]], np.int32)).timeline
    load = line["end_s"][line["op"] == line.ops.index("register_load")].max()
    moved = line["start_s"][line["call"] == 2].max()
    assert moved >= load

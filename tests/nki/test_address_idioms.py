"""How public kernels combine run-time addresses with broadcasts, loops, sums and transposes."""

import numpy as np

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, run, stored

DATA = normal(40, 16)


def test_a_row_chosen_at_run_time_is_broadcast_to_all_partitions():
    def kernel(data, row):
        chosen = nisa.register_alloc()
        nisa.register_load(chosen, loaded(row))
        tile = nl.ndarray((128, 16), data.dtype)
        everywhere = data.ap([[0, 128], [1, 16]], scalar_offset=chosen, indirect_dim=0)
        nisa.dma_copy(dst=tile, src=everywhere)
        return stored(tile)

    found = run(kernel, DATA, np.array([[7]], np.int32))
    assert np.array_equal(found, np.broadcast_to(DATA[7], (128, 16)))


def test_an_engine_writes_behind_a_count_known_at_run_time():
    def kernel(head, tail, count):
        held = loaded(count).view(nl.uint32)
        line = nl.ndarray((1, 32), head.dtype)
        nisa.memset(line, -1)
        nisa.tensor_copy(dst=line[:, :16], src=loaded(head))
        behind = line.ap([[32, 1], [1, 16]], scalar_offset=held, indirect_dim=1)
        nisa.tensor_copy(dst=behind, src=loaded(tail), engine=nisa.engine.vector)
        return stored(line)

    found = run(kernel, DATA[:1], DATA[1:2], np.array([[5]], np.int32))
    expected = np.full((1, 32), -1, np.float32)
    expected[:, :16] = DATA[:1]
    expected[:, 5:21] = DATA[1:2]
    assert np.array_equal(found, expected)


def test_each_partition_reads_several_rows_behind_its_own():
    def kernel(data, rows):
        tile = nl.ndarray((4, 3, 16), data.dtype)
        run_of_rows = [[16, 4], [32, 3], [1, 16]]
        source = data.ap(run_of_rows, vector_offset=loaded(rows), indirect_dim=0)
        nisa.dma_copy(dst=tile, src=source)
        return stored(tile)

    rows = np.array([[0], [35], [8], [9]], np.int32)
    assert np.array_equal(run(kernel, DATA, rows), DATA[rows + np.array([0, 2, 4])])


def test_blocks_chosen_at_run_time_arrive_transposed():
    def kernel(blocks, chosen):
        tile = nl.ndarray((32, 4, 16), blocks.dtype)
        nisa.dma_transpose(dst=tile, src=blocks.vector_select(0, loaded(chosen)))
        return stored(tile)

    blocks = normal(20, 4 * 32).reshape(20, 4, 32).astype(np.float16)
    chosen = np.arange(19, 3, -1, dtype=np.uint32)[:, None]
    found = run(kernel, blocks, chosen)
    assert np.array_equal(found, blocks[chosen[:, 0]].transpose(2, 1, 0))


def test_rows_are_added_where_each_column_of_an_index_says():
    def kernel(data, rows, out):
        index = loaded(rows)
        for step in range(2):
            column = index.ap([[2, 4], [1, 1]], offset=step)
            target = out.ap([[16, 4], [1, 16]], vector_offset=column, indirect_dim=0)
            tile = loaded(data[4 * step : 4 * step + 4])
            nisa.dma_compute(dst=target, srcs=[target, tile], reduce_op=nl.add)
        return out

    rows = np.array([[5, 0], [9, 5], [0, 1], [39, 9]], np.int32)
    expected = np.ones((40, 16), np.float32)
    expected[rows[:, 0]] += DATA[:4]
    expected[rows[:, 1]] += DATA[4:8]
    found = run(kernel, DATA, rows, np.ones((40, 16), np.float32))
    assert np.allclose(found, expected)


def test_a_loop_visits_only_what_a_compaction_found():
    def kernel(data, weights):
        share = loaded(weights)
        visits = nl.ndarray((1, 13), nl.int32)
        nisa.nonzero_with_count(dst=visits, src=share, index_offset=0, padding_val=0)
        count = nisa.register_alloc()
        nisa.register_load(count, visits[:, 12:13])
        total = nl.ndarray((1, 16), nl.float32)
        nisa.memset(total, 0)

        def visit(slot):
            found = nl.ndarray((1, 1), nl.uint32)
            at = visits.ap([[13, 1], [1, 1]], scalar_offset=slot, indirect_dim=1)
            nisa.tensor_copy(dst=found, src=at)
            chosen = nisa.register_alloc()
            nisa.register_load(chosen, found)
            row, weight = nl.ndarray((1, 16), nl.float32), nl.ndarray((1, 1), nl.float32)
            nisa.dma_copy(
                dst=row, src=data.ap([[16, 1], [1, 16]], scalar_offset=chosen, indirect_dim=0)
            )
            of_it = share.ap([[12, 1], [1, 1]], scalar_offset=chosen, indirect_dim=1)
            nisa.tensor_copy(dst=weight, src=of_it)
            nisa.scalar_tensor_tensor(
                dst=total, data=row, op0=nl.multiply, operand0=weight, op1=nl.add, operand1=total
            )

        nl.fori_loop(0, count, visit)
        return stored(total)

    weights = np.zeros((1, 12), np.float32)
    weights[0, [1, 4, 11]] = [0.5, -2, 3]
    assert np.allclose(run(kernel, DATA, weights), weights @ DATA[:12], atol=1e-5)

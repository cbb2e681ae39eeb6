"""Collectives across ranks: exact values, order of groups, refusals, deadlocks, time."""

import numpy as np
import pytest

import trnlab
import trnlab.nki.collectives as ncc
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, stored
from trnlab import nki
from trnlab.errors import KernelError

RANKS = 4
XS = [normal(8, 16) for _ in range(RANKS)]
RING = ncc.ReplicaGroup([[0, 2, 3, 1]])


def launch(body, arrays=XS, lnc=1):
    return trnlab.launch(nki.jit(body), [((x,), {}) for x in arrays], lnc=lnc)


def hbm(shape, dtype=nl.float32):
    return nl.ndarray(shape, dtype, nl.shared_hbm)


def collective(call, shape, memory="hbm"):
    """A kernel that gives its input and takes a result of some shape."""

    def kernel(x):
        if memory == "hbm":
            out = hbm(shape)
            call([x], [out])
            return out
        out = nl.ndarray(shape, nl.float32)
        call([loaded(x)], [out])
        return stored(out)

    return kernel


@pytest.mark.parametrize("lnc", [1, 2])
@pytest.mark.parametrize("memory", ["hbm", "sbuf"])
@pytest.mark.parametrize(("op", "reference"), [(nl.add, sum), (nl.maximum, lambda x: np.max(x, 0)),
                                               (np.minimum, lambda x: np.min(x, 0))])  # fmt: skip
def test_all_reduce(op, reference, memory, lnc):
    body = collective(lambda s, d: ncc.all_reduce(s, d, RING, op), (8, 16), memory)
    for found in launch(body, lnc=lnc):
        assert np.allclose(found, reference(XS), atol=1e-6)


@pytest.mark.parametrize(("memory", "dim"), [("hbm", 0), ("sbuf", 0), ("sbuf", 1)])
def test_all_gather_follows_the_order_of_the_group(memory, dim):
    shape = (32, 16) if dim == 0 else (8, 64)
    body = collective(lambda s, d: ncc.all_gather(s, d, RING, dim), shape, memory)
    for found in launch(body):
        assert np.array_equal(found, np.concatenate([XS[r] for r in (0, 2, 3, 1)], dim))


def test_reduce_scatter_and_all_to_all_give_each_rank_its_slice():
    order = (0, 2, 3, 1)
    scattered = launch(collective(lambda s, d: ncc.reduce_scatter(s, d, RING, 0, nl.add), (2, 16)))
    exchanged = launch(collective(lambda s, d: ncc.all_to_all(s, d, RING, 0), (8, 16)))
    for at, rank in enumerate(order):
        part = slice(2 * at, 2 * at + 2)
        assert np.allclose(scattered[rank], sum(XS)[part], atol=1e-6)
        assert np.array_equal(exchanged[rank], np.concatenate([XS[r][part] for r in order]))


def test_groups_do_not_mix():
    pairs = ncc.ReplicaGroup([[0, 3], [2, 1]])
    found = launch(collective(lambda s, d: ncc.all_reduce(s, d, pairs, nl.add), (8, 16)))
    assert np.array_equal(found[3], XS[0] + XS[3]) and np.array_equal(found[1], XS[2] + XS[1])


def test_permutes_move_between_pairs_and_along_the_ring():
    swapped = launch(
        collective(
            lambda s, d: ncc.collective_permute(s, d, [(0, 1), (1, 0), (2, 3), (3, 2)]), (8, 16)
        )
    )
    ring = launch(collective(lambda s, d: ncc.collective_permute_implicit([s], [d], RING), (8, 16)))
    for rank, predecessor in ((0, 1), (2, 0), (3, 2), (1, 3)):
        assert np.array_equal(swapped[rank], XS[rank ^ 1])
        assert np.array_equal(ring[rank], XS[predecessor])


def test_a_rank_that_is_no_target_keeps_its_destination():
    def kernel(x):
        nisa.dma_copy(dst=(out := hbm((8, 16))), src=x)
        ncc.collective_permute([x], [out], [(0, 1)])
        return out

    found = launch(kernel)
    assert np.array_equal(found[1], XS[0]) and np.array_equal(found[2], XS[2])


def test_a_reducing_permute_sends_the_reduced_sources():
    def kernel(x):
        out = hbm((8, 16))
        ncc.collective_permute_implicit_reduce([[x]], [[x]], [[out]], RING, nl.add)
        return out

    assert np.array_equal(launch(kernel)[2], 2 * XS[0])


def test_several_channels_and_the_rank_whose_data_a_step_holds():
    def kernel(x):
        out = hbm((4, 8, 16))
        buffers = [x, hbm((8, 16))]
        for step in range(4):
            rank = ncc.collective_permute_implicit_current_processing_rank_id(step, RING)
            target = out.ap([[16, 8], [1, 16]], scalar_offset=rank, indirect_dim=0)
            nisa.dma_copy(dst=target, src=buffers[0])
            halves = [[[b[0:4]], [b[4:8]]] for b in buffers]
            ncc.collective_permute_implicit(*halves, RING, channel_ids=[0, 1])
            buffers = [buffers[1], hbm((8, 16))]
        return out

    for found in launch(kernel):
        assert np.array_equal(found, np.stack(XS))


def test_rank_id_is_a_register():
    def kernel(x):
        return stored(x[nl.ds(ncc.rank_id(), 1)])

    assert all(
        np.array_equal(found, x[r : r + 1])
        for r, (found, x) in enumerate(zip(launch(kernel), XS, strict=True))
    )


def test_both_cores_of_a_rank_fill_what_an_hbm_collective_sends():
    def kernel(x):
        core = nl.program_id()
        sent, out = hbm((8, 16)), hbm((32, 16))
        nisa.dma_copy(dst=sent[4 * core : 4 * core + 4], src=x[4 * core : 4 * core + 4])
        ncc.all_gather([sent], [out], [[0, 1, 2, 3]], 0)
        back = hbm((32, 16))
        nisa.dma_copy(dst=back[16 * core : 16 * core + 16], src=out[16 * core : 16 * core + 16])
        return back

    for found in launch(kernel, lnc=2):
        assert np.array_equal(found, np.concatenate(XS))


def variable(x, table, name="all_to_all_v", **options):
    out = nl.zeros((32,), nl.float32, buffer=nl.shared_hbm)
    getattr(ncc, name)([x], [out], ncc.ReplicaGroup([[0, 1, 2, 3]]), table, **options)
    return out, table


def test_all_to_all_v_sends_chunks_of_any_size_and_counts_what_arrives():
    counts = np.arange(16).reshape(4, 4) % 5
    tables = [
        np.stack([counts[r], 8 * np.arange(4), np.full(4, 99)]).astype(np.uint32) for r in range(4)
    ]
    xs = [normal(32) for _ in range(4)]
    found = trnlab.launch(variable, [((x, t), {}) for x, t in zip(xs, tables, strict=True)])
    for rank, (out, table) in enumerate(found):
        assert np.array_equal(table[2], counts[:, rank])
        for source in range(4):
            n = counts[source, rank]
            assert np.array_equal(
                out[8 * source : 8 * source + n], xs[source][8 * rank : 8 * rank + n]
            )


def test_receive_displacements_say_where_chunks_land():
    table = np.array([[2] * 4, [0, 2, 4, 6], [0] * 4, [24, 16, 8, 0]], np.uint32)
    xs = [normal(32) for _ in range(4)]
    found = trnlab.launch(
        lambda x, t: variable(x, t, has_rdispls=True, recv_counts_known=True),
        [((x, table), {}) for x in xs],
    )
    out, after = found[1]
    assert np.array_equal(out[24:26], xs[0][2:4]) and np.array_equal(after, table)


def test_all_gather_v_sends_one_chunk_to_all():
    tables = [np.array([[r + 1, 7, 7, 7], [r, 7, 7, 7], [0] * 4], np.uint32) for r in range(4)]
    xs = [normal(32) for _ in range(4)]
    found = trnlab.launch(
        lambda x, t: variable(x, t, "all_gather_v"),
        [((x, t), {}) for x, t in zip(xs, tables, strict=True)],
        lnc=2,
    )
    for out, table in found:
        assert table[2].tolist() == [1, 2, 3, 4]
        assert all(np.array_equal(out[8 * r : 9 * r + 1], xs[r][r : 2 * r + 1]) for r in range(4))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (lambda x: ncc.all_reduce([x], [x], RING, nl.multiply), "op multiply; it reduces by"),
        (lambda x: ncc.all_reduce([x], [x[0:4]], RING, nl.add), "1 times as many elements"),
        (lambda x: ncc.all_reduce([x, x], [x], RING, nl.add), "2 srcs and 1 dsts"),
        (lambda x: ncc.all_reduce([x], [nl.zeros((8, 16), nl.float32)], RING, nl.add),
         "all must be in HBM, or all in SBUF"),
        (lambda x: ncc.all_gather([x], [hbm((8, 64))], RING, 1), "collective_dim 1 in HBM"),
        (lambda x: ncc.all_to_all([t := nl.zeros((8, 4), nl.float32)], [t], RING, 0), "HBM only"),
        (lambda x: ncc.all_to_all([x[0:6]], [x[0:6]], RING, 0), "does not split into 4 slices"),
        (lambda x: ncc.collective_permute([x], [x], [(0, 1), (0, 2)]), "names a rank twice"),
        (lambda x: ncc.collective_permute_implicit([[x]], [[x]], RING, [1]), "numbered from 0"),
        (lambda x: ncc.all_reduce([x], [x], [[0, 1]], nl.add), "rank 2 is in none of the groups"),
        (lambda x: ncc.all_reduce([x], [x], [[0, 1, 2, 7], [3]], nl.add), "trnlab.launch"),
        (lambda x: ncc.all_reduce([x], [x], 4, nl.add), "should be ReplicaGroup"),
        (lambda x: ncc.ReplicaGroup([[0], [0, 1]]), "each of them once"),
        (
            lambda x: ncc.collective_permute_implicit(
                [[x]] * 5, [[hbm((8, 16))] for _ in range(5)], RING, channel_ids=list(range(5))
            ),
            "5 channels, at most 4 exist",
        ),
        (lambda x: ncc.all_gather_v([x], [x], RING, x), "with LNC 2"),
        (lambda x: ncc.all_to_all_v([x], [x], RING, x), "should be uint32"),
    ],
)  # fmt: skip
def test_what_no_collective_can_be_is_refused(body, message):
    with pytest.raises(KernelError, match=message):
        launch(body)


def test_a_rank_that_does_not_come_is_a_deadlock():
    def kernel(x):
        if x.shape[0] == 8:
            ncc.all_reduce([x], [x], RING, nl.add)

    with pytest.raises(
        KernelError, match="rank 0 core 0 waits at all_reduce in line .* rank 2 core 0 has ended"
    ):
        launch(kernel, [*XS[:2], normal(4, 16), XS[3]])


def test_a_group_of_one_rank_needs_no_launch():
    body = collective(lambda s, d: ncc.all_reduce(s, d, [[0]], nl.add), (8, 16))
    assert np.array_equal(nki.simulate(body)(XS[0]), XS[0])


def test_time_grows_with_bytes_and_waits_for_the_last_rank():
    def gather(rows):
        def kernel(x):
            ncc.all_gather([x], [hbm((4 * rows, 512))], RING, 0)

        shapes = [((trnlab.shape((rows, 512)),), {})] * 4
        return trnlab.launch(kernel, shapes).total_us

    assert gather(2**16) > 2 * gather(2**14) > 4 * gather(2)

    def late(x):
        tile = loaded(x)
        for _ in range(400 * (x.shape[0] == 9)):
            nisa.tensor_copy(dst=tile, src=tile)
        ncc.all_reduce([stored(tile[0:8])], [out := hbm((8, 16))], RING, nl.add)
        return out

    line = launch(late, [normal(9, 16), *XS[1:]]).timeline
    took = np.array(line.ops)[line["op"]] == "all_reduce"
    busiest = line["end_s"][(line["core"] == 0) & (np.array(line.ops)[line["op"]] == "tensor_copy")]
    assert line["start_s"][took].min() >= busiest.max() - 1e-7


def test_two_launches_are_equal():
    body = collective(lambda s, d: ncc.all_reduce(s, d, RING, nl.add), (8, 16))
    first, second = launch(body, lnc=2), launch(body, lnc=2)
    assert all(
        np.array_equal(first.timeline[name], second.timeline[name]) for name in first.timeline
    )

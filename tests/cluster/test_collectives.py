"""Every algorithm moves the right numbers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trnlab.cluster.collectives import (
    ALGORITHMS,
    candidates,
    collective,
    execute,
    fits,
    on_groups,
    run,
    start,
    time,
    time_groups,
)
from trnlab.cluster.topology import machine

EVERY = [(kind, name) for kind, names in ALGORITHMS.items() for name in names]


def expected(kind: str, tensors: list, rank: int, root: int) -> np.ndarray:
    n = len(tensors)
    if kind == "all_reduce":
        return sum(tensors)
    if kind == "all_gather":
        return np.concatenate(tensors)
    if kind == "reduce_scatter":
        return np.array_split(sum(tensors), n)[rank]
    if kind == "all_to_all":
        return np.concatenate([np.array_split(tensor, n)[rank] for tensor in tensors])
    if kind == "all_to_all_v":
        return np.concatenate([parts[rank] for parts in tensors])
    return tensors[(rank - 1) % n] if kind == "permute" else tensors[root]


def group_of(algorithm: str, ranks: int) -> int | None:
    """Ranks of one group: three of six, else pairs."""
    return None if algorithm != "hierarchical" or ranks == 1 else 3 if ranks == 6 else 2


CASES = [
    (kind, name, ranks)
    for kind, name in EVERY
    for ranks in (1, 2, 3, 4, 6, 8, 12, 16)
    if ranks == 1 or not fits(name, ranks, group_of(name, ranks))
]


@pytest.mark.parametrize(("kind", "algorithm", "ranks"), CASES)
def test_results_are_exact(kind: str, algorithm: str, ranks: int) -> None:
    rng = np.random.default_rng(ranks)
    tensors = [rng.integers(-99, 99, 5 * ranks + 3) for _ in range(ranks)]
    if kind == "all_to_all_v":
        tensors = [[tensors[r][: (3 * r + i) % 7] for i in range(ranks)] for r in range(ranks)]
    root = ranks - 1 if kind == "broadcast" else 0
    plan = collective(kind, algorithm, ranks, inner=group_of(algorithm, ranks), root=root)
    for rank, result in enumerate(run(plan, tensors, root)):
        assert result.tolist() == expected(kind, tensors, rank, root).tolist()


@pytest.mark.parametrize("inner", [2, 3, 4, 6])
@pytest.mark.parametrize("name", ["ring", "mesh", "recursive", "hierarchical"])
def test_chips_may_share_whatever_is_exchanged(name: str, inner: int) -> None:
    if name == "recursive":
        with pytest.raises(ValueError, match="all_to_all: recursive halves and doubles, 12 are"):
            collective("all_to_all", name, 12, inner=inner)
        return
    tensors = [np.arange(17) + 100 * rank for rank in range(12)]
    plan = collective("all_to_all", name, 12, inner=inner)
    for rank, result in enumerate(run(plan, tensors)):
        assert result.tolist() == expected("all_to_all", tensors, rank, 0).tolist()


@pytest.mark.parametrize("kind", ["all_reduce", "all_gather", "broadcast", "permute"])
def test_whole_tensors_keep_their_shape(kind: str) -> None:
    tensors = [np.arange(6).reshape(2, 3) + 10 * rank for rank in range(4)]
    orders = [[0, 1, 2, 3], [3, 1, 0, 2]]
    plans = [collective(kind, ALGORITHMS[kind][0], 4)]
    plans += [collective(kind, "ring", 4, orders=orders)] if kind.startswith("all_") else []
    wanted = {
        "all_reduce": sum(tensors),
        "all_gather": np.concatenate(tensors),
        "broadcast": tensors[0],
        "permute": tensors[3],
    }[kind]
    for plan in plans:
        assert np.array_equal(run(plan, tensors)[0], wanted)


def test_tensors_to_add_have_one_shape() -> None:
    plan = collective("all_reduce", "ring", 2)
    with pytest.raises(ValueError, match=r"have one shape, these have 2: \(3,\), \(4,\)"):
        run(plan, [np.zeros(3), np.zeros(4)])
    assert run(collective("all_gather", "ring", 3), [1.0, 2.0, 3.0])[1].tolist() == [1, 2, 3]


def test_replica_groups_may_run_in_two_levels() -> None:
    tensors = [np.arange(5) * (rank + 1) for rank in range(13)]
    groups_ = [[12, 3, 7, 0, 5, 9], [1, 2, 4, 6]]
    found = on_groups("all_reduce", "hierarchical", tensors, groups_, inner=2)
    for group in groups_:
        for rank in group:
            assert found[rank].tolist() == sum(tensors[r] for r in group).tolist()
    assert found[8] is tensors[8]
    timed = time_groups(
        "all_reduce", "hierarchical", machine("trn3-gen2", 16), groups_, 1e6, inner=2
    )
    assert timed.plan.ranks == 10 and timed.total_s > 0
    with pytest.raises(ValueError, match="needs groups of more than one that divide 4 ranks"):
        on_groups("all_reduce", "hierarchical", tensors, groups_, inner=3)


@pytest.mark.parametrize("algorithm", ["mesh", "recursive"])
@pytest.mark.parametrize("kind", ["all_reduce", "all_gather", "reduce_scatter"])
def test_chips_may_share_what_came_from_other_chips(kind: str, algorithm: str) -> None:
    rng = np.random.default_rng(0)
    tensors = [rng.integers(-9, 9, 16) for _ in range(16)]
    order = rng.permutation(16).tolist()
    plan = collective(kind, algorithm, 16, inner=4, orders=[order])
    for rank, result in enumerate(run(plan, tensors)):
        assert result.tolist() == expected(kind, tensors, rank, 0).tolist()


@given(st.permutations(range(12)), st.sampled_from([1, 2, 3, 4, 6]))
@settings(max_examples=25, deadline=None)
def test_any_replica_groups(ranks: list[int], size: int) -> None:
    groups = [ranks[i : i + size] for i in range(0, 12, size)]
    tensors = [np.arange(24) * (rank + 1) for rank in range(12)]
    results = on_groups("all_reduce", "ring", tensors, groups)
    for group in groups:
        for rank in group:
            assert results[rank].tolist() == sum(tensors[r] for r in group).tolist()


def test_a_step_can_be_stopped_at() -> None:
    plan = collective("all_gather", "ring", 4)
    held = execute(plan, start(plan, [np.array([r]) for r in range(4)]), steps=1)
    assert [sorted(chunks) for chunks in held] == [[0, 3], [0, 1], [1, 2], [2, 3]]


@pytest.mark.parametrize("algorithm", ["ring", "kangaring"])
@pytest.mark.parametrize("kind", ["all_reduce", "all_gather", "reduce_scatter"])
def test_rings_on_several_cycles_are_exact_and_share_no_link(kind: str, algorithm: str) -> None:
    server = machine("trn2", 16)
    plan = candidates(kind, server, 64)[algorithm]
    assert plan.lanes == 4 and plan.chunks == 256
    rng = np.random.default_rng(1)
    tensors = [rng.integers(-9, 9, 259) for _ in range(64)]
    for rank, result in enumerate(run(plan, tensors)):
        assert result.tolist() == expected(kind, tensors, rank, 0).tolist()
    timed = time(plan, server, 1e9)
    carried = {lane: set(time_of_lane(plan, server, lane).load_link.tolist()) for lane in range(4)}
    links = {lane: {n for n in of if n < 16 * 13} for lane, of in carried.items()}
    assert all(len(of) == 16 for of in links.values())
    assert len(set().union(*links.values())) == 64  # every link of the torus, one direction each
    wired = timed.load_s[timed.load_link < 16 * 13]
    assert wired.max() == pytest.approx(wired.min())  # and all are as busy


def time_of_lane(plan, server, lane):
    """What one lane puts on links."""
    sizes = [1e6 * (chunk % plan.lanes == lane) for chunk in range(plan.chunks)]
    timed = time(plan, server, 1e9, None, sizes)
    used = timed.load_bytes > 0
    return replace(timed, load_link=timed.load_link[used])

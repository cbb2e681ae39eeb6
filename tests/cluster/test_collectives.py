"""Every algorithm moves the right numbers, and costs what its sends cost."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trnlab.cluster.collectives import (
    ALGORITHMS,
    as_documented,
    candidates,
    collective,
    crossovers,
    documented,
    execute,
    fastest,
    fits,
    groups,
    on_groups,
    run,
    start,
    time,
    time_groups,
    time_together,
    times_s,
)
from trnlab.cluster.exchange import Group, exchange_s
from trnlab.cluster.topology import machine
from trnlab.spec.systems import system

EVERY = [(kind, name) for kind, names in ALGORITHMS.items() for name in names]
NCCOM_US = [(2**10, 58), (2**16, 58), (2**18, 60), (2**20, 68), (2**22, 107), (2**24, 332)]
NCCOM_US += [(2**26, 1214), (2**28, 4750), (2**30, 18930)]


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


def test_steps_and_traffic_are_those_of_the_textbook() -> None:
    n = 8
    steps = {
        name: collective("all_gather", name, n).steps for name in ("ring", "mesh", "recursive")
    }
    assert steps == {"ring": 7, "mesh": 1, "recursive": 3}
    assert collective("all_gather", "kangaring", n).steps == 4
    assert {len(collective("all_gather", name, n)) for name in steps} == {n * (n - 1)}
    assert len(collective("all_reduce", "ring", n)) == 2 * n * (n - 1)
    assert len(collective("all_reduce", "single-step mesh", n)) == n * n * (n - 1)


@pytest.mark.parametrize(("kind", "saved"), [("all_gather", 1 / 4), ("reduce_scatter", 1 / 3)])
def test_kangaring_saves_memory_traffic_as_documented(kind: str, saved: float) -> None:
    server = machine("trn1", 16)

    def touched(algorithm: str) -> float:
        timed = time(collective(kind, algorithm, 32), server, 1e9)
        return float(timed.load_bytes[timed.load_link >= server.chips * 13].sum())

    assert touched("kangaring") / touched("ring") == pytest.approx(1 - saved, abs=0.03)


@pytest.mark.parametrize(("sent_bytes", "measured_us"), NCCOM_US)
def test_two_ranks_take_the_measured_time(sent_bytes: float, measured_us: float) -> None:
    algorithm = documented("all_reduce", 2, sent_bytes, chips=1)
    timed = time(collective("all_reduce", algorithm, 2), machine("trn1", 16), sent_bytes)
    assert timed.total_s * 1e6 == pytest.approx(measured_us, rel=0.05)


def test_only_ranks_that_write_to_results_shake_hands() -> None:
    server = machine("trn1", 16)
    of = server.system.collectives
    begins = {name: time(collective("all_gather", name, 4), server, 8).begin_s
              for name in ("ring", "kangaring", "mesh", "recursive")}  # fmt: skip
    assert begins["ring"] == of.start_s
    shaken = of.start_s + of.handshake_s
    assert begins["mesh"] == begins["recursive"] == begins["kangaring"] == shaken
    assert time(collective("permute", "mesh", 4), server, 8).begin_s == of.start_s


def test_a_ring_keeps_what_comes_first_and_mesh_reads_it_where_it_is() -> None:
    server, size = machine("trn1", 16), 2.0**28
    ring, mesh = (
        time(collective("all_reduce", name, 2), server, size) for name in ("ring", "mesh")
    )
    touched = [float(timed.load_bytes[timed.load_link >= server.chips * 13].sum()) / size / 2
               for timed in (ring, mesh)]  # fmt: skip
    assert touched == [3.5, 2.5]


def test_the_documented_choice_is_the_fastest_on_one_trainium2_server() -> None:
    server = machine("trn2", 16)
    for size in (3e5, 4e6, 2e8):
        name = documented("all_gather", 64, size)
        assert fastest("all_gather", server, size, 64).plan.algorithm == name
    for kind in ("all_reduce", "all_gather", "reduce_scatter"):
        found = crossovers(kind, server, 64)
        assert [cross.algorithm for cross in found] == ["mesh", "recursive", "kangaring"]
        assert found[1].from_bytes == pytest.approx(2**20, rel=0.1)  # documented: 1 MB
        assert 20e6 < found[2].from_bytes < 62e6  # documented: 56 MB, and 32 MiB on another page


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


def test_crossovers_are_where_times_are_equal() -> None:
    server = machine("trn2", 16)
    for cross in crossovers("all_reduce", server, 64)[1:]:
        times = sorted(times_s("all_reduce", server, 64, cross.from_bytes).values())
        assert times[0] == pytest.approx(times[1])


@pytest.mark.parametrize(
    ("name", "chips", "ranks"),
    [("trn1", 16, 32), ("trn2", 16, 64), ("trn3-gen2", 144, 144), ("h100", 8, 8)],
)
@pytest.mark.parametrize("kind", ["all_reduce", "all_gather", "reduce_scatter"])
def test_bus_bandwidth_stays_below_the_links(name: str, chips: int, ranks: int, kind: str) -> None:
    whole = machine(name, chips)
    links = (
        sum(link.total_bytes_per_s for link in system(name).chip.links.values())
        if (system(name).is_trainium)
        else system(name).fabric.server_bytes_per_s
    )
    for plan in candidates(kind, whole, ranks).values():
        assert time(plan, whole, 1e11).bus_bytes_per_s <= links


@pytest.mark.parametrize("name", ["trn1", "trn2", "trn2-ultraserver", "trn3-gen2", "b200"])
def test_no_group_of_any_size_is_faster_than_the_links_of_its_chips(name: str) -> None:
    """In one scale-up domain, at odd sizes and distances: all links of a chip are the limit."""
    of = system(name)
    whole, fabric = machine(name, of.domain_chips), of.fabric
    ports = [fabric.server_bytes_per_s, fabric.rack_bytes_per_s, fabric.twin_bytes_per_s] if (
        hasattr(fabric, "twin_bytes_per_s")
    ) else [4 * fabric.link_bytes_per_s, 2 * fabric.z_link_bytes_per_s]  # fmt: skip
    for kind in ("all_reduce", "all_gather", "reduce_scatter", "all_to_all"):
        for ranks, stride in ((2, 4), (3, 4), (7, 1), (8, 1), (9, 4), (13, 1)):
            if ranks * stride > whole.devices or ranks * stride <= of.devices_per_chip:
                continue
            devices = groups(whole, ranks, stride, 1)[0]
            for plan in candidates(kind, whole, ranks, stride).values():
                for size in (1e6, 1e12):
                    assert time(plan, whole, size, devices).bus_bytes_per_s <= sum(ports)


@pytest.mark.parametrize(
    ("name", "chips", "ranks"), [("trn1", 16, 32), ("trn2", 16, 64), ("h100", 8, 8)]
)
@pytest.mark.parametrize("size", [1e4, 1e7, 1e9])
def test_the_closed_form_is_near_the_fastest_schedule(
    name: str, chips: int, ranks: int, size: float
) -> None:
    group = Group(np.array([float(ranks)]), np.ones(1))
    closed = exchange_s(system(name), "all_reduce", group, np.array([size]))[0]
    best = fastest("all_reduce", machine(name, chips), size, ranks).total_s
    assert 0.9 < closed / best < 2.0  # without KangaRing's savings, see `exchange`


@pytest.mark.parametrize(
    ("size", "named"),
    [(2**20 - 1, "mesh"), (2**20, "mesh"), (2**20 + 1, "recursive"), (56e6, "recursive"),
     (56e6 + 1, "kangaring"), (1e12, "kangaring")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["all_reduce", "all_gather", "reduce_scatter"])
def test_the_chooser_follows_the_documented_thresholds(kind: str, size: float, named: str) -> None:
    assert as_documented(kind, machine("trn2", 16), size, 64) == named


def test_the_chooser_falls_back_as_documented() -> None:
    server = machine("trn2", 16)
    assert as_documented("all_gather", server, 1e9, 16, 4) == "ring"  # a chip in many groups
    assert as_documented("all_gather", server, 4e6, 48) == "kangaring"  # twelve chips do not halve
    assert as_documented("all_reduce", machine("trn2", 32), 1e9, 32, 4) == "hierarchical"
    with pytest.raises(ValueError, match="AWS documents a choice for all_reduce, all_gather"):
        as_documented("broadcast", server, 1e6, 8)


def test_groups_that_share_links_wait_for_each_other() -> None:
    server = machine("trn2", 16)
    columns = [[4 * (x + 4 * y) + core for y in range(4)] for x in range(4) for core in range(4)]
    alone = time_groups("all_gather", "ring", server, columns[:1], 1e9)
    four = time_groups("all_gather", "ring", server, columns[:4], 1e9)
    apart = time_groups("all_gather", "ring", server, columns[::4], 1e9)
    assert apart.total_s == pytest.approx(alone.total_s)
    assert four.total_s > 2 * alone.total_s


def test_groups_of_a_machine_name_each_device_once() -> None:
    whole = machine("trn3-gen2", 144)
    for ranks, stride in ((1, 1), (4, 1), (4, 36), (3, 5), (144, 1), (7, 2)):
        found = groups(whole, ranks, stride)
        named = [device for devices in found for device in devices]
        assert len(set(named)) == len(named) <= 144
        assert all(len(devices) == ranks for devices in found)
        assert max(named) < 144
    assert len(groups(whole, 4, 36)) == 36


def test_one_group_at_once_is_the_schedule_alone() -> None:
    server = machine("trn2", 16)
    plan = candidates("all_gather", server, 16, 4)["ring"]
    devices = groups(server, 16, 4, 1)
    alone = time(plan, server, 1e7, devices[0])
    assert time_together(plan, server, devices, 1e7).total_s == pytest.approx(alone.total_s)


def test_twice_the_bytes_never_take_less_time() -> None:
    whole = machine("trn3-gen2", 144)
    for plan in candidates("all_gather", whole, 144).values():
        seconds = [time(plan, whole, size).total_s for size in (0, 1e5, 2e5, 1e9, 2e9)]
        assert seconds == sorted(seconds)


def test_a_step_lasts_as_long_as_its_busiest_link() -> None:
    timed = time(collective("all_gather", "ring", 32), machine("trn1", 16), 1e9)
    for step in range(timed.plan.steps):
        busiest = timed.load_s[timed.load_step == step].max()
        assert timed.busy_s[step] >= busiest > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("all_reduce", "recursive", 6), "halves and doubles, 6 are not a power of two"),
        (("all_reduce", "kangaring", 5), "goes by pairs"),
        (("all_reduce", "star", 4), "algorithm 'star' is not one of ring"),
        (("gossip", "ring", 4), "'gossip' is not one of all_reduce"),
        ((["all_reduce"], "ring", 4), "['all_reduce'] is not one of all_reduce"),
        (("all_reduce", "ring", 0), "ranks = 0 should be a whole number"),
        (("all_reduce", "ring", 2.5), "ranks = 2.5 should be a whole number"),
        (("all_reduce", "ring", 10**5000), "ranks = a number of about 5,000 digits should be"),
        (("all_reduce", "hierarchical", 8), "needs groups of more than one"),
        (("all_reduce", "single-step mesh", 1024), "and one schedule holds"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError) as error:
        collective(*arguments)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "broadcast", "root": 1.5}, "broadcast: root = 1.5 should be a whole number"),
        ({"kind": "broadcast", "root": 4}, "root = 4 should be a whole number from 0 to 3"),
        ({"kind": "permute", "algorithm": "mesh", "pairs": [5]}, "pairs are (source, target)"),
        ({"kind": "permute", "algorithm": "mesh", "pairs": "ab"}, "pairs are (source, target)"),
        ({"algorithm": "hierarchical", "inner": "2"}, "inner = '2' should be a whole number"),
        ({"turns": 0}, "turns = 0 should be a whole number"),
        ({"orders": [[0, 1, 2, "3"]]}, "each of orders should name each of 4 ranks once"),
    ],
)
def test_options_that_cannot_be_are_a_sentence(options: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        collective(**{"kind": "all_reduce", "algorithm": "ring", "ranks": 4, **options})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("size", "devices", "message"),
    [
        (-1, None, "tensor_bytes = -1 should be a number from 0 to 1e18"),
        (float("nan"), None, "tensor_bytes = nan should be"),
        (float("inf"), None, "tensor_bytes = inf should be"),
        ("8", None, "tensor_bytes = '8' should be"),
        (8, [0, 1, 2, -3], "4 ranks need as many devices, each once"),
        (8, [0, 1, 2, 2], "4 ranks need as many devices, each once"),
        (8, [0.5, 1, 2, 3], "devices: [0.5, 1, 2, 3] should be whole numbers"),
        (8, ["a", 1, 2, 3], "should be whole numbers"),
    ],
)
def test_what_cannot_be_timed_is_a_sentence(size: object, devices: list, message: str) -> None:
    plan = collective("all_reduce", "ring", 4)
    with pytest.raises(ValueError) as error:
        time(plan, machine("trn2", 16), size, devices)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("kind", "size", "group", "message"),
    [
        ("gossip", 1e6, (4,), "'gossip' is not one of all_reduce"),
        ("all_reduce", 1e6, (4, 0), "devices apart = 0 should be a whole number from 1 to 64"),
        ("all_reduce", 1e6, (4, -2), "devices apart = -2 should be a whole number"),
        ("all_reduce", 1e6, (1000,), "ranks = 1000 should be a whole number from 1 to 64"),
        ("all_reduce", 1e6, (16, 5), "16 ranks, 5 devices apart, reach beyond the 64 devices of"),
        ("all_reduce", float("nan"), (4,), "tensor_bytes = nan should be a number"),
        ("all_reduce", "x", (4,), "tensor_bytes = 'x' should be a number"),
    ],
)
def test_no_choice_is_made_for_what_cannot_be(
    kind: str, size: float, group: tuple, message: str
) -> None:
    server = machine("trn2", 16)
    choosers = [lambda: fastest(kind, server, size, *group)]
    choosers += [lambda: times_s(kind, server, group[0], size, *group[1:])]
    if kind == "all_reduce":
        choosers += [lambda: as_documented(kind, server, size, *group)]
    if size == 1e6:
        choosers += [lambda: crossovers(kind, server, *group)]
    for choose in choosers:
        with pytest.raises(ValueError) as error:
            choose()
        assert message in str(error.value)


def test_shares_and_groups_that_cannot_be_are_a_sentence() -> None:
    server = machine("trn2", 16)
    for shares in ((0.5, 0.5), (0.5, 0.5, float("nan"), 0), (2, -1, 0, 0)):
        with pytest.raises(ValueError, match="one from 0 to 1 for each of 4 ranks, these are"):
            times_s("all_to_all_v", server, 4, 1e6, 1, 1, shares)
    with pytest.raises(ValueError, match="no replica group was given"):
        time_groups("all_reduce", "ring", server, [], 1e6)


def test_a_rank_in_two_groups_is_refused() -> None:
    with pytest.raises(ValueError, match="at most once"):
        on_groups("all_gather", "ring", [np.zeros(2)] * 3, [[0, 1], [1, 2]])


def test_a_permute_with_two_messages_to_one_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="sends and receives at most once"):
        collective("permute", "mesh", 4, pairs=[(0, 1), (2, 1)])


def test_a_schedule_that_sends_what_is_not_held_is_a_bug_that_shows() -> None:
    plan = collective("all_gather", "ring", 3)
    with pytest.raises(ValueError, match="rank 0 sends chunk 0, which it does not hold"):
        execute(plan, [{}, {}, {}])

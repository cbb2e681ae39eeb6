"""A collective costs what its sends cost, and the one that is chosen is the fastest."""

import numpy as np
import pytest

from trnlab.cluster.collectives import (
    as_documented,
    candidates,
    collective,
    crossovers,
    documented,
    fastest,
    groups,
    time,
    time_groups,
    time_together,
    times_s,
)
from trnlab.cluster.exchange import Group, exchange_s
from trnlab.cluster.topology import machine
from trnlab.spec.systems import system

NCCOM_US = [(2**10, 58), (2**16, 58), (2**18, 60), (2**20, 68), (2**22, 107), (2**24, 332)]
NCCOM_US += [(2**26, 1214), (2**28, 4750), (2**30, 18930)]


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

"""Levels, routes, link loads and bisection of machines, from one server to a million chips."""

import time

import numpy as np
import pytest

from trnlab.cluster.topology import (
    NONE,
    bisection_bytes_per_s,
    link,
    link_loads,
    machine,
    routes,
)
from trnlab.spec.systems import system


def levels(name: str, chips: int) -> dict[str, int]:
    return {level.name: level.parts for level in machine(name, chips).levels()}


def test_levels_of_an_ultraserver() -> None:
    assert levels("trn3-gen2", 144) == {
        "core": 1152,
        "device": 144,
        "chip": 144,
        "server": 36,
        "domain": 1,
        "cluster": 1,
    }
    assert levels("trn3-gen1", 64)["server"] == 4
    assert levels("trn2-ultraserver", 64) == {
        "core": 512,
        "device": 256,
        "chip": 64,
        "server": 4,
        "domain": 1,
        "cluster": 1,
    }


def test_a_million_chips_take_no_time() -> None:
    start = time.perf_counter()
    large = machine("trn3-gen2", 1_000_000)
    found = routes(large, [0, 143, 144], [999_999, 0, 999_000])
    assert large.domains == 6945
    assert found.latency_s == pytest.approx([15e-6, 3e-6, 15e-6])
    assert time.perf_counter() - start < 0.1


def test_places_are_coordinates() -> None:
    assert machine("trn2-ultraserver", 64).place(4 * 37 + 2).position == (1, 1, 2)
    place = machine("trn3-gen2", 288).place(144 + 72 + 4 * 5 + 3)
    assert (place.domain, place.position) == (1, (1, 5, 3))


def test_a_torus_is_crossed_the_shorter_way() -> None:
    found = routes(machine("trn2", 16), np.zeros(16, int), 4 * np.arange(16))
    assert found.hops.tolist() == [0, 1, 2, 1, 1, 2, 3, 2, 2, 3, 4, 3, 1, 2, 3, 2]


def test_equal_traffic_between_all_chips_loads_every_torus_link_alike() -> None:
    whole = machine("trn1", 16)
    source, target = np.divmod(np.arange(256), 16)
    loads = link_loads(whole, 2 * source, 2 * target, 1.0)
    on_links = loads.bytes[loads.links < 16 * 13]
    assert on_links.tolist() == [8.0] * 64  # 256 messages x 2 hops over 64 links


def test_switches_take_the_lowest_one_that_both_share() -> None:
    ultra = machine("trn3-gen2", 144)
    found = routes(ultra, [0, 0, 0, 0], [1, 5, 72, 73])
    kinds = [[link(ultra, int(one)).kind for one in row if one != NONE] for row in found.links]
    assert kinds == [
        ["to the server's switch", "from the server's switch"],
        ["to the rack's switch", "from the rack's switch"],
        ["to the twin in the other half"],
        [
            "to the twin in the other half",
            "to the server's switch",
            "from the server's switch",
        ],
    ]
    assert found.hops.tolist() == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("name", "chips", "terabytes_per_s"),
    [
        ("trn1", 16, 8 * 96e9 / 1e12),  # eight links cross the middle of a 4 x 4 torus
        ("trn2-ultraserver", 64, 32 * 128e9 / 1e12),  # 16 rings of four in z, cut twice
        ("trn3-gen2", 144, 72 * 128e9 / 1e12),  # one direct connection for each pair of twins
        ("trn3-gen2", 288, 144 * 25e9 / 1e12),  # EFA of half the chips
        ("tpu-v5p", 8960, 2 * 16 * 20 * 100e9 / 1e12),
    ],
)
def test_bisection(name: str, chips: int, terabytes_per_s: float) -> None:
    assert bisection_bytes_per_s(machine(name, chips)) / 1e12 == pytest.approx(terabytes_per_s)


def test_traffic_across_the_middle_needs_the_bisection() -> None:
    ultra = machine("trn3-gen2", 144)
    half = np.arange(72)
    loads = link_loads(ultra, half, half + 72, 1e9)
    rate = 72e9 / loads.busiest_s
    assert rate == pytest.approx(0.9 * bisection_bytes_per_s(ultra))


def test_the_other_reading_of_a_link_is_one_change_away() -> None:
    known = system("trn2")
    other = known.fact("fabric.link_bytes_per_s").conflicts[0].value
    halved = known.with_({"fabric.link_bytes_per_s": other})
    assert (
        bisection_bytes_per_s(machine(halved, 16)) == bisection_bytes_per_s(machine(known, 16)) / 2
    )


@pytest.mark.parametrize(
    ("chips", "message"),
    [
        (
            91,
            "chips = 91 is not a number of whole servers: trn3-gen2 has 4 chips in a server; use "
            "88 or 92",
        ),
        (-4, "chips = -4 should be a whole number of 1 or more"),
        (2.5, "chips = 2.5 should be a whole number of 1 or more"),
        (
            1_000_000_000,
            "chips = 1,000,000,000 of trn3-gen2 cannot be connected: at most 1,000,000 have been "
            "announced",
        ),
    ],
)
def test_chips_that_cannot_be_had_are_refused(chips: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        machine("trn3-gen2", chips)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("sources", "targets", "message"),
    [(["a"], [1], "devices: ['a'] should be whole numbers"),
     ([0.5], [1], "devices: [0.5] should be whole numbers"),
     ([0, 1], [1, 2, 3], "2 sources and 3 targets; give one of each"),
     ([0], [10**9], "devices are numbered 0 to 143")],
)  # fmt: skip
def test_messages_that_cannot_be_are_a_sentence(sources: list, targets: list, message: str) -> None:
    with pytest.raises(ValueError) as error:
        routes(machine("trn3-gen2", 144), sources, targets)
    assert message in str(error.value)


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="devices are numbered 0 to 143"):
        routes(machine("trn3-gen2", 144), [0], [144])
    with pytest.raises(ValueError, match="device = 144 should be a whole number from 0 to 143"):
        machine("trn3-gen2", 144).place(144)

"""The machine without a browser: what it sends is what the topology says."""

import time

import numpy as np
import pytest

from trnlab.cluster.topology import bisection_bytes_per_s, link_loads, machine, routes
from trnlab.spec.systems import SYSTEMS, system
from widgets.dashboard import link
from widgets.lesson import amount
from widgets.machine import MachineBoard, lesson
from widgets.machine.scene import chip_steps


@pytest.fixture
def board():
    return lesson()


def asked(board, **part):
    board.params = {**board.params, **part}
    return board


def column(value):
    return np.frombuffer(value["data"], {"i4": "i4", "f4": "f4"}[value["type"]])


def fact(board, name):
    return dict(board.scene["facts"])[name]


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_shown_from_one_chip_to_all_that_can_be_connected(name):
    steps = chip_steps(machine(name, SYSTEMS[name].domain_chips))
    assert steps == sorted(set(steps))
    for chips in (steps[0], SYSTEMS[name].domain_chips, steps[-1]):
        board = MachineBoard({"system": name, "chips": chips, "target": 0})
        assert board.problem == ""
        assert board.scene["machine"]["chips"] == chips
        assert board.scene["system"]["figures"]


def test_levels_and_totals_are_the_engines(board):
    of = machine("trn3-gen2", 144)
    levels = [parts for _, parts in board.scene["levels"]]
    assert levels == [level.parts for level in of.levels()]
    assert fact(board, "between its halves").startswith(amount(bisection_bytes_per_s(of), "B/s", 3))
    assert fact(board, "peak, BF16") == "96.62 PFLOP/s"
    assert fact(board, "peak, MXFP8") == "362.4 PFLOP/s"


@pytest.mark.parametrize(("source", "target"), [(0, 1), (0, 5), (0, 72), (3, 77), (9, 9)])
def test_a_route_is_the_engines(board, source, target):
    route = asked(board, source=source, target=target).scene["traffic"]["route"]
    found = routes(machine("trn3-gen2", 144), [source], [target])
    assert route["hops"] == found.hops[0]
    assert route["latency_s"] == found.latency_s[0]
    assert len(route["links"]) == found.links.shape[1]


@pytest.mark.parametrize("name", ["trn2-ultraserver", "trn3-gen1", "tpu-v5e"])
@pytest.mark.parametrize("pattern", ["ring", "all", "halves"])
def test_loads_are_the_engines(name, pattern):
    chips = system(name).domain_chips
    board = MachineBoard({"system": name, "chips": chips, "pattern": pattern, "target": 0})
    traffic, of = board.scene["traffic"], machine(name, chips)
    each, every = of.system.devices_per_chip, np.arange(chips)
    pairs = {
        "ring": (every, (every + 1) % chips),
        "halves": (every, (every + chips // 2) % chips),
        "all": tuple(part.ravel() for part in np.indices((chips, chips))),
    }[pattern]
    differ = pairs[0] != pairs[1]
    loads = link_loads(of, pairs[0][differ] * each, pairs[1][differ] * each, 1e8)
    assert traffic["busiest_s"] == pytest.approx(loads.busiest_s)
    wired = loads.links < chips * 13
    assert column(traffic["link"]).tolist() == loads.links[wired].tolist()
    assert column(traffic["share"]) == pytest.approx(loads.seconds[wired] / loads.busiest_s)


def test_another_reading_of_the_links_changes_what_hangs_on_it(board):
    offered = board.scene["system"]["readings"]
    assert len(offered) == 3 and all("GB/s" in words for _, words in offered)
    before = asked(board, pattern="pair", source=0, target=5).scene["traffic"]["busiest_s"]
    after = asked(board, reading=2).scene["traffic"]["busiest_s"]
    assert before / after == pytest.approx(896 / 320)
    changed = [row for row in board.scene["system"]["figures"] if row["status"] == "changed"]
    assert [row["what"] for row in changed] == ["fabric.rack_bytes_per_s"]


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"chips": 91}, "use 88 or 92"),
        ({"chips": 10**9}, "1,000,000,000 of trn3-gen2 cannot be connected"),
        ({"chips": -4}, "chips = -4 should be a whole number"),
        ({"chips": "many"}, "chips = 'many' should be a whole number"),
        ({"system": "trn9"}, "system: 'trn9' is not one of trn1"),
        ({"target": 144}, "device = 144 should be a whole number from 0 to 143"),
        ({"target": "x"}, "to: 'x' should be the number of a device"),
        ({"message_bytes": -1}, "message: -1 bytes should be a number from 1"),
        ({"pattern": ["pair"]}, "traffic: ['pair'] is not one of pair"),
        ({"pattern": "chaos"}, "traffic: 'chaos' is not one of pair"),
        ({"reading": "a"}, "link figures: 'a' should be a number"),
        ({"system": "tpu-v5p", "chips": 8960, "pattern": "all"}, "choose another pattern"),
        ({"system": "trn4-announced", "chips": 72, "domain": 600}, "from 1 to 576"),
        ({"system": "trn4-announced", "chips": 72, "gpus": -1}, "gpus = -1 should be a whole"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_the_picture_stays(board, part, sentence):
    before = board.scene
    asked(board, **part)
    assert sentence in board.problem
    assert "\n" not in board.problem
    assert board.scene == before
    board.params = board.defaults
    assert board.problem == ""


def test_trainium4_is_announced_and_a_mixed_domain_adds_gpus():
    board = MachineBoard(
        {"system": "trn4-announced", "chips": 64, "domain": 64, "gpus": 8, "target": 1}
    )
    assert board.scene["system"]["badge"] == "announced"
    assert "does not exist yet" in board.scene["system"]["why"]
    assert board.scene["machine"]["domain_chips"] == 72
    assert board.scene["machine"]["guests"] == 8
    assert "of GPUs" in fact(board, "one mixed domain, FP8")
    assert "between both kinds" in dict(board.scene["facts"])


def test_a_million_chips_are_as_quick_as_a_hundred():
    start = time.process_time()
    board = MachineBoard({"chips": 999_936, "source": 5, "target": 900_000})
    assert time.process_time() - start < 0.5
    assert board.scene["machine"]["domains"] == 6944
    assert "2.517 ZFLOP/s" in fact(board, "peak, MXFP8")


def test_a_part_of_a_domain_is_drawn_as_what_there_is():
    drawn = MachineBoard({"chips": 16, "target": 1}).scene["machine"]
    assert (drawn["servers"], drawn["halves"], drawn["domain_chips"]) == (4, 1, 16)
    plane = MachineBoard({"system": "trn2-ultraserver", "chips": 32, "target": 1}).scene["machine"]
    assert (plane["x"], plane["y"], plane["z"]) == (4, 4, 2)


def test_a_state_leads_back_and_an_address_is_its_own(board, monkeypatch):
    asked(board, system="trn2", chips=16, pattern="all")
    board.view = {"domain": 0}
    again = lesson(state=board.saved())
    assert again.params == board.params and again.view == board.view
    monkeypatch.setenv("QUERY_STRING", f"m={link.pack(board.saved())}&s=x")
    assert lesson().params == board.params
    monkeypatch.setenv("QUERY_STRING", "m=@@@")
    assert "cannot be read" in lesson().problem

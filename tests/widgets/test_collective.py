"""The collective without a browser: what is drawn is what was executed and timed."""

import numpy as np
import pytest

from trnlab.cluster.collectives import (
    ALGORITHMS,
    KINDS,
    candidates,
    crossovers,
    documented,
    fits,
    groups,
    time_together,
    times_s,
)
from trnlab.cluster.collectives import time as time_plan
from trnlab.cluster.topology import machine
from widgets.collective import CollectiveBoard, lesson
from widgets.collective.request import FASTEST, RUNTIME, Request
from widgets.collective.scene import scene

TYPES = {"i4": "i4", "i2": "i2", "f4": "f4", "f8": "f8", "u4": "u4"}


@pytest.fixture
def board():
    return settled(lesson())


def settled(board):
    board.settle()
    return board


def asked(board, **part):
    board.params = {**board.params, **part}
    return settled(board)


def column(value):
    return np.frombuffer(value["data"], TYPES[value["type"]])


def last_counts(found):
    """What every rank holds at the end: (rank, chunk) -> ranks in it."""
    ranks, chunks = (column(found["first"][name]) for name in ("rank", "chunk"))
    held = {(rank, chunk): 1 for rank, chunk in zip(ranks.tolist(), chunks.tolist(), strict=True)}
    rows = (column(found["sends"][name]).tolist() for name in ("target", "chunk", "count"))
    for target, chunk, count in zip(*rows, strict=True):
        held[target, chunk] = count
    return held


def cases():
    for kind in KINDS:
        for algorithm in ALGORITHMS[kind]:
            for ranks in (2, 3, 5, 8, 16):
                if algorithm != "hierarchical" and not fits(algorithm, ranks):
                    if algorithm != "kangaring":
                        yield kind, algorithm, ranks


@pytest.mark.parametrize(("kind", "algorithm", "ranks"), list(cases()))
def test_at_the_end_every_rank_holds_what_it_should(kind, algorithm, ranks):
    found = scene(Request(kind=kind, algorithm=algorithm, ranks=ranks))
    held = last_counts(found)
    for rank in range(ranks):
        for part in range(ranks):
            if kind == "all_reduce":
                assert held[rank, part] == ranks
            elif kind == "all_to_all":
                assert (rank, part * ranks + rank) in held
            elif kind in ("all_gather", "broadcast"):
                assert (rank, part) in held
        if kind == "reduce_scatter":
            assert held[rank, rank] == ranks
        if kind == "permute":
            assert (rank, (rank - 1) % ranks) in held


def test_the_bits_name_exactly_the_ranks_that_are_counted():
    found = scene(Request(kind="all_reduce", algorithm="ring", ranks=40, chips=40))
    low, high, count = (column(found["sends"][name]) for name in ("low", "high", "count"))
    both = np.unpackbits(np.stack([low, high], axis=1).view(np.uint8), axis=1).sum(axis=1)
    assert both.tolist() == count.tolist()


def test_times_are_the_engines(board):
    of = machine("trn3-gen2", 16)
    plan = candidates("all_reduce", of, 16)["ring"]
    timed = time_plan(plan, of, 1e6)
    shown = board.scene["timed"]
    assert shown["total_s"] == timed.total_s
    assert column(shown["busy_s"]).tolist() == timed.busy_s.tolist()
    assert shown["bus_bytes_per_s"] == timed.bus_bytes_per_s
    parts = np.maximum(column(shown["link_s"]), column(shown["memory_s"]))
    assert parts + timed.latency_s == pytest.approx(timed.busy_s)


@pytest.mark.parametrize(("ranks", "stride"), [(64, 1), (16, 4)])
def test_the_chart_is_the_engines_with_its_crossings(ranks, stride):
    board = settled(CollectiveBoard({"system": "trn2", "ranks": ranks, "stride": stride}))
    of, chart = machine("trn2", 16), board.times
    assert [mark["bytes"] for mark in chart["documented"]] == [2**20, 56e6, 2**25]
    for i, size in enumerate(chart["bytes"]):
        found = times_s("all_reduce", of, ranks, size, stride)
        assert [row[i] for row in chart["seconds"]] == [found[name] for name in chart["names"]]
    crossed = crossovers("all_reduce", of, ranks, stride)
    assert chart["crossovers"] == [[at.from_bytes, at.algorithm] for at in crossed]


def test_the_fastest_is_chosen_by_size_as_documented_on_one_trainium2_server():
    for size in (3e5, 4e6, 2e8):
        request = Request(
            system="trn2", kind="all_gather", ranks=64, algorithm=FASTEST, tensor_bytes=size
        )
        assert scene(request)["plan"]["algorithm"] == documented("all_gather", 64, size)


@pytest.mark.parametrize("size", [2**19, 2**20, 4e7, 56e6, 6e7])
def test_the_documented_choice_stands_beside_the_fastest(size):
    state = {"system": "trn2", "ranks": 64, "algorithm": RUNTIME, "tensor_bytes": size}
    board = settled(CollectiveBoard(state))
    named = "mesh" if size <= 2**20 else "recursive" if size <= 56e6 else "kangaring"
    assert board.scene["plan"]["algorithm"] == named
    found = times_s("all_reduce", machine("trn2", 16), 64, size)
    best = min(found, key=lambda name: found[name])
    assert board.times["runtime"] == {
        "algorithm": named, "fastest": best, "longer": found[named] / found[best] - 1
    }  # fmt: skip
    assert RUNTIME not in board.algorithms["broadcast"]
    refused = asked(board, kind="broadcast")
    assert "broadcast: 'documented' is not one of fastest, ring" in refused.problem


def test_parts_of_any_size_are_executed_and_timed_as_they_are():
    asked_ = {"system": "trn3-gen2", "kind": "all_to_all_v", "algorithm": "mesh", "skew": 4}
    board = settled(CollectiveBoard(asked_))
    shares = board.scene["plan"]["shares"]
    assert len(shares) == 16 and sum(shares) == pytest.approx(1)
    assert shares[0] == 0.25 and len(set(shares[1:])) == 1
    of = machine("trn3-gen2", 16)
    plan = candidates("all_to_all_v", of, 16)["mesh"]
    sizes = [1e6 * shares[chunk % 16] for chunk in range(256)]
    assert board.scene["timed"]["total_s"] == time_plan(plan, of, 1e6, None, sizes).total_s
    even = {name: seconds for name, seconds, _ in asked(board, skew=1).times["now"]}
    found = {name: seconds for name, seconds, _ in asked(board, skew=16).times["now"]}
    alike = times_s("all_to_all", of, 16, 1e6)
    assert even == pytest.approx(alike)
    assert all(found[name] > even[name] for name in even)
    for value in (0, 257, True, 2.5):
        assert "rank 0 gets, times the mean = " in asked(board, skew=value).problem


def test_devices_apart_sit_where_the_group_says():
    of = machine("trn3-gen2", 144)
    assert [list(devices) for devices in groups(of, 4, 4, 1)] == [[0, 4, 8, 12]]
    near = times_s("all_reduce", of, 4, 1e9, 1)["ring"]  # through the switch of one server
    apart = times_s("all_reduce", of, 4, 1e9, 4)["ring"]  # through the switch of the rack
    rates = of.system.fabric.rack_bytes_per_s / of.system.fabric.server_bytes_per_s
    assert near / apart == pytest.approx(rates, rel=0.01)


def test_groups_at_once_are_timed_with_the_links_that_they_share():
    board = CollectiveBoard({"system": "trn2", "ranks": 4, "stride": 16, "algorithm": "ring"})
    alone = board.scene["timed"]["total_s"]
    asked(board, together=True)
    of = machine("trn2", 16)
    columns = [list(devices) for devices in groups(of, 4, 16)]
    assert len(columns) == board.scene["group"]["count"] == 16
    assert sorted(sum(columns, [])) == list(range(64))
    timed = time_together(candidates("all_reduce", of, 4, 16)["ring"], of, columns, 1e6)
    assert board.scene["timed"]["total_s"] == timed.total_s > alone
    chart = dict((name, seconds) for name, seconds, _ in board.times["now"])
    assert chart["ring"] == pytest.approx(timed.total_s)


def test_no_document_is_claimed_for_another_system(board):
    assert board.times["documented"] == []


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"ranks": 17}, "end at device 16, and 16 chips of trn3-gen2 have 16"),
        ({"ranks": 0}, "ranks = 0 should be a whole number from 1 to 256"),
        ({"ranks": 1000}, "from 1 to 256; the planner times larger groups"),
        ({"ranks": "all"}, "ranks = 'all' should be a whole number"),
        ({"ranks": 12, "algorithm": "recursive"}, "12 are not a power of two; use ring, mesh"),
        ({"algorithm": "kangaring"}, "goes by pairs that share a chip"),
        ({"chips": 64, "ranks": 64, "algorithm": "single-step mesh"}, "which up to 32 ranks"),
        ({"algorithm": "star"}, "'star' is not one of fastest, documented"),
        ({"kind": "gossip"}, "collective: 'gossip' is not one of all_reduce"),
        ({"tensor_bytes": -5}, "tensor: -5 bytes should be a number"),
        ({"tensor_bytes": "big"}, "tensor: 'big' bytes should be a number"),
        ({"stride": 1.5}, "devices apart = 1.5 should be a whole number"),
        ({"chips": 91}, "use 88 or 92"),
        ({"together": 3}, "all groups at once: 3 should be true or false"),
        ({"chips": 999_936, "ranks": 2, "together": True}, "groups: 499,968 groups at once take"),
        ({"chips": 288, "ranks": 180}, "up to 60,000 can be stepped; choose fewer ranks"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_the_picture_stays(board, part, sentence):
    before = board.scene
    asked(board, **part)
    assert sentence in board.problem
    assert "\n" not in board.problem
    assert board.scene == before


@pytest.mark.parametrize("ranks", [1, 2, 13, 144])
def test_any_number_of_ranks_can_be_stepped(ranks):
    board = CollectiveBoard({"chips": 144, "ranks": ranks, "algorithm": "mesh"})
    assert board.problem == ""
    assert board.scene["plan"]["ranks"] == ranks


def test_a_state_leads_back(board):
    asked(board, kind="all_to_all", algorithm="mesh", ranks=13)
    board.view = {"step": 1, "rank": 4, "domain": 0}
    again = lesson(state=board.saved())
    assert again.params == board.params and again.view == board.view

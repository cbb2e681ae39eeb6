"""What no collective can be is a sentence."""

import numpy as np
import pytest

from trnlab.cluster.collectives import (
    as_documented,
    collective,
    crossovers,
    execute,
    fastest,
    on_groups,
    time,
    time_groups,
    times_s,
)
from trnlab.cluster.topology import machine


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

"""Hierarchical algorithms: inside each group of `inner` ranks, and between groups.

Latency adds instead of multiplying, and only one part in `inner` crosses the slow network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .schedule import Send, relabeled

Algorithm = Callable[[int], list[Send]]


def all_gather(
    n: int, inner: int, inside: Algorithm, between: Algorithm, turns: int = 1
) -> list[list[Send]]:
    """Between groups first, then inside."""
    return [_between(n, inner, between, turns), _inside(n, inner, inside, _columns(n, inner))]


def reduce_scatter(
    n: int, inner: int, inside: Algorithm, between: Algorithm, turns: int = 1
) -> list[list[Send]]:
    """Inside first, then between groups."""
    return [_inside(n, inner, inside, _columns(n, inner)), _between(n, inner, between, turns)]


def all_to_all(n: int, inner: int, exchange: Algorithm) -> list[list[Send]]:
    """Inside each group to the rank of the target's place, then between groups."""
    first, second = [], []
    groups = n // inner
    for send in exchange(inner):
        place, goal = divmod(send.chunk, inner)
        for group in range(groups):
            base = group * inner
            for other in range(groups):
                chunk = (base + place) * n + other * inner + goal
                first.append(Send(send.step, base + send.source, base + send.target, chunk))
    for send in exchange(groups):
        group, other = divmod(send.chunk, groups)
        for place in range(inner):
            for goal in range(inner):
                chunk = (group * inner + place) * n + other * inner + goal
                source, target = send.source * inner + goal, send.target * inner + goal
                second.append(Send(send.step, source, target, chunk))
    return [first, second]


def _columns(n: int, inner: int) -> list[list[int]]:
    """Chunks of the ranks at one place of every group."""
    return [list(range(place, n, inner)) for place in range(inner)]


def _inside(
    n: int, inner: int, algorithm: Algorithm, chunks: Sequence[Sequence[int]]
) -> list[Send]:
    sends = algorithm(inner)
    return [
        moved
        for base in range(0, n, inner)
        for moved in relabeled(sends, range(base, base + inner), chunks)
    ]


def _between(n: int, inner: int, algorithm: Algorithm, turns: int) -> list[Send]:
    """The ranks at one place of every group, each place in an order of its own."""
    sends = algorithm(n // inner)
    moved = []
    for place in range(inner):
        groups = turned(n // inner, place * turns // inner, turns)
        members = [group * inner + place for group in groups]
        moved += relabeled(sends, members, [[member] for member in members])
    return moved


def turned(groups: int, turn: int, turns: int) -> list[int]:
    """Groups with the bits of their numbers turned: halving then takes its axes in another order.

    A number of groups that is no power of two stays as it is.
    """
    bits = groups.bit_length() - 1
    if groups != 1 << bits:
        return list(range(groups))
    shift = bits * turn // turns
    return [(i << shift | i >> (bits - shift)) & (groups - 1) for i in range(groups)]

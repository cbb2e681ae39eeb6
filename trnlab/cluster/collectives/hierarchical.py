"""Hierarchical algorithms: inside each group of `inner` ranks, and between groups.

Latency adds instead of multiplying, and only one part in `inner` crosses the slow network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .schedule import Send, relabeled

Algorithm = Callable[[int], list[Send]]


def all_gather(n: int, inner: int, inside: Algorithm, between: Algorithm) -> list[list[Send]]:
    """Between groups first, then inside."""
    return [_between(n, inner, between), _inside(n, inner, inside, _columns(n, inner))]


def reduce_scatter(n: int, inner: int, inside: Algorithm, between: Algorithm) -> list[list[Send]]:
    """Inside first, then between groups."""
    return [_inside(n, inner, inside, _columns(n, inner)), _between(n, inner, between)]


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


def _between(n: int, inner: int, algorithm: Algorithm) -> list[Send]:
    sends = algorithm(n // inner)
    return [
        moved
        for place in range(inner)
        for moved in relabeled(
            sends, range(place, n, inner), [[chunk] for chunk in range(place, n, inner)]
        )
    ]

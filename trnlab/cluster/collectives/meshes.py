"""Mesh algorithms: every rank talks to every other at once. One or two steps, much traffic."""

from __future__ import annotations

from .schedule import Send


def _pairs(n: int) -> list[tuple[int, int]]:
    return [(r, (r + d) % n) for d in range(1, n) for r in range(n)]


def all_gather(n: int) -> list[Send]:
    """Every rank sends its chunk to all others."""
    return [Send(0, r, other, r) for r, other in _pairs(n)]


def reduce_scatter(n: int) -> list[Send]:
    """Every rank sends each chunk to its owner, who adds them."""
    return [Send(0, r, other, other, True) for r, other in _pairs(n)]


def single_step_all_reduce(n: int) -> list[Send]:
    """Every rank sends everything to all others: one step, n / 2 times the traffic of two."""
    return [Send(0, r, other, chunk, True) for r, other in _pairs(n) for chunk in range(n)]


def all_to_all(n: int) -> list[Send]:
    """Every rank sends each other what belongs to it."""
    return [Send(0, r, other, r * n + other) for r, other in _pairs(n)]


def broadcast(n: int, root: int, chunks: int) -> list[Send]:
    """The root cuts its tensor over all ranks, which then exchange their parts."""
    owners = [(root + 1 + chunk % (n - 1)) % n for chunk in range(chunks)]
    first = [Send(0, root, owner, chunk) for chunk, owner in enumerate(owners)]
    second = [
        Send(1, owner, other, chunk)
        for chunk, owner in enumerate(owners)
        for other in range(n)
        if other not in (owner, root)
    ]
    return first + second


def permute(pairs: list[tuple[int, int]]) -> list[Send]:
    """Each named rank sends its tensor to one other; chunk r is what rank r held."""
    return [Send(0, source, target, source) for source, target in pairs]

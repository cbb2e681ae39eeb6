"""Ring algorithms: each rank talks to the next one. All bandwidth, many steps.

KangaRing pairs the two ranks of a step: one read feeds a neighbor's memory and the partner's, which
halves the steps and saves a quarter to a third of the memory traffic.
"""

from __future__ import annotations

from .schedule import Send


def all_gather(n: int) -> list[Send]:
    """Step s: rank r passes on the chunk that came s steps ago."""
    return [Send(s, r, (r + 1) % n, (r - s) % n) for s in range(n - 1) for r in range(n)]


def reduce_scatter(n: int) -> list[Send]:
    """Step s: rank r passes on the partial sum of a chunk that ends at its owner."""
    return [Send(s, r, (r + 1) % n, (r - s - 1) % n, True) for s in range(n - 1) for r in range(n)]


def all_to_all(n: int) -> list[Send]:
    """Step s: every rank sends what belongs to the rank s + 1 further."""
    return [
        Send(s, r, (r + s + 1) % n, r * n + (r + s + 1) % n) for s in range(n - 1) for r in range(n)
    ]


def broadcast(n: int, root: int, chunks: int) -> list[Send]:
    """Chunks follow each other around the ring."""
    return [
        Send(chunk + hop, (root + hop) % n, (root + hop + 1) % n, chunk)
        for chunk in range(chunks)
        for hop in range(n - 1)
    ]


def kangaring_all_gather(n: int) -> list[Send]:
    """Pairs form a ring; a chunk goes to the next pair and, from the same read, to the partner."""
    pairs = n // 2
    sends = []
    for s in range(pairs):
        for r in range(n):
            pair, side = divmod(r, 2)
            chunk = (pair - s) % pairs * 2 + side
            sends.append(Send(s, r, 2 * pair + 1 - side, chunk))
            if s < pairs - 1:
                sends.append(Send(s, r, (pair + 1) % pairs * 2 + side, chunk))
    return sends


def kangaring_reduce_scatter(n: int) -> list[Send]:
    """A pair adds both of its parts to what comes in the same step, and passes the sum on."""
    pairs = n // 2
    sends = []
    for s in range(pairs):
        for r in range(n):
            pair, side = divmod(r, 2)
            chunk = (pair - s - 1) % pairs * 2 + side
            sends.append(Send(s, 2 * pair + 1 - side, r, chunk, True))
            if s < pairs - 1:
                sends.append(Send(s + 1, r, (pair + 1) % pairs * 2 + side, chunk, True))
    return sends

"""Recursive doubling and halving: log2(n) steps, the distance doubles or halves with the data."""

from __future__ import annotations

from .schedule import Send


def rounds(n: int) -> int:
    """log2(n)."""
    return n.bit_length() - 1


def all_gather(n: int) -> list[Send]:
    """Step s: partners 2^s apart exchange all 2^s chunks that they hold."""
    return [
        Send(s, r, r ^ (1 << s), (r >> s << s) + i)
        for s in range(rounds(n))
        for r in range(n)
        for i in range(1 << s)
    ]


def reduce_scatter(n: int) -> list[Send]:
    """Step s: partners exchange the half of their chunks that the other will own, and add."""
    sends = []
    for s in range(rounds(n)):
        distance = n >> (s + 1)
        for r in range(n):
            partner = r ^ distance
            first = partner // distance * distance
            sends += [Send(s, r, partner, first + i, True) for i in range(distance)]
    return sends


def all_to_all(n: int) -> list[Send]:
    """Step s: chunks whose owner differs in bit s change sides, through ranks in between."""
    sends = []
    for s in range(rounds(n)):
        bit = 1 << s
        for source in range(n):
            for target in range(n):
                if (source ^ target) & bit:
                    at = source ^ ((source ^ target) & (bit - 1))
                    sends.append(Send(s, at, at ^ bit, source * n + target))
    return sends


def broadcast(n: int, root: int, chunks: int) -> list[Send]:
    """Step s: every rank that has the tensor sends it to one that has not."""
    sends = []
    for s in range((n - 1).bit_length()):
        for r in range(min(1 << s, n - (1 << s))):
            source, target = (root + r) % n, (root + r + (1 << s)) % n
            sends += [Send(s, source, target, chunk) for chunk in range(chunks)]
    return sends

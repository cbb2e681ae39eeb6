"""Placing tiles among others whose addresses the kernel gives.

In: allocations with lifetimes, some with an address. Out: a place for each. A tile that the kernel
does not place avoids the ones that it places, while both live; of the addresses that are left it
takes the one that was free longest.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trnlab.errors import CapacityError
from trnlab.memory import Allocation


class Place(NamedTuple):
    """Where a tile lies: bytes within every partition."""

    address_bytes: int
    size_bytes: int
    before: tuple[int, ...]  # ids of the tiles that lay there before
    partition: int = 0  # where it starts, unless the kernel says so


class Span(NamedTuple):
    """Bytes that a tile has, or had last."""

    start: int
    end: int
    last_call: int
    id: int


def place_around(
    allocations: Sequence[Allocation], capacity_bytes: int, grain_bytes: int
) -> dict[int, Place]:
    """Place tiles, sorted by first call, around those that have an address.

    Raises:
        CapacityError: the live tiles do not fit
    """
    fixed = [a for a in allocations if a.slot is not None]
    history: list[Span] = []  # the last tile at every byte that was used
    places: dict[int, Place] = {}
    for allocation in allocations:
        size = allocation.pitch_bytes
        if allocation.slot is not None:
            start = allocation.slot.region.byte
        else:
            taken = _taken(allocation, history, fixed, places)
            start = _free_longest(size, taken, history, capacity_bytes, grain_bytes)
            if start < 0:
                names = {span.id for span in taken}
                live = [a for a in allocations if a.id in names]
                raise overflow(allocation, live, capacity_bytes)
        before = [
            span.id
            for span in history
            if span.last_call < allocation.first_call and overlaps(span, start, start + size)
        ]
        places[allocation.id] = Place(start, size, tuple(dict.fromkeys(before)))
        history = without(history, start, start + size)
        history.append(Span(start, start + size, allocation.last_call, allocation.id))
    return places


def _taken(
    tile: Allocation, history: list[Span], fixed: list[Allocation], places: dict[int, Place]
) -> list[Span]:
    """Bytes that other tiles have at some time while this one lives, by address."""
    live = [span for span in history if span.last_call >= tile.first_call]
    for other in fixed:
        if other.first_call <= tile.last_call and other.last_call >= tile.first_call:
            region = other.slot.region  # type: ignore[union-attr]
            live.append(Span(region.byte, region.byte_end, other.last_call, other.id))
    return sorted(live)


def _free_longest(
    size: int, taken: list[Span], history: list[Span], capacity: int, grain: int
) -> int:
    """The free address whose last tile ended first; -1 if none is large enough."""
    best = (0, -1)
    ends = sorted({0, *(span.end for span in taken), *(span.end for span in history)})
    for start in dict.fromkeys(_aligned(end, size, grain) for end in ends):
        if start + size > capacity or any(overlaps(s, start, start + size) for s in taken):
            continue
        used = [s.last_call for s in history if overlaps(s, start, start + size)]
        freed = max(used, default=-1)
        if best[1] < 0 or freed < best[0]:
            best = (freed, start)
    return best[1]


def _aligned(address: int, size: int, grain: int) -> int:
    if grain == 0:
        return address
    within = address % grain
    fits = size <= grain and within + size <= grain
    return address if within == 0 or fits else address - within + grain


def overlaps(span: Span, start: int, end: int) -> bool:
    """Whether a tile has some of the bytes from start to end."""
    return span.start < end and start < span.end


def without(history: list[Span], start: int, end: int) -> list[Span]:
    """The spans without the bytes from start to end."""
    kept = []
    for span in history:
        if not overlaps(span, start, end):
            kept.append(span)
            continue
        if span.start < start:
            kept.append(span._replace(end=start))
        if span.end > end:
            kept.append(span._replace(start=end))
    return kept


def overflow(full: Allocation, live: list[Allocation], capacity_bytes: int) -> CapacityError:
    needs = (
        f"{full.memory.upper()}: {full.name} {list(full.shape)} {full.dtype} (line {full.line}) "
        f"needs {full.pitch_bytes} bytes per partition"
    )
    if full.pitch_bytes > capacity_bytes:
        return CapacityError(f"{needs}, and there are {capacity_bytes}; tile its free dimensions")
    held = sum(tile.pitch_bytes for tile in live)
    in_pieces = held + full.pitch_bytes <= capacity_bytes
    largest = sorted(live, key=lambda tile: (-tile.pitch_bytes, tile.id))[:4]
    names = ", ".join(
        f"{tile.name} {list(tile.shape)} {tile.dtype} (line {tile.line})" for tile in largest
    )
    fix = (
        "use smaller blocks, or tiles that are dead sooner"
        if full.memory == "sbuf"
        else "copy finished tiles to SBUF sooner, or accumulate fewer tiles at once"
    )
    return CapacityError(
        f"{needs}, but {len(live)} live tiles hold {held} of {capacity_bytes}"
        f"{' and leave no gap so wide' if in_pieces else ''}: "
        f"{names}{', ...' if len(live) > 4 else ''}; {fix}"
    )

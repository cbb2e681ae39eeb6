"""Placing tiles of few partitions beside each other, when no other way is left.

In: SBUF allocations with lifetimes, and which of them start in one partition: the tiles that an
instruction reads together lie on the same lanes. Out: a place for each. Up to 32 partitions take a
quadrant, up to 64 two of them, more take all four: an instruction starts at partition 0, 32, 64 or
96. A tile takes the lowest address that is free. If later ones do not fit then, some of the first
few take the second lowest. That a compiler places so is assumed.
"""

from collections.abc import Mapping, Sequence

from trnlab.errors import CapacityError
from trnlab.memory import Allocation
from trnlab.schedule.fixed_addresses import Place, Span, overflow, overlaps, without
from trnlab.trace import Trace

QUADRANT = 32  # partitions
QUADRANTS = 4
TURNS = 16  # ways that are tried
ANYWHERE = ("dma",)  # engines whose operands start in any partition
FROM_ZERO = ("tensor",)  # those whose operands start in partition 0, as the array's rows do


def place_beside(
    allocations: Sequence[Allocation], together: Mapping[int, int], capacity_bytes: int
) -> dict[int, Place]:
    """Place tiles, sorted by first call.

    Args:
        together: by id the tile in whose partition it starts; -1: in partition 0
    Raises:
        CapacityError: the live tiles do not fit
    """
    refused = None
    for turn in range(TURNS):
        try:
            return _placed(allocations, together, capacity_bytes, turn)
        except CapacityError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _placed(
    allocations: Sequence[Allocation], together: Mapping[int, int], capacity_bytes: int, turn: int
) -> dict[int, Place]:
    """One way.

    Args:
        turn: its bits say which of the first groups take their second-best start
    """
    tallest: dict[int, int] = {}
    for tile in allocations:
        group = together.get(tile.id, tile.id)
        tallest[group] = max(tallest.get(group, 0), _height(tile))
    memory: list[list[Span]] = [[] for _ in range(QUADRANTS)]  # the last tile at every byte
    starts = {-1: 0}
    places: dict[int, Place] = {}
    for tile in allocations:
        group, size = together.get(tile.id, tile.id), tile.pitch_bytes
        bases = (starts[group],) if group in starts else range(0, QUADRANTS, tallest[group])
        found = sorted((_lowest(tile, memory, base), base) for base in bases)
        address, base = found[turn & 1 if len(found) > 1 else 0]
        turn = turn >> 1 if len(found) > 1 else turn
        if address + size > capacity_bytes:
            live = {s.id for spans in memory for s in spans if s.last_call >= tile.first_call}
            raise overflow(tile, [a for a in allocations if a.id in live], capacity_bytes)
        starts.setdefault(group, base)
        places[tile.id] = Place(address, size, _taken(tile, memory, address, base), base * QUADRANT)
    return places


def _taken(
    tile: Allocation, memory: Sequence[list[Span]], address: int, base: int
) -> tuple[int, ...]:
    """Take the bytes; the tiles that lay there before."""
    end = address + tile.pitch_bytes
    before: dict[int, None] = {}
    for spans in memory[base : base + _height(tile)]:
        before |= {span.id: None for span in spans if overlaps(span, address, end)}
        spans[:] = without(spans, address, end)
        spans.append(Span(address, end, tile.last_call, tile.id))
    return tuple(before)


def _height(tile: Allocation) -> int:
    """Quadrants: 1, 2 or 4."""
    return 1 if tile.rows <= QUADRANT else 2 if tile.rows <= 2 * QUADRANT else QUADRANTS


def _lowest(tile: Allocation, memory: Sequence[Sequence[Span]], base: int) -> int:
    """The lowest address at which its quadrants are free while it lives."""
    address = 0
    taken = [
        span
        for quadrant in range(base, base + _height(tile))
        for span in memory[quadrant]
        if span.last_call >= tile.first_call
    ]
    for span in sorted(taken):
        if overlaps(span, address, address + tile.pitch_bytes):
            address = span.end
    return address


def lanes(trace: Trace, core: int) -> dict[int, int]:
    """By SBUF tile of a core: the tile in whose partition it starts; -1: in partition 0.

    Tiles that one instruction reads start together. Operands of the Tensor engine start in
    partition 0, and so does what uses the registers of lanes.
    """
    leader: dict[int, int] = {}

    def first(id: int) -> int:
        while id >= 0 and leader.setdefault(id, id) != id:
            id = leader[id]
        return id

    for call in trace.calls:
        if call.core != core or call.kind.engine in ANYWHERE:
            continue
        used = [trace.allocations[view[0]] for view in (*call.writes, *call.reads)]
        reads = [
            (view[0], view[6].row)
            for view, tile in zip(call.reads, used[len(call.writes) :], strict=True)
            if tile.memory == "sbuf"
        ]
        is_fixed = (
            call.kind.engine in FROM_ZERO
            or any(tile.memory == "engine" for tile in used)
            or len({row for _, row in reads}) > 1
        )
        heads = {first(id) for id, _ in reads}
        for head in heads - {-1}:
            leader[head] = -1 if is_fixed else min(heads)
    return {id: first(id) for id in list(leader)}

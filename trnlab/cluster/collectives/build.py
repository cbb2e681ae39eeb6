"""The schedule of a collective by its name and that of an algorithm."""

from __future__ import annotations

from collections.abc import Sequence

from trnlab.cluster.degrees import check_whole, shown

from . import doubling, hierarchical, meshes, rings
from .schedule import Schedule, Send, relabeled, schedule

KINDS = (
    "all_reduce",
    "all_gather",
    "reduce_scatter",
    "all_to_all",
    "all_to_all_v",
    "permute",
    "broadcast",
)
ALGORITHMS = {
    "all_reduce": (
        "ring",
        "mesh",
        "single-step mesh",
        "recursive",
        "kangaring",
        "hierarchical",
    ),
    "all_gather": ("ring", "mesh", "recursive", "kangaring", "hierarchical"),
    "reduce_scatter": ("ring", "mesh", "recursive", "kangaring", "hierarchical"),
    "all_to_all": ("ring", "mesh", "recursive", "hierarchical"),
    "all_to_all_v": ("ring", "mesh", "recursive", "hierarchical"),
    "permute": ("mesh",),
    "broadcast": ("ring", "mesh", "recursive"),
}
MAX_RANKS = 4096
MAX_SENDS = 4_000_000
_GATHER = {
    "ring": rings.all_gather,
    "mesh": meshes.all_gather,
    "recursive": doubling.all_gather,
    "kangaring": rings.kangaring_all_gather,
}
_SCATTER = {
    "ring": rings.reduce_scatter,
    "mesh": meshes.reduce_scatter,
    "recursive": doubling.reduce_scatter,
    "kangaring": rings.kangaring_reduce_scatter,
}
_BY_CHIP = {"mesh": ("mesh", "mesh"), "recursive": ("mesh", "recursive")}  # inside, between chips
_EXCHANGE = {"ring": rings.all_to_all, "mesh": meshes.all_to_all, "recursive": doubling.all_to_all}
_SPREAD = {"ring": rings.broadcast, "mesh": meshes.broadcast, "recursive": doubling.broadcast}


def collective(
    kind: str,
    algorithm: str,
    ranks: int,
    *,
    inner: int | None = None,
    orders: Sequence[Sequence[int]] | None = None,
    turns: int = 1,
    root: int = 0,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> Schedule:
    """The sends of a collective among ranks 0 to ranks - 1.

    Args:
        kind: one of `KINDS`
        algorithm: one of `ALGORITHMS[kind]`
        inner: ranks of one group of a hierarchical algorithm; of mesh and recursive: ranks of one
            chip, which then share what came from other chips
        orders: ranks as they follow each other in the algorithm, of all_reduce and its halves; with
            several, each carries its part of every chunk, side by side
        turns: orders of axes in which the ranks of one chip halve and double between chips
        root: of a broadcast
        pairs: (source, target) of a permute; each rank to the next if left out
    Raises:
        ValueError: an algorithm that does not exist or does not fit the number of ranks
    """
    ranks = _check(kind, algorithm, ranks, inner)
    if kind == "permute":
        return _permute(ranks, pairs)
    if kind == "broadcast":
        root = check_whole("broadcast: root", root, ranks - 1, 0)
        chunks = ranks
        sends = _SPREAD[algorithm](ranks, root, chunks) if ranks > 1 else []
        return schedule(kind, algorithm, ranks, chunks, [sends])
    if kind.startswith("all_to_all"):
        parts = (
            hierarchical.all_to_all(ranks, inner or 1, meshes.all_to_all)
            if algorithm == "hierarchical"
            else [_EXCHANGE[algorithm](ranks)]
        )
        return schedule(kind, algorithm, ranks, ranks * ranks, parts)
    turns = check_whole(f"{kind}: turns", turns)
    parts = _parts(kind, algorithm, ranks, inner or 1, turns)
    if orders is None:
        return schedule(kind, algorithm, ranks, ranks, parts)
    if not orders or not all(_names_all(order, ranks) for order in orders):
        raise ValueError(f"{kind}: each of orders should name each of {ranks} ranks once")
    lanes = [_along(part, orders) for part in parts]
    return schedule(kind, algorithm, ranks, ranks * len(orders), lanes)


def fits(algorithm: str, ranks: int, inner: int | None = None) -> str:
    """Why an algorithm cannot serve so many ranks; "" if it can."""
    groups = ranks // inner if inner else ranks
    if algorithm == "recursive" and groups & (groups - 1):
        return f"halves and doubles, {groups} are not a power of two"
    if algorithm == "kangaring" and (ranks % 2 or ranks < 4):
        return f"goes by pairs, {ranks} ranks are not two pairs or more"
    if algorithm in _BY_CHIP and inner and ranks % inner:
        return f"groups of {inner} do not divide {ranks} ranks"
    if algorithm == "hierarchical" and (not inner or ranks % inner or not 1 < inner < ranks):
        return f"needs groups of more than one that divide {ranks} ranks, inner = {inner}"
    return ""


def _names_all(order: Sequence[int], ranks: int) -> bool:
    return len(order) == ranks and set(order) == set(range(ranks))


def _check(kind: str, algorithm: str, ranks: int, inner: int | None) -> int:
    if kind not in KINDS:
        raise ValueError(f"collective: {shown(kind)} is not one of {', '.join(KINDS)}")
    if algorithm not in ALGORITHMS[kind]:
        allowed = ", ".join(ALGORITHMS[kind])
        raise ValueError(f"{kind}: algorithm {shown(algorithm)} is not one of {allowed}")
    ranks = check_whole(f"{kind}: ranks", ranks, MAX_RANKS)
    if inner is not None:
        inner = check_whole(f"{kind}: inner", inner, MAX_RANKS)
    if kind.startswith("all_to_all") and algorithm != "hierarchical":
        inner = None  # its ranks exchange with each other, whichever chip they share
    if ranks > 1 and (reason := fits(algorithm, ranks, inner)):
        raise ValueError(f"{kind}: {algorithm} {reason}; use ring or mesh")
    cubic = algorithm == "single-step mesh" or kind.startswith("all_to_all")
    sends = ranks**3 if cubic and algorithm != "mesh" else 2 * ranks**2
    if sends > MAX_SENDS:
        raise ValueError(
            f"{kind}: {algorithm} on {ranks} ranks takes about {sends:,} sends, and one schedule "
            f"holds {MAX_SENDS:,}; use fewer ranks, or the closed form of `exchange_s`"
        )
    return ranks


def _parts(kind: str, algorithm: str, ranks: int, inner: int, turns: int) -> list[list[Send]]:
    if ranks == 1:
        return []
    if algorithm == "single-step mesh":
        return [meshes.single_step_all_reduce(ranks)]
    if algorithm == "hierarchical" or (algorithm in _BY_CHIP and 1 < inner < ranks):
        near, far = _BY_CHIP.get(algorithm, ("ring", "ring"))
        scatter = hierarchical.reduce_scatter(ranks, inner, _SCATTER[near], _SCATTER[far], turns)
        gather = hierarchical.all_gather(ranks, inner, _GATHER[near], _GATHER[far], turns)
    else:
        scatter, gather = [_SCATTER[algorithm](ranks)], [_GATHER[algorithm](ranks)]
    wanted = {"all_reduce": scatter + gather, "all_gather": gather, "reduce_scatter": scatter}
    return wanted[kind]


def _along(part: Sequence[Send], orders: Sequence[Sequence[int]]) -> list[Send]:
    """The same sends in every order at once; lane i of k carries chunks i, k + i, 2 k + i, ..."""
    lanes = len(orders)
    return [
        send
        for lane, order in enumerate(orders)
        for send in relabeled(part, order, [[rank * lanes + lane] for rank in order])
    ]


def _permute(ranks: int, pairs: Sequence[tuple[int, int]] | None) -> Schedule:
    chosen = [(r, (r + 1) % ranks) for r in range(ranks)] if pairs is None else list(pairs)
    if any(not isinstance(pair, tuple | list) or len(pair) != 2 for pair in chosen):
        raise ValueError(f"permute: pairs are (source, target), these are {shown(chosen)}")
    for end in (0, 1):
        ends = [pair[end] for pair in chosen]
        if len(set(ends)) < len(ends) or not set(ends) <= set(range(ranks)):
            raise ValueError(
                f"permute: each of {ranks} ranks sends and receives at most once, pairs say "
                f"{chosen!r:.60}"
            )
    moves = [(source, target) for source, target in chosen if source != target]
    return schedule("permute", "mesh", ranks, ranks, [meshes.permute(moves)])

"""`ReplicaGroup`: which ranks take part in a collective with each other."""

from collections.abc import Sequence
from operator import index

from trnlab.errors import KernelError


class ReplicaGroup:
    """Groups of ranks without overlap; the order within a group is the order of its ring.

    Args:
        groups: [[0, 1], [2, 3]]
    Raises:
        KernelError: a rank in two groups, or no rank at all
    """

    def __init__(self, groups: Sequence[Sequence[int]]) -> None:
        try:
            self.groups = [[index(rank) for rank in group] for group in groups]
        except TypeError:
            raise KernelError(
                f"ReplicaGroup: {groups!r} should be lists of ranks, such as [[0, 1], [2, 3]]"
            ) from None
        ranks = [rank for group in self.groups for rank in group]
        if not ranks or len(set(ranks)) != len(ranks) or not all(self.groups):
            raise KernelError(
                f"ReplicaGroup: {self.groups} must name ranks, each of them once, in lists"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReplicaGroup) and self.groups == other.groups

    def __hash__(self) -> int:
        return hash(tuple(map(tuple, self.groups)))

    def __repr__(self) -> str:
        return f"ReplicaGroup({self.groups})"

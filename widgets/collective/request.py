"""What a learner may ask of a collective, checked: machine, group, algorithm, size."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trnlab.cluster.collectives import (
    ALGORITHMS,
    KINDS,
    Schedule,
    as_documented,
    candidates,
    fits,
    times_s,
)
from trnlab.cluster.collectives.choose import DOCUMENTED, MOST_SINGLE_STEP
from trnlab.cluster.topology import Machine, machine
from widgets.machine.systems import chosen_system

FASTEST = "fastest"
RUNTIME = "documented"  # what the documents say the runtime chooses
UNEVEN = "all_to_all_v"
MOST_RANKS = 256
MOST_SENDS = 60_000
LEAST_BYTES, MOST_BYTES = 1.0, 1e12


def choices(kind: str) -> tuple[str, ...]:
    """Algorithms of a collective, and ways to choose one."""
    return (FASTEST, *((RUNTIME,) if kind in DOCUMENTED else ()), *ALGORITHMS[kind])


@dataclass(frozen=True)
class Request:
    """One collective of one group of devices."""

    system: str = "trn3-gen2"
    chips: int = 16
    reading: int = 0
    domain: int = 72
    kind: str = "all_reduce"
    algorithm: str = "ring"
    ranks: int = 16
    stride: int = 1
    together: bool = False  # all groups of the machine at once
    tensor_bytes: float = 1e6
    skew: int = 4  # of all_to_all_v: rank 0 is sent this many times as much as others on average

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Request":
        """The request that a dictionary makes; what it leaves out is the default.

        Raises:
            ValueError: a value that cannot be
        """
        names = asdict(cls()).keys() & values.keys()
        asked = cls(**{name: values[name] for name in names})
        if asked.kind not in KINDS:
            raise ValueError(f"collective: {asked.kind!r:.40} is not one of {', '.join(KINDS)}")
        known = choices(asked.kind)
        if asked.algorithm not in known:
            named = f"{asked.algorithm!r:.40}"
            raise ValueError(f"{asked.kind}: {named} is not one of {', '.join(known)}")
        for name, words, most in (
            ("ranks", "ranks", MOST_RANKS),
            ("stride", "devices apart", 10**6),
            ("skew", "rank 0 gets, times the mean", MOST_RANKS),
        ):
            value = getattr(asked, name)
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            if not is_whole or not 1 <= value <= most:
                out = "; the planner times larger groups" if name == "ranks" else ""
                raise ValueError(
                    f"{words} = {value!r:.40} should be a whole number from 1 to {most:,}{out}"
                )
        if not isinstance(asked.together, bool):
            raise ValueError(f"all groups at once: {asked.together!r:.40} should be true or false")
        size = asked.tensor_bytes
        is_number = isinstance(size, (int, float)) and not isinstance(size, bool)
        if not is_number or not LEAST_BYTES <= size <= MOST_BYTES:
            raise ValueError(f"tensor: {size!r:.40} bytes should be a number from 1 to 1e12")
        return asked

    @property
    def shares(self) -> tuple[float, ...] | None:
        """The part of its tensor that every rank sends to each, if they may differ."""
        if self.kind != UNEVEN:
            return None
        hot = min(1.0, self.skew / self.ranks)
        others = self.ranks - 1
        return (hot, *[(1 - hot) / max(1, others)] * others)

    def machine(self) -> Machine:
        """The machine, with room for the group.

        Raises:
            ValueError: no such machine, or a group that reaches beyond it
        """
        found = machine(chosen_system(self.system, self.reading, self.domain), self.chips)
        last = (self.ranks - 1) * self.stride
        if last >= found.devices:
            raise ValueError(
                f"group: {self.ranks} ranks, {self.stride} devices apart, end at device {last:,}, "
                f"and {self.chips:,} chips of {self.system} have {found.devices:,}; use fewer "
                "ranks, a smaller distance or more chips"
            )
        return found

    def schedule(self, of: Machine) -> Schedule:
        """The sends.

        Raises:
            ValueError: an algorithm that cannot serve this group, or too many sends to step
        """
        plans = candidates(self.kind, of, self.ranks, self.stride)
        name = self.algorithm
        if name == FASTEST:
            found = times_s(
                self.kind,
                of,
                self.ranks,
                self.tensor_bytes,
                self.stride,
                self.at_once(of),
                self.shares,
            )
            name = min(found, key=lambda each: found[each])
        if name == RUNTIME:
            name = as_documented(self.kind, of, self.tensor_bytes, self.ranks, self.stride)
        if name not in plans:
            others = ", ".join(plans)
            raise ValueError(f"{self.kind}: {name} {self._why_not(name, of)}; use {others}")
        if len(plans[name]) > MOST_SENDS:
            raise ValueError(
                f"{self.kind}: {name} among {self.ranks} ranks takes {len(plans[name]):,} sends, "
                f"and up to {MOST_SENDS:,} can be stepped; choose fewer ranks"
            )
        return plans[name]

    def at_once(self, of: Machine) -> int:
        """Groups that exchange at the same time.

        Raises:
            ValueError: too many to step
        """
        if not self.together:
            return 1
        count = max(1, of.devices // (self.ranks * self.stride) * self.stride)
        sends = count * min(
            len(p) for p in candidates(self.kind, of, self.ranks, self.stride).values()
        )
        if sends > MOST_SENDS:
            raise ValueError(
                f"groups: {count:,} groups at once take at least {sends:,} sends, and up to "
                f"{MOST_SENDS:,} can be stepped; choose fewer chips, or one group"
            )
        return count

    def _why_not(self, name: str, of: Machine) -> str:
        chip = max(1, of.system.devices_per_chip // self.stride)
        if name == "single-step mesh":
            most = MOST_SINGLE_STEP
            return f"sends everything to everybody, which up to {most} ranks are offered for"
        if name == "kangaring" and (chip % 2 or self.ranks % chip):
            return "goes by pairs that share a chip, and this group has none"
        return fits(name, self.ranks, chip if name == "hierarchical" else None) or "does not fit"

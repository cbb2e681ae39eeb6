"""What the visitors saw, as a Markdown table with the goals beside it."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table."""

    what: str
    seen: str
    goal: str = ""
    is_met: bool = True


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so many of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def times(
    what: str,
    values: Sequence[float],
    unit: str = "s",
    at_95: float | None = None,
    last: float | None = None,
) -> list[Row]:
    """Median, 95 % and largest of some times in seconds; no row if there are none.

    Args:
        unit: "s" or "ms", of the row and of its goals
        at_95, last: goals, for the 95th percentile and for the largest
    """
    if not values:
        return []
    scale = {"s": 1, "ms": 1000}[unit]
    shown = [scale * quantile(values, share) for share in (0.5, 0.95, 1)]
    digits = 1 if unit == "s" else 0
    seen = ", ".join(f"{value:.{digits}f}" for value in shown)
    goals = {"at 95 %": (at_95, shown[1]), "the last": (last, shown[2])}
    asked = {name: pair for name, pair in goals.items() if pair[0] is not None}
    goal = "; ".join(f"{limit:g} {unit} {name}" for name, (limit, _) in asked.items())
    is_met = all(value <= limit for limit, value in asked.values() if limit is not None)
    named = f"{what}: median, 95 %, largest of {len(values):,}"
    return [Row(named, f"{seen} {unit}", goal, is_met)]


def growth(samples: Sequence[float]) -> float:
    """By how much the last third of some samples is above the first third, as a fraction."""
    third = max(1, len(samples) // 3)
    return statistics.mean(samples[-third:]) / statistics.mean(samples[:third]) - 1


def table(rows: Sequence[Row]) -> str:
    """Markdown, as docs/serving.md has it; what misses its goal is marked."""
    lines = ["| | goal | seen |", "|---|---|---|"]
    lines += [
        f"| {row.what} | {row.goal} | {row.seen}{'' if row.is_met else ' (MISSED)'} |"
        for row in rows
    ]
    return "\n".join(lines)

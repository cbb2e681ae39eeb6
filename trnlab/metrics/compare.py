"""Two runs side by side."""

from typing import TYPE_CHECKING, NamedTuple

from trnlab.metrics.basis import caution
from trnlab.metrics.loads import loads_of
from trnlab.schedule.timeline import ENGINE_TITLE

if TYPE_CHECKING:
    from trnlab.metrics.profile import Profile


class Pair(NamedTuple):
    """One quantity of two runs."""

    quantity: str
    unit: str
    first: float
    second: float

    @property
    def ratio(self) -> float:
        """Second over first; 0 if the first is 0."""
        return self.second / self.first if self.first else 0.0


class Comparison(NamedTuple):
    """Two runs, quantity by quantity."""

    first: str
    second: str
    pairs: tuple[Pair, ...]
    caution: str = ""  # how far its times can be trusted, if nothing of the kind was measured

    def __str__(self) -> str:
        rows = [("", "", self.first, self.second, "ratio")]
        rows += [
            (p.quantity, p.unit, f"{p.first:,.4g}", f"{p.second:,.4g}", f"{p.ratio:.3g}")
            for p in self.pairs
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, self.caution] if self.caution else lines)


def compare(first: "Profile", second: "Profile") -> Comparison:
    """Put two runs side by side."""
    a, b = _quantities(first), _quantities(second)
    pairs = [Pair(name, unit, a[name, unit], b[name, unit]) for name, unit in a]
    return Comparison(
        f"{first.name} on {first.chip}",
        f"{second.name} on {second.chip}",
        tuple(pairs),
        caution(first.core) or caution(second.core),
    )


def _quantities(run: "Profile") -> dict[tuple[str, str], float]:
    line = run.timeline
    loads = loads_of(line)
    shares = {
        (f"{ENGINE_TITLE[engine]} active", "%"): 100 * run.busy[engine] for engine in run.busy
    }
    return {
        ("total time", "us"): run.total_us,
        ("MFU", "%"): 100 * run.mfu,
        ("MBU", "%"): 100 * run.mbu,
        **shares,
        ("moved between HBM and chip", "MB"): run.hbm_bytes / 1e6,
        ("useful operations", "GFLOP"): run.flops / 1e9,
        ("NKI calls", ""): len(run.trace),
        ("device instructions", ""): line.rows,
        ("DMA transfers", ""): loads.transfers,
        ("bytes per partition and transfer", "B"): loads.mean_bytes,
    }

"""What was said at the launch of Trainium3 (re:Invent, December 2025), who said it, and where.

Only the figure of a statement is kept, as it was printed: "4.4" claims one decimal, "4" none. What
it means, and whether it holds, is the business of `trnlab.cluster.claims`.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import sources as doc
from .table import Table

RELATIONS = ("more than", "about", "up to", "at least", "exactly")

PRESS = "TechCrunch on re:Invent 2025, in copies"
AIWIRE = "AWS to AIwire, December 2025 (copy at buzzbytech.com)"
NAND = "AWS as reported by NAND Research, December 2025"
LETTER_TWO = "AWS as reported by The Letter Two, December 2025"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One sentence of the announcement, reduced to its figure."""

    says: str  # in our words
    speaker: str
    relation: str  # of RELATIONS
    printed: str  # the figure as printed
    source: str

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise ValueError(f"statement: {self.relation!r} is not one of {', '.join(RELATIONS)}")

    @property
    def value(self) -> float:
        """The figure as a number."""
        return float(self.printed.replace(",", ""))

    @property
    def decimals(self) -> int:
        """Digits after the point: what the figure can be rounded to."""
        return len(self.printed.partition(".")[2])


def _said(speaker: str, source: str, relation: str, printed: str, says: str) -> Statement:
    return Statement(says=says, speaker=speaker, relation=relation, printed=printed, source=source)


def _table(printed: str, says: str) -> Statement:
    return _said("AWS's documentation", doc.TRN3_PAGE, "about", printed, says)


STATEMENTS = Table(
    {
        "4x faster": _said("the press", PRESS, "more than", "4", "more than 4 times faster"),
        "4.4x compute": _said("AWS", AIWIRE, "up to", "4.4", "up to 4.4 times the compute"),
        "fp8 2x": _table("2", "2 times the FP8 rate of Trainium2"),
        "bf16 1x": _table("1", "the BF16 rate of Trainium2, 1 time"),
        "fp32 1x": _table("1", "the FP32 rate of Trainium2, 1 time"),
        "hbm 1.5x": _table("1.5", "1.5 times the memory of Trainium2"),
        "hbm rate 1.7x": _table("1.7", "1.7 times the memory bandwidth of Trainium2"),
        "sbuf 1.14x": _table("1.14", "1.14 times the SBUF of Trainium2"),
        "link 2x": _table("2", "2 times the link bandwidth of Trainium2"),
        "dma 1.4x": _table("1.4", "1.4 times the DMA bandwidth of Trainium2"),
        "4x memory": _said("the press", PRESS, "about", "4", "4 times the memory"),
        "3.9x bandwidth": _said(
            "AWS",
            "AWS as reported by aiwiki.ai; AIwire has nearly 4",
            "about",
            "3.9",
            "3.9 times the memory bandwidth",
        ),
        "144 chips": _said("AWS", AIWIRE, "up to", "144", "up to 144 chips in one UltraServer"),
        "a million chips": _said(
            "the press", PRESS, "up to", "1,000,000", "up to a million chips in one cluster"
        ),
        "10x cluster": _said(
            "the press", PRESS, "exactly", "10", "10 times the chips of the generation before"
        ),
        "40% energy": _said(
            "AWS, already at the preview of 2024", PRESS, "at least", "1.40", "40 % more efficient"
        ),
        "4x energy": _said("AWS", AIWIRE, "at least", "4", "4 times the energy efficiency"),
        "5x tokens per watt": _said(
            "AWS, on stage (AIM3335)",
            "transcript of the session at dev.to",
            "at least",
            "5",
            "5 times the tokens per megawatt",
        ),
        "3x throughput": _said(
            "AWS", LETTER_TWO, "at least", "3", "GPT-OSS: 3 times the tokens of each chip"
        ),
        "4x responses": _said(
            "AWS", LETTER_TWO, "at least", "4", "GPT-OSS: responses 4 times as fast"
        ),
        "half the cost": _said(
            "customers, quoted by AWS",
            "AWS as reported by aiwiki.ai",
            "up to",
            "2.0",
            "up to 50 % lower cost than alternatives",
        ),
        "fp4 6x": _said("AWS", NAND, "at least", "6", "Trainium4: 6 times the FP4 rate"),
        "fp8 3x": _said("AWS", NAND, "at least", "3", "Trainium4: 3 times the FP8 rate"),
        "bandwidth 4x": _said(
            "AWS", NAND, "at least", "4", "Trainium4: 4 times the memory bandwidth"
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """How large a cluster of an earlier generation was said, or seen, to be."""

    label: str
    chips: int
    status: str  # "announced", "published" or "reported"
    source: str


EARLIER_CLUSTERS = Table(
    {
        "announced": Cluster(
            label="Trainium2, announced in 2023",
            chips=100_000,
            status="announced",
            source="AWS's announcement of Trainium2, 2023, in copies of Tom's Hardware",
        ),
        "documented": Cluster(
            label="Trainium1, as documented: over 100,000",
            chips=100_000,
            status="published",
            source=doc.TRN1_SYSTEMS,
        ),
        "deployed": Cluster(
            label="Trainium2, as deployed in Project Rainier",
            chips=500_000,
            status="reported",
            source="hyper.ai on Project Rainier, 2025",
        ),
        "deployed later": Cluster(
            label="Trainium2, as deployed by December 2025",
            chips=1_000_000,
            status="reported",
            source="AWS session AIM3335, transcript at dev.to: nearly a million",
        ),
    }
)

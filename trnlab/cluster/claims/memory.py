"""The claim of memory: capacity, bandwidth, or the host's."""

from __future__ import annotations

from trnlab.spec.sheets import Sheet
from trnlab.spec.statements import STATEMENTS

from . import figures
from .figures import NEW, OLD, PER
from .records import Claim, Evidence, Judgement, Knob, Option, Settings, Share

_WORDING = Knob(
    "wording",
    "Wording",
    (
        Option("4x memory", "4 times the memory (press)"),
        Option("3.9x bandwidth", "3.9 times the bandwidth (AWS)"),
    ),
)
_QUANTITY = Knob(
    "quantity",
    "Memory means",
    (
        Option("hbm_bytes", "HBM, capacity"),
        Option("hbm_bytes_per_s", "HBM, bandwidth"),
        Option("host_bytes", "host memory"),
        Option("sbuf", "SBUF of all cores"),
    ),
)
_FIGURE = Knob(
    "figure",
    "Figures of",
    (Option("table", "the tables of systems"), Option("guide", "the architecture guides")),
)
_WORDS = {option.value: option.label for option in _QUANTITY.options}


def _judge(settings: Settings) -> Judgement:
    new, old = figures.sheets(settings["new"], settings["old"])
    ours, theirs = (_figure(sheet, settings) for sheet in (new, old))
    chips = new.chips / old.chips
    whole = ours.value / theirs.value
    is_whole = settings["per"] == "system"
    shares = [Share("one chip", whole / chips)]
    if is_whole:
        shares.insert(0, Share("number of chips", chips))
    return Judgement(
        statement=STATEMENTS[settings["wording"]],
        found=whole if is_whole else whole / chips,
        basis="published",
        how=f"{_WORDS[settings['quantity']]} of {new.product} over {old.product}, for "
        + ("the whole system" if is_whole else "one chip"),
        evidence=(ours, theirs),
        shares=tuple(shares),
        note=_note(settings, ours, theirs),
    )


def _figure(sheet: Sheet, settings: Settings) -> Evidence:
    quantity = settings["quantity"]
    what = f"{_WORDS[quantity]}, {sheet.product}"
    if quantity == "sbuf":
        total = float(sheet.chips * sheet.chip.sbuf_bytes)
        return Evidence(what, total, "B", "inferred", "chips x cores, " + sheet.chip.source)
    fact = sheet.fact(quantity)
    other = fact.conflicts[0] if fact.conflicts and settings["figure"] == "guide" else None
    value, source = (other.value, other.source) if other else (fact.value, fact.source)
    return Evidence(what, value, fact.unit, fact.status, source)


def _note(settings: Settings, ours: Evidence, theirs: Evidence) -> str:
    """What the older chip would have to be for AWS's own figure of bandwidth."""
    if settings["quantity"] != "hbm_bytes_per_s" or settings["wording"] != "3.9x bandwidth":
        return ""
    old = figures.SHEETS[settings["old"]]
    needed = ours.value / STATEMENTS["3.9x bandwidth"].value / old.chips / 1e12
    there = theirs.value / old.chips / 1e12
    return f"The claim would need {needed:.2f} TB/s a chip of {old.product}; it has {there:.2f}."


MEMORY = Claim(
    name="memory",
    title="4 times more memory",
    question="HBM of one Trn3 UltraServer of 144 chips against one Trn2 UltraServer of 64: is it "
    "4 times as much?",
    knobs=(_WORDING, _QUANTITY, PER, _FIGURE, NEW, OLD),
    axes=("quantity", "new"),
    judge=_judge,
    settles=(
        "whether capacity or bandwidth is meant, and of which memory",
        "bytes that a program can use, without what the runtime keeps",
        "bandwidth that a long copy reaches, for one chip and for all at once",
    ),
)

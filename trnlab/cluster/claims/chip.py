"""AWS's own table of ratios, one chip against one chip."""

from __future__ import annotations

from trnlab.spec.chip import Chip
from trnlab.spec.fact import Fact
from trnlab.spec.statements import STATEMENTS
from trnlab.spec.trn2 import TRN2
from trnlab.spec.trn3 import TRN3

from .records import Claim, Evidence, Judgement, Knob, Option, Settings, Share

_QUANTITY = Knob(
    "quantity",
    "Ratio of",
    (
        Option("fp8 2x", "FP8 rate, 2 times"),
        Option("bf16 1x", "BF16 rate, 1 time"),
        Option("fp32 1x", "FP32 rate, 1 time"),
        Option("hbm 1.5x", "memory, 1.5 times"),
        Option("hbm rate 1.7x", "memory bandwidth, 1.7 times"),
        Option("sbuf 1.14x", "SBUF, 1.14 times"),
        Option("link 2x", "link bandwidth, 2 times"),
        Option("dma 1.4x", "DMA bandwidth, 1.4 times"),
    ),
)
_WORDS = {option.value: option.label.partition(",")[0] for option in _QUANTITY.options}
_FIGURE = Knob(
    "figure",
    "Figures of",
    (
        Option("page", "pages of the chips"),
        Option("other", "another document"),
        Option("core", "sum of the parts"),
    ),
)
_PEAKS = {
    "fp8 2x": ("mx", "float8_double_row"),
    "bf16 1x": ("bfloat16", "bfloat16"),
    "fp32 1x": ("float32", "float32"),
}
_MEMORY = {"hbm 1.5x": "hbm_capacity_bytes", "sbuf 1.14x": "sbuf_bytes"}


def _judge(settings: Settings) -> Judgement:
    name, figure = settings["quantity"], settings["figure"]
    pair = [_evidence(chip, name, figure) for chip in (TRN3, TRN2)]
    what = _WORDS[name]
    ours, theirs = (each and each._replace(what=f"{what}, {each.what}") for each in pair)
    statement = STATEMENTS[name]
    if ours is None or theirs is None:
        given = tuple(filter(None, (ours, theirs)))
        note = "No second document gives another figure."
        return Judgement(statement, None, "published", "no other ratio", given, note=note)
    found = ours.value / theirs.value
    return Judgement(
        statement=statement,
        found=found,
        basis="published",
        how="one Trainium3 chip over one Trainium2 chip",
        evidence=(ours, theirs),
        shares=(Share("one chip", found),),
    )


def _evidence(chip: Chip, name: str, figure: str) -> Evidence | None:
    """The figure of one chip; None: no document gives another."""
    if name in _PEAKS:
        return _peak(chip, _PEAKS[name][0 if chip is TRN3 else 1], figure)
    if name in _MEMORY:
        return None if figure == "other" else _derived(chip, _MEMORY[name])
    if name == "dma 1.4x":
        return None if figure == "other" else _dma(chip)
    if name == "link 2x":
        return _link(chip, figure)
    return _bandwidth(chip, figure)


def _of(chip: Chip, fact: Fact, factor: float = 1.0) -> Evidence:
    return Evidence(chip.product, factor * fact.value, fact.unit, fact.status, fact.source)


def _peak(chip: Chip, mode: str, figure: str) -> Evidence | None:
    if figure == "other":
        return None
    if figure == "core":
        rate = chip.peak_flops_per_s(mode)
        how = f"{chip.cores} cores x PEs x MACs x clock, {chip.source}"
        return Evidence(f"TensorE of {chip.product}", rate, "FLOP/s", "inferred", how)
    return _of(chip, chip.fact(f"published_flops_per_s.{mode}"))


def _derived(chip: Chip, field: str) -> Evidence:
    value = float(getattr(chip, field))
    return Evidence(chip.product, value, "B", "published", chip.source)


def _dma(chip: Chip) -> Evidence:
    dma = chip.core.dma
    value = chip.cores * dma.engines * dma.raw_bytes_per_s
    how = f"{chip.cores} cores x {dma.engines} engines, {dma.source}"
    return Evidence(chip.product, value, "B/s", "published", how)


def _link(chip: Chip, figure: str) -> Evidence | None:
    """All links of the chip; the text on connectivity of Trainium3 counts fewer of them."""
    fact = chip.fact("link_bytes_per_s")
    if figure == "page" or chip is TRN2:
        return _of(chip, fact)
    if figure == "other":
        other = fact.conflicts[0]
        return Evidence(chip.product, other.value, "B/s", "published", other.source)
    total = sum(link.total_bytes_per_s for link in chip.links.values())
    how = "sum of the links that the text lists, " + next(iter(chip.links.values())).source
    return Evidence(chip.product, total, "B/s", "inferred", how)


def _bandwidth(chip: Chip, figure: str) -> Evidence:
    """Page: 4.9 and 2.9 TB/s; guide: 4.7 and 3.0; core: what the model of a core uses."""
    fact = chip.fact("core.hbm.bytes_per_s")
    readings = fact.conflicts
    if figure == "core" or (figure == "other" and chip is TRN3):
        return _of(chip, fact, chip.hbm_stacks)
    other = readings[0] if figure == "page" else readings[1]
    value = chip.hbm_stacks * other.value
    return Evidence(chip.product, value, "B/s", "published", other.source)


CHIP = Claim(
    name="chip",
    title="AWS's table, chip against chip",
    question="AWS's page gives Trainium3 2 times the FP8 rate of a Trainium2 chip. Do the two "
    "printed peaks give that?",
    knobs=(_QUANTITY, _FIGURE),
    axes=("quantity", "figure"),
    judge=_judge,
    settles=(
        "what each printed peak adds up: TensorE alone, or the other engines as well",
        "a matrix product, a copy and an exchange, timed on both chips at several sizes",
    ),
)

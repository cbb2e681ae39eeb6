"""What the diagram shows: parts and flows of a NeuronCore, each number taken from `trnlab.spec`.

Goes in: the chips. Comes out: plain dictionaries for the browser. Only words and the wiring (who
reads and writes what) are written here; every number is a fact with unit, status and source.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from trnlab import spec
from trnlab.spec import sources
from widgets.core_diagram.labels import label
from widgets.lesson.amounts import amount
from widgets.theme import PARTS as LOOKS


class Part(NamedTuple):
    """A box of the diagram: what it does, its short text, and the numbers to show first."""

    role: str
    summary: Callable[[spec.Chip], list[str]]  # short lines inside the box
    first: tuple[str, ...]  # fields, the most telling first


def _clock(engine) -> str:
    return amount(engine.clock_hz, "Hz")


def _cores(count: int) -> str:
    return f"{count} cores" if count > 1 else "one core"


PARTS: Mapping[str, Part] = {
    "hbm": Part(
        "The large memory beside the cores. Nothing computes on it: every operand is first copied "
        "to SBUF. The figures are for one stack.",
        lambda chip: [
            amount(chip.core.hbm.capacity_bytes, "B"),
            f"1 of {chip.hbm_stacks} stacks",
            f"for {_cores(chip.core.hbm.cores)}",
        ],
        ("capacity_bytes", "cores", "bytes_per_s", "share_bytes_per_s"),
    ),
    "dma": Part(
        "Copy data between HBM and SBUF while the other engines compute. Each contiguous piece "
        "costs a descriptor, so short rows are slow.",
        lambda chip: [f"{chip.core.dma.engines} engines"],
        (
            "engines",
            "usable_bytes_per_s",
            "total_bytes_per_s",
            "moving_bytes_per_s",
            "descriptor_s",
            "partitions_per_engine",
            "queues",
        ),
    ),
    "sbuf": Part(
        "The working memory of the core. The program places every tile in it: there is no cache. "
        "A partition is one row, and the lanes of the engines each read their own.",
        lambda chip: [
            amount(chip.core.sbuf.total_bytes, "B"),
            f"{chip.core.sbuf.partitions} partitions",
        ],
        (
            "total_bytes",
            "partitions",
            "partition_bytes",
            "usable_partition_bytes",
        ),
    ),
    "tensor": Part(
        "Multiplies matrices. It reads both operands from SBUF and writes its results to PSUM "
        "alone.",
        lambda chip: [
            f"{chip.core.tensor.rows} × {chip.core.tensor.columns}, {_clock(chip.core.tensor)}",
            amount(chip.core.tensor.peak_flops_per_s(), "FLOP/s", 3) + " BF16",
        ],
        (
            "rows",
            "columns",
            "clock_hz",
            "peaks_flops_per_s.bfloat16",
            "published_flops_per_s.bfloat16",
            "peaks_flops_per_s.mx",
            "moving_fmax",
            "min_interval_cycles",
        ),
    ),
    "vector": Part(
        "Works element by element and reduces along the free dimension. It is also the usual way "
        "out of PSUM.",
        lambda chip: [f"{chip.core.vector.lanes} lanes, {_clock(chip.core.vector)}"],
        ("lanes", "clock_hz", "fast_sbuf_speedup", "min_interval_cycles", "overhead_cycles"),
    ),
    "scalar": Part(
        "Applies one function to every element, func(x × scale + bias): exp, gelu, tanh and "
        "others.",
        lambda chip: [f"{chip.core.scalar.lanes} lanes, {_clock(chip.core.scalar)}"],
        ("lanes", "clock_hz", "table_load_s", "min_interval_cycles", "overhead_cycles"),
    ),
    "gpsimd": Part(
        "General processors for what the other engines cannot do. They do not reach PSUM.",
        lambda chip: [f"{chip.core.gpsimd.processors} processors, {_clock(chip.core.gpsimd)}"],
        ("processors", "lanes", "clock_hz", "start_cycles", "tcm_bytes"),
    ),
    "sync": Part(
        "Has no arithmetic. It starts DMA transfers and waits for semaphores, so that the "
        "computing engines need not.",
        lambda chip: ["DMA, semaphores"],
        ("dma_trigger_s", "clock_hz"),
    ),
    "psum": Part(
        "Where the Tensor engine adds up its products. A bank holds one accumulation group; "
        "finished sums are copied to SBUF.",
        lambda chip: [amount(chip.core.psum.total_bytes, "B"), f"{chip.core.psum.banks} banks"],
        ("total_bytes", "partitions", "banks", "bank_bytes", "bank_fp32_elements"),
    ),
}


class Flow(NamedTuple):
    """Data that moves between two parts: one way, or both."""

    start: str
    end: str
    both: bool
    words: str


FLOWS = (
    Flow("hbm", "dma", True, "DMA engines read and write HBM"),
    Flow("dma", "sbuf", True, "DMA engines read and write SBUF"),
    Flow("sbuf", "tensor", False, "The Tensor engine reads SBUF"),
    Flow("tensor", "psum", False, "The Tensor engine writes PSUM"),
    Flow("sbuf", "vector", True, "The Vector engine reads and writes SBUF"),
    Flow("vector", "psum", True, "The Vector engine reads and writes PSUM"),
    Flow("sbuf", "scalar", True, "The Scalar engine reads and writes SBUF"),
    Flow("scalar", "psum", True, "The Scalar engine reads and writes PSUM"),
    Flow("sbuf", "gpsimd", True, "The GpSimd engine reads and writes SBUF"),
)
FLOWS_SOURCE = sources.TRN1_GUIDE


def chips() -> list[dict]:
    """Every chip for the browser, oldest first, each compared with the one before."""
    found, before = [], None
    for chip in spec.CHIPS.values():
        found.append(_chip(chip, before))
        before = chip
    return found


def _chip(chip: spec.Chip, before: spec.Chip | None) -> dict:
    return {
        "name": chip.name,
        "product": _short(chip),
        "core": chip.core.name,
        "cores": chip.cores,
        "before": _short(before) if before else "",
        "counts": _counts(chip),
        "flows": _rates(chip.core),
        "parts": {name: _part(name, part, chip, before) for name, part in PARTS.items()},
    }


def _short(chip: spec.Chip) -> str:
    return chip.product.removeprefix("AWS ")


def _counts(chip: spec.Chip) -> dict[str, int]:
    """How many lines and cells the drawing has."""
    core = chip.core
    return {
        "stacks": chip.hbm_stacks,
        "partitions": core.sbuf.partitions,
        "banks": core.psum.banks,
        "engines": core.dma.engines,
    }


def _rates(core: spec.Core) -> dict[str, str]:
    """Text on an arrow: the rate at which data can pass."""
    return {
        "hbm-dma": amount(core.hbm.share_bytes_per_s, "B/s", 3),
        "dma-sbuf": amount(core.dma.total_bytes_per_s, "B/s", 3),
    }


def _part(name: str, part: Part, chip: spec.Chip, before: spec.Chip | None) -> dict:
    facts = {fact.field: fact for fact in getattr(chip.core, name).facts()}
    old = {fact.field: fact for fact in getattr(before.core, name).facts()} if before else None
    shown = [field for field in part.first if field in facts]
    rest = [field for field in facts if field not in shown]
    return {
        "title": LOOKS[name].label,
        "role": part.role,
        "summary": part.summary(chip),
        "facts": [_fact(facts[field], old) for field in shown],
        "more": [_fact(facts[field], old) for field in rest],
    }


def _fact(fact: spec.Fact, old: Mapping[str, spec.Fact] | None) -> dict:
    doubt = fact.assumption
    return {
        "field": fact.field,
        "label": label(fact.field),
        "value": amount(fact.value, fact.unit),
        "status": fact.status,
        "source": fact.source,
        "others": [[amount(other.value, fact.unit), other.source] for other in fact.conflicts],
        "doubt": _doubt(doubt, fact.unit) if doubt else "",
        "before": _before(fact, old),
    }


def _doubt(doubt: spec.Assumption, unit: str) -> str:
    low, high = amount(doubt.low, unit), amount(doubt.high, unit)
    return f"{doubt.why} Between {low} and {high}." if low != high else doubt.why


def _before(fact: spec.Fact, old: Mapping[str, spec.Fact] | None) -> str:
    """What the chip before had, if it differs; "new" if it had nothing of the kind."""
    if old is None:
        return ""
    if fact.field not in old:
        return "new"
    value = old[fact.field].value
    return "" if value == fact.value else f"was {amount(value, fact.unit)}"

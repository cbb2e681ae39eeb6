"""Figures of two systems by knob: printed peaks, TensorE's own, memory, and the model's answers."""

from __future__ import annotations

from functools import lru_cache

from trnlab.cluster.planner import Ranked
from trnlab.cluster.planner import plan as find_plans
from trnlab.spec.sheets import SHEETS, Sheet

from .records import Evidence, Knob, Option

EIGHT_BIT = "8-bit"
FORMATS = (
    Option(EIGHT_BIT, "8-bit (FP8, MXFP8)"),
    Option("bfloat16", "BF16"),
    Option("float32", "FP32"),
    Option("sparse", "sparse"),
)
NEW = Knob(
    "new",
    "New system",
    (
        Option("trn3-gen2", "Trn3 UltraServer Gen2, 144 chips"),
        Option("trn3-gen1", "Trn3 UltraServer Gen1, 64 chips"),
    ),
)
OLD = Knob(
    "old",
    "Compared with",
    (
        Option("trn2-ultraserver", "Trn2 UltraServer, 64 chips"),
        Option("trn2", "Trn2 instance, 16 chips"),
        Option("trn1", "Trn1 instance, 16 chips"),
    ),
)
FORMAT = Knob("format", "Format", FORMATS)
PER = Knob("per", "Counted for", (Option("system", "the whole system"), Option("chip", "one chip")))

_MODES = {
    EIGHT_BIT: ("mx", "float8_double_row", "float8"),
    "bfloat16": ("bfloat16",),
    "float32": ("float32",),
    "sparse": ("sparse",),
}
_TYPES = {EIGHT_BIT: {"trn3": "mxfp8", "trn2": "float8"}, "bfloat16": {}, "float32": {}}
MODEL = "llama-3.1-70b"
TRAINING_BATCH, SEQUENCE = 1152, 4096
REQUESTS_PER_CHIP, PROMPT, OUTPUT = 4, 2048, 512
MODEL_SOURCE = "trnlab.cluster.plan, its fastest plan that fits"


def peak(sheet: Sheet, format_: str) -> Evidence | None:
    """AWS's printed peak of a system; None: it prints none."""
    if format_ not in sheet.flops_per_s:
        return None
    fact = sheet.fact(f"flops_per_s.{format_}")
    return Evidence(
        f"{format_} peak, {sheet.product}", fact.value, "FLOP/s", fact.status, fact.source
    )


def tensor_peak(sheet: Sheet, format_: str) -> float | None:
    """What the TensorE of one chip reaches; None: it has no such mode."""
    has = sheet.chip.core.tensor.macs_per_pe_cycle
    mode = next((mode for mode in _MODES[format_] if mode in has), None)
    return None if mode is None else sheet.chip.peak_flops_per_s(mode)


def tensor(sheet: Sheet, format_: str) -> Evidence | None:
    """Chips x cores x the TensorE peak of one core."""
    rate = tensor_peak(sheet, format_)
    if rate is None:
        return None
    how = f"{sheet.chips} chips x {sheet.chip.cores} cores x PEs x MACs x clock"
    return Evidence(
        f"{format_} peak of TensorE, {sheet.product}",
        sheet.chips * rate,
        "FLOP/s",
        "inferred",
        f"{how}, {sheet.chip.source}",
    )


def trained(sheet: Sheet, format_: str) -> Evidence:
    """The model's tokens per second in training.

    Raises:
        ValueError: the system does not train the model in that format
    """
    best = fastest(sheet.name, sheet.chips, _dtype(sheet, format_), "training", TRAINING_BATCH)
    return predicted(f"training {MODEL}, {sheet.product}", best.tokens_per_s, "tokens/s")


def served(sheet: Sheet, format_: str) -> Evidence:
    """The model's tokens per second when requests are served.

    Raises:
        ValueError: the system does not serve the model in that format
    """
    batch = REQUESTS_PER_CHIP * sheet.chips
    best = fastest(sheet.name, sheet.chips, _dtype(sheet, format_), "inference", batch)
    return predicted(f"serving {MODEL}, {sheet.product}", best.tokens_per_s, "tokens/s")


def predicted(what: str, value: float, unit: str) -> Evidence:
    """A figure of the model."""
    return Evidence(what, value, unit, "predicted", MODEL_SOURCE)


@lru_cache(maxsize=512)
def fastest(
    system: str,
    chips: int,
    dtype: str,
    task: str,
    batch: int,
    model: str = MODEL,
    prompt: int = PROMPT,
    output: int = OUTPUT,
) -> Ranked:
    """The fastest plan of a model on a system.

    Raises:
        ValueError: nothing fits, or the format is unknown to the system
    """
    return find_plans(
        model=model,
        system=system,
        chips=chips,
        goal="tokens_per_s",
        task=task,  # type: ignore[arg-type]
        global_batch=batch,
        sequence=SEQUENCE if task == "training" else prompt,
        output=output,
        dtype=dtype,
    ).best(1)[0]


def _dtype(sheet: Sheet, format_: str) -> str:
    if format_ == "sparse":
        raise ValueError("The model knows no structured sparsity: it runs dense networks alone.")
    return _TYPES[format_].get(sheet.chip.name, "bfloat16" if format_ == EIGHT_BIT else format_)


def sheets(new: str, old: str) -> tuple[Sheet, Sheet]:
    """The printed tables of both systems."""
    return SHEETS[new], SHEETS[old]

"""The claim of speed: whose peak, in which format, for how many chips."""

from __future__ import annotations

from trnlab.spec.sheets import Sheet
from trnlab.spec.statements import STATEMENTS

from . import figures
from .figures import FORMAT, NEW, OLD, PER
from .records import Claim, Evidence, Judgement, Knob, Option, Settings, Share

_WORDING = Knob(
    "wording",
    "Wording",
    (
        Option("4x faster", "more than 4 times faster (press)"),
        Option("4.4x compute", "up to 4.4 times the compute (AWS)"),
    ),
)
_MEASURE = Knob(
    "measure",
    "Faster at",
    (
        Option("peak", "peak as AWS prints it"),
        Option("tensor", "peak of TensorE alone"),
        Option("training", "training Llama 3.1 70B (model)"),
        Option("serving", "serving Llama 3.1 70B (model)"),
    ),
)
_FIND = {
    "peak": figures.peak,
    "tensor": figures.tensor,
    "training": figures.trained,
    "serving": figures.served,
}
_REST = {
    "peak": "what the printed peak counts besides TensorE",
    "training": "share of the peak that training reaches",
    "serving": "share of the peak that serving reaches",
}


def _judge(settings: Settings) -> Judgement:
    new, old = figures.sheets(settings["new"], settings["old"])
    statement = STATEMENTS[settings["wording"]]
    measure, format_ = settings["measure"], settings["format"]
    basis = "published" if measure in ("peak", "tensor") else "predicted"
    try:
        pair = _FIND[measure](new, format_), _FIND[measure](old, format_)
    except ValueError as refused:
        return Judgement(statement, None, basis, "no ratio", (), note=str(refused))
    if pair[0] is None or pair[1] is None:
        note = f"{old.product} has no published {format_} peak."
        return Judgement(statement, None, basis, "no ratio", tuple(filter(None, pair)), note=note)
    return _ratio(settings, new, old, pair[0], pair[1], basis)


def _ratio(
    settings: Settings, new: Sheet, old: Sheet, ours: Evidence, theirs: Evidence, basis: str
) -> Judgement:
    chips = new.chips / old.chips
    whole = ours.value / theirs.value
    is_whole = settings["per"] == "system"
    found = whole if is_whole else whole / chips
    rates = (
        figures.tensor_peak(new, settings["format"]),
        figures.tensor_peak(old, settings["format"]),
    )
    core = rates[0] / rates[1] if rates[0] and rates[1] else 1.0
    shares = [Share("TensorE of one chip", core)]
    if is_whole:
        shares.insert(0, Share("number of chips", chips))
    if settings["measure"] in _REST:
        shares.append(Share(_REST[settings["measure"]], whole / chips / core))
    return Judgement(
        statement=STATEMENTS[settings["wording"]],
        found=found,
        basis=basis,
        how=f"{new.product} over {old.product}, for {_counted(settings)}",
        evidence=(ours, theirs, _chips(new), _chips(old)),
        shares=tuple(shares),
    )


def _counted(settings: Settings) -> str:
    return "the whole system" if settings["per"] == "system" else "one chip"


def _chips(sheet: Sheet) -> Evidence:
    fact = sheet.fact("chips")
    return Evidence(f"chips, {sheet.product}", fact.value, "", fact.status, fact.source)


FASTER = Claim(
    name="faster",
    title="More than 4 times faster",
    question="One Trn3 UltraServer of 144 chips against one Trn2 UltraServer of 64, 8-bit peaks: "
    "is it more than 4 times faster?",
    knobs=(_WORDING, FORMAT, PER, _MEASURE, NEW, OLD),
    axes=("format", "new"),
    judge=_judge,
    settles=(
        "the model, its format on both systems, and the loss that training reached",
        "tokens per second of the whole system, and its number of chips",
        "batch, sequence, plan, and the release of the software on both",
    ),
)

"""The claims of energy: a published ratio of speed over a ratio of power that nobody publishes."""

from __future__ import annotations

from trnlab.spec.statements import STATEMENTS

from . import figures
from .figures import FORMAT, NEW
from .power import (
    OLD_POWER,
    OLD_WATTS,
    OWN_POWER,
    WATTS,
    power_evidence,
    with_own_old_power,
    with_own_power,
)
from .records import Claim, Judgement, Knob, Option, Settings, Share

_OLD = "trn2-ultraserver"
_WORDING = Knob(
    "wording",
    "Wording",
    (
        Option("40% energy", "40 % more efficient (AWS)"),
        Option("4x energy", "4 times the efficiency (AWS)"),
        Option("5x tokens per watt", "5 times the tokens per megawatt (AWS)"),
    ),
)
_MEASURE = Knob(
    "measure",
    "Work means",
    (
        Option("peak", "FLOP at the printed peak"),
        Option("training", "tokens of training (model)"),
        Option("serving", "tokens served (model)"),
    ),
)
_FIND = {"peak": figures.peak, "training": figures.trained, "serving": figures.served}


def _judge(settings: Settings) -> Judgement:
    statement, format_ = STATEMENTS[settings["wording"]], settings["format"]
    new, old = figures.sheets(settings["new"], _OLD)
    ours_w, theirs_w = with_own_power(settings), with_own_old_power(settings)
    powers = (power_evidence(ours_w), power_evidence(theirs_w))
    try:
        pair = tuple(_FIND[settings["measure"]](sheet, format_) for sheet in (new, old))
    except ValueError as refused:
        return Judgement(statement, None, "assumed", "no ratio", powers, note=str(refused))
    ours, theirs = pair
    assert ours is not None and theirs is not None
    speed = ours.value / theirs.value * old.chips / new.chips
    power = ours_w.watts / theirs_w.watts
    limit = ours_w.chip_watts * (speed / power) / statement.value
    return Judgement(
        statement=statement,
        found=speed / power,
        basis="assumed",
        how="work of one chip over its power, Trainium3 over Trainium2",
        evidence=(ours, theirs, *powers),
        shares=(Share("work of one chip", speed), Share("its power, inverted", 1 / power)),
        note=f"It would hold with at most {limit:,.0f} W for a Trainium3 chip. "
        f"Scenarios: {ours_w.name} ({ours_w.standing}), {theirs_w.name} ({theirs_w.standing}).",
    )


ENERGY = Claim(
    name="energy",
    title="40 % more energy efficient",
    question="Can anyone check from public figures that Trainium3 is 40 % more energy efficient?",
    knobs=(_WORDING, FORMAT, _MEASURE, OWN_POWER, OLD_POWER, NEW),
    axes=("power", "wording"),
    judge=_judge,
    dials=(WATTS, OLD_WATTS),
    settles=(
        "joules at the wall for a run whose result others can repeat",
        "the same run on Trainium2, with its joules at the same point",
        "what is counted: the chip, the rack with switches and fans, or the building",
    ),
)

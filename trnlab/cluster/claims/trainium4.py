"""Trainium4: multiples that were announced, applied to Trainium3. It does not exist yet."""

from __future__ import annotations

from trnlab.spec.gpus import B200
from trnlab.spec.statements import STATEMENTS
from trnlab.spec.trainium4 import FUSION, TRAINIUM4, MixedDomain, mixed_domain
from trnlab.spec.trn3 import TRN3

from .records import Claim, Evidence, Judgement, Knob, Option, Settings, Share

_WORDING = Knob(
    "wording",
    "Wording",
    (
        Option("fp4 6x", "6 times the FP4 rate (AWS)"),
        Option("fp8 3x", "3 times the FP8 rate (AWS)"),
        Option("bandwidth 4x", "4 times the memory bandwidth (AWS)"),
    ),
)
_DOMAIN = Knob(
    "domain",
    "NVLink Fusion domain",
    tuple(Option(str(chips), f"{chips} chips") for chips in (TRAINIUM4.domain_chips, 144, 576)),
)
_RACK = Knob(
    "rack",
    "In the domain",
    (
        Option("0", "Trainium4 alone"),
        Option("1/2", "half Trainium4, half B200"),
        Option("3/4", "a quarter Trainium4, the rest B200"),
    ),
)
_GPUS = {"0": 0.0, "1/2": 0.5, "3/4": 0.75}
_ABOUT = {
    "fp4 6x": ("fp4_flops_per_s", "mxfp4", "FLOP/s"),
    "fp8 3x": ("fp8_flops_per_s", "mxfp8", "FLOP/s"),
    "bandwidth 4x": ("hbm_bytes_per_s", "", "B/s"),
}


def _judge(settings: Settings) -> Judgement:
    statement = STATEMENTS[settings["wording"]]
    field, mode, unit = _ABOUT[settings["wording"]]
    now = TRN3.published_flops_per_s["mx"] if mode else TRN3.hbm_bytes_per_s
    then = float(getattr(TRAINIUM4, field))
    size = int(settings["domain"])
    gpus = int(size * _GPUS[settings["rack"]])
    rack = mixed_domain(size - gpus, gpus, B200)
    ratio = STATEMENTS["fp4 6x"].value / STATEMENTS["fp8 3x"].value
    return Judgement(
        statement=statement,
        found=None,
        basis="announced",
        how="announced multiple x Trainium3 as published",
        evidence=(
            Evidence("Trainium3 chip", now, unit, "published", TRN3.source),
            Evidence("Trainium4 chip, at least", then, unit, "announced", statement.source),
            *_domain(rack, mode, unit),
        ),
        shares=(Share("one chip, as announced", statement.value),),
        note=f"6 times and 3 times agree only if FP4 runs {ratio:g} times as fast as FP8; on "
        "Trainium3 both run alike. NVLink Fusion says how chips are joined, not how fast a "
        "program becomes.",
    )


def _domain(rack: MixedDomain, mode: str, unit: str) -> tuple[Evidence, ...]:
    own, others = rack.flops_per_s(mode) if mode else rack.hbm_bytes_per_s
    found = [Evidence(f"{rack.trainium_chips} chips of Trainium4", own, unit, "announced", FUSION)]
    if rack.gpus:
        found.append(Evidence(f"{rack.gpus} B200", others, unit, "published", B200.source))
        between = rack.between_bytes_per_s
        what = "between both kinds, one direction"
        found.append(Evidence(what, between, "B/s", "assumed", "NVLink 6, " + FUSION))
    return tuple(found)


TRAINIUM4_CLAIM = Claim(
    name="trainium4",
    title="Trainium4 will speak NVLink Fusion",
    question="Trainium4 with NVLink Fusion, 6 times the FP4 rate: can that be checked today?",
    knobs=(_WORDING, _DOMAIN, _RACK),
    axes=("wording", "domain"),
    judge=_judge,
    settles=(
        "a chip: nothing but multiples has been announced, and the documents do not name it",
        "chips of one domain, and bandwidth between a Trainium4 and a GPU in it",
        "a model that runs on both kinds at once, faster than on either alone",
    ),
)

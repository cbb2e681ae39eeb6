"""The GPT-OSS result: a measurement whose conditions were not published, beside the model's."""

from __future__ import annotations

from trnlab.cluster.planner import Ranked
from trnlab.spec.sheets import Sheet
from trnlab.spec.statements import STATEMENTS

from . import figures
from .figures import NEW
from .records import Claim, Evidence, Judgement, Knob, Option, Settings, Share

_MODEL = "gpt-oss-120b"
_OLD = "trn2-ultraserver"
_WORDING = Knob(
    "wording",
    "Wording",
    (
        Option("3x throughput", "3 times the tokens of each chip (AWS)"),
        Option("4x responses", "responses 4 times as fast (AWS)"),
    ),
)
_TYPES = {
    "own": {"trn3": "mxfp4", "trn2": "float8"},
    "8-bit": {"trn3": "mxfp8", "trn2": "float8"},
    "bfloat16": {"trn3": "bfloat16", "trn2": "bfloat16"},
}
_FORMAT = Knob(
    "format",
    "Weights",
    (
        Option("own", "MXFP4 on Trainium3, FP8 on Trainium2"),
        Option("8-bit", "8-bit on both"),
        Option("bfloat16", "BF16 on both"),
    ),
)
_LOAD = Knob(
    "load",
    "Requests for each chip",
    tuple(Option(str(count), str(count)) for count in (4, 1, 16, 64)),
)
_LENGTH = Knob(
    "length",
    "Tokens in, tokens out",
    (
        Option("1000/1000", "1,000 in, 1,000 out"),
        Option("8000/200", "8,000 in, 200 out"),
        Option("200/2000", "200 in, 2,000 out"),
    ),
)


def _judge(settings: Settings) -> Judgement:
    statement = STATEMENTS[settings["wording"]]
    pair = figures.sheets(settings["new"], _OLD)
    answer = _throughput if settings["wording"] == "3x throughput" else _response
    try:
        ours, theirs = (answer(sheet, settings) for sheet in pair)
    except ValueError as refused:
        return Judgement(statement, None, "predicted", "no ratio", (), note=str(refused))
    found = ours.value / theirs.value if ours.unit != "s" else theirs.value / ours.value
    bandwidth = _of_a_chip(pair[0]) / _of_a_chip(pair[1])
    return Judgement(
        statement=statement,
        found=found,
        basis="predicted",
        how=f"{_MODEL}, {pair[0].product} over {pair[1].product}, fastest plan of each",
        evidence=(ours, theirs),
        shares=(
            Share("memory bandwidth of one chip", bandwidth),
            Share("all else: format, links, plan", found / bandwidth),
        ),
        note="AWS has not said which batch, which lengths and which formats it measured.",
    )


def _of_a_chip(sheet: Sheet) -> float:
    return sheet.hbm_bytes_per_s / sheet.chips


def _throughput(sheet: Sheet, settings: Settings) -> Evidence:
    prompt, output = _lengths(settings)
    batch = int(settings["load"]) * sheet.chips
    best = _fastest(sheet, settings, batch, prompt, output)
    rate = best.tokens_per_s / sheet.chips
    return figures.predicted(f"tokens of one chip, {sheet.product}", rate, "tokens/s")


def _response(sheet: Sheet, settings: Settings) -> Evidence:
    """One request alone: from its arrival to its last token."""
    prompt, output = _lengths(settings)
    best = _fastest(sheet, settings, 1, prompt, output)
    return figures.predicted(f"one request alone, {sheet.product}", output / best.tokens_per_s, "s")


def _fastest(sheet: Sheet, settings: Settings, batch: int, prompt: int, output: int) -> Ranked:
    dtype = _TYPES[settings["format"]][sheet.chip.name]
    return figures.fastest(
        sheet.name, sheet.chips, dtype, "inference", batch, _MODEL, prompt, output
    )


def _lengths(settings: Settings) -> tuple[int, int]:
    prompt, output = settings["length"].split("/")
    return int(prompt), int(output)


SERVED = Claim(
    name="served",
    title="GPT-OSS: 3 times the tokens of each chip",
    question="AWS measured 3 times the GPT-OSS tokens of each chip. Can that be checked from "
    "public figures?",
    knobs=(_WORDING, _FORMAT, _LOAD, _LENGTH, NEW),
    axes=("load", "length"),
    judge=_judge,
    settles=(
        "which GPT-OSS, in which format on each chip, and the quality of its answers",
        "tokens in and out, requests at once, time to the first token and between tokens",
        "chips of each system, its plan, and the release of its software",
    ),
)

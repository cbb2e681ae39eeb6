"""The claim of cost: half of the alternatives', with a price of Trainium3 that is not published."""

from __future__ import annotations

from trnlab.cluster.scenario import cost_of
from trnlab.spec.scenario import Scenario, scenario
from trnlab.spec.statements import STATEMENTS

from . import figures
from .power import OWN_PRICE, PRICE, price_evidence, with_own_price
from .records import Claim, Evidence, Judgement, Knob, Option, Settings, Share

_CHIPS = {"trn3-gen2": 144, "h100": 64, "b200": 64, "tpu-v5p": 64, "trn2-ultraserver": 64}
_ALTERNATIVE = Knob(
    "alternative",
    "Alternative",
    (
        Option("h100", "H100, 64 of them"),
        Option("b200", "B200, 64 of them"),
        Option("tpu-v5p", "TPU v5p, 64 of them"),
        Option("trn2-ultraserver", "Trn2 UltraServer"),
    ),
)
_TASK = Knob(
    "task",
    "Work",
    (
        Option("training", "training Llama 3.1 70B"),
        Option("inference", "serving Llama 3.1 70B"),
    ),
)
_FORMAT = Knob(
    "format",
    "Format",
    (Option("bfloat16", "BF16 on both"), Option("8-bit", "8-bit where there is one")),
)
_WORDING = Knob(
    "wording", "Wording", (Option("half the cost", "up to 50 % lower cost (customers)"),)
)
_EIGHT = {"trn3-gen2": "mxfp8", "h100": "float8", "b200": "mxfp8", "trn2-ultraserver": "float8"}


def _judge(settings: Settings) -> Judgement:
    statement = STATEMENTS[settings["wording"]]
    ours, theirs = with_own_price(settings), scenario(settings["alternative"])
    prices = (price_evidence(ours), price_evidence(theirs))
    try:
        mine, other = (_cost(known, settings) for known in (ours, theirs))
    except ValueError as refused:
        return Judgement(statement, None, "assumed", "no ratio", prices, note=str(refused))
    found = other.value / mine.value
    by_price = theirs.usd_per_chip_hour / ours.usd_per_chip_hour
    limit = ours.usd_per_chip_hour * found / statement.value
    return Judgement(
        statement=statement,
        found=found,
        basis="assumed",
        how="cost of a token on the alternative over Trainium3, fastest plan of each",
        evidence=(mine, other, *prices),
        shares=(
            Share("work of one chip", found / by_price),
            Share("price of one chip, inverted", by_price),
        ),
        note=f"It would hold with at most {limit:,.2f} USD for a chip and hour. "
        f"Scenarios: {ours.name} ({ours.standing}), {theirs.name} ({theirs.standing}).",
    )


def _cost(known: Scenario, settings: Settings) -> Evidence:
    name, chips, task = known.name, _CHIPS[known.name], settings["task"]
    dtype = _EIGHT.get(name, "bfloat16") if settings["format"] == "8-bit" else "bfloat16"
    training = task == "training"
    batch = figures.TRAINING_BATCH if training else figures.REQUESTS_PER_CHIP * chips
    best = figures.fastest(name, chips, dtype, task, batch)
    usd = cost_of(best.tokens_per_s, chips, known).usd_per_million_tokens
    return figures.predicted(f"cost on {chips} chips of {name}, {dtype}", usd, "USD/Mtoken")


PRICE_CLAIM = Claim(
    name="price",
    title="Up to 50 % lower cost",
    question="Can anyone check from public figures that Trainium3 halves the cost?",
    knobs=(_WORDING, _ALTERNATIVE, _TASK, _FORMAT, OWN_PRICE),
    axes=("alternative", "task"),
    judge=_judge,
    dials=(PRICE,),
    settles=(
        "which alternative, at which price, and for how long it was reserved",
        "the price of a Trn3 UltraServer in the same region",
        "tokens per second of both on the same model, to the same quality",
    ),
)

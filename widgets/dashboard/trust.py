"""How far the times can be believed: a badge, the assumed constants, and what is left out."""

from functools import cache
from typing import Any

from trnlab import spec
from trnlab.metrics.basis import is_prediction
from trnlab.spec import Fact
from widgets.lesson import amount

LEAVES_OUT = (
    "The other cores: HBM serves this one alone, and there are no collectives.",
    "HBM's own life, refresh and pages: here it has a bandwidth, and each descriptor a cost.",
    "Ports that two engines share: here neither makes the other wait.",
    "Instruction fetch: every engine always has its next instruction at hand.",
    "The compiler's choice of queues, addresses and order: no rule is published, ours stand in.",
    "The host: loading the program, bringing inputs to HBM, fetching results.",
)

_PREDICTED = (
    "AWS has published no time of {product}. These are predictions: the model fits what was "
    "measured on Trainium1 and Trainium2, with the constants of {product} where they are known."
)
_MODELLED = (
    "The model fits published measurements of Trainium1 and Trainium2; this time is computed, "
    "not measured."
)


@cache
def honesty(chip: str) -> dict[str, Any]:
    """The badge of a chip's times, the reason, its assumed constants as text, what is left out."""
    record = spec.chip(chip)
    product = record.product.removeprefix("AWS ")
    predicted = is_prediction(record.core)
    assumed = [fact for fact in record.core.facts() if fact.status == "assumed"]
    return {
        "badge": "predicted" if predicted else "modelled",
        "why": (_PREDICTED if predicted else _MODELLED).format(product=product),
        "assumed": [_row(fact) for fact in assumed],
        "leaves_out": LEAVES_OUT,
    }


def _row(fact: Fact) -> dict[str, str]:
    doubt = fact.assumption
    assert doubt is not None
    return {
        "what": fact.field,
        "value": amount(fact.value, fact.unit),
        "range": f"{amount(doubt.low, fact.unit)} to {amount(doubt.high, fact.unit)}",
        "why": doubt.why,
    }

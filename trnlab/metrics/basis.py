"""What a time rests on: for Trainium3 nothing is measured, so each of its times is a prediction."""

from trnlab.spec import Core

PREDICTED = "v4"  # the generation whose times AWS has not published


def is_prediction(core: Core) -> bool:
    """Whether no time of this kind of core has been published."""
    return core.generation == PREDICTED


def caution(core: Core) -> str:
    """The sentence that goes with a time of this core; "" if its kind was measured."""
    if not is_prediction(core):
        return ""
    return (
        "These are predictions: AWS has published no time of Trainium3; the band of a profile is "
        "the range of its assumed constants."
    )

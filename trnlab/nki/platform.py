"""Which generation a kernel runs on: `NEURON_PLATFORM_TARGET_OVERRIDE`, else Trainium3."""

import os

from trnlab import spec
from trnlab.errors import KernelError
from trnlab.spec import Chip

VARIABLE = "NEURON_PLATFORM_TARGET_OVERRIDE"
ALIASES = {"inf2": "trn1"}


def asked_platform() -> str | None:
    """What the environment asks for; None: nothing."""
    return os.environ.get(VARIABLE) or None


def platform_chip(name: str | None = None) -> Chip:
    """The chip of a platform name.

    Args:
        name: trn1, inf2, gen2, trn2, gen3, trn3 or gen4; None: what the environment asks for
    Raises:
        KernelError: no such platform
    """
    asked = name or asked_platform()
    if asked is None:
        return spec.TRN3
    try:
        return spec.chip(ALIASES.get(asked.lower(), asked))
    except ValueError:
        raise KernelError(
            f"{VARIABLE}: {asked!r} is no platform; it may be trn1 (gen2), trn2 (gen3) or "
            "trn3 (gen4)"
        ) from None

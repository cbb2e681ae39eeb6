"""Which generation a kernel runs on: `NEURON_PLATFORM_TARGET_OVERRIDE`, else Trainium3."""

import os

from trnlab import spec
from trnlab.errors import KernelError
from trnlab.spec import Chip

VARIABLE = "NEURON_PLATFORM_TARGET_OVERRIDE"
PRECISE = "NKI_PRECISE_FP"
ALIASES = {"inf2": "trn1", "trn3pre": "trn3"}


def asked_platform() -> str | None:
    """What the environment asks for; None: nothing."""
    return os.environ.get(VARIABLE) or None


def platform_chip(name: str | None = None) -> Chip:
    """The chip of a platform name.

    Args:
        name: trn1, inf2, gen2, trn2, gen3, trn3, trn3pre or gen4; None: what the environment
            asks for
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


def require_precise() -> None:
    """Refuse NKI_PRECISE_FP=0, which keeps narrow types in float32.

    Raises:
        KernelError: it is set
    """
    if os.environ.get(PRECISE) == "0":
        raise KernelError(
            f"{PRECISE}=0 is not modelled: tiles would be wider than their dtype, and with them "
            "memory, addresses and time; pass float32 inputs to see a kernel without rounding"
        )

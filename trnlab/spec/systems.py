"""Systems by name."""

from __future__ import annotations

from difflib import get_close_matches

from .peer_systems import (
    A100_PODS,
    B200_PODS,
    H100_PODS,
    IRONWOOD_PODS,
    V4_PODS,
    V5E_PODS,
    V5P_PODS,
    V6E_PODS,
)
from .system import System
from .table import Table
from .trainium4 import trainium4
from .trainium_systems import TRN1_SERVER, TRN2_SERVER, TRN2_ULTRA, TRN3_GEN1, TRN3_GEN2

SYSTEMS = Table(
    {
        known.name: known
        for known in (
            TRN1_SERVER,
            TRN2_SERVER,
            TRN2_ULTRA,
            TRN3_GEN1,
            TRN3_GEN2,
            A100_PODS,
            H100_PODS,
            B200_PODS,
            V4_PODS,
            V5E_PODS,
            V5P_PODS,
            V6E_PODS,
            IRONWOOD_PODS,
            trainium4(),
        )
    }
)


def system(name: str | System) -> System:
    """The system of that name; a `System` is returned as it is.

    Raises:
        ValueError: no system has that name
    """
    if isinstance(name, System):
        return name
    wanted = str(name).lower().replace("_", "-")
    if wanted in SYSTEMS:
        return SYSTEMS[wanted]
    near = get_close_matches(wanted, SYSTEMS, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"system: {str(name)[:60]!r} is not one of {', '.join(SYSTEMS)}.{meant}")

"""Facts about Trainium chips: frozen records with units, sources and what is assumed.

    >>> from trnlab import spec
    >>> spec.chip("trn3").core.tensor.clock_hz
    2400000000.0

Other layers read these records; nothing here knows behavior.
"""

from __future__ import annotations

from .chip import Chip, Link
from .core import Core
from .dma import Dma
from .engines import GpSimdEngine, ScalarEngine, SyncEngine, TensorEngine, VectorEngine
from .fact import Assumption, Fact, Reading, unit
from .memories import Hbm, Psum, Sbuf
from .record import Record
from .table import Table
from .trn1 import TRN1
from .trn2 import TRN2
from .trn3 import TRN3

CHIPS = Table({chip.name: chip for chip in (TRN1, TRN2, TRN3)})


def chip(name: str | Chip) -> Chip:
    """The chip of that name; a `Chip` is returned as it is.

    Args:
        name: "trn3", "Trainium3", NKI's "gen4", or the core "v4" or "NeuronCore-v4"
    Raises:
        ValueError: no chip has that name
    """
    if isinstance(name, Chip):
        return name
    wanted = str(name).lower().replace("_", "-")
    for known in CHIPS.values():
        if wanted in _names(known):
            return known
    listed = "; ".join(f"{known.name} ({', '.join(_names(known)[1:])})" for known in CHIPS.values())
    raise ValueError(f"chip: {name!r} is not a chip of trnlab. Name one of: {listed}.")


def _names(known: Chip) -> tuple[str, ...]:
    """Every name of a chip in lower case, the shortest way to write it first."""
    product = known.product.lower()
    core = known.core
    short = product.removeprefix("aws ")
    return known.name, short, known.generation, core.generation, core.name.lower()


__all__ = [
    "CHIPS",
    "TRN1",
    "TRN2",
    "TRN3",
    "Assumption",
    "Chip",
    "Core",
    "Dma",
    "Fact",
    "GpSimdEngine",
    "Hbm",
    "Link",
    "Psum",
    "Reading",
    "Record",
    "Sbuf",
    "ScalarEngine",
    "SyncEngine",
    "Table",
    "TensorEngine",
    "VectorEngine",
    "chip",
    "unit",
]

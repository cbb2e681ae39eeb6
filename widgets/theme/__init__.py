"""The look shared by all views: colors, type, and one pattern and label for each part of the chip.

`css()` is the text of theme.css; a widget puts it before its own style. `PARTS` names what is
colored, so that a legend, a text alternative and a canvas agree on words and patterns.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple


class Part(NamedTuple):
    """A part of the chip as views show it: `--trn-<name>` is its color."""

    label: str  # in full, as AWS writes it
    short: str  # at most three letters, for a narrow mark
    pattern: str  # `--trn-pattern-<pattern>`, different among engines and among memories


PARTS = {
    "tensor": Part("Tensor engine", "T", "solid"),
    "vector": Part("Vector engine", "V", "rise"),
    "scalar": Part("Scalar engine", "S", "fall"),
    "gpsimd": Part("GpSimd engine", "G", "dots"),
    "sync": Part("Sync engine", "Sy", "columns"),
    "dma": Part("DMA engines", "D", "rows"),
    "hbm": Part("HBM", "H", "dots"),
    "sbuf": Part("SBUF", "SB", "solid"),
    "psum": Part("PSUM", "PS", "rise"),
}


@cache
def css() -> str:
    """The style sheet that defines every `--trn-` name, light and dark."""
    return (Path(__file__).parent / "theme.css").read_text(encoding="utf-8")

"""Number formats of a run: bytes that move, and how fast each kind of device multiplies them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from trnlab.spec.accelerator import Accelerator
from trnlab.spec.core import Core

MX_SCALE_BYTES = 1 / 32  # one E8M0 scale for 32 elements, stored densely


@dataclass(frozen=True)
class Format:
    """A format by its modes, best first; a device without any of them computes in BF16."""

    name: str
    bytes: float  # of one stored element
    core_modes: tuple[str, ...]  # of TensorE
    device_modes: tuple[str, ...]  # of other vendors' devices

    def mode(self, core: Core) -> str:
        """The first mode that the core has."""
        return _first(self.core_modes, core.tensor.macs_per_pe_cycle)

    def rows_per_pass(self, core: Core) -> float:
        """Contraction rows that one partition holds."""
        return max(1.0, core.tensor.macs_per_pe_cycle[self.mode(core)])

    def fold(self, core: Core) -> float:
        """Contraction rows that one stored item holds: MX packs four elements."""
        return self.rows_per_pass(core) if self.has_scales else 1.0

    @property
    def has_scales(self) -> bool:
        """Whether 32 elements share a scale."""
        return self.core_modes[0] == "mx"

    @property
    def element_bytes(self) -> float:
        """Of an element, without its share of a scale."""
        return self.bytes - MX_SCALE_BYTES if self.has_scales else self.bytes

    def slowdown(self, core: Core) -> float:
        """Cycles for one moving column; above 1 for FP32."""
        return max(1.0, 1 / core.tensor.macs_per_pe_cycle[self.mode(core)])

    def peak_flops_per_s(self, device: Accelerator) -> float:
        """Published peak of another vendor's device."""
        return device.flops_per_s[_first(self.device_modes, device.flops_per_s)]

    @property
    def result(self) -> Format:
        """What products of this format are written as."""
        return self if self.bytes >= 2 else FORMATS["bfloat16"]


def _first(wanted: tuple[str, ...], there: object) -> str:
    return next((mode for mode in wanted if mode in there), "bfloat16")  # type: ignore[operator]


FORMATS = {
    "float32": Format("float32", 4.0, ("float32",), ("float32",)),
    "bfloat16": Format("bfloat16", 2.0, ("bfloat16",), ("bfloat16",)),
    "float16": Format("float16", 2.0, ("float16",), ("float16",)),
    "float8": Format("float8", 1.0, ("float8_double_row",), ("float8",)),
    "mxfp8": Format("mxfp8", 1 + MX_SCALE_BYTES, ("mx", "float8_double_row"), ("mxfp8", "float8")),
    "mxfp4": Format("mxfp4", 0.5 + MX_SCALE_BYTES, ("mx",), ("mxfp4",)),
}
_OTHER_NAMES = {"bf16": "bfloat16", "fp16": "float16", "fp8": "float8", "fp32": "float32"}


def number_format(name: str | Format) -> Format:
    """The format of that name.

    Raises:
        ValueError: no format has that name
    """
    if isinstance(name, Format):
        return name
    wanted = _OTHER_NAMES.get(str(name).lower(), str(name).lower())
    if wanted in FORMATS:
        return FORMATS[wanted]
    near = get_close_matches(wanted, FORMATS, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"dtype: {str(name)[:40]!r} is not one of {', '.join(FORMATS)}.{meant}")

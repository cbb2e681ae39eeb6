"""Ways to store a matrix, by name: format and scale. In: float32 matrices. Out: what comes back."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from trnlab.numerics.arrays import rounded
from trnlab.numerics.blocks import BLOCK
from trnlab.numerics.formats import number_format
from trnlab.numerics.round_trip import mx_round_trip
from trnlab.numerics.scaling import SCALE_BYTES, quantize_scaled

SCALE_BITS = 8  # of one E8M0 scale


class Storage(NamedTuple):
    """A format, and who shares a scale."""

    element: str  # for screens
    format: str
    scale: str  # "none", "tensor", "row", or "mx"
    exponent_offset: int = 0

    @property
    def sharing(self) -> str:
        """Who shares a scale, for screens."""
        rule = ("OCP", "hardware")[self.exponent_offset]
        return {"none": "", "tensor": "tensor", "row": "row", "mx": f"32, {rule} rule"}[self.scale]

    @property
    def label(self) -> str:
        """In full, for a sentence."""
        return f"{self.element} ({self.sharing})" if self.sharing else self.element

    @property
    def multiplies(self) -> bool:
        """Whether TensorE takes such operands; no NeuronCore's takes integers."""
        return number_format(self.format).is_float

    def kept(self, values: np.ndarray, axis: int = -1) -> np.ndarray:
        """The values as they come back.

        Args:
            values: float32 [rows, columns]
            axis: the one that a product sums over: MX blocks lie along it, and a row scale is
                shared by all values along it
        """
        format = number_format(self.format)
        if self.scale == "none":
            return rounded(values, format)
        if self.scale == "mx":
            return mx_round_trip(values, format, self.exponent_offset, axis)
        other = 1 - axis % 2
        return quantize_scaled(values, format, other if self.scale == "row" else None).values()

    def bits(self, shape: tuple[int, int], axis: int = -1) -> float:
        """Bits for each value, scales included."""
        element = number_format(self.format).bits
        if self.scale == "mx":
            return element + SCALE_BITS / BLOCK
        sharing = {"none": 0.0, "tensor": 1.0, "row": float(shape[1 - axis % 2])}[self.scale]
        return element + 8 * SCALE_BYTES * sharing / (shape[0] * shape[1])


STORAGES: Mapping[str, Storage] = {
    "bf16": Storage("BF16", "bfloat16", "none"),
    "fp16": Storage("FP16", "float16", "none"),
    "fp8": Storage("FP8 E4M3", "float8_e4m3fn", "none"),
    "fp8-tensor": Storage("FP8 E4M3", "float8_e4m3fn", "tensor"),
    "fp8-row": Storage("FP8 E4M3", "float8_e4m3fn", "row"),
    "int8-tensor": Storage("INT8", "int8", "tensor"),
    "int8-row": Storage("INT8", "int8", "row"),
    "mxfp8-e5m2": Storage("MXFP8 E5M2", "float8_e5m2", "mx", 1),
    "mxfp8": Storage("MXFP8 E4M3", "float8_e4m3fn", "mx", 1),
    "mxfp8-ocp": Storage("MXFP8 E4M3", "float8_e4m3fn", "mx", 0),
    "fp4-row": Storage("FP4", "float4_e2m1fn", "row"),
    "mxfp4": Storage("MXFP4", "float4_e2m1fn", "mx", 0),
}

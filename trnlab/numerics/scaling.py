"""Scales in float32, for a whole tensor or for each channel: the baselines MX is compared with.

values = codes x scale, with the scale chosen so that the largest magnitude becomes the largest
value of the format. On the device the scale is a number in the kernel, or a column of them.
"""

from dataclasses import dataclass

import numpy as np

from trnlab.numerics.arrays import decoded, encoded
from trnlab.numerics.formats import NumberFormat

SCALE_BYTES = 4


@dataclass(frozen=True)
class Scaled:
    """A quantized array."""

    format: NumberFormat
    codes: np.ndarray  # the array's shape
    scale: np.ndarray  # float32, broadcasts against codes

    def values(self) -> np.ndarray:
        """codes x scale, float32."""
        return decoded(self.codes, self.format) * self.scale

    @property
    def nbytes(self) -> int:
        """Bytes of codes and scales, codes stored densely."""
        return (self.codes.size * self.format.bits + 7) // 8 + self.scale.size * SCALE_BYTES


def quantize_scaled(
    values: np.ndarray, format: NumberFormat, channel_axis: int | None = None
) -> Scaled:
    """Quantize with one float32 scale for the tensor, or one for each channel.

    A channel of zeros, or one whose largest value is infinite or NaN, gets the scale 1.

    Args:
        values: float32, any shape
        channel_axis: None: one scale; else one for each index along this axis
    Raises:
        ValueError: a scale as format, or an axis that the array has not
    """
    if format.family == "scale":
        raise ValueError(f"quantize_scaled: {format.name} holds scales; choose a number format")
    values = np.asarray(values, np.float32)
    if channel_axis is not None and not -values.ndim <= channel_axis < values.ndim:
        raise ValueError(
            f"quantize_scaled: channel_axis {channel_axis} of an array of shape "
            f"{list(values.shape)}; it has axes 0 to {values.ndim - 1}"
        )
    kept = () if channel_axis is None else (channel_axis % values.ndim,)
    others = tuple(axis for axis in range(values.ndim) if axis not in kept)
    largest = np.abs(values).max(axis=others, keepdims=True, initial=0)
    is_usable = np.isfinite(largest) & (largest > 0)
    scale = np.where(is_usable, largest, format.max_finite) / np.float32(format.max_finite)
    scale = np.maximum(scale, np.finfo(np.float32).tiny).astype(np.float32)
    return Scaled(format, encoded(values / scale, format, saturates=True), scale)

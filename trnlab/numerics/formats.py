"""Number formats as data: how many bits, what they mean, which values are special, and the source.

A `dtype` says how NKI stores an element; a format says what its bits are worth. Reading and writing
the bits is the business of `codes`, one value at a time, and of `arrays`, many at once.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import ml_dtypes
import numpy as np

FAMILIES = ("ieee", "fn", "finite", "scale", "integer")
TYPES = "nki/api/nki.api.shared.rst"
DATA_TYPES = "about-neuron/arch/neuron-features/data-types.rst"
MX_REFERENCE = "nki/deep-dives/src/mxfp-matmul/mx_cpu_utils.py"
OCP_MX = "OCP Microscaling Formats (MX) v1.0"


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """One way to write a number in bits; from the highest: sign, exponent, mantissa.

    The families differ in what the largest exponent means. "ieee": infinities and NaN; "fn": a
    number as any other, all bits set is NaN; "finite": a number as any other. A "scale" has neither
    sign nor zero, its largest code is NaN. An "integer" is two's complement.
    """

    name: str  # NKI's where NKI has it
    label: str  # for screens
    family: str
    exponent_bits: int
    mantissa_bits: int  # stored ones; for an integer all bits but the sign
    bias: int
    storage: np.dtype  # NumPy dtype that holds its values
    generations: tuple[str, ...]  # NeuronCores that have it
    source: str
    assumed: str = ""  # what the source does not say

    @property
    def sign_bits(self) -> int:
        """1, or 0 for a scale."""
        return 0 if self.family == "scale" else 1

    @property
    def bits(self) -> int:
        """Bits of one code; a tfloat32 has 19, kept in the upper bits of a float32."""
        return self.sign_bits + self.exponent_bits + self.mantissa_bits

    @property
    def is_float(self) -> bool:
        """Has sign, exponent and mantissa."""
        return self.family in ("ieee", "fn", "finite")

    @property
    def has_infinity(self) -> bool:
        """Whether a code stands for infinity."""
        return self.family == "ieee"

    @property
    def has_nan(self) -> bool:
        """Whether a code stands for NaN."""
        return self.family in ("ieee", "fn", "scale")

    @property
    def min_exponent(self) -> int:
        """Exponent of the smallest normal value; subnormal values share it."""
        return -self.bias if self.family == "scale" else 1 - self.bias

    @cached_property
    def max_code(self) -> int:
        """Code of the largest finite value."""
        top = 2 ** (self.bits - self.sign_bits) - 1
        if self.family == "ieee":
            return top - 2**self.mantissa_bits
        return top - 1 if self.has_nan else top

    @property
    def nan_code(self) -> int:
        """The quiet NaN that a conversion gives.

        Raises:
            ValueError: the format has no NaN
        """
        if not self.has_nan:
            raise ValueError(f"nan_code: {self.name} has no NaN")
        half = 2 ** (self.mantissa_bits - 1) if self.has_infinity else 0
        return self.max_code + 1 + half

    @property
    def max_exponent(self) -> int:
        """Emax: exponent of the largest finite value."""
        return math.frexp(self.max_finite)[1] - 1

    @cached_property
    def max_finite(self) -> float:
        """The largest finite value."""
        if self.family == "integer":
            return float(self.max_code)
        if self.family == "scale":
            return 2.0 ** (self.max_code - self.bias)
        exponent, mantissa = divmod(self.max_code, 2**self.mantissa_bits)
        return math.ldexp(2**self.mantissa_bits + mantissa, exponent - self.bias - self.digits)

    @property
    def digits(self) -> int:
        """Bits behind the point: the spacing of values in [1, 2) is 2^-digits."""
        return 0 if self.family == "integer" else self.mantissa_bits

    @property
    def min_finite(self) -> float:
        """The smallest finite value: of an integer -128, of a scale 2^-127."""
        if self.family == "scale":
            return 2.0**self.min_exponent
        return -self.max_finite - (1 if self.family == "integer" else 0)

    @property
    def min_normal(self) -> float:
        """The smallest positive value of full precision."""
        return 1.0 if self.family == "integer" else 2.0**self.min_exponent

    @property
    def min_subnormal(self) -> float:
        """The smallest positive value."""
        if not self.is_float:
            return self.min_normal
        return 2.0 ** (self.min_exponent - self.mantissa_bits)

    def spacing(self, value: float) -> float:
        """Distance of neighboring values where `value` lies, in the binade that it belongs to.

        Beyond the largest value the spacing of the largest.
        """
        if self.family == "integer":
            return 1.0
        if math.isnan(value):
            return math.nan
        magnitude = min(abs(value), self.max_finite)
        exponent = math.frexp(magnitude)[1] - 1 if magnitude else self.min_exponent
        return 2.0 ** (max(exponent, self.min_exponent) - self.mantissa_bits)

    @property
    def specials(self) -> tuple[str, ...]:
        """What its special codes stand for."""
        zeros = {"scale": (), "integer": ("0",)}.get(self.family, ("+0", "-0"))
        infinities = ("+inf", "-inf") if self.has_infinity else ()
        return (*zeros, *infinities, *(("NaN",) if self.has_nan else ()))


_ALL = (
    NumberFormat(
        name="float32",
        label="FP32",
        family="ieee",
        exponent_bits=8,
        mantissa_bits=23,
        bias=127,
        storage=np.dtype(np.float32),
        generations=("v2", "v3", "v4"),
        source=f"{TYPES}; {DATA_TYPES}",
    ),
    NumberFormat(
        name="tfloat32",
        label="TF32",
        family="ieee",
        exponent_bits=8,
        mantissa_bits=10,
        bias=127,
        storage=np.dtype(np.float32),
        generations=("v2", "v3", "v4"),
        source=TYPES,
    ),
    NumberFormat(
        name="bfloat16",
        label="BF16",
        family="ieee",
        exponent_bits=8,
        mantissa_bits=7,
        bias=127,
        storage=np.dtype(ml_dtypes.bfloat16),
        generations=("v2", "v3", "v4"),
        source=TYPES,
    ),
    NumberFormat(
        name="float16",
        label="FP16",
        family="ieee",
        exponent_bits=5,
        mantissa_bits=10,
        bias=15,
        storage=np.dtype(np.float16),
        generations=("v2", "v3", "v4"),
        source=TYPES,
    ),
    NumberFormat(
        name="float8_e4m3",
        label="FP8 E4M3 (legacy, ends at 240)",
        family="ieee",
        exponent_bits=4,
        mantissa_bits=3,
        bias=7,
        storage=np.dtype(ml_dtypes.float8_e4m3),
        generations=("v2", "v3", "v4"),
        source=f"{TYPES}; 240: compiler/error-codes/EVRF052.rst",
    ),
    NumberFormat(
        name="float8_e4m3fn",
        label="FP8 E4M3FN (OCP, ends at 448)",
        family="fn",
        exponent_bits=4,
        mantissa_bits=3,
        bias=7,
        storage=np.dtype(ml_dtypes.float8_e4m3fn),
        generations=("v4",),
        source=f"{MX_REFERENCE}; compiler/error-codes/EVRF051.rst",
    ),
    NumberFormat(
        name="float8_e5m2",
        label="FP8 E5M2",
        family="ieee",
        exponent_bits=5,
        mantissa_bits=2,
        bias=15,
        storage=np.dtype(ml_dtypes.float8_e5m2),
        generations=("v2", "v3", "v4"),
        source=f"{MX_REFERENCE}; {TYPES}",
    ),
    NumberFormat(
        name="float8_e3m4",
        label="FP8 E3M4",
        family="ieee",
        exponent_bits=3,
        mantissa_bits=4,
        bias=3,
        storage=np.dtype(ml_dtypes.float8_e3m4),
        generations=("v2", "v3"),
        source=f"{DATA_TYPES}; nki/guides/architecture/trainium2_arch.rst",
        assumed="infinities, NaN and the end at 15.5, as in ml_dtypes; AWS gives the layout only",
    ),
    NumberFormat(
        name="float4_e2m1fn",
        label="FP4 E2M1",
        family="finite",
        exponent_bits=2,
        mantissa_bits=1,
        bias=1,
        storage=np.dtype(ml_dtypes.float4_e2m1fn),
        generations=("v4",),
        source=f"{MX_REFERENCE}; {OCP_MX}",
    ),
    NumberFormat(
        name="float8_e8m0fnu",
        label="E8M0 scale",
        family="scale",
        exponent_bits=8,
        mantissa_bits=0,
        bias=127,
        storage=np.dtype(ml_dtypes.float8_e8m0fnu),
        generations=("v4",),
        source=f"{TYPES}; {OCP_MX}",
    ),
    NumberFormat(
        name="int8",
        label="INT8",
        family="integer",
        exponent_bits=0,
        mantissa_bits=7,
        bias=0,
        storage=np.dtype(np.int8),
        generations=("v2", "v3", "v4"),
        source=TYPES,
    ),
)

NUMBER_FORMATS = {format.name: format for format in _ALL}


def number_format(name: str) -> NumberFormat:
    """The format of a name.

    Raises:
        ValueError: no such format
    """
    if name not in NUMBER_FORMATS:
        raise ValueError(f"number_format: {name!r} is not one of {', '.join(NUMBER_FORMATS)}")
    return NUMBER_FORMATS[name]

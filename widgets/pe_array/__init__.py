"""The systolic array of TensorE, cycle by cycle."""

from widgets.pe_array.wave import Wave
from widgets.pe_array.widget import PeArray

__all__ = ["PeArray", "Wave"]

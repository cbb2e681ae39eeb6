"""The numbers in a tile: the product run once on real inputs, read where the cursor stands."""

from typing import Any

import numpy as np

from trnlab.metrics import Profile
from trnlab.numerics import storage
from widgets.stepper.product import Product

MAX_MATMULS = 1024  # with values: 2048 x 2048 x 2048 takes about half a second


class Values:
    """Values of a product of small whole numbers, recorded when they are first asked for."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self._profile: Profile | None = None

    def tile(self, call: Any, role: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """An operand right after a call, [partitions, free] as float32, and words about it.

        Raises:
            ValueError: no such operand, or a product too large to run with values
        """
        if self.product.matmuls > MAX_MATMULS:
            raise ValueError(
                f"Values are computed for up to {MAX_MATMULS:,} nc_matmuls, this product takes "
                f"{self.product.matmuls:,}; use smaller K, M or N to see them."
            )
        if self._profile is None:
            self._profile = self.product.profile(*inputs(self.product))
        trace = self._profile.trace
        if not isinstance(call, int) or not 0 <= call < len(trace):
            raise ValueError(f"call {call!r} is none of the {len(trace)} calls of this run")
        found = self._profile.values(call, str(role)).astype(np.float32)
        tile = found.reshape(found.shape[0], -1)
        tensor = next(o.tensor for o in trace.call(call).operands if o.role == role)
        low, high = np.nanmin(tile), np.nanmax(tile)
        note = f"{tensor.dtype}, {tile.shape[0]} x {tile.shape[1]}, from {low:g} to {high:g}"
        return tile, {"name": tensor.name, "note": note, "call": call, "role": role}


def inputs(product: Product) -> tuple[np.ndarray, np.ndarray]:
    """lhsT [K, M] and rhs [K, N]: whole numbers from -3 to 3, exact in every dtype."""
    rng = np.random.default_rng(0)
    dtype = storage(product.dtype)
    lhsT, rhs = (rng.integers(-3, 4, sizes).astype(dtype) for sizes in product.shapes)
    return lhsT, rhs

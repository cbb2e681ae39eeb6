"""Inputs of a run as they were before it, for looking at values later.

What the caller may change in the meantime is copied while that is cheap. A large array is kept as
it is, with a checksum: if it was changed, its values can no longer be told, and that is said.
"""

import zlib
from typing import NamedTuple

import numpy as np

MAX_COPIED_BYTES = 16 * 2**20  # of one array


class _Kept(NamedTuple):
    name: str
    array: np.ndarray
    checksum: int | None  # of the caller's own array; None: nobody else has it


class KeptInputs:
    """Arrays by allocation id."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}

    def keep(self, id: int, name: str, array: np.ndarray, is_callers: bool) -> None:
        """Add an array.

        Args:
            is_callers: the caller has it too, and may change it
        """
        checksum = None
        if is_callers and array.nbytes <= MAX_COPIED_BYTES:
            array = array.copy()
        elif is_callers:
            checksum = _checksum(array)
        self._kept[id] = _Kept(name, array, checksum)

    def arrays(self) -> dict[int, np.ndarray]:
        """All of them.

        Raises:
            ValueError: one was changed since
        """
        for name, array, checksum in self._kept.values():
            if checksum is not None and _checksum(array) != checksum:
                raise ValueError(
                    f"values: input {name} was changed after the run, and arrays of more than "
                    f"{MAX_COPIED_BYTES:,} bytes are not copied; profile again, or pass a copy"
                )
        return {id: kept.array for id, kept in self._kept.items()}


def _checksum(array: np.ndarray) -> int:
    return zlib.crc32(array.reshape(-1).view(np.uint8).data)

"""A learner's own matrix, from a file or a cell: read as data only, refused before it costs.

In: bytes that nobody has checked. Out: a float32 matrix, or a ValueError whose sentence says why
not. No pickle, no object, no evaluation; sizes are read before values are.
"""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.numerics.blocks import BLOCK

MAX_BYTES = 4_000_000  # of a file
MAX_VALUES = 1_000_000
MAX_FILLED = 2_000_000  # the same with each row's last block filled
_WAY_OUT = "save the matrix with numpy.save(path, array) or as numbers between commas"


def matrix_of(name: str, data: bytes) -> np.ndarray:
    """The matrix in a .npy or .csv file.

    Raises:
        ValueError: it cannot be used
    """
    shown = name[:60] or "The file"
    if len(data) > MAX_BYTES:
        raise ValueError(
            f"{shown} has {len(data):,} bytes, and at most {MAX_BYTES:,} are read here: take a "
            "part of it."
        )
    if not data.strip():
        raise ValueError(f"{shown} is empty: {_WAY_OUT}.")
    if data.startswith(b"\x93NUMPY"):
        return checked(_npy(shown, data), shown)
    if name.lower().endswith(".npy"):
        raise ValueError(f"{shown} is no .npy file: {_WAY_OUT}.")
    return checked(_table(shown, data), shown)


def checked(array: Any, name: str = "The array") -> np.ndarray:
    """An array as a float32 matrix, its last axis kept.

    Raises:
        ValueError: too large, of another kind than numbers, or with NaN or infinity in it
    """
    found = array if isinstance(array, np.ndarray) else np.asarray(array)
    if found.size > MAX_VALUES:
        size = f"{found.nbytes / 1e9:.1f} GB" if found.nbytes > 1e9 else f"{found.nbytes:,} bytes"
        raise ValueError(
            f"{name} has {found.size:,} values ({size}); at most {MAX_VALUES:,} are quantized "
            "here: take a part of it, such as array[:1000, :1000]."
        )
    if found.dtype.kind not in "fiu" and found.dtype.name not in ("bfloat16", "float16"):
        raise ValueError(f"{name} holds {found.dtype}, and must hold numbers: {_WAY_OUT}.")
    if found.ndim == 0 or found.size == 0 or found.shape[-1] < 2:
        raise ValueError(f"{name} has shape {list(found.shape)}: give rows of 2 or more values.")
    blocks = found.size // found.shape[-1] * -(-found.shape[-1] // BLOCK)
    if blocks * BLOCK > MAX_FILLED:
        rows = MAX_FILLED // BLOCK // -(-found.shape[-1] // BLOCK)
        raise ValueError(
            f"{name} has rows of {found.shape[-1]} values, and each row begins a block of {BLOCK}: "
            f"at most {rows:,} such rows are quantized here. Take a part of it."
        )
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(found, np.float32).reshape(-1, found.shape[-1])
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = (int(place) + 1 for place in bad[0])
        shown = float(found.reshape(values.shape)[row - 1, column - 1])
        kind = "NaN" if math.isnan(shown) else f"{shown:g}, too large for float32"
        raise ValueError(
            f"{name}: row {row}, column {column} is {kind}. Replace it, then try again."
        )
    if not values.any():
        raise ValueError(f"{name} holds nothing but zeros, and no error can be measured on them.")
    return values


def _npy(name: str, data: bytes) -> np.ndarray:
    """The array of a .npy file, after its header has been checked."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read(stream)
    except (ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(
            f"{name}: its .npy header cannot be read. {_WAY_OUT.capitalize()}."
        ) from None
    if dtype.hasobject or dtype.kind not in "fiu":
        raise ValueError(
            f"{name} holds {'Python objects' if dtype.hasobject else dtype}, and only numbers are "
            f"read: {_WAY_OUT}."
        )
    count = math.prod(shape)
    if count > MAX_VALUES:
        raise ValueError(
            f"{name} says that it holds {count:,} values ({count * dtype.itemsize / 1e9:.3g} GB); "
            f"at most {MAX_VALUES:,} are read here: take a part of it."
        )
    rest = data[stream.tell() :]
    if len(rest) < count * dtype.itemsize:
        raise ValueError(f"{name} ends before its {count:,} values do: copy the file again.")
    flat = np.frombuffer(rest, dtype, count)
    return flat.reshape(shape, order="F" if is_fortran else "C")


def _table(name: str, data: bytes) -> np.ndarray:
    """Numbers between commas (or semicolons, tabs, blanks as `numpy.savetxt` writes them)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is neither .npy nor text: {_WAY_OUT}.") from None
    mark = max(",;\t", key=text[:2000].count)
    if mark not in text:
        mark, text = " ", "\n".join(" ".join(line.split()) for line in text.splitlines())
    rows: list[Sequence[float]] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=mark), 1):
            if any(cell.strip() for cell in cells):
                rows.append([_number(name, number, i, cell) for i, cell in enumerate(cells, 1)])
    except csv.Error:
        raise ValueError(f"{name} is no table of numbers: {_WAY_OUT}.") from None
    lengths = {len(row) for row in rows}
    if len(lengths) != 1:
        raise ValueError(
            f"{name}: rows have {min(lengths)} to {max(lengths)} values; all must have the same."
        )
    return np.array(rows, np.float64)


def _number(name: str, row: int, column: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        shown = cell.strip()[:20] or "empty"
        raise ValueError(
            f"{name}: row {row}, column {column} is {shown!r}, not a number. Leave headings out."
        ) from None

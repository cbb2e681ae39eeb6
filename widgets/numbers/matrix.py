"""A matrix in every format: what is lost, where, and what taming its outliers brings."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from trnlab.numerics.errors import errors, sqnr_db
from trnlab.numerics.rotation import rotated, smoothing_factors
from widgets.lesson.amounts import percent
from widgets.numbers import bundle, files
from widgets.numbers.choices import one_of
from widgets.numbers.matrices import MATRICES, Pair, pair, with_weights
from widgets.numbers.part import Part
from widgets.numbers.storages import STORAGES
from widgets.numbers.words import decibel

OWN = "own"
TAMES = {"none": "Nothing", "rotate": "Hadamard rotation", "smooth": "Outlier smoothing"}
BINS = np.arange(-24, 10.1, 0.5)  # powers of two, of the histogram
MAP_CELLS = 64  # along each side, at most
MAP_DECADES = 4  # of the shades, down from the largest
SHADES = 16


class Matrix(Part):
    """A matrix, its formats, and one of them looked at closely."""

    _esm = bundle.module("matrix")
    name = "matrix"
    first = {"data": "outliers", "format": "mxfp4", "tame": "none"}

    def __init__(self, state: Any = None, waits: bool = False, own: Any = None) -> None:
        self._own: Pair | None = None
        if own is not None:
            self._own = with_weights(files.checked(own), "Your array, times normal weights.")
            state = {"data": OWN, **(state or {})}
        self.fixed = {
            "data": [[name, words] for name, (words, _) in MATRICES.items()] + [[OWN, "Your file"]],
            "tames": list(TAMES.items()),
            "max_bytes": files.MAX_BYTES,
            "shades": SHADES,
            "decades": MAP_DECADES,
        }
        super().__init__(state, waits)

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """All formats of a matrix, and the histogram and maps of the chosen one."""
        given = self._pair(params["data"])
        chosen = STORAGES[one_of("format", params["format"], STORAGES)]
        x, w, back = tamed(given, one_of("before rounding", params["tame"], TAMES))
        exact = given.x @ given.w
        rows = [_row(name, given, (x, w), back, exact) for name in STORAGES]
        kept = chosen.kept(x)
        found = errors(x, kept)
        return {
            "words": given.words,
            "shape": list(x.shape),
            "rows": rows,
            "chosen": params["format"],
            "label": chosen.label,
            "histogram": _histogram(x, kept),
            "maps": _maps(x, kept),
            "vanished": percent(found.vanished / x.size),
            "spread": f"{np.abs(x).max() / np.sqrt(np.mean(np.square(x))):.1f}",
            "summary": _summary(rows, params),
        }

    def receive(self, message: Mapping[str, Any], buffers: list[Any]) -> None:
        """A file: read it, and show it in the place of what is shown."""
        if message.get("kind") != "file":
            return
        name = str(message.get("name", ""))
        values = files.matrix_of(name, bytes(buffers[0]) if buffers else b"")
        self._own = with_weights(values, f"{name[:60]}, times normal weights.")
        self.show({**self.params, "data": OWN})

    def _pair(self, name: Any) -> Pair:
        if one_of("matrix", name, [*MATRICES, OWN]) != OWN:
            return pair(name)
        if self._own is None:
            raise ValueError("There is no file of yours here: load a .npy or .csv file.")
        return self._own


def tamed(given: Pair, tame: str) -> tuple[np.ndarray, np.ndarray, Any]:
    """X and W as they are stored, and the function that brings X back."""
    x, w = given.x, given.w
    if tame == "rotate":
        return rotated(x), rotated(w, axis=0), rotated
    if tame == "smooth":
        factors = smoothing_factors(x, w)
        return x / factors, w * factors[:, np.newaxis], lambda values: values * factors
    return x, w, lambda values: values


def _row(
    name: str, given: Pair, stored: tuple[np.ndarray, np.ndarray], back: Any, exact: np.ndarray
) -> dict[str, Any]:
    """One format: the error of X, of the product, and the bits."""
    storage, (x, w) = STORAGES[name], stored
    kept = storage.kept(x)
    product = kept @ storage.kept(w, axis=0)
    own, together = sqnr_db(given.x, back(kept)), sqnr_db(exact, product)
    return {
        "name": name,
        "element": storage.element + ("" if storage.multiplies else "*"),
        "sharing": storage.sharing or "none",
        "label": storage.label,
        "multiplies": storage.multiplies,
        "bits": storage.bits(x.shape),
        "db": _drawable(own),
        "product_db": _drawable(together),
        "words": decibel(own) if np.isfinite(kept).all() else f"{decibel(own)}, some overflow",
        "product_words": decibel(together),
    }


def _drawable(db: float) -> float | None:
    return float(db) if np.isfinite(db) else None


def _histogram(x: np.ndarray, kept: np.ndarray) -> dict[str, Any]:
    """How many values, and how many errors, of each size; in bins of half a power of two."""

    def counts(values: np.ndarray) -> list[int]:
        sizes = np.abs(values[np.isfinite(values) & (values != 0)])
        inside = np.clip(np.log2(sizes), BINS[0], BINS[-1])
        return np.histogram(inside, BINS)[0].tolist()

    with np.errstate(invalid="ignore"):
        difference = kept - x
    return {
        "first": float(BINS[0]),
        "last": float(BINS[-1]),
        "values": counts(x),
        "errors": counts(difference),
    }


def _maps(x: np.ndarray, kept: np.ndarray) -> dict[str, Any]:
    """Largest magnitude in each cell of a coarse grid, of values and of errors, in shades."""
    with np.errstate(invalid="ignore"):
        difference = np.nan_to_num(np.abs(kept - x), nan=np.inf, posinf=np.inf)
    value_cells, error_cells = _cells(np.abs(x)), _cells(difference)
    top = float(value_cells.max())
    return {
        "rows": value_cells.shape[0],
        "columns": value_cells.shape[1],
        "top": top,
        "values": _shades(value_cells, top),
        "errors": _shades(error_cells, top),
    }


def _cells(sizes: np.ndarray) -> np.ndarray:
    row = np.linspace(0, sizes.shape[0], min(MAP_CELLS, sizes.shape[0]) + 1).astype(int)[:-1]
    column = np.linspace(0, sizes.shape[1], min(MAP_CELLS, sizes.shape[1]) + 1).astype(int)[:-1]
    return np.maximum.reduceat(np.maximum.reduceat(sizes, row, axis=0), column, axis=1)


def _shades(cells: np.ndarray, top: float) -> str:
    """A hexadecimal digit for each cell: 0 for nothing, f for `top`, four decades between."""
    with np.errstate(divide="ignore"):
        decades = np.log10(cells / top)
    shade = np.clip(np.ceil((1 + decades / MAP_DECADES) * (SHADES - 1)), 0, SHADES - 1)
    shade = np.where(cells > 0, np.maximum(shade, 1), 0).astype(int)
    return "".join(f"{level:x}" for level in shade.reshape(-1))


def _summary(rows: list[dict[str, Any]], params: Mapping[str, Any]) -> str:
    by = {row["name"]: row for row in rows}
    chosen = by[params["format"]]
    narrow = max(
        (row for row in rows if row["bits"] < 9 and row["multiplies"]),
        key=lambda row: row["product_db"] or -np.inf,
    )
    return (
        f"{chosen['label']}: {chosen['words']} for the matrix, {chosen['product_words']} for the "
        f"product, {chosen['bits']:.4g} bits a value. Best for the product, of the narrow ones "
        f"that TensorE multiplies: {narrow['label']}, {narrow['product_words']}."
    )

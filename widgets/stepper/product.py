"""What a learner chooses: rung, sizes, blocks, dtype and chip, checked before a run.

In: dictionaries from controls, links and cells, which nobody has checked. Out: a `Product` that can
be profiled in a moment, or a ValueError whose sentence says what is allowed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import trnlab
from trnlab import spec
from trnlab.kernels.matmul import LADDER, TILE_K, TILE_M, TILE_N
from trnlab.metrics import Profile, Run, run

MAX_SIZE = 4096  # at the end of the sliders
TYPED_MAX = 10**6
MAX_MATMULS = 4096  # about 0.6 s to profile, 17,000 device instructions
DTYPES = {"bfloat16": "BF16", "float32": "FP32", "float8_e4m3": "FP8"}
BLOCKS = ("m_block", "n_block", "k_block")
MAX_BLOCK = 16
TILES = {"K": TILE_K, "M": TILE_M, "N": TILE_N}
OBVIOUS = "tiled"  # the rung that loads both operands for every nc_matmul


@dataclass(frozen=True)
class Product:
    """lhsT [K, M], transposed, times rhs [K, N] by one rung of the ladder on one core of a chip."""

    kernel: str = OBVIOUS
    M: int = 1024
    N: int = 1024
    K: int = 1024
    m_block: int = 4  # tiles of 128 rows of the result
    n_block: int = 2  # tiles of 512 columns of the result
    k_block: int = 8  # tiles of 128 of the sum
    dtype: str = "bfloat16"
    chip: str = "trn3"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Product":
        """The product that a dictionary asks for; what it leaves out is the default.

        Raises:
            ValueError: a value of the wrong kind or out of range
        """
        names = asdict(cls()).keys() & values.keys()
        chosen = {name: _checked(name, values[name]) for name in names}
        product = cls(**chosen)
        matmuls = product.matmuls
        if matmuls > MAX_MATMULS:
            raise ValueError(
                f"matmul: {product.K:,} x {product.M:,} x {product.N:,} takes {matmuls:,} "
                f"nc_matmuls and this page steps through at most {MAX_MATMULS:,}, such as "
                "4096 x 2048 x 4096; use smaller K, M or N, or trnlab.profile in a notebook"
            )
        return product

    @property
    def matmuls(self) -> int:
        """How many nc_matmuls it takes."""
        return -(-self.K // TILE_K) * -(-self.M // TILE_M) * -(-self.N // TILE_N)

    @property
    def blocks(self) -> dict[str, int]:
        """The block sizes that its kernel takes."""
        return {name: getattr(self, name) for name in LADDER[self.kernel].blocks}

    @property
    def shapes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Of lhsT and of rhs."""
        return (self.K, self.M), (self.K, self.N)

    def run(self, *inputs: Any) -> Run:
        """One run, on shapes alone if no inputs are given.

        Raises:
            ValueError: the kernel refuses the sizes, or the core the kernel
        """
        inputs = inputs or tuple(trnlab.shape(sizes, self.dtype) for sizes in self.shapes)
        return run(LADDER[self.kernel].kernel, *inputs, chip=self.chip, **self.blocks)

    def profile(self, *inputs: Any) -> Profile:
        """The same, timed."""
        return self.run(*inputs).timed()

    def range(self, size: str) -> tuple[int, int, int]:
        """Least, most and step of M, N or K that its kernel takes."""
        tile = TILES[size]
        if self.kernel == "one_tile":
            return tile // 8, tile, tile // 8
        step = tile * self.blocks.get(f"{size.lower()}_block", 1)
        return step, max(step, MAX_SIZE // step * step), step

    def legal(self) -> dict[str, int]:
        """The changes that lead to the nearest sizes which its kernel takes."""
        nearest = {}
        for size in TILES:
            least, most, step = self.range(size)
            value = getattr(self, size)
            legal = min(most, max(least, round(value / step) * step))
            if legal != value:
                nearest[size] = legal
        return nearest

    def on_rung(self, kernel: str) -> "Product":
        """The same product by another kernel, its blocks cut until they divide the sizes."""
        changed = {**asdict(self), "kernel": kernel}
        for size, tile in TILES.items():
            name = f"{size.lower()}_block"
            tiles = max(1, getattr(self, size) // tile)
            changed[name] = max(b for b in range(1, changed[name] + 1) if tiles % b == 0)
        return Product(**changed)


def _checked(name: str, value: Any) -> Any:
    """One value of the right kind and range."""
    if name in ("kernel", "dtype", "chip"):
        allowed = {"kernel": LADDER, "dtype": DTYPES, "chip": spec.CHIPS}[name]
        if value not in list(allowed):
            raise ValueError(f"{name}: {value!r} is not known; choose one of {', '.join(allowed)}")
        return value
    most = MAX_BLOCK if name in BLOCKS else TYPED_MAX
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        given = "nothing" if value is None else repr(value)
        raise ValueError(f"{name}: got {given}; it needs a whole number from 1 to {most:,}")
    if not 1 <= value <= most:
        raise ValueError(f"{name}: {value:,} is out of range; it can be 1 to {most:,}")
    return value


def fields(product: Product) -> list[dict[str, Any]]:
    """The controls: for each value its label, its group, and its choices or its range."""
    rungs = {name: f"{number} {name}" for number, name in enumerate(LADDER, 1)}
    chips = {name: chip.product.removeprefix("AWS ") for name, chip in spec.CHIPS.items()}
    return [
        _choice("kernel", "Kernel", rungs),
        *[_size(product, size) for size in ("M", "N", "K")],
        *[_block(product, name) for name in BLOCKS],
        _choice("dtype", "Data type", DTYPES),
        _choice("chip", "Chip", chips),
    ]


def _choice(name: str, label: str, choices: Mapping[str, str]) -> dict[str, Any]:
    options = [{"value": value, "label": text} for value, text in choices.items()]
    return {"name": name, "label": label, "group": "choice", "choices": options}


def _size(product: Product, name: str) -> dict[str, Any]:
    least, most, step = product.range(name)
    return {
        "name": name,
        "label": name,
        "group": "size",
        "min": least,
        "max": most,
        "step": step,
        "help": f"{name} of the product, in steps of {step}",
    }


def _block(product: Product, name: str) -> dict[str, Any]:
    letter = name[0].upper()
    return {
        "name": name,
        "label": letter,
        "group": "block",
        "min": 1,
        "max": MAX_BLOCK,
        "step": 1,
        "off": name not in product.blocks,
        "help": f"Tiles of {TILES[letter]} along {letter} in a block",
    }

"""The array as a widget: `nc_matmul` seen as weights that stay and columns that stream past them.

Goes in: a chip of `trnlab.spec` and the shape of a matmul. The browser draws every cycle from the
closed forms in `wave.js`, so that nothing crosses the network while it plays. Another widget
drives it by setting its traits.
"""

from pathlib import Path

import traitlets

from trnlab import spec
from widgets.dashboard import bundle
from widgets.dashboard.stateful import Stateful
from widgets.pe_array.wave import Wave

HERE = Path(__file__).parent
SCRIPTS = ("wave.js", "paint.js", "lens.js", "words.js", "pe_array.js")
MAX_MATMULS = 4
TOY_SIZE = 4
NOTE = (
    "Illustration: AWS does not publish the order in which numbers move inside the array. Here "
    "each partition feeds its own row, row k starts k cycles after row 0, a moving number goes one "
    "element to the right per cycle and a partial sum one element down. Published are the size of "
    "the array, that weights stay put while the moving tile streams one column per cycle, the cost "
    "of a matmul and that loads run behind it."
)
STATIONARY = [[2, 1, 3, 1, 4], [1, 4, 2, 5, 3], [3, 2, 1, 2, 5], [1, 3, 5, 4, 2]]
MOVING = [[1, 2, 0, 3, 1, 2], [4, 1, 2, 1, 3, 0], [2, 3, 1, 0, 2, 4], [1, 0, 3, 2, 1, 1]]


class PeArray(Stateful):
    """The array at one cycle of `matmuls` equal products, stationary [K, M], moving [K, N].

    `rows` and `columns` are those of the chip, or smaller for an example to check by hand.
    `cycle` counts from the first weight that enters. `stationary` and `moving` are small arrays
    of numbers that repeat over the operands; the lens shows them at work in the elements that
    start at `lens` (row, column).

    Raises:
        TraitError: a shape does not fit the array
    """

    _esm = bundle.scoped(
        "toolsOf", "watchTheme", "behind", "percent", shared=(*bundle.STATE, "amounts")
    ) + bundle.text(HERE / name for name in SCRIPTS)
    _css = bundle.style(HERE / "pe_array.css")
    STATE = ("rows", "columns", "k", "m", "n", "matmuls", "cycle", "speed", "lens", "label")
    QUIET = ("cycle", "lens")
    KEY = "array"

    rows = traitlets.Int(min=1).tag(sync=True)
    columns = traitlets.Int(min=1).tag(sync=True)
    k = traitlets.Int(min=1).tag(sync=True)
    m = traitlets.Int(min=1).tag(sync=True)
    n = traitlets.Int(min=1).tag(sync=True)
    matmuls = traitlets.Int(1, min=1, max=MAX_MATMULS).tag(sync=True)
    cycle = traitlets.Int(0, min=0).tag(sync=True)
    speed = traitlets.Float(60.0, min=0.1).tag(sync=True)  # cycles per second while playing
    lens = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    stationary = traitlets.List(traitlets.List()).tag(sync=True)
    moving = traitlets.List(traitlets.List()).tag(sync=True)
    machine = traitlets.Dict().tag(sync=True)
    presets = traitlets.List().tag(sync=True)

    def __init__(self, chip: str = "trn3", **state) -> None:
        core = spec.chip(chip).core
        tensor = core.tensor
        bank = core.psum.bank_fp32_elements
        self.machine = _machine(tensor, bank)
        shape = {"rows": tensor.rows, "columns": tensor.columns}
        shape |= {"k": tensor.rows, "m": tensor.columns, "n": bank}
        examples = {"stationary": STATIONARY, "moving": MOVING}
        super().__init__(presets=_presets(tensor, bank), **{**shape, **examples, **state})

    @property
    def wave(self) -> Wave:
        """What the picture shows, as closed forms to compute with."""
        return Wave(
            rows=self.rows,
            columns=self.columns,
            k=self.k,
            m=self.m,
            n=self.n,
            matmuls=self.matmuls,
            load_speedup=self.machine["load_speedup"],
            min_interval_cycles=self.machine["min_interval_cycles"],
        )

    @traitlets.validate("k")
    def _check_k(self, proposal):
        return _at_most("K", proposal.value, self.rows, "rows of the array")

    @traitlets.validate("m")
    def _check_m(self, proposal):
        return _at_most("M", proposal.value, self.columns, "columns of the array")

    @traitlets.validate("n")
    def _check_n(self, proposal):
        limit = self.machine["max_n"]
        return _at_most("N", proposal.value, limit, "FP32 elements of a PSUM bank")

    @traitlets.validate("stationary", "moving")
    def _check_example(self, proposal):
        rows = proposal.value
        if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
            raise traitlets.TraitError(
                f"PeArray: {proposal.trait.name} must be rows of equal length, not {rows!r}."
            )
        return rows


def _at_most(name: str, value: int, limit: int, of: str) -> int:
    if value > limit:
        raise traitlets.TraitError(f"PeArray: {name} = {value} exceeds the {limit} {of}.")
    return value


def _machine(tensor: spec.TensorEngine, max_n: int) -> dict:
    """The numbers of TensorE that the picture needs, and how sure they are."""
    (latency,) = (fact for fact in tensor.facts() if fact.field == "latency_cycles")
    carried = latency.status == "assumed"
    return {
        "rows": tensor.rows,
        "clock_hz": tensor.clock_hz,
        "load_speedup": int(tensor.load_speedup),
        "min_interval_cycles": tensor.min_interval_cycles,
        "latency_cycles": tensor.latency_cycles,
        "latency_status": "assumed from Trainium2" if carried else "measured",
        "max_n": max_n,
        "max_matmuls": MAX_MATMULS,
        "note": NOTE,
    }


def _presets(tensor: spec.TensorEngine, max_n: int) -> list[dict]:
    """Shapes worth a look: what to call them, and the traits they set."""
    rows, columns = tensor.rows, tensor.columns
    full = {"rows": rows, "columns": columns, "k": rows, "m": columns, "n": max_n, "matmuls": 1}
    toy = {"rows": TOY_SIZE, "columns": TOY_SIZE, "k": TOY_SIZE, "m": TOY_SIZE, "n": len(MOVING[0])}
    shapes = {
        "Full tile": {},
        "Four in a row": {"matmuls": MAX_MATMULS},
        f"K = {rows // 4}": {"k": rows // 4},
        f"M = {columns // 4}": {"m": columns // 4},
        "N = 1": {"n": 1, "matmuls": MAX_MATMULS},
        f"By hand: {TOY_SIZE} × {TOY_SIZE}": {**toy, "speed": 1.0},
    }
    common = {"cycle": 0, "lens": [0, 0], "speed": 60.0, "label": ""}
    return [
        {"label": label, "state": {**common, **full, **shape}} for label, shape in shapes.items()
    ]

"""The balance as a calculator: controls in the browser, times from Python, bars and a roofline."""

from pathlib import Path

import traitlets

from trnlab import spec
from widgets import theme
from widgets.balance.times import ELEMENT_BYTES, Balance, balance, knee
from widgets.dashboard import bundle
from widgets.dashboard.stateful import Stateful
from widgets.lesson.amounts import amount, percent

HERE = Path(__file__).parent
WORDS = {"float32": "FP32", "bfloat16": "BF16", "float8": "FP8"}
COUNTS = [1, 2, 4, 8, 16, 32, 64]
INPUTS = ("chip", "dtype", "k", "m", "n", "uses", "k_tiles")


def _typed() -> traitlets.Union:
    """A number as the learner typed it, whole or not."""
    return traitlets.Union([traitlets.Int(), traitlets.Float()]).tag(sync=True)


class BalanceCalculator(Stateful):
    """What one matmul of a large product asks of each part of a core.

    The inputs are traits; `result` is what the browser draws. Inputs that cannot be are explained
    in `problem`, and `result` stays as it was.
    """

    _esm = bundle.scoped("toolsOf", "behind") + bundle.text([HERE / "balance.js"])
    _css = bundle.style(HERE / "balance.css")
    STATE = INPUTS
    KEY = "balance"

    chip = traitlets.Enum(list(spec.CHIPS), default_value="trn3").tag(sync=True)
    dtype = traitlets.Enum(list(ELEMENT_BYTES), default_value="bfloat16").tag(sync=True)
    k = _typed()
    m = _typed()
    n = _typed()
    uses = traitlets.Int(1).tag(sync=True)
    k_tiles = traitlets.Int(32).tag(sync=True)
    options = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self, chip: str = "trn3", **state) -> None:
        core = spec.chip(chip).core
        tile = {"k": core.tensor.rows, "m": core.tensor.columns, "n": core.psum.bank_fp32_elements}
        options = {
            "chip": [[chip.name, chip.product] for chip in spec.CHIPS.values()],
            "dtype": list(WORDS.items()),
            "counts": COUNTS,
        }
        super().__init__(chip=chip, options=options, **{**tile, **state})
        self._recompute()

    @traitlets.observe(*INPUTS)
    def _recompute(self, change=None) -> None:
        core = spec.chip(self.chip).core
        try:
            found = balance(
                core,
                self.k,
                self.m,
                self.n,
                dtype=self.dtype,
                uses=self.uses,
                k_tiles=self.k_tiles,
            )
        except ValueError as refused:
            self.problem = f"{refused} The picture still shows the last shape."
            return
        self.problem = ""
        self.result = _result(core, self.dtype, found)


def _result(core: spec.Core, dtype: str, found: Balance) -> dict:
    """The picture as plain data: bars, roofs, a sentence."""
    ordered = sorted(found.shares, key=lambda share: -share.time_s)
    slowest, second = ordered[0], ordered[1]
    roofs = {"hbm": core.hbm_share_bytes_per_s, "dma": core.dma.total_bytes_per_s}
    return {
        "bars": [
            {
                "part": share.part,
                "label": theme.PARTS[share.part].label,
                "work": share.work,
                "time_s": share.time_s,
                "time": amount(share.time_s, "s", 3),
                "slowest": share is slowest,
            }
            for share in found.shares
        ],
        "intensity": found.intensity,
        "flops_per_s": found.flops_per_s,
        "peak_flops_per_s": found.peak_flops_per_s,
        "peak": amount(found.peak_flops_per_s, "FLOP/s", 3),
        "rate": amount(found.flops_per_s, "FLOP/s", 3),
        "roofs": [
            {
                "part": part,
                "label": theme.PARTS[part].label,
                "bytes_per_s": rate,
                "rate": amount(rate, "B/s", 3),
                "knee": knee(core, dtype, rate),
            }
            for part, rate in roofs.items()
        ],
        "sentence": _sentence(found, slowest, second),
        "work": f"{amount(found.intensity, 'FLOP per byte', 3)} moved between HBM and SBUF.",
    }


def _sentence(found: Balance, slowest, second) -> str:
    names = {share.part: theme.PARTS[share.part].label for share in found.shares}
    share = percent(found.flops_per_s / found.peak_flops_per_s)
    verb = "take" if slowest.part == "dma" else "takes"
    article = "" if slowest.part == "hbm" else "The "
    return (
        f"{article}{names[slowest.part]} {verb} longest: {amount(slowest.time_s, 's', 3)} for each "
        f"matmul. Next: {names[second.part]}, {amount(second.time_s, 's', 3)}. "
        f"TensorE could reach {share} of its peak."
    )

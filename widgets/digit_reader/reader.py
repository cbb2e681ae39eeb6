"""Pick an image: the network's two layers run on the modelled core, and NumPy checks them."""

from pathlib import Path
from typing import Any

import numpy as np
import traitlets

import trnlab
from trnlab import spec
from trnlab.data import digits, digits_mlp
from trnlab.kernels.mlp import mlp, operands
from widgets.dashboard import bundle
from widgets.dashboard.stateful import Stateful

HERE = Path(__file__).parent
DTYPES = {"float32": "FP32", "bfloat16": "BF16"}
BATCHES = (1, 64, 355)  # images read in one run; the last: all that were held out from training
CHIP = "trn3"


class DigitReader(Stateful):
    """Ten held-out images, one for each digit; `index` is the one that is read.

    `batch` images run at once, those after the chosen one with it; `result` is what the core and
    NumPy made of them.
    """

    _esm = bundle.scoped("toolsOf", "percent", shared=(*bundle.STATE, "amounts")) + bundle.text(
        [HERE / "reader.js"]
    )
    _css = bundle.style(HERE / "reader.css")
    STATE = ("index", "batch", "dtype")
    KEY = "digits"

    images = traitlets.List().tag(sync=True)  # [10][64] ink from 0 to 16
    choices = traitlets.Dict({"batch": BATCHES, "dtype": DTYPES}).tag(sync=True)
    index = traitlets.Int(3, min=0, max=9).tag(sync=True)
    batch = traitlets.Enum(BATCHES, 1).tag(sync=True)
    dtype = traitlets.Enum(list(DTYPES), "float32").tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    def __init__(self, **choices: Any) -> None:
        data = digits()
        firsts = [data.test[data.labels[data.test] == digit][0] for digit in range(10)]
        self._shown = firsts
        images = data.images[firsts].reshape(10, 64).tolist()
        super().__init__(images=images, **choices)
        self._read()

    @traitlets.observe("index", "batch", "dtype")
    def _on_choice(self, _change: Any) -> None:
        if self.result:
            self._read()

    def _read(self) -> None:
        data, network = digits(), digits_mlp()
        others = [image for image in data.test if image != self._shown[self.index]]
        chosen = [self._shown[self.index], *others[: self.batch - 1]]
        images = data.images[chosen]
        run = trnlab.profile(mlp, *operands(network, images, self.dtype), chip=CHIP)
        core, check = run.output.T, network.forward(images)  # [batch, 10] both
        same = core.argmax(axis=1) == check.argmax(axis=1)
        right = core.argmax(axis=1) == data.labels[chosen]
        self.result = {
            "label": int(data.labels[chosen[0]]),
            "core": core[0].astype(np.float64).round(3).tolist(),
            "numpy": check[0].astype(np.float64).round(3).tolist(),
            "images": len(chosen),
            "same": int(same.sum()),
            "right": int(right.sum()),
            "total_us": run.total_us,
            "mfu": run.mfu,
            "chip": spec.chip(CHIP).product.removeprefix("AWS "),
        }

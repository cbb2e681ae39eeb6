"""A network whose layers each have a format: run through the kernels, read as loss and as time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from trnlab.data.text import cross_entropy
from trnlab.kernels.layer_formats import LAYER_FORMATS, Layer, prepare
from trnlab.metrics.profile import Profile
from trnlab.numerics.formats import number_format

Mix = tuple[str, ...]  # format of each layer, in the network's order


@dataclass(frozen=True)
class Outcome:
    """What one mix of formats gave on the samples."""

    mix: Mix
    loss: float  # mean cross entropy, nats
    accuracy: float  # fraction of samples whose most likely class is the right one
    total_s: float  # predicted time of the run on one core
    weight_bytes: int  # of the layers in HBM, scales included
    hbm_bytes: int  # moved between HBM and the chip in the run
    logits: np.ndarray = field(repr=False, compare=False)  # float32 [samples, classes]


class Network:
    """Layers by name, samples, and a kernel; outcomes are kept, so asking twice costs nothing."""

    def __init__(
        self,
        name: str,
        weights: Mapping[str, np.ndarray],
        largest_inputs: Mapping[str, float],
        targets: np.ndarray,
        profile: Callable[[dict[str, Layer]], Profile],
    ) -> None:
        """
        Args:
            weights: float32 [inputs, outputs] of each layer, in their order
            largest_inputs: the largest activation that each layer met in training, for FP8 scales
            targets: the right class of each sample
            profile: runs the kernel; its output is [classes, samples]
        """
        self.name = name
        self.weights = weights
        self.targets = targets.reshape(-1)
        self._largest_inputs = largest_inputs
        self._profile = profile
        self._prepared: dict[tuple[str, str], Layer] = {}
        self._outcomes: dict[Mix, Outcome] = {}

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers."""
        return tuple(self.weights)

    def uniform(self, format: str) -> Mix:
        """All layers in one format."""
        return self.mix([format] * len(self.layers))

    def mix(self, formats: Sequence[str] | Mapping[str, str]) -> Mix:
        """A format for each layer, in their order or by name.

        Raises:
            ValueError: not one format for each layer, or no such format
        """
        if isinstance(formats, Mapping):
            if set(formats) != set(self.layers):
                raise ValueError(
                    f"mix: formats for {', '.join(formats)}; {self.name} has the layers "
                    f"{', '.join(self.layers)}"
                )
            formats = [formats[layer] for layer in self.layers]
        if len(formats) != len(self.layers):
            raise ValueError(
                f"mix: {len(formats)} formats; {self.name} has {len(self.layers)} layers: "
                f"{', '.join(self.layers)}"
            )
        for format in formats:
            if format not in LAYER_FORMATS:
                raise ValueError(f"mix: {format!r} is not one of {', '.join(LAYER_FORMATS)}")
        return tuple(formats)

    def layer(self, name: str, format: str) -> Layer:
        """One layer's weights in a format; quantized once."""
        key = (name, format)
        if key not in self._prepared:
            scale = self._largest_inputs[name] / number_format("float8_e4m3fn").max_finite
            self._prepared[key] = prepare(self.weights[name], format, scale)
        return self._prepared[key]

    def profile(self, formats: Sequence[str] | Mapping[str, str]) -> Profile:
        """The run of a mix: its timeline, and logits [classes, samples]."""
        mix = self.mix(formats)
        return self._profile(
            {name: self.layer(name, format) for name, format in zip(self.layers, mix, strict=True)}
        )

    def run(self, formats: Sequence[str] | Mapping[str, str]) -> Outcome:
        """Loss, accuracy, time and bytes of a mix.

        Raises:
            ValueError: not one format for each layer, or no such format
        """
        mix = self.mix(formats)
        if mix not in self._outcomes:
            self._outcomes[mix] = self._read(mix, self.profile(mix))
        return self._outcomes[mix]

    def has_run(self, formats: Sequence[str] | Mapping[str, str]) -> bool:
        """Whether the outcome of a mix is known already."""
        return self.mix(formats) in self._outcomes

    def _read(self, mix: Mix, run: Profile) -> Outcome:
        logits = np.ascontiguousarray(run.output.T)
        return Outcome(
            mix=mix,
            loss=cross_entropy(logits, self.targets),
            accuracy=float((logits.argmax(axis=1) == self.targets).mean()),
            total_s=run.total_s,
            weight_bytes=sum(
                self.layer(name, format).nbytes
                for name, format in zip(self.layers, mix, strict=True)
            ),
            hbm_bytes=run.hbm_bytes,
            logits=logits,
        )

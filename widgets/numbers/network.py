"""A network with a format for each layer: accuracy beside time and memory; a search for a mix."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from trnlab.kernels.layer_formats import LAYER_FORMATS
from trnlab.networks import Found, Network, Outcome, digits_network, search, text_network
from trnlab.networks.mix_search import COSTS, MEASURES
from widgets.dashboard import trust
from widgets.lesson.amounts import percent
from widgets.numbers import bundle
from widgets.numbers.choices import one_of
from widgets.numbers.part import Part

NETWORKS: Mapping[str, tuple[str, Callable[[], Network]]] = {
    "digits": ("Digits: reads handwriting", digits_network),
    "text": ("Transformer: predicts the next letter", text_network),
}
START, PLAIN, NARROWEST = "mxfp8", "bfloat16", "mxfp4"
OFFERED = ("bfloat16", "float8", "mxfp8", "mxfp4")
COST_WORDS = {"weight_bytes": "weight bytes", "total_s": "time", "hbm_bytes": "bytes moved"}
PARTS = {
    "qkv": "attention: Q, K, V",
    "out": "attention: output",
    "up": "MLP: up",
    "down": "MLP: down",
    "head": "head",
    "hidden": "first layer",
    "logits": "second layer",
}
BREATH_S = 0.005  # between two runs of a search


class NetworkPart(Part):
    """A format for each layer; what all layers and each alone would give; a search."""

    _esm = bundle.module("network")
    name = "network"
    first = {"network": "digits", "mix": [], "measure": "loss", "budget": "0.01", "cost": COSTS[0]}

    def __init__(self, *args: Any, **options: Any) -> None:
        self._steps: Iterator[Found] | None = None
        self._found: dict[str, Any] = {}
        self.fixed = {
            "networks": [[name, words] for name, (words, _) in NETWORKS.items()],
            "formats": [[name, LAYER_FORMATS[name].label] for name in OFFERED],
            "costs": list(COST_WORDS.items()),
            "measures": [["loss", "loss, nats"], ["accuracy", "accuracy, points of 100"]],
            "honesty": {key: trust.honesty("trn3")[key] for key in ("badge", "why")},
        }
        super().__init__(*args, **options)

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The network with this mix, beside the one with all layers in BF16."""
        name = one_of("network", params["network"], NETWORKS)
        one_of("measure", params["measure"], MEASURES)
        one_of("save", params["cost"], COSTS)
        budget_of(params)
        network = NETWORKS[name][1]()
        mix = _mix(network, params["mix"])
        outcome, plain = network.run(mix), network.run(network.uniform(PLAIN))
        if self._found.get("network") != name:
            self._steps, self._found = None, {}
        self.network, self._params = network, dict(params)
        return {
            "network": name,
            "layers": [
                {"name": layer, "label": layer_words(layer), "shape": list(weights.shape)}
                for layer, weights in network.weights.items()
            ],
            "mix": list(mix),
            "samples": len(network.targets),
            "outcome": told(outcome),
            "plain": told(plain),
            "words": _words(outcome, plain, len(network.targets)),
        }

    def later(self) -> list[Callable[[], None]]:
        """Every format for all layers, the narrowest for each alone, and what a search has left."""
        network = self.network
        mixes = [network.uniform(format) for format in OFFERED]
        mixes += [self._alone(layer) for layer in network.layers]
        jobs = [partial(self._try, mix) for mix in mixes if not network.has_run(mix)]
        return [*jobs, self._tell, *([self._step] if self._steps else [])]

    def _try(self, mix: tuple[str, ...]) -> None:
        self.network.run(mix)
        self._tell()

    def receive(self, message: Mapping[str, Any], buffers: list[Any]) -> None:
        """Start a search, or stop it."""
        if message.get("kind") == "search":
            budget = budget_of(self._params)
            options = {name: self._params[name] for name in ("measure", "cost")}
            self._steps = search(self.network, budget, formats=OFFERED, **options)
            self._found = {"network": self._params["network"], **options, "budget": budget}
            self._found |= {"points": [], "is_done": False}
            self._idle.later(self._step, after_s=0)
        elif message.get("kind") == "stop":
            self._steps = None
            self._found |= {"is_done": True, "is_stopped": True}
            self._idle.later(self._tell, after_s=0)

    def _alone(self, layer: str) -> tuple[str, ...]:
        """All in BF16 but one layer, which is in the narrowest format."""
        formats = {name: PLAIN for name in self.network.layers}
        return self.network.mix({**formats, layer: NARROWEST})

    def _step(self) -> None:
        """One more run of the search."""
        found = next(self._steps, None) if self._steps else None
        if found is None:
            self._steps = None
            self._found["is_done"] = True
            self._idle.later(*self.later(), after_s=BREATH_S)
            return
        reference = self.network.run(self.network.uniform(PLAIN))
        cost = self._found["cost"]
        worse = _worse(found.last, reference, self._found["measure"])
        self._found["points"] = [
            *self._found["points"],
            [float(getattr(found.last, cost)), worse, list(found.last.mix)],
        ]
        self._found |= {"runs": found.runs, "expected": found.expected_runs}
        self._found["best"] = {
            **told(found.best),
            "mix": list(found.best.mix),
            "cost": float(getattr(found.best, cost)),
            "worse": _worse(found.best, reference, self._found["measure"]),
        }
        self._tell()
        self._idle.later(self._step, after_s=BREATH_S)

    def _tell(self) -> None:
        network = self.network
        plain = network.run(network.uniform(PLAIN))
        uniform = [
            {"format": format, **told(network.run(network.uniform(format)))}
            for format in OFFERED
            if network.has_run(network.uniform(format))
        ]
        alone = {
            layer: network.run(self._alone(layer)).loss - plain.loss
            for layer in network.layers
            if network.has_run(self._alone(layer))
        }
        self.more = {
            "id": self.answers,
            "network": self._params["network"],
            "uniform": uniform,
            "alone": alone,
            "search": dict(self._found),
        }


def layer_words(name: str) -> str:
    """A layer's name for screens: "qkv0" is "block 1, attention: Q, K, V"."""
    kind, number = re.fullmatch(r"([a-z]+)(\d*)", name).groups()
    words = PARTS.get(kind, kind)
    return f"block {int(number) + 1}, {words}" if number else words


def told(outcome: Outcome) -> dict[str, Any]:
    """The numbers of an outcome."""
    return {
        "loss": outcome.loss,
        "accuracy": outcome.accuracy,
        "us": outcome.total_s * 1e6,
        "weight_bytes": outcome.weight_bytes,
        "hbm_bytes": outcome.hbm_bytes,
    }


def budget_of(params: Mapping[str, Any]) -> float:
    """By how much a mix may be worse, from what was typed; accuracy in points of 100.

    Raises:
        ValueError: no number, or a negative one
    """
    text = str(params["budget"])[:20]
    try:
        budget = float(text)
    except ValueError:
        budget = math.nan
    if not 0 <= budget <= 100:
        raise ValueError(f"Budget “{text}”: type a number from 0 to 100, such as 0.01.")
    return budget / 100 if params["measure"] == "accuracy" else budget


def _mix(network: Network, asked: Any) -> tuple[str, ...]:
    """The mix that was asked for; nothing, or one of another network's length, is the start."""
    if not isinstance(asked, (list, tuple)) or not all(isinstance(part, str) for part in asked):
        raise ValueError("A mix is a list with the name of a format for each layer.")
    return network.mix(asked) if asked else network.uniform(START)


def _worse(outcome: Outcome, plain: Outcome, measure: str) -> float:
    if measure == "accuracy":
        return 100 * (plain.accuracy - outcome.accuracy)
    return outcome.loss - plain.loss


def _words(outcome: Outcome, plain: Outcome, samples: int) -> str:
    """Accuracy, loss, memory and time beside BF16."""
    points = 100 * (outcome.accuracy - plain.accuracy)
    change = outcome.loss - plain.loss
    size, time = outcome.weight_bytes / plain.weight_bytes, plain.total_s / outcome.total_s
    pace = f"{time:.2f} times faster" if time >= 1 else f"{1 / time:.2f} times slower"
    return (
        f"{percent(outcome.accuracy)} of {samples:,} right ({points:+.1f} points against BF16), "
        f"loss {outcome.loss:.4f} ({change:+.4f}). Weights take {percent(size)} of BF16's bytes; "
        f"the run is {pace}."
    )

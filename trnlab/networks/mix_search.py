"""The cheapest mix of formats whose loss stays within a budget.

A few layers: every mix is run. Many: each layer is switched alone first; what single switches cost
and save is added up to rank all mixes; the ranking is then checked by running mixes from the
cheapest on, and the one that is found is improved layer by layer. What is returned was run, never
only predicted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from trnlab.networks.network import Mix, Network, Outcome

FORMATS = ("bfloat16", "float8", "mxfp8", "mxfp4")
COSTS = ("weight_bytes", "total_s", "hbm_bytes")
MEASURES = ("loss", "accuracy")
ALL_MIXES = 32  # as many are simply run
CHECKS = 8  # mixes of the ranking that are run


@dataclass(frozen=True)
class Found:
    """The state of a search after one more run."""

    last: Outcome  # what was just run
    best: Outcome  # the cheapest within the budget so far
    runs: int  # so far
    expected_runs: int  # in all, at most


def search(
    network: Network,
    budget: float,
    measure: str = "loss",
    cost: str = "weight_bytes",
    formats: Sequence[str] = FORMATS,
) -> Iterator[Found]:
    """Search step by step: one run of the network for each item, the last one has the answer.

    Args:
        budget: by how much the measure may be worse than with all layers in formats[0]: nats for
            "loss", a fraction for "accuracy"
        measure: "loss" or "accuracy"
        cost: "weight_bytes", "total_s" or "hbm_bytes", to be as small as possible
        formats: those to choose from
    Raises:
        ValueError: a negative budget, or no such measure, cost or format
    """
    if budget < 0:
        raise ValueError(f"search: budget {budget}; allow 0 or more")
    if measure not in MEASURES or cost not in COSTS:
        raise ValueError(
            f"search: measure {measure!r} and cost {cost!r}; they are one of "
            f"{', '.join(MEASURES)} and one of {', '.join(COSTS)}"
        )
    state = _State(network, budget, measure, cost, network.uniform(formats[0]))
    return _steps(state, [network.uniform(format)[0] for format in formats])


def _steps(state: "_State", formats: list[str]) -> Iterator[Found]:
    layers = len(state.network.layers)
    if len(formats) ** layers <= ALL_MIXES:
        state.expected = len(formats) ** layers
        for mix in product(formats, repeat=layers):
            yield state.tried(mix)
        return
    state.expected = 1 + layers * (len(formats) - 1) + CHECKS + layers * (len(formats) - 1)
    yield state.tried(state.start)
    for layer, format in product(range(layers), formats[1:]):
        yield state.tried(_switched(state.start, layer, format))
    for mix in _ranking(state, formats)[:CHECKS]:
        yield state.tried(mix)
        if state.best.mix == mix:
            break
    for layer, format in product(range(layers), formats):
        mix = _switched(state.best.mix, layer, format)
        if state.predicted_cost(mix) < state.cost_of(state.best):
            yield state.tried(mix)


class _State:
    """What is known: the reference, the best so far, and every outcome by its mix."""

    def __init__(
        self, network: Network, budget: float, measure: str, cost: str, start: Mix
    ) -> None:
        self.network = network
        self.budget = budget
        self.measure = measure
        self.cost = cost
        self.start = start
        self.reference = network.run(start)
        self.best = self.reference
        self.runs = 0
        self.expected = 0

    def tried(self, mix: Mix) -> Found:
        """Run a mix and keep it if it is the cheapest within the budget."""
        outcome = self.network.run(mix)
        self.runs += 1
        if self.worse(outcome) <= self.budget and self.cost_of(outcome) < self.cost_of(self.best):
            self.best = outcome
        return Found(outcome, self.best, self.runs, max(self.runs, self.expected))

    def worse(self, outcome: Outcome) -> float:
        """How much worse than the reference, by the measure."""
        if self.measure == "loss":
            return outcome.loss - self.reference.loss
        return self.reference.accuracy - outcome.accuracy

    def cost_of(self, outcome: Outcome) -> float:
        return float(getattr(outcome, self.cost))

    def alone(self, layer: int, format: str) -> Outcome:
        """One layer switched from the start."""
        return self.network.run(_switched(self.start, layer, format))

    def predicted_cost(self, mix: Mix) -> float:
        """The start's cost plus what each switch alone changes."""
        base = self.cost_of(self.reference)
        changes = (self.cost_of(self.alone(i, format)) - base for i, format in enumerate(mix))
        return base + sum(changes)


def _switched(mix: Mix, layer: int, format: str) -> Mix:
    return (*mix[:layer], format, *mix[layer + 1 :])


def _ranking(state: _State, formats: list[str]) -> list[Mix]:
    """Mixes that no other beats in both predicted measure and predicted cost; cheapest first.

    Built layer by layer: of two beginnings, one that is worse and costs more is dropped.
    """
    front: list[tuple[float, float, Mix]] = [(0.0, 0.0, ())]  # worse, cost, beginning of a mix
    for layer in range(len(state.network.layers)):
        longer = []
        for format in formats:
            outcome = state.alone(layer, format)
            worse = state.worse(outcome)
            saved = state.cost_of(outcome) - state.cost_of(state.reference)
            longer += [(w + worse, c + saved, (*mix, format)) for w, c, mix in front]
        front = _best_of(longer)
    return [mix for worse, _, mix in front if worse <= state.budget]


def _best_of(points: list[tuple[float, float, Mix]]) -> list[tuple[float, float, Mix]]:
    """The points that no other beats, by rising cost."""
    kept: list[tuple[float, float, Mix]] = []
    for point in sorted(points, key=lambda point: (point[1], point[0])):
        if not kept or point[0] < kept[-1][0]:
            kept.append(point)
    return kept

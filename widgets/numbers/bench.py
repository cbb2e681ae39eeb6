"""The five parts of the lesson and their one state."""

from collections.abc import Mapping
from typing import Any

from widgets.dashboard import link
from widgets.numbers.block import BlockPart
from widgets.numbers.matrix import Matrix
from widgets.numbers.network import NetworkPart
from widgets.numbers.number import Number
from widgets.numbers.part import Part
from widgets.numbers.product import ProductPart

NAMES = ("number", "block", "matrix", "product", "network")  # of the parts, also in an address


class Bench:
    """The parts of the lesson; those that take longer answer when the reader comes near.

    Args:
        state: a dictionary from part to what its `saved` returned
        array: a matrix of the learner's own, for the third part
    """

    def __init__(self, state: Mapping[str, Any] | None = None, array: Any = None) -> None:
        states = {name: part for name, part in (state or {}).items() if isinstance(part, Mapping)}
        self.number = Number(states.get("number"))
        self.block = BlockPart(states.get("block"))
        self.matrix = Matrix(states.get("matrix"), waits=True, own=array)
        self.product = ProductPart(states.get("product"), waits=True)
        self.network = NetworkPart(states.get("network"), waits=True)

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of them, in the lesson's order."""
        return tuple(getattr(self, name) for name in NAMES)

    def saved(self) -> dict[str, Any]:
        """The state, as far as it differs from the default; see `lesson`."""
        return {part.name: part.saved() for part in self.parts if part.saved()}

    def settle(self) -> None:
        """Do now what would follow when the kernel is idle."""
        for part in self.parts:
            part.settle()


def lesson(state: Mapping[str, Any] | None = None, array: Any = None) -> Bench:
    """The lesson as `state`, or else the page's address, describes it.

    Args:
        state: what `Bench.saved` returned
        array: a matrix of your own, to be quantized in the third part
    Raises:
        ValueError: an array that cannot be used, such as one with NaN in it
    """
    if state is not None:
        return Bench(state, array)
    used = {name: text for name in NAMES if (text := link.address(name))}
    states, refused = {}, {}
    for name, text in used.items():
        try:
            states[name] = link.unpack(text)
        except ValueError as problem:
            refused[name] = str(problem)
    bench = Bench(states, array)
    for part in bench.parts:
        part.used = used.get(part.name, "")
        if part.name in refused:
            part.refuse(refused[part.name])
    return bench

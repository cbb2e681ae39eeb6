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
        return self.number, self.block, self.matrix, self.product, self.network

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
    address = link.address()
    if state is not None or not address:
        return Bench(state, array)
    try:
        return Bench(link.unpack(address), array)
    except ValueError as refused:
        bench = Bench(array=array)
        bench.number.problem = str(refused)
        return bench

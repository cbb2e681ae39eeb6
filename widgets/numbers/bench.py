"""The five parts of the lesson and their one state."""

from collections.abc import Mapping
from typing import Any

from widgets.dashboard import link
from widgets.numbers.block import BlockPart
from widgets.numbers.matrix import Matrix
from widgets.numbers.number import Number
from widgets.numbers.product import ProductPart


class Bench:
    """The parts of the lesson; those that take longer answer when the kernel is idle.

    Args:
        state: a dictionary from part to what its `saved` returned
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        parts = {name: part for name, part in (state or {}).items() if isinstance(part, Mapping)}
        self.number = Number(parts.get("number"))
        self.block = BlockPart(parts.get("block"))
        self.matrix = Matrix(parts.get("matrix"), after_s=0.5)
        self.product = ProductPart(parts.get("product"), after_s=0.8)

    def saved(self) -> dict[str, Any]:
        """The state, as far as it differs from the default."""
        states = {name: getattr(self, name).saved() for name in ("number", "block", "matrix", "product")}
        return {name: state for name, state in states.items() if state}


def lesson(state: Mapping[str, Any] | None = None) -> Bench:
    """The lesson as `state`, or else the page's address, describes it."""
    address = link.address()
    if state is not None or not address:
        return Bench(state)
    try:
        return Bench(link.unpack(address))
    except ValueError as refused:
        bench = Bench()
        bench.number.problem = str(refused)
        return bench

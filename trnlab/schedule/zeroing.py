"""Zeroing a PSUM tile that matmuls then add to: the first of them overwrites it instead.

In: a trace that is whole. TensorE can overwrite or add, so a compiler need not clear what the next
matmul adds to. AWS's best published product clears each tile, with VectorE, for which it then has
more work than the product was measured to take.
"""

from trnlab.isa.instruction import Kind, Step
from trnlab.isa.vector_copies import MEMSET, Memset
from trnlab.memory import View
from trnlab.spec.core import Core
from trnlab.trace import Recorded, Trace

MATMULS = ("nc_matmul", "nc_matmul_mx")


class FoldedMemset(Memset):
    """A memset that the matmul after it makes needless."""

    cost_source = "inferred: 240 us of a product that clears its PSUM tiles, Trainium2"

    def engine(self, core: Core, kind: Kind) -> str:
        return "tensor"

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (Step("tensor", self.name, 0.0, 0.0),)


FOLDED = FoldedMemset()


def fold_zeros(trace: Trace) -> None:
    """Give each needless memset to the engine of the matmul after it, where it takes no time.

    Its matmul is the next call of TensorE, adds to exactly the same bytes, and nothing touches the
    tile in between.
    """
    kinds: dict[Kind, Kind] = {}
    pending: dict[int, tuple[int, View]] = {}  # by core: a memset that may still be folded
    for index, recorded in enumerate(trace.calls):
        kind, core = recorded.kind, recorded.core
        if kind.instruction is MEMSET and _clears_psum(trace, index, recorded):
            pending[core] = (index, recorded.writes[0])
        elif core in pending and kind.engine == "tensor":
            zero, view = pending.pop(core)
            if _adds_to(recorded, view):
                old = trace.calls[zero]
                folded = kinds.setdefault(old.kind, _folded(old.kind))
                trace.calls[zero] = old._replace(kind=folded)
        elif core in pending and _touches(recorded, pending[core][1][0]):
            del pending[core]


def _clears_psum(trace: Trace, index: int, recorded: Recorded) -> bool:
    id, _, _, _, _, _, _, fills = recorded.writes[0]
    allocation = trace.allocations[id]
    is_zero = recorded.kind.options.is_zero and allocation.memory == "psum"
    is_free = index not in trace.after and index not in trace.loops
    return is_zero and is_free and allocation.slot is None and fills


def _adds_to(recorded: Recorded, view: View) -> bool:
    instruction, options = recorded.kind.instruction, recorded.kind.options
    is_sum = instruction.name in MATMULS and not getattr(options, "is_transpose", False)
    if not is_sum or recorded.values is False:
        return False
    id, _, _, _, _, _, region, fills = recorded.writes[0]
    return id == view[0] and fills and region == view[6]


def _touches(recorded: Recorded, allocation: int) -> bool:
    return any(view[0] == allocation for view in recorded.writes + recorded.reads)


def _folded(kind: Kind) -> Kind:
    return Kind(FOLDED, "tensor", kind.writes, kind.reads, kind.options)

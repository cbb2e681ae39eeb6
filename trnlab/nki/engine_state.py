"""What the engines of a core remember between instructions: accumulators, random generators.

Each is a tensor of its own memory, "engine", with one row for each lane. So it is an operand like
any other: order, waits and values that are computed again follow from what reads and writes it.
"""

from trnlab.errors import KernelError
from trnlab.memory import Storage, Tensor
from trnlab.trace import Trace

GENERATOR_WORDS = {"vector": 24, "gpsimd": 6}  # uint32 of one lane; nki.isa.rand_set_state


class EngineState:
    """The registers of one core that outlive an instruction, made when they are first used."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.presumes = False  # Scalar's sum was asked for, and no command has made it
        self._whole: dict[str, Tensor] = {}
        self._parts: dict[tuple[str, str, int, int], Tensor] = {}

    def accumulators(self, engine: str, data: Tensor) -> Tensor:
        """float32 [P, 1]: the accumulators of the lanes that `data` lies on.

        Args:
            engine: "scalar" or "vector"
        """
        return self._lanes(engine, "accumulators", data)

    def generator(self, engine: str, data: Tensor) -> Tensor:
        """uint32 [P, words]: the random generators of the lanes that `data` lies on.

        Args:
            engine: "vector" or "gpsimd"
        """
        return self._lanes(engine, "generator", data)

    def whole_generator(self, engine: str) -> Tensor:
        """uint32 [128, words]: the random generators of all lanes of an engine."""
        return self._all(engine, "generator")

    def _lanes(self, engine: str, what: str, data: Tensor) -> Tensor:
        signature = data.signature
        key = (engine, what, signature.partition, signature.shape[0])
        part = self._parts.get(key)
        if part is None:
            first, count = key[2:]
            part = self._parts[key] = self._all(engine, what)[first : first + count]
        return part

    def _all(self, engine: str, what: str) -> Tensor:
        name = f"{engine} {what}"
        if name not in self._whole:
            is_generator = what == "generator"
            if is_generator and engine not in GENERATOR_WORDS:
                raise KernelError(
                    f"random numbers: the {engine} engine has no generator; "
                    f"{' and '.join(GENERATOR_WORDS)} have"
                )
            words = GENERATOR_WORDS[engine] if is_generator else 1
            shape = (self._trace.core.sbuf.partitions, words)
            dtype = "uint32" if is_generator else "float32"
            allocation = self._trace.allocate(name, "engine", shape, dtype, 0)
            self._whole[name] = Tensor.whole(Storage(allocation))
        return self._whole[name]

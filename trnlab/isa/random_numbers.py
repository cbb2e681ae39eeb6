"""Random numbers on VectorE and GpSimd, from generators whose state persists in the engine.

Every engine uses XORWOW here, one generator for each lane; before NeuronCore-v4 VectorE has another
one (LFSR), whose details are not published. Nothing is random about a run: a generator that was
never seeded starts from seed 0.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.elementwise import DOCSTRING, as_rows, operand_value, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_engine,
    require_generation,
    require_memory,
    require_no_psum_on_gpsimd,
    require_on_chip,
    require_same_dtype,
    require_size,
    require_tiles,
    require_vector,
)
from trnlab.memory import Tensor
from trnlab.numerics import is_float, itemsize
from trnlab.numerics.generators import random_bits, seeded, uniform
from trnlab.spec.core import Core

GENERATOR = "generator"
INTEGERS = ("int8", "int16", "int32", "uint8", "uint16", "uint32")
WORDS = ("int32", "uint32", "float32")
FIXED_CYCLES = 64  # of an instruction that loads or stores state


def next_bits(generator: Tensor, count: int) -> np.ndarray:
    """32 random bits for each of `count` elements of each lane; advances the generator.

    Returns:
        uint32 [P, count]
    """
    return random_bits(_state(generator), count)


def _state(generator: Tensor) -> np.ndarray:
    """The state of its lanes, uint32 [P, words], to be changed in place."""
    if generator.storage.data is None:
        _seed(Tensor.whole(generator.storage), 0)
    return generator.array


def _seed(generator: Tensor, seed: int) -> None:
    generator.put(seeded(seed, generator.signature.partition, *generator.shape))


class Rng(Instruction):
    """dst = random bits, the low ones of 32 for narrower integers."""

    name = "rng"
    outputs = ("dst", GENERATOR)
    inputs = ()
    ours = "XORWOW with seeds and word order of our own; VectorE has another generator before trn3"
    cost_source = "assumed: max(64, N)"

    def check(self, core: Core, kind: Kind) -> None:
        dst = kind.writes[0]
        allowed = ("vector",) if core.generation == "v2" else ("vector", "gpsimd")
        require_engine(self.name, kind.engine, allowed, core)
        require_on_chip(core, self.name, "dst", dst)
        require_dtype(self.name, "dst", dst, *INTEGERS)
        require_no_psum_on_gpsimd(self.name, kind.engine, dst)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, kind.engine, self.name, kind.writes[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, generator = writes
        bits = next_bits(generator, dst.size // dst.shape[0])
        dst.put(bits.astype(f"u{itemsize(dst.dtype)}").view(dst.array.dtype))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class Rand2Options(NamedTuple):
    is_ordered: bool  # min < max, as far as both are constants
    tiles: tuple[str, ...]  # which of min and max are tiles


class Rand2(Instruction):
    """dst = min + (max - min) u with u uniform in [0, 1)."""

    name = "rand2"
    outputs = ("dst", GENERATOR)
    inputs = ()
    ours = "numbers have 24 bits; the upper bound is excluded"
    cost_source = "inferred: 4 numbers per lane and cycle, trainium3_arch.rst"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v4", "use nisa.rng and scale its bits")
        operands = kind.operands
        dst = operands["dst"]
        require_on_chip(core, self.name, "dst", dst)
        require(
            dst.dtype in INTEGERS
            or (is_float(dst.dtype) and "8_e" not in dst.dtype)
            or dst.dtype in ("float8_e4m3", "float8_e5m2"),
            f"{self.name}: dst is {dst.dtype}; use float8_e4m3, float8_e5m2, a wider float or an "
            "integer",
        )
        require(kind.options.is_ordered, f"{self.name}: min must be less than max")
        for role in kind.options.tiles:
            require_vector(core, self.name, role, operands[role], dst, "float32")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = kind.writes[0].free / core.vector.rand2_elements_per_cycle
        return (step(core, "vector", self.name, cycles, len(kind.reads)),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, generator = writes
        tiles = iter(reads)
        low, high = (operand_value(value, tiles, 2) for value in values)
        u = uniform(next_bits(generator, dst.size // dst.shape[0]))
        dst.put(low + (high - low) * u)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class DropoutOptions(NamedTuple):
    tiles: tuple[str, ...]  # ("prob",) if it is a tile


class Dropout(Instruction):
    """dst = data, each element replaced by 0 with probability `prob`."""

    name = "dropout"
    outputs = ("dst", GENERATOR)
    inputs = ("data",)
    ours = "XORWOW with seeds and word order of our own; VectorE has another generator before trn3"
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands = kind.operands
        dst, data = operands["dst"], operands["data"]
        require_tiles(core, self.name, dst, ("data", data))
        require_same_dtype(self.name, "data", data, dst)
        if "prob" in operands:
            prob = operands["prob"]
            require_vector(core, self.name, "prob", prob, data)
            is_legal = is_float(prob.dtype) and (is_float(data.dtype) or prob.dtype == "float32")
            require(
                is_legal,
                f"{self.name}: prob is {prob.dtype} for data of {data.dtype}; use float32",
            )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free, len(kind.reads) - 1),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, generator = writes
        data = as_rows(reads[0].array)
        u = uniform(next_bits(generator, data.shape[1]))
        drops = u < operand_value(values, iter(reads[1:]), 2)
        dst.put(np.where(drops, np.zeros((), data.dtype), data))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class SetRngSeed(Instruction):
    """Seed all lanes of VectorE's generator from one 32-bit value."""

    name = "set_rng_seed"
    outputs = (GENERATOR,)
    inputs = ("src_seeds",)
    ours = "XORWOW with seeds and word order of our own; VectorE has another generator before trn3"
    cost_source = "assumed: 64 cycles, a fixed cost"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        seeds = kind.reads[0]
        require_on_chip(core, self.name, "src_seeds", seeds)
        require_dtype(self.name, "src_seeds", seeds, *WORDS)
        require_size(self.name, "src_seeds", seeds, 1, 1, "one 32-bit value")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, FIXED_CYCLES),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        _seed(writes[0], int(reads[0].array.reshape(-1).view(np.uint32)[0]))


class RandSetState(Instruction):
    """Load the generator's state of each lane."""

    name = "rand_set_state"
    outputs = (GENERATOR,)
    inputs = ("src_seeds",)
    ours = "the order of state words"
    cost_source = "assumed: 64 cycles, a fixed cost"

    def check(self, core: Core, kind: Kind) -> None:
        _check_state(core, self.name, kind, "src_seeds", ("sbuf",))

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, kind.engine, self.name, FIXED_CYCLES),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        _state(writes[0])[...] = as_rows(reads[0].array)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class RandGetState(Instruction):
    """Store the generator's state of each lane."""

    name = "rand_get_state"
    outputs = ("dst", GENERATOR)
    inputs = ()
    ours = "the order of state words"
    cost_source = "assumed: 64 cycles, a fixed cost"

    def check(self, core: Core, kind: Kind) -> None:
        on_vector = core.generation == "v4" and kind.engine == "vector"
        memories = ("sbuf", "psum") if on_vector else ("sbuf",)
        _check_state(core, self.name, kind, "dst", memories)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, kind.engine, self.name, FIXED_CYCLES),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, generator = writes
        dst.put(_state(generator))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


def _check_state(core: Core, name: str, kind: Kind, role: str, memories: tuple[str, ...]) -> None:
    require_generation(core, name, "v3", "use nisa.set_rng_seed")
    allowed = ("gpsimd", "vector") if core.generation == "v4" else ("gpsimd",)
    require_engine(name, kind.engine, allowed, core)
    operand, generator = kind.operands[role], kind.operands[GENERATOR]
    require_memory(name, role, operand, *memories)
    require_on_chip(core, name, role, operand)
    require_dtype(name, role, operand, "uint32")
    words = generator.free
    require_size(name, role, operand, operand.partitions, words, f"{words} words per lane")


RNG = Rng()
RAND2 = Rand2()
DROPOUT = Dropout()
SET_RNG_SEED = SetRngSeed()
RAND_SET_STATE = RandSetState()
RAND_GET_STATE = RandGetState()

"""What the programs of one launch share: the trace, HBM tensors, meetings, messages."""

from collections import defaultdict, deque
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.memory import Storage, Tensor
from trnlab.nki.crew import Crew
from trnlab.spec import Core
from trnlab.trace import Trace


class Team:
    """The logical core of one rank: its programs, one for each physical core."""

    def __init__(self, world: "World", rank: int, cores: int) -> None:
        self.world = world
        self.rank = rank
        self.cores = cores  # of the logical core: LNC 1 or 2
        self._constants: list[Tensor] = []
        self._shared: list[Tensor] = []  # i-th shared_hbm allocation of every program
        self.arrived: set[Any] = set()  # collectives whose results are in HBM
        self.receivers: dict[Any, deque] = defaultdict(deque)  # that are ready, by pipe
        self.messages: dict[Any, deque] = defaultdict(deque)  # on their way, by pipe

    @property
    def trace(self) -> Trace:
        """The one trace of the launch."""
        return self.world.trace

    @property
    def crew(self) -> Crew:
        """Who runs next."""
        return self.world.crew

    def shared(
        self, number: int, name: str, shape: tuple[int, ...], dtype: str, line: int, core: int
    ) -> Tensor:
        """The number-th shared HBM tensor: one for all programs of the logical core.

        Raises:
            KernelError: the programs ask for different tensors
        """
        if number == len(self._shared):
            allocation = self.trace.allocate(name, "shared_hbm", shape, dtype, line)
            allocation.core = core
            self._shared.append(Tensor.whole(Storage(allocation)))
        tensor = self._shared[number]
        if (tensor.shape, tensor.dtype) != (shape, dtype):
            raise KernelError(
                f"nl.ndarray: shared_hbm tensor {number} is {list(shape)} {dtype} on this core and "
                f"{list(tensor.shape)} {tensor.dtype} on the other (line "
                f"{tensor.storage.allocation.line}); both cores must allocate the same ones in the "
                "same order"
            )
        return tensor

    def constant(self, number: int, array: np.ndarray, dtype: str, line: int) -> Tensor:
        """The number-th constant of the kernel, made by the first program that asks for it."""
        if number == len(self._constants):
            shape = array.shape or (1,)
            allocation = self.trace.allocate("", "shared_hbm", shape, dtype, line)
            allocation.argument = True
            tensor = Tensor.whole(Storage(allocation))
            tensor.storage.data = np.array(array, order="C").reshape(-1).view(np.uint8)
            self.world.constants[allocation.id] = array
            self._constants.append(tensor)
        return self._constants[number]


class World:
    """All ranks of a launch; one for a plain kernel."""

    def __init__(self, core: Core, ranks: int, lnc: int) -> None:
        self.trace = Trace(core)
        self.trace.cores = ranks * lnc
        self.crew = Crew()
        self.constants: dict[int, np.ndarray] = {}  # that kernels carry, by allocation id
        self.before: dict[int, np.ndarray] = {}  # inputs that were written to, by allocation id
        self.takers: dict[int, set[int]] = {}  # ranks that got an array, by its memory
        self.lnc = lnc
        self.teams = [Team(self, rank, lnc) for rank in range(ranks)]
        self.is_launched = ranks > 1  # by trnlab.launch: collectives have someone to talk to

    def keep(self, storage: Storage) -> None:
        """Remember an input as it is before the kernel first writes to it."""
        self.before[storage.id] = Tensor.whole(storage).array.copy()

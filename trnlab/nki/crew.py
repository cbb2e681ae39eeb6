"""Programs that run side by side: the cores of a launch, the ranks of a collective.

Each program is a plain Python function that must stop in its middle to wait for another one, which
a function can do only on a stack of its own. Hence threads, but never two at once: a baton goes
from one to the next only where a program waits or ends, always to the next one in their order that
can go on. So a run is as deterministic as a single program.
"""

import ctypes
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from trnlab.errors import KernelError


class Abandoned(BaseException):
    """Unwinds a program whose crew has failed."""


class _Member:
    """One program: its thread, and what it waits for."""

    def __init__(self, name: str, program: Callable[[], Any]) -> None:
        self.name = name
        self.program = program
        self.baton = threading.Semaphore(0)
        self.condition: Callable[[], bool] | None = None  # to go on; None: it can
        self.text = ""  # what it waits for, as words
        self.result: Any = None
        self.error: BaseException | None = None
        self.thread: threading.Thread | None = None
        self.is_done = False


class Crew:
    """Programs that run one at a time."""

    def __init__(self) -> None:
        self._members: list[_Member] = []
        self._running: _Member | None = None
        self._returned = threading.Semaphore(0)
        self._abandoned = False
        self._offers: dict[Hashable, dict[Hashable, Any]] = {}

    def run(self, programs: Sequence[tuple[str, Callable[[], Any]]]) -> list[Any]:
        """Run named programs to their end; returns their results.

        Raises:
            KernelError: all that are left wait for each other
        """
        self._members = [_Member(name, program) for name, program in programs]
        try:
            while left := [member for member in self._members if not member.is_done]:
                ready = [m for m in left if m.condition is None or m.condition()]
                if not ready:
                    raise _deadlock(self._members)
                for member in ready:
                    self._resume(member)
                    if member.error is not None:
                        raise member.error
        finally:
            self._abandon()
        return [member.result for member in self._members]

    def wait(self, condition: Callable[[], bool], text: str) -> None:
        """Let the others run until the condition holds; called by a program.

        Args:
            text: what it waits for, such as "core_barrier in line 12 for core 1"
        """
        member = self._running
        if condition() or member is None:
            return
        member.condition, member.text = condition, text
        self._returned.release()
        member.baton.acquire()
        if self._abandoned:
            raise Abandoned
        member.condition = None

    def meet(
        self, key: Hashable, me: Hashable, members: Sequence[Hashable], offer: Any, text: str
    ) -> dict[Any, Any]:
        """Wait until all members have come to a meeting; returns what each of them offers."""
        offers = self._offers.setdefault(key, {})
        offers[me] = offer
        self.wait(lambda: all(member in offers for member in members), text)
        return {member: offers[member] for member in members}

    def _resume(self, member: _Member) -> None:
        self._running = member
        if member.thread is None:
            member.thread = threading.Thread(target=self._main, args=(member,), daemon=True)
            member.thread.start()
        else:
            member.baton.release()
        self._returned.acquire()
        self._running = None

    def _main(self, member: _Member) -> None:
        try:
            member.result = member.program()
        except BaseException as error:  # handed to the thread that started the crew
            member.error = error
        member.is_done = True
        self._returned.release()

    def _abandon(self) -> None:
        """End the programs that still wait, and the one that runs if the run is interrupted."""
        self._abandoned = True
        for member in self._members:
            if member.thread is not None and not member.is_done:
                if member is self._running:
                    _stop(member.thread)
                else:
                    member.baton.release()
                member.thread.join()


def _stop(thread: threading.Thread) -> None:
    """Raise Abandoned in a thread, at the next step of Python that it makes."""
    ident = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Abandoned))


def _deadlock(members: Sequence[_Member]) -> KernelError:
    waiting = "; ".join(f"{m.name} waits at {m.text}" for m in members if not m.is_done)
    done = ", ".join(m.name for m in members if m.is_done)
    return KernelError(
        f"deadlock: {waiting}"
        + (f"; {done} has ended" if done else "")
        + ". Every core or rank must make the same calls in the same order"
    )

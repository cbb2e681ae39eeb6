"""One part of the lesson: what the learner set goes in, an answer of the engine comes out.

The browser sets `params`; the part sets `scene`, or `problem` (a sentence) and keeps the last scene
that worked. A part that takes longer answers when the reader comes near it.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from widgets.dashboard import link
from widgets.dashboard.idle import Idle
from widgets.numbers import bundle


class Part(anywidget.AnyWidget):
    """What every part shares; a part defines `defaults`, `answer` and, if it likes, `later`.

    Args:
        state: what `saved` returned; what it leaves out is the default. One that cannot be used is
            said in `problem`, and the default is shown.
        waits: answer only when the page asks, which is when the reader comes near
    """

    name: ClassVar[str]  # in an address, and of the JavaScript file
    first: ClassVar[Mapping[str, Any]]  # the default of each parameter

    _css = bundle.style()

    key = traitlets.Unicode().tag(sync=True)
    params = traitlets.Dict().tag(sync=True)  # as the learner set them, legal or not
    defaults = traitlets.Dict().tag(sync=True)
    fixed = traitlets.Dict().tag(sync=True)  # what no parameter changes
    scene = traitlets.Dict().tag(sync=True)
    more = traitlets.Dict().tag(sync=True)  # what followed when the kernel was idle
    problem = traitlets.Unicode().tag(sync=True)
    used = traitlets.Unicode().tag(sync=True)  # what the page's address gave
    answers = traitlets.Int(0).tag(sync=True)  # how often `params` was answered

    def __init__(self, state: Mapping[str, Any] | None = None, waits: bool = False) -> None:
        self._idle = Idle()
        self._good: dict[str, Any] = dict(self.first)
        self._refused = link.foreign(state or {}, self.first)
        self._is_open = False
        super().__init__(key=self.name, defaults=dict(self.first), params=dict(self.first))
        self.on_msg(self._on_message)
        self._is_open = True
        self._waiting: dict[str, Any] | None = {**self.first, **_known(state or {}, self.first)}
        if not waits:
            self._start()

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What to show for these parameters.

        Raises:
            ValueError: they cannot be used; the sentence is for the learner
        """
        raise NotImplementedError

    def later(self) -> list[Callable[[], None]]:
        """What follows an answer when the kernel is idle."""
        return []

    def receive(self, message: Mapping[str, Any], buffers: list[Any]) -> None:
        """What a message from the browser asks for.

        Raises:
            ValueError: it cannot be done; the sentence is for the learner
        """

    def saved(self) -> dict[str, Any]:
        """The state, as far as it differs from the default."""
        shown = self._good if self._waiting is None else self._waiting
        return {name: value for name, value in shown.items() if value != self.first[name]}

    def refuse(self, text: str) -> None:
        """Say why what was asked for at the start cannot be shown."""
        self._refused = self.problem = text

    def restore(self, state: Mapping[str, Any]) -> None:
        """Show what a saved state describes; what it leaves out is the default."""
        if foreign := link.foreign(state, self.first):
            return self._say(foreign)
        self.show({**self.first, **_known(state, self.first)})

    def settle(self) -> None:
        """Do now what would follow when the kernel is idle."""
        self._start()
        self._idle.settle()

    def show(self, asked: dict[str, Any]) -> None:
        """Answer these parameters, also if they are those of before."""
        if asked == self.params:
            self._answer(asked)
        else:
            self.params = asked  # answered by the observer

    def _start(self) -> None:
        """Give the first answer, once."""
        asked, self._waiting = self._waiting, None
        if asked is None:
            return
        self.show(asked)
        if not self.scene:
            why = self.problem
            self.show(dict(self.first))
            self._refused = self._refused or why
        self.problem = self.problem or self._refused

    @traitlets.observe("params")
    def _on_params(self, _change: Any) -> None:
        if self._is_open:
            self._waiting = None
            self._answer(self.params)

    def _answer(self, params: Mapping[str, Any]) -> None:
        try:
            asked = {**self.first, **_known(params, self.first)}
            scene = self.answer(asked)
        except ValueError as refused:
            return self._say(str(refused))
        self._good = asked
        with self.hold_sync():
            self.problem = ""
            self.answers += 1
            self.scene = {**scene, "id": self.answers, "params": self.saved()}
        self._idle.later(*self.later())

    def _say(self, problem: str) -> None:
        with self.hold_sync():
            self.problem = problem
            self.answers += 1

    def _on_message(self, _widget: Any, message: Any, buffers: list[Any]) -> None:
        if not isinstance(message, Mapping):
            return
        if message.get("kind") == "ping":
            self.send({"kind": "pong"})
        elif message.get("kind") == "ready":
            self._start()
        elif message.get("kind") == "restore" and isinstance(message.get("state"), Mapping):
            self.restore(message["state"])
        try:
            self.receive(message, buffers)
        except ValueError as refused:
            self._say(str(refused))


def _known(given: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in names}

"""A dashboard whose page asks and whose kernel answers: choices in, a scene or a sentence out.

The browser sets `params`, legal or not; the board sets `scene`, or `problem` and keeps the last
scene that worked. What a page shows of a scene is in `view` and is the browser's own.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import anywidget
import traitlets

from widgets.dashboard import link
from widgets.dashboard.idle import Idle


class Board(anywidget.AnyWidget):
    """What every such dashboard does; a subclass answers.

    Args:
        state: a dictionary as `saved` returns it; what it leaves out is the default. One that
            cannot be used is said in `problem`, and the default is shown.
    """

    parameter: ClassVar[str] = link.PARAMETER  # its place in an address that several share

    params = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    defaults = traitlets.Dict().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    address = traitlets.Unicode().tag(sync=True)  # of the page, as far as it was used

    def __init__(self, state: Mapping[str, Any] | None = None, **traits: Any) -> None:
        self._scenes = 0
        self._idle = Idle()
        super().__init__(**traits)
        self.on_msg(self._on_message)
        self.restore(state or {})
        if not self.scene:
            text = self.problem
            self.params = dict(self.defaults)
            self.problem = text

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The scene of what is asked for.

        Raises:
            ValueError: what cannot be, in one sentence
        """
        raise NotImplementedError

    def follow(self) -> None:
        """What comes after a scene has been sent, when the kernel is idle."""

    @classmethod
    def at_address(cls, state: Mapping[str, Any] | None = None) -> Self:
        """The board as `state`, or else the page's address, describes."""
        board, refused = link.opened(cls, state, cls.parameter)
        board.problem = refused or board.problem
        return board

    def saved(self) -> dict[str, Any]:
        """The state: `lesson(state=...)` leads back to it."""
        return {**self.params, "view": self.view}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Show what a saved state describes; `problem` says if it is another dashboard's."""
        if refused := link.foreign(state, self.defaults):
            self.problem = refused
            return
        view = state.get("view")
        self.view = dict(view) if isinstance(view, Mapping) else {}
        params = {name: state.get(name, value) for name, value in self.defaults.items()}
        if params == self.params:
            self._run()
        else:
            self.params = params

    def settle(self) -> None:
        """Do now what would follow when the kernel is idle."""
        self._idle.settle()

    @traitlets.observe("params")
    def _on_params(self, _change: Any) -> None:
        self._run()

    def _run(self) -> None:
        self._idle.wait()
        try:
            scene = self.answer(self.params)
        except ValueError as refused:
            self.problem = str(refused)
            return
        self._scenes += 1
        with self.hold_sync():
            self.problem = ""
            self.scene = {**scene, "id": self._scenes}
        self.follow()

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "ping":
            self.send({"kind": "pong"})
        elif kind == "restore" and isinstance(message.get("state"), dict):
            self.restore(message["state"])

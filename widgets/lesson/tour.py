"""A way through a dashboard: steps that each set it to a moment, forward, back and again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import anywidget
import traitlets

from widgets.lesson.style import CSS

HERE = Path(__file__).parent


class Restorable(Protocol):
    """A dashboard whose state is a dictionary."""

    def restore(self, state: Mapping[str, Any]) -> None: ...

    def saved(self) -> dict[str, Any]: ...


class Step(NamedTuple):
    """One moment and what to see in it; texts are HTML."""

    text: str
    state: Mapping[str, Any]  # what it leaves out is the dashboard's default
    question: str = ""
    expected: str = ""  # shown when asked for
    hints: Sequence[str] = ()


class Tour(anywidget.AnyWidget):
    """Next and back set the dashboard; whoever leaves the way can be set on it again.

    Args:
        dashboard: what the steps set
        steps: at least one
        keep: names of the state that stay as the learner has them, such as a guess
    Raises:
        ValueError: there is no step
    """

    _esm = HERE / "tour.js"
    _css = CSS

    steps = traitlets.List(traitlets.Dict()).tag(sync=True)
    at = traitlets.Int(-1).tag(sync=True)  # the step that is shown; -1: not begun
    hints_shown = traitlets.Int(0, min=0).tag(sync=True)  # at this step

    def __init__(
        self, dashboard: Restorable, steps: Sequence[Step], keep: Sequence[str] = ()
    ) -> None:
        if not steps:
            raise ValueError("Tour: give at least one step")
        self.dashboard, self.states, self._keep = dashboard, [step.state for step in steps], keep
        shown = ("text", "question", "expected", "hints")
        super().__init__(steps=[{name: getattr(step, name) for name in shown} for step in steps])
        self.on_msg(self._on_message)

    def show(self, step: int) -> None:
        """Set the dashboard to a step."""
        saved = self.dashboard.saved()
        kept = {name: saved[name] for name in self._keep if name in saved}
        self.dashboard.restore({**kept, **self.states[step]})

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict) or message.get("kind") != "show":
            return
        step = message.get("step")
        if isinstance(step, int) and 0 <= step < len(self.states):
            self.show(step)

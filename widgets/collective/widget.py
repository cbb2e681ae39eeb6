"""The collective: the learner's choices as traits, answered by an executed and timed schedule."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import traitlets

from trnlab.cluster.collectives import KINDS
from widgets.collective import bundle, scene
from widgets.collective.request import Request, choices
from widgets.dashboard.board import Board
from widgets.machine.systems import listed


class CollectiveBoard(Board):
    """One collective, step by step; then every algorithm against size."""

    _esm = bundle.module()
    _css = bundle.style()
    parameter = "c"

    systems = traitlets.List().tag(sync=True)
    algorithms = traitlets.Dict().tag(sync=True)
    times = traitlets.Dict().tag(sync=True)

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._asked = Request()
        super().__init__(
            state,
            defaults=asdict(Request()),
            systems=listed(),
            algorithms={kind: list(choices(kind)) for kind in KINDS},
        )

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        asked = Request.of(params)
        found = scene.scene(asked)
        self._asked = asked
        return found

    def follow(self) -> None:
        self._idle.later(self._compare, after_s=0.02)

    def _compare(self) -> None:
        self.times = {**scene.comparison(self._asked), "id": self._scenes}


def lesson(state: Mapping[str, Any] | None = None) -> CollectiveBoard:
    """The collective, as `state`, or else the page's address, describes."""
    return CollectiveBoard.at_address(state)

"""The machine: the learner's choices as traits, answered by the topology."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import traitlets

from widgets.dashboard.board import Board
from widgets.machine import bundle, scene
from widgets.machine.request import PATTERNS, Request
from widgets.machine.systems import listed


class MachineBoard(Board):
    """One machine, and what a pattern of traffic puts on its links."""

    _esm = bundle.module()
    _css = bundle.style()
    parameter = "m"

    systems = traitlets.List().tag(sync=True)
    patterns = traitlets.List().tag(sync=True)

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            state,
            defaults=asdict(Request()),
            systems=listed(),
            patterns=[list(row) for row in PATTERNS.items()],
        )

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return scene.scene(Request.of(params))


def lesson(state: Mapping[str, Any] | None = None) -> MachineBoard:
    """The machine, as `state`, or else the page's address, describes."""
    return MachineBoard.at_address(state)

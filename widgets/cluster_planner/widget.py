"""The planner: the learner's choices as traits, answered by the cluster model."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import traitlets

from trnlab import cluster
from trnlab.cluster.dtypes import FORMATS
from widgets.cluster_planner import bundle, scene, wider
from widgets.cluster_planner.request import Request
from widgets.cluster_planner.words import on_page
from widgets.dashboard.board import Board
from widgets.machine.systems import listed


class PlannerBoard(Board):
    """One model on one machine; then every plan, and more chips."""

    _esm = bundle.module()
    _css = bundle.style()
    parameter = "p"

    systems = traitlets.List().tag(sync=True)
    models = traitlets.List().tag(sync=True)
    formats = traitlets.List().tag(sync=True)
    plans = traitlets.Dict().tag(sync=True)
    scaling = traitlets.Dict().tag(sync=True)
    sweep = traitlets.Dict().tag(sync=True)
    pools = traitlets.Dict().tag(sync=True)

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._asked = Request()
        super().__init__(
            state,
            defaults=asdict(Request()),
            systems=listed(),
            models=list(cluster.gallery()),
            formats=list(FORMATS),
        )

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        try:
            asked = Request.of(params)
            found = scene.scene(asked)
        except ValueError as refused:
            raise ValueError(on_page(str(refused))) from refused
        self._asked = asked
        return found

    def follow(self) -> None:
        self._idle.later(self._rank, self._scale, after_s=0.15)

    def _rank(self) -> None:
        self.plans = {**wider.plan_map(self._asked), "id": self._scenes}

    def _scale(self) -> None:
        if self._asked.task == "training":
            self.scaling = {**wider.scaling(self._asked), "id": self._scenes}
        else:
            self.sweep = {**wider.sweep(self._asked), "id": self._scenes}
            self.pools = {**wider.pools(self._asked), "id": self._scenes}


def lesson(state: Mapping[str, Any] | None = None) -> PlannerBoard:
    """The planner, as `state`, or else the page's address, describes."""
    return PlannerBoard.at_address(state)

"""The planner: the learner's choices as traits, answered by the cluster model."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import traitlets

from trnlab import cluster
from trnlab.cluster.dtypes import FORMATS
from trnlab.cluster.planner import Planning
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
        self._planning: Planning | None = None
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
        self._planning = None
        self._idle.later(self._scale, self._rank, after_s=0.15)

    def _rank(self) -> Iterator[None]:
        """Judge plans, part by part, from where it was left; then show the best."""
        try:
            if self._planning is None:
                self._planning = self._asked.planning()
            for share in self._planning:
                self._tell({"share": share, "legal": self._planning.legal})
                yield
            self._tell(wider.plan_map(self._planning.ranking()))
        except ValueError as refused:
            self._tell({"problem": on_page(str(refused))})

    def _tell(self, found: dict[str, Any]) -> None:
        self.plans = {**found, "id": self._scenes}

    def _stop(self) -> None:
        """Leave the plans that are left, and show the best of the others."""
        share = self.plans.get("share")
        if share is None or self._planning is None:
            return
        self._idle.stop()
        try:
            found = wider.plan_map(self._planning.ranking())
        except ValueError:
            found = {"problem": "Stopped: none of the plans looked at so far fits."}
        self._tell({**found, "stopped": share})

    def _on_message(self, widget: Any, message: Any, buffers: Any) -> None:
        super()._on_message(widget, message, buffers)
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "stop":
            self._stop()
        elif kind == "go on" and "stopped" in self.plans:
            self._idle.later(self._rank, after_s=0)

    def _scale(self) -> None:
        if self._asked.task == "training":
            self.scaling = {**wider.scaling(self._asked), "id": self._scenes}
        else:
            self.sweep = {**wider.sweep(self._asked), "id": self._scenes}
            self.pools = {**wider.pools(self._asked), "id": self._scenes}


def lesson(state: Mapping[str, Any] | None = None) -> PlannerBoard:
    """The planner, as `state`, or else the page's address, describes."""
    return PlannerBoard.at_address(state)

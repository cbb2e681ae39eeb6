"""The planner's JavaScript and style."""

from functools import cache
from pathlib import Path

from widgets.dashboard import bundle
from widgets.machine.bundle import BOARD, BOARD_CSS, MACHINE

HERE = Path(__file__).parent
OWN = (
    "bars",
    "model",
    "degrees",
    "placement",
    "pipeline",
    "plans",
    "scaling",
    "sweep",
    "pools",
    "numbers",
    "main",
)


@cache
def module() -> str:
    """All files as one ES module."""
    return bundle.module((*BOARD, *MACHINE, "table", "tip", "progress"), HERE / "js", OWN)


@cache
def style() -> str:
    """The theme's names, what dashboards share, then the planner's own rules."""
    return bundle.style(BOARD_CSS, HERE / "planner.css", frame="board")

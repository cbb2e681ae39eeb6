"""The collective's JavaScript and style."""

from functools import cache
from pathlib import Path

from widgets.dashboard import bundle
from widgets.machine.bundle import BOARD, BOARD_CSS, MACHINE

HERE = Path(__file__).parent
OWN = ("run", "chunks", "times", "transport", "controls", "main")


@cache
def module() -> str:
    """All files as one ES module."""
    return bundle.module((*BOARD, *MACHINE), HERE / "js", OWN)


@cache
def style() -> str:
    """The theme's names, what dashboards share, then the collective's own rules."""
    return bundle.style(BOARD_CSS, HERE / "collective.css", frame="board")

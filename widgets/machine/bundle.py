"""The machine's JavaScript and style."""

from functools import cache
from pathlib import Path

from widgets.dashboard import bundle

HERE = Path(__file__).parent
BOARD = ("dom", "amounts", "history", "svg_pen", "files", "state", "heart", "session", "board")
MACHINE = ("machine_layout", "machine_draw")
BOARD_CSS = Path(bundle.__file__).parent / "board.css"


@cache
def module() -> str:
    """All files as one ES module."""
    return bundle.module((*BOARD, *MACHINE), HERE / "js", ("main",))


@cache
def style() -> str:
    """The theme's names, what dashboards share, then the machine's own rules."""
    return bundle.style(BOARD_CSS, HERE / "machine.css", frame="board")

"""The claim board's JavaScript: one module made of the files in `js`."""

from functools import cache
from pathlib import Path

from widgets.dashboard import bundle

HERE = Path(__file__).parent
SHARED = ("dom", "state")
OWN = ("chart", "controls", "verdict", "evidence", "main")


@cache
def module() -> str:
    """All files as one ES module."""
    return bundle.module(SHARED, HERE / "js", OWN)


@cache
def style() -> str:
    """The theme's names, then the board's own rules."""
    return bundle.style(HERE / "claims.css")

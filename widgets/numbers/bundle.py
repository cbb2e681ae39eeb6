"""JavaScript of each part as one module: what dashboards share, what the parts share, its own."""

from functools import cache
from pathlib import Path

from widgets.dashboard import bundle

HERE = Path(__file__).parent
SHARED = (
    "dom",
    "amounts",
    "history",
    "svg_pen",
    "files",
    "state",
    "heart",
    "table",
    "tip",
    "progress",
)
COMMON = ("part", "draw")


@cache
def module(name: str) -> str:
    """The files of a part as one ES module."""
    return bundle.module(SHARED, HERE / "js", (*COMMON, name))


@cache
def style() -> str:
    """The theme's names, then the parts' own rules."""
    return bundle.style(HERE / "numbers.css", frame="numbers")

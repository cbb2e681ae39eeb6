"""The stepper's JavaScript: one module made of the files in `js`, one view each."""

from functools import cache
from pathlib import Path

from widgets.dashboard import bundle, source

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
    "source",
)
OWN = (
    "scene",
    "words",
    "places",
    "lanes",
    "timeline",
    "tiles",
    "memory",
    "values",
    "controls",
    "transport",
    "trust",
    "summary",
    "roofline",
    "compare",
    "tables",
    "cursor",
    "main",
)


@cache
def module() -> str:
    """All files as one ES module."""
    return bundle.module(SHARED, HERE / "js", OWN)


@cache
def style() -> str:
    """The theme's names, then the stepper's own rules."""
    return bundle.style(source.CSS, HERE / "stepper.css")

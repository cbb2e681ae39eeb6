"""The stepper's JavaScript: one module made of the files in `js`, one view each."""

import re
from functools import cache
from pathlib import Path

from widgets import theme

HERE = Path(__file__).parent
ORDER = (
    "dom",
    "scene",
    "words",
    "timeline",
    "source",
    "tiles",
    "memory",
    "values",
    "controls",
    "transport",
    "summary",
    "roofline",
    "compare",
    "state",
    "main",
)

_COMMENTS = re.compile(r"^\s*(//.*|/\*\*.*\*/|/\*\*.*|\*/|\* .*|\*)$\n", re.MULTILINE)
_SPACE = re.compile(r"(?<=[;,{}(\[])\n[ ]*|(?<=\n)[ ]+")  # indentation, and ends of open lines


@cache
def module() -> str:
    """All files as one ES module, without comment lines and most white space."""
    text = "\n".join((HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in ORDER)
    return _SPACE.sub("", _COMMENTS.sub("", text))


@cache
def style() -> str:
    """The theme's names, then the stepper's own rules."""
    return theme.css() + (HERE / "stepper.css").read_text(encoding="utf-8")

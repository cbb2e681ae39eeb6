"""The profiler's JavaScript as one module: what it shares with the stepper, then its own files."""

import re
from functools import cache
from pathlib import Path

from widgets import theme

HERE = Path(__file__).parent
SHARED = HERE.parent / "stepper" / "js"
FILES = (
    *(SHARED / f"{name}.js" for name in ("dom", "words", "state")),
    *(HERE / "js" / f"{name}.js" for name in (
        "columns", "find", "draw", "timeline", "controls", "tools", "why", "whatif", "path",
        "range", "compare", "share", "main",
    )),
)  # fmt: skip

_COMMENTS = re.compile(r"^\s*(//.*|/\*\*.*\*/|/\*\*.*|\*/|\* .*|\*)$\n", re.MULTILINE)
_SPACE = re.compile(r"(?<=[;,{}(\[])\n[ ]*|(?<=\n)[ ]+")  # indentation, and ends of open lines


@cache
def module() -> str:
    """All files as one ES module, without comment lines and most white space."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    return _SPACE.sub("", _COMMENTS.sub("", text))


@cache
def style() -> str:
    """The theme's names, then the profiler's own rules."""
    return theme.css() + (HERE / "profiler.css").read_text(encoding="utf-8")

"""A dashboard's JavaScript as one ES module, and its style: files put together, not compiled."""

import re
from collections.abc import Iterable
from pathlib import Path

from widgets import theme

SHARED = Path(__file__).parent / "js"
TOOLS = Path(__file__).parent / "tools.css"
FRAME = Path(__file__).parent / "frame.css"

STATE = ("dom", "history", "svg_pen", "files", "state", "tools")  # what `toolsOf` consists of

_COMMENTS = re.compile(r"^[ ]*(?://.*|/\*\*(?s:.*?)\*/)[ ]*$\n", re.MULTILINE)
_REMARKS = re.compile(r"(?<=[;,{}()\[\]])[ ]+// .*$", re.MULTILINE)  # at the end of a line
# indentation, line ends where a statement goes on or has just ended, space around some signs
_SPACE = re.compile(r"(?<=[;,{}(\[])\n[ ]*|\n[ ]*(?=[})\]?:.&|])|(?<=\n)[ ]+|[ ](?==>)|(?<==>)[ ]")
_BINDING = re.compile(r"\b((?:const|let) \w+) = ")


def scoped(*names: str, shared: Iterable[str] = STATE) -> str:
    """Shared files of which a module sees these functions alone, whatever names it has itself."""
    seen = names[0] if len(names) == 1 else f"{{ {', '.join(names)} }}"
    return f"const {seen} = (() => {{\n{text(_paths(shared))}\nreturn {seen};\n}})();\n"


def module(shared: Iterable[str], folder: Path, own: Iterable[str]) -> str:
    """Files as one module, without comment lines and most white space.

    Args:
        shared: names of files in this package's `js`
        folder: of the dashboard's own files
        own: their names, in the order in which they stand
    """
    return text([*_paths(shared), *(folder / f"{name}.js" for name in own)])


def _paths(shared: Iterable[str]) -> list[Path]:
    return [SHARED / f"{name}.js" for name in shared]


def text(paths: Iterable[Path]) -> str:
    """Files one after the other, without comment lines and most white space."""
    joined = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    bare = _REMARKS.sub("", _COMMENTS.sub("", joined))
    return _BINDING.sub(r"\1=", _SPACE.sub("", bare))


def style(*paths: Path, frame: str = "") -> str:
    """The theme's names, what all dashboards have, then a dashboard's own rules.

    Args:
        frame: "x" for a dashboard whose root is `.trn-x` and has the common frame
    """
    common = FRAME.read_text(encoding="utf-8").replace("FRAME", frame) if frame else ""
    own = "".join(path.read_text(encoding="utf-8") for path in paths)
    return theme.css() + TOOLS.read_text(encoding="utf-8") + common + own

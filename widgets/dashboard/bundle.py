"""A dashboard's JavaScript as one ES module, and its style: files put together, not compiled."""

import re
from collections.abc import Iterable
from pathlib import Path

from widgets import theme

SHARED = Path(__file__).parent / "js"

_COMMENTS = re.compile(r"^\s*(//.*|/\*\*.*\*/|/\*\*.*|\*/|\* .*|\*)$\n", re.MULTILINE)
# indentation, line ends where a statement goes on or has just ended, space around some signs
_SPACE = re.compile(r"(?<=[;,{}(\[])\n[ ]*|\n[ ]*(?=[})\]?:.&|])|(?<=\n)[ ]+|[ ](?==>)|(?<==>)[ ]")
_BINDING = re.compile(r"\b((?:const|let) \w+) = ")


def module(shared: Iterable[str], folder: Path, own: Iterable[str]) -> str:
    """Files as one module, without comment lines and most white space.

    Args:
        shared: names of files in this package's `js`
        folder: of the dashboard's own files
        own: their names, in the order in which they stand
    """
    paths = [*(SHARED / f"{name}.js" for name in shared), *(folder / f"{name}.js" for name in own)]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return _BINDING.sub(r"\1=", _SPACE.sub("", _COMMENTS.sub("", text)))


def style(*paths: Path) -> str:
    """The theme's names, then a dashboard's own rules."""
    return theme.css() + "".join(path.read_text(encoding="utf-8") for path in paths)

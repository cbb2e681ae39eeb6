"""A kernel's own source, as `js/source.js` shows it: the functions of its file that ran.

In: a trace and the kernel that was recorded, of a file or of a notebook's cell. Out: plain data.
"""

import ast
import linecache
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from trnlab.nki.kernel import plain
from trnlab.trace import Trace

CSS = Path(__file__).parent / "source.css"


def source(trace: Trace, kernel: Callable[..., Any]) -> list[dict[str, Any]]:
    """The kernel, and each other function of its file in which an instruction was issued.

    Returns:
        first line and lines of each; nothing if the text is not at hand
    """
    code = plain(kernel).__code__
    text = "".join(linecache.getlines(code.co_filename))
    lines = {call.line for call in trace.calls} | {code.co_firstlineno}
    return [
        {"first": first, "lines": part}
        for first, part in _parts(text)
        if any(first <= line < first + len(part) for line in lines)
    ]


@lru_cache(maxsize=16)
def _parts(text: str) -> tuple[tuple[int, list[str]], ...]:
    """First line and lines of each function, and of what else stands at the top of a file."""
    try:
        found = ast.parse(text).body
    except SyntaxError:
        return ()
    lines = text.splitlines()
    starts = [
        min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        for node in found
    ]
    return tuple(
        (start, lines[start - 1 : node.end_lineno])
        for start, node in zip(starts, found, strict=True)
    )

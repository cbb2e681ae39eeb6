"""A class's exercises from the teacher's notebooks: solutions and hidden tests stripped.

The markers are nbgrader's, which reads the same source and makes the same students' version:

    ### BEGIN SOLUTION ... ### END SOLUTION              becomes a line to replace
    ### BEGIN HIDDEN TESTS ... ### END HIDDEN TESTS      goes
"""

import json
import re
from pathlib import Path
from typing import Any

from trnlab.files import whole

SOLUTION, HIDDEN = "SOLUTION", "HIDDEN TESTS"
BLANK = ("# YOUR CODE HERE", "raise NotImplementedError()")
_MARKER = re.compile(r"^(\s*)### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*$")


def release(source: Path, target: Path) -> int:
    """Write the students' version of a notebook; return how many solutions were stripped.

    Raises:
        ValueError: the source is no notebook, markers that do not pair, no solution at all, or the
            target is the source
    """
    if target.resolve() == source.resolve():
        raise ValueError(f"release: {target} is the source itself; name another file")
    notebook = _read(source)
    stripped = 0
    for number, cell in enumerate(notebook["cells"], 1):
        if cell["cell_type"] != "code":
            continue
        lines = "".join(cell["source"]).split("\n")
        kept, found = _strip(lines, f"release: {source.name}, cell {number}")
        cell |= {"source": "\n".join(kept).splitlines(keepends=True)}
        cell |= {"outputs": [], "execution_count": None}
        stripped += found
    if not stripped:
        raise ValueError(f"release: {source.name} has no ### BEGIN SOLUTION to strip")
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target) as file:
        file.write(_text(notebook))
    return stripped


def _read(source: Path) -> dict[str, Any]:
    try:
        found = json.loads(source.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"release: {source} is no notebook: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise ValueError(f"release: {source} is no notebook: it has no list of cells")
    return found


def _strip(lines: list[str], where: str) -> tuple[list[str], int]:
    kept: list[str] = []
    within, solutions = "", 0
    for line in lines:
        marker = _MARKER.match(line)
        if not marker:
            if not within:
                kept.append(line)
            continue
        indent, edge, kind = marker.groups()
        if (edge == "BEGIN") == bool(within) or (edge == "END" and kind != within):
            raise ValueError(f"{where}: ### {edge} {kind} has no partner")
        within = kind if edge == "BEGIN" else ""
        if edge == "BEGIN" and kind == SOLUTION:
            kept += [indent + blank for blank in BLANK]
            solutions += 1
    if within:
        raise ValueError(f"{where}: ### BEGIN {within} has no partner")
    return kept, solutions


def _text(notebook: dict[str, Any]) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"

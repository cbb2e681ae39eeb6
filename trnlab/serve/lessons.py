"""The lessons: numbered notebooks, each with a title and one line about it in its metadata.

"metadata": {"title": "Tiling a product", "trnlab": {"line": "Why ...?", "minutes": 20}}

Optional: "tool" names what a lesson's page is good for beside the lesson, with a line about it;
"kind": "reference" keeps a page out of the list of lessons; "picture" is what to depict of it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


class Lesson(NamedTuple):
    """One notebook as the start page lists it."""

    name: str  # file name without its ending, such as "02_matmul_tiling"
    title: str
    line: str  # one sentence or question
    minutes: int | None  # to work through it, if its author says
    kind: str = "lesson"  # or "reference": a page to look things up
    tool: Mapping[str, str] | None = None  # "name" and "line" of what to use the page for
    picture: str = ""  # CSS selector of what to depict; "": its largest drawing


def lessons(folder: Path = NOTEBOOKS) -> list[Lesson]:
    """The notebooks of a folder whose names start with a digit, in order."""
    return [_lesson(path) for path in sorted(folder.glob("[0-9]*.ipynb"))]


def _lesson(path: Path) -> Lesson:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    metadata = notebook["metadata"]
    ours = metadata.get("trnlab", {})
    title = metadata.get("title") or _heading(notebook) or path.stem
    return Lesson(
        path.stem,
        title,
        ours.get("line", ""),
        ours.get("minutes"),
        ours.get("kind", "lesson"),
        ours.get("tool"),
        ours.get("picture", ""),
    )


def _heading(notebook: dict[str, Any]) -> str:
    """The first Markdown heading, for a notebook that names no title."""
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line.removeprefix("# ").strip()
    return ""

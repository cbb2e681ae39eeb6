"""Lessons as plain HTML files: no server, no kernel, widgets alive where they need none.

A lesson's cells run once, here. The page carries the state of every widget and its JavaScript;
what only a kernel could answer is refused in place, with a sentence, and the last state stays.
"""

import ast
import contextlib
import html
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipywidgets import Widget
from ipywidgets.embed import dependency_state
from ipywidgets.widgets import widget as registry
from jinja2 import Environment, FileSystemLoader
from nbconvert.filters import markdown2html

from trnlab.files import whole
from trnlab.serve.accuracy import figures, summary
from trnlab.serve.glossary import grouped, linked
from trnlab.serve.lessons import NOTEBOOKS, Lesson, lessons
from trnlab.serve.news import news
from trnlab.serve.settings import DATA_FOLDERS, PICTURES, TEMPLATE

GLOSSARY = "glossary.html"
LARGE = ("_esm", "_css")  # texts that many widgets share


def export(folder: Path, notebooks: Path = NOTEBOOKS) -> list[Path]:
    """Write the start page, the glossary and every lesson; return the files of the pages.

    Raises:
        ValueError: the folder holds other files, or a lesson's cell fails
    """
    _require_ours(folder)
    pages = [_page(lesson) for lesson in lessons(notebooks)]
    listed = [page for page in pages if page["kind"] == "lesson"]
    # First what tells the folder from others: an export that a full disk ends can be repeated.
    written = [_write(folder / GLOSSARY, "glossary.html", {"glossary": grouped()})]
    for page in pages:
        after = listed[listed.index(page) + 1 :] if page in listed else []
        context = {"page": page, "next": after[0] if after else None, "terms": linked()}
        body = _run(notebooks / f"{page['name']}.ipynb")
        written.append(_write(folder / page["path"], "static.html", {**context, **body}))
    ours = {
        "lessons": listed,
        "references": [page for page in pages if page["kind"] == "reference"],
        "tools": [],
        "gallery": [],
        "news": [entry._asdict() for entry in news()],
        "accuracy": summary(figures())._asdict(),
    }
    written.append(_write(folder / "index.html", "tree.html", {"page_config": {"trnlab": ours}}))
    pictures = folder / "static" / "lessons"
    pictures.mkdir(parents=True, exist_ok=True)
    for picture in sorted(PICTURES.iterdir()):
        shutil.copyfile(picture, pictures / picture.name)
    return written


def _require_ours(folder: Path) -> None:
    """Write into an empty folder, or over an earlier export, never among other files."""
    if folder.exists() and any(folder.iterdir()) and not (folder / GLOSSARY).is_file():
        raise ValueError(f"export: {folder} holds other files; name an empty folder or a new one")
    folder.mkdir(parents=True, exist_ok=True)


def _page(lesson: Lesson) -> dict[str, Any]:
    pictured = (PICTURES / f"{lesson.name}-light.webp").is_file()
    return {**lesson._asdict(), "path": f"{lesson.name}.html", "pictured": pictured}


def _write(path: Path, template: str, context: dict[str, Any]) -> Path:
    loader = FileSystemLoader([TEMPLATE, DATA_FOLDERS[1]])
    environment = Environment(loader=loader, autoescape=True)
    addresses = {
        "base_url": "",
        "render": "",
        "static": "static/",
        "home": "index.html",
        "glossary_page": GLOSSARY,
    }
    text = environment.get_template(template).render({**addresses, **context})
    with whole(path) as file:
        file.write(text)
    return path


# A lesson


def _run(path: Path) -> dict[str, Any]:
    """The lesson's parts as HTML, and the widgets in them."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {"__name__": "__main__"}
    parts: list[str] = []
    shown: list[Widget] = []
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(f'<div class="jp-MarkdownOutput">{markdown2html(source)}</div>')
        elif cell["cell_type"] == "code":
            try:
                said, value = _run_cell(source, names)
            except Exception as error:
                raise ValueError(f"export: {path.name}, cell {number}: {error}") from error
            parts += _output(said, value, shown)
    for widget in shown:
        for finish in ("complete", "settle"):
            if hasattr(widget, finish):
                getattr(widget, finish)()
                break
    return {"parts": parts, "models": _models(shown)}


def _run_cell(source: str, names: dict[str, Any]) -> tuple[str, Any]:
    """Run a cell; what it prints, and the value of its last line if that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(tree, "cell", "exec"), names)
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return said.getvalue(), value


def _output(said: str, value: Any, shown: list[Widget]) -> Iterator[str]:
    if said:
        yield f"<pre>{html.escape(said)}</pre>"
    if isinstance(value, Widget):
        shown.append(value)
        yield f'<div class="trn-widget" data-model="{value.model_id}"></div>'
    elif value is not None:
        yield f"<pre>{html.escape(repr(value))}</pre>"


def _models(shown: list[Widget]) -> dict[str, Any]:
    """Every widget on the page: its state, its binary parts, which traits ask the kernel."""
    texts: list[str] = []
    models = {}
    states = dependency_state(shown, drop_defaults=False) if shown else {}
    for key, saved in states.items():
        state = saved["state"]
        shared = {name: _place(texts, state.pop(name)) for name in LARGE if name in state}
        models[key] = {
            "kind": saved["model_name"],
            "state": state,
            "buffers": [
                {"path": buffer["path"], "data": buffer["data"]}
                for buffer in saved.get("buffers", [])
            ],
            "asks": _asks(registry._instances[key]),
            **shared,
        }
    return {"models": models, "texts": texts}


def _place(texts: list[str], text: str) -> int:
    if text not in texts:
        texts.append(text)
    return texts.index(text)


def _asks(widget: Widget) -> list[str]:
    """The traits whose change Python answers; without it such a change has to be refused."""
    own = {name for name in widget.keys if not name.startswith("_")}
    observed = {name for name, kinds in widget._trait_notifiers.items() if kinds.get("change")}
    return sorted(own & observed - set(getattr(widget, "ANSWERED", ())))

"""The settings of Voila and Jupyter Server: one truth for `trnlab open`, JupyterLab and Binder."""

import json
import os
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

from trnlab.serve.accuracy import figures, summary
from trnlab.serve.glossary import linked
from trnlab.serve.lessons import NOTEBOOKS, ROOT, lessons
from trnlab.serve.news import news

# Our Voila template, and the folder from which it includes theme/theme.css.
DATA_FOLDERS = (ROOT / "share" / "jupyter", ROOT / "widgets")
TEMPLATE = DATA_FOLDERS[0] / "voila" / "templates" / "trnlab"
PICTURES = TEMPLATE / "static" / "lessons"  # `make pictures`
GALLERY = TEMPLATE / "gallery.json"  # `make gallery`

# What a page of widgets needs; a reader's other JupyterLab extensions would only slow it.
PAGE_EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
]

# Scripts and styles come from this server alone. Voila and its templates write them into the page
# ('unsafe-inline'); widgets load theirs as modules from memory (blob:). No expression is evaluated.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: blob: data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)

# With every answer of the workbench. A page may be shown in a frame of the same server alone.
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def find_template() -> None:
    """Let this process, and those it starts, find the template in the source tree."""
    known = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    ours = [str(folder) for folder in DATA_FOLDERS]
    rest = [folder for folder in known if folder and folder not in ours]
    os.environ["JUPYTER_PATH"] = os.pathsep.join([*ours, *rest])


def configure_voila(c: Any, folder: Path = NOTEBOOKS) -> None:
    """Pages without sources or tracebacks, in our template, with nothing from outside."""
    c.VoilaConfiguration.template = "trnlab"
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.strip_sources = True
    c.VoilaConfiguration.extension_allowlist = PAGE_EXTENSIONS
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaConfiguration.file_allowlist = [r".*\.(png|jpg|gif|svg)"]
    c.KernelRestarter.restart_limit = 0  # a restarted kernel has lost the page's widgets
    c.VoilaConfiguration.page_config_hook = partial(page_config, folder)


def keep_ready(c: Any, kernels: int, folder: Path = NOTEBOOKS) -> None:
    """So many kernels wait for each lesson, which has run in them; a page that opens takes one."""
    c.VoilaConfiguration.preheat_kernel = True
    pools = {f"{lesson.name}.ipynb": {"pool_size": kernels} for lesson in lessons(folder)}
    c.VoilaKernelManager.kernel_pools_config = {"default": {"pool_size": 0}, **pools}


def configure_server(c: Any, idle_s: int = 300) -> None:
    """Kernels: a net under cells that hang, nobody's kernel kept, local sockets where they work.

    Args:
        c: configuration to change
        idle_s: how long a kernel without a page is kept
    """
    c.VoilaExecutor.timeout = 60  # seconds for one cell
    c.VoilaExecutor.cell_error_instruction = "Reload the page to start again."
    c.VoilaExecutor.cell_timeout_instruction = "Reload the page to start again."
    c.MappingKernelManager.cull_idle_timeout = idle_s
    c.MappingKernelManager.cull_interval = 60
    if sys.platform == "linux":  # elsewhere the socket's path can be too long
        c.KernelManager.transport = "ipc"


def page_config(folder: Path, config: dict[str, Any], **page: Any) -> dict[str, Any]:
    """Voila's hook, called for each page: formulas from the bundled MathJax, and our pages.

    Voila ignores what this returns for a tree page, so it changes the dictionary it is given.
    """
    root = Path(page["settings"]["contents_manager"].root_dir).resolve()
    folder = _served(folder, root, page["notebook_path"])
    links = [
        {
            **lesson._asdict(),
            "path": os.path.relpath(folder / f"{lesson.name}.ipynb", root),
            "pictured": (PICTURES / f"{lesson.name}-light.webp").is_file(),
        }
        for lesson in lessons(folder)
    ]
    paths = [link["path"] for link in links]
    here = paths.index(page["notebook_path"]) if page["notebook_path"] in paths else None
    shown = None if here is None else links[here]
    is_notebook = page["notebook_path"].endswith(".ipynb")
    ours = _notebook(links, shown) if is_notebook else _start(links)
    config.update(fullMathjaxUrl=None, mathjaxConfig=None, trnlab=ours)
    return config


def _served(folder: Path, root: Path, page: str) -> Path:
    """Where this server has the lessons: `folder`, or a copy of it that a student has pulled.

    Args:
        root: a server shows only what is below it
        page: the notebook that is shown, below the root; "" for the start page
    """
    if folder.is_relative_to(root):
        return folder
    names = {path.name for path in folder.glob("[0-9]*.ipynb")}
    copies = [root / page] if page else sorted(root.glob("*/notebooks/[0-9]*.ipynb"))
    return next((copy.parent for copy in copies if copy.name in names), root / "notebooks")


@cache
def gallery() -> list[dict[str, Any]]:
    """The kernels that the profiler offers, each with the state that shows it."""
    return json.loads(GALLERY.read_text(encoding="utf-8"))


def _notebook(pages: list[dict[str, Any]], page: dict[str, Any] | None) -> dict[str, Any]:
    """What a notebook's page shows: which lesson it is, if it is one, and the next."""
    listed = _lessons(pages)
    after = listed[listed.index(page) + 1 :] if page in listed else []
    return {"lesson": page, "next": after[0] if after else None, "terms": linked()}


def _start(pages: list[dict[str, Any]]) -> dict[str, Any]:
    """What the start page shows."""
    return {
        "lesson": None,
        "lessons": _lessons(pages),
        "references": [page for page in pages if page["kind"] == "reference"],
        "tools": [page for page in pages if page["tool"]],
        "gallery": gallery(),
        "news": [entry._asdict() for entry in news()],
        "accuracy": summary(figures())._asdict(),
    }


def _lessons(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [page for page in pages if page["kind"] == "lesson"]

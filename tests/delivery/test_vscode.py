"""What VS Code's Jupyter extension asks of the lessons' widgets, as its source has it.

It copies `share/jupyter/nbextensions` of the kernel's environment, reads each `extension.js` there
for what it gives to `requirejs`, and shows widgets in a page that is neither JupyterLab nor Voila.
"""

import re
import sys
from pathlib import Path

import pytest
from ipywidgets import Widget

from tests.delivery.test_lesson_parts import LESSONS, parts
from widgets import theme

INSTALLED = Path(sys.prefix) / "share" / "jupyter" / "nbextensions"
# The extension has the modules of ipywidgets itself; those of others it finds in the environment.
ITS_OWN = {"@jupyter-widgets/base", "@jupyter-widgets/controls", "@jupyter-widgets/output"}
FOUND = {"anywidget": "anywidget"}

# What only another page has, and what would leave the machine.
ELSEWHERE = {
    "JupyterLab": r"jupyterapp|jupyterlab|\bjp-[A-Z]",
    "Voila": r"voila\.|/voila/(?!glossary)",
    "a server": r"\bfetch\(|XMLHttpRequest|new WebSocket|importScripts|sendBeacon",
    "another host": r"import\(\s*[\"'`]http|from\s*[\"']https?:|src=[\"']https?:",
}


def shown(name: str) -> list[Widget]:
    """The widgets of a lesson that have a view."""
    return [part for part in parts(name) if getattr(part, "_view_module", None)]


@pytest.mark.parametrize("name", LESSONS)
def test_its_widgets_are_of_modules_that_the_extension_finds(name):
    for part in parts(name):
        for module in (part._model_module, getattr(part, "_view_module", None)):
            assert module is None or module in ITS_OWN | FOUND.keys(), type(part)
    assert shown(name)


@pytest.mark.parametrize("module", FOUND)
def test_the_environment_has_the_module_where_the_extension_looks(module):
    text = (INSTALLED / FOUND[module] / "extension.js").read_text(encoding="utf-8")
    config = re.search(r"(?:window\.)?require(?:js)?\??\.config\((\{.*?\})\);", text, re.DOTALL)
    assert config, "the extension reads the argument of requirejs.config"
    place = re.search(rf"[\"']?{module}[\"']?:\s*\"nbextensions/([\w/.-]+)\"", config[1])
    assert place, config[1]
    assert (INSTALLED / f"{place[1]}.js").is_file()


@pytest.mark.parametrize("kind", ELSEWHERE)
@pytest.mark.parametrize("name", LESSONS)
def test_its_widgets_need_no_other_page_and_ask_nobody(name, kind):
    modules = {type(part).__name__: part._esm for part in shown(name) if hasattr(part, "_esm")}
    assert modules
    for widget, module in modules.items():
        assert not (found := re.search(ELSEWHERE[kind], str(module))), (widget, found)


def test_the_patterns_would_find_what_they_look_for():
    bad = {
        "JupyterLab": "window.jupyterapp.commands",
        "Voila": "window.location = '/voila/tree'",
        "a server": "await fetch('/api')",
        "another host": 'await import("https://example.org/vega.js")',
    }
    assert all(re.search(pattern, bad[kind]) for kind, pattern in ELSEWHERE.items())


def test_its_dark_theme_is_the_dark_theme():
    dark = {"vscode-dark", "vscode-high-contrast"}
    for kind in dark:
        assert f'[data-vscode-theme-kind="{kind}"]' in theme.css()
    assert '[data-vscode-theme-kind$="light"]' in theme.css()

"""The files of a dashboard become one module: a name that two of them declare would stop it."""

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import widgets
from widgets.dashboard import bundle

DECLARED = re.compile(r"^(?:const|let|class|function\*?|async function) +([A-Za-z_$][\w$]*)", re.M)
FOLDERS = sorted(
    folder.parent.name
    for folder in Path(widgets.__path__[0]).glob("*/bundle.py")
    if "def module()" in folder.read_text(encoding="utf-8")
)
PARTS = ("number", "block", "matrix", "product", "network")
MODULES = [(folder,) for folder in FOLDERS] + [("numbers", part) for part in PARTS]


@pytest.mark.parametrize("module", MODULES, ids="-".join)
def test_every_name_is_declared_once(
    module: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, *part = module
    monkeypatch.setattr(
        bundle, "text", lambda paths: "\n".join(path.read_text(encoding="utf-8") for path in paths)
    )
    made = import_module(f"widgets.{folder}.bundle")
    names = Counter(DECLARED.findall(made.module.__wrapped__(*part)))
    assert len(names) > 20
    assert [name for name, times in names.items() if times > 1] == []

"""The files of a dashboard become one module: a name that two of them declare would stop it."""

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import widgets

DECLARED = re.compile(r"^(?:const|let|class) +([A-Za-z_$][\w$]*)", re.M)
FOLDERS = sorted(
    folder.parent.name
    for folder in Path(widgets.__path__[0]).glob("*/bundle.py")
    if "def module()" in folder.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_name_is_declared_once(folder: str) -> None:
    text = import_module(f"widgets.{folder}.bundle").module()
    names = Counter(DECLARED.findall(text))
    assert len(names) > 5
    assert [name for name, times in names.items() if times > 1] == []

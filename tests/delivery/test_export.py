"""The export as files: whose folder it writes, what it runs, which changes need a kernel."""

import errno
import json

import pytest

from trnlab.cli import main
from trnlab.serve import export as export_module
from trnlab.serve.export import _asks, export
from widgets.balance import BalanceCalculator
from widgets.lesson import Choice, Exercise
from widgets.pe_array import PeArray
from widgets.stepper import Stepper


def _notebook(folder, *sources, kind="code"):
    cells = [{"cell_type": kind, "source": [source]} for source in sources]
    folder.mkdir(exist_ok=True)
    text = json.dumps({"metadata": {"title": "<b>One</b>"}, "cells": cells})
    (folder / "01_one.ipynb").write_text(text)
    return folder


def test_a_folder_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["export", str(tmp_path)]) == 1
    said = f"trnlab: export: {tmp_path} holds other files; name an empty folder or a new one\n"
    assert capsys.readouterr().err == said
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_what_cells_give_is_text_and_never_html(tmp_path):
    source = _notebook(
        tmp_path / "in", "print('<i>said</i>')", "x = 1", "'<script>alert(1)</script>'"
    )
    pages = export(tmp_path / "out", source)
    assert [path.name for path in pages] == ["glossary.html", "01_one.html", "index.html"]
    text = pages[1].read_text()
    assert "&lt;i&gt;said&lt;/i&gt;" in text and "&lt;script&gt;alert(1)" in text
    assert "<title>&lt;b&gt;One&lt;/b&gt; - trnlab</title>" in text
    export(tmp_path / "out", source)  # over an earlier one


def test_an_export_that_the_disk_ended_is_said_and_can_be_repeated(tmp_path, monkeypatch):
    source = _notebook(tmp_path / "in", "x = 1")
    written = export_module._write

    def full(path, *rest):
        if path.name == "01_one.html":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return written(path, *rest)

    monkeypatch.setattr(export_module, "_write", full)
    with pytest.raises(OSError, match="01_one.html"):
        export(tmp_path / "out", source)
    monkeypatch.undo()
    assert len(export(tmp_path / "out", source)) == 3


def test_a_cell_that_fails_is_named(tmp_path):
    source = _notebook(tmp_path / "in", "x = 1", "1 / 0")
    with pytest.raises(ValueError, match="01_one.ipynb, cell 2: division by zero"):
        export(tmp_path / "out", source)


@pytest.mark.parametrize(
    ("make", "asks"),
    [
        (PeArray, []),
        (BalanceCalculator, ["chip", "dtype", "k", "k_tiles", "m", "n", "uses"]),
        (Stepper, ["params", "rival"]),
        (lambda: Exercise("1.1", "?", Choice("a", {"b": "no"}), ["h"], "s"), ["attempts"]),
    ],
)
def test_only_what_python_answers_is_refused(make, asks):
    assert _asks(make()) == asks


def test_the_stepper_has_what_its_reveal_shows():
    stepper = Stepper()
    stepper.complete()
    assert not stepper.revealed
    assert stepper.ladder["id"] == stepper.scene["id"]
    assert len(stepper.ladder["rungs"]) > 1 and stepper.other

"""What the start page says of a notebook comes from the notebook."""

import json

import pytest

from trnlab.serve.lessons import Lesson, lessons
from trnlab.serve.settings import page_config


def _write(folder, name, metadata, *cells):
    listed = [{"cell_type": "markdown", "source": [text]} for text in cells]
    text = json.dumps({"metadata": metadata, "cells": listed})
    (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    _write(tmp_path, "02_b", {"title": "B", "trnlab": {"line": "Why b?", "minutes": 20}})
    _write(tmp_path, "01_a", {}, "Before\n\n# A heading\nAfter")
    _write(tmp_path, "glossary", {"title": "Words"})
    return tmp_path


def _page(folder, path, root):
    class Contents:
        root_dir = str(root)

    given = {"kept": True}
    page_config(
        folder, given, settings={"contents_manager": Contents}, notebook_path=path, base_url="/"
    )
    return given


def test_numbered_notebooks_are_lessons_in_order(folder):
    assert lessons(folder) == [
        Lesson("01_a", "A heading", "", None),
        Lesson("02_b", "B", "Why b?", 20),
    ]


def test_every_lesson_has_a_title_and_a_line():
    assert lessons()
    for lesson in lessons():
        assert lesson.title != lesson.name and lesson.line, lesson.name


def test_a_page_knows_its_lesson_and_the_next(folder):
    ours = _page(folder, "01_a.ipynb", folder)["trnlab"]
    assert ours["lesson"]["title"] == "A heading"
    assert ours["next"]["path"] == "02_b.ipynb"
    assert _page(folder, "02_b.ipynb", folder)["trnlab"]["next"] is None


def test_links_count_from_the_server_s_folder(folder):
    ours = _page(folder, "", folder.parent)["trnlab"]
    assert [link["path"] for link in ours["lessons"]] == [
        f"{folder.name}/01_a.ipynb",
        f"{folder.name}/02_b.ipynb",
    ]
    assert ours["lesson"] is None


def test_formulas_need_no_other_host(folder):
    config = _page(folder, "", folder)
    assert config["fullMathjaxUrl"] is None and config["mathjaxConfig"] is None and config["kept"]

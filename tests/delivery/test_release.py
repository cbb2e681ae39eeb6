"""Exercises for a class: the solution passes its tests, the stripped version does not pass any."""

import json
from pathlib import Path

import nbformat
import pytest

from trnlab.cli import main
from trnlab.serve.lessons import NOTEBOOKS
from trnlab.serve.release import release

SOURCES = sorted((NOTEBOOKS / "assignments").glob("*.ipynb"))
WRONG = [  # what a learner may write instead; the tests must not take it
    ("scale_rows", "nl.multiply, scale_tile", "nl.add, scale_tile"),
    ("scale_rows", "x_tile, nl.multiply, scale_tile", "x_tile, nl.multiply, 2.0"),
    ("scale_rows", "    nisa.dma_copy(x_tile, x)\n", "    nisa.dma_copy(x_tile, x)\n" * 2),
    ("product", "stationary=a, moving=b", "stationary=a, moving=a"),
    ("product", "stationary=a, moving=b", "stationary=b, moving=a"),
    ("product", "    nisa.tensor_copy(out, acc)\n    ### END", "    ### END"),
    ("long_product", "rhs[part : part + 128, 0:n]", "rhs[0:128, 0:n]"),
    ("long_product", "lhsT[part : part + 128, 0:m]", "lhsT[0:128, 0:m]"),
    (
        "long_product",
        "stationary=a, moving=b)\n    ",
        "stationary=a, moving=b, accumulate=False)\n    ",
    ),
]


def _cells(path: Path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _run(cells: list[dict], change: tuple[str, str] = ("", "")) -> list[str]:
    """Names of the tests that fail."""
    names: dict[str, object] = {}
    failed = []
    for cell in cells:
        source = "".join(cell["source"]).replace(*change)
        grade = cell["metadata"].get("nbgrader", {})
        try:
            exec(compile(source, "cell", "exec"), names)
        except Exception:
            assert grade.get("grade"), source  # only a test may fail
            failed.append(grade["grade_id"])
    return failed


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request) -> Path:
    return request.param


def test_there_are_exercises():
    assert SOURCES


def test_the_solution_passes_its_own_tests(source):
    assert _run(_cells(source)) == []


def test_the_students_version_has_no_solution_and_passes_no_test(source, tmp_path, capsys):
    target = tmp_path / "class" / source.name
    assert main(["release", str(source), str(target)]) == 0
    tasks = [cell for cell in _cells(source) if cell["metadata"].get("nbgrader", {}).get("grade")]
    assert capsys.readouterr().out == f"{target}: {len(tasks)} solutions stripped\n"
    nbformat.validate(nbformat.read(target, 4))
    text = target.read_text()
    assert "### BEGIN" not in text and "### END" not in text
    assert text.count("raise NotImplementedError()") == len(tasks) + text.count(
        "Replace each `raise"
    )
    assert _run(_cells(target)) == [cell["metadata"]["nbgrader"]["grade_id"] for cell in tasks]


@pytest.mark.parametrize(("name", "right", "wrong"), WRONG)
def test_a_wrong_answer_does_not_pass(name, right, wrong):
    (source,) = [path for path in SOURCES if f"def {name}(" in path.read_text()]
    (cell,) = [each for each in _cells(source) if f"def {name}(" in "".join(each["source"])]
    assert right in "".join(cell["source"])
    assert f"test_{name}" in _run(_cells(source), (right, wrong))


def _notebook(folder: Path, *lines: str) -> Path:
    path = folder / "source.ipynb"
    cells = [{"cell_type": "code", "metadata": {}, "source": "\n".join(lines)}]
    path.write_text(json.dumps({"cells": cells, "metadata": {}}))
    return path


def test_indentation_stays_and_hidden_tests_go(tmp_path):
    source = _notebook(
        tmp_path,
        "def f():",
        "    ### BEGIN SOLUTION",
        "    return 1",
        "    ### END SOLUTION",
        "### BEGIN HIDDEN TESTS",
        "assert f() == 1",
        "### END HIDDEN TESTS",
        "x = 2",
    )
    assert release(source, tmp_path / "out.ipynb") == 1
    (cell,) = _cells(tmp_path / "out.ipynb")
    assert "".join(cell["source"]).split("\n") == [
        "def f():", "    # YOUR CODE HERE", "    raise NotImplementedError()", "x = 2"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["### BEGIN SOLUTION", "1"], "cell 1: ### BEGIN SOLUTION has no partner"),
        (["1", "### END SOLUTION"], "cell 1: ### END SOLUTION has no partner"),
        (["### BEGIN SOLUTION", "### END HIDDEN TESTS"], "### END HIDDEN TESTS has no partner"),
        (["### BEGIN SOLUTION", "### BEGIN SOLUTION"], "### BEGIN SOLUTION has no partner"),
        (["x = 1"], "has no ### BEGIN SOLUTION to strip"),
    ],
)
def test_markers_that_do_not_pair_are_refused(tmp_path, lines, said):
    with pytest.raises(ValueError, match=said):
        release(_notebook(tmp_path, *lines), tmp_path / "out.ipynb")
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "{}", '{"cells": 3}'])
def test_what_is_no_notebook_is_refused(tmp_path, text):
    source = tmp_path / "source.ipynb"
    source.write_text(text)
    with pytest.raises(ValueError, match="release: .* is no notebook"):
        release(source, tmp_path / "out.ipynb")


def test_the_source_is_never_written_over(tmp_path):
    source = _notebook(tmp_path, "### BEGIN SOLUTION", "### END SOLUTION")
    before = source.read_text()
    with pytest.raises(ValueError, match="is the source itself"):
        release(source, source)
    assert source.read_text() == before

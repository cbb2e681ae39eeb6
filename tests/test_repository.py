"""Rules that every file of the repository keeps."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COLUMNS = 100
CODE = (".py", ".js", ".css")
TEXT = (
    *CODE,
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".html",
    ".j2",
    ".json",
    ".ipynb",
    ".cfg",
    ".sh",
    "",
)
BUNDLED = re.compile(r"\.min\.js$|/vendor/|^lock/|^LICENSE$")  # not written by us

NO_NETWORK = re.compile(
    r"\bcdn[.-]|jsdelivr|unpkg|cdnjs|skypack|esm\.sh|fonts\.googleapis|gstatic", re.IGNORECASE
)
NO_INDEX = re.compile(r"\bpypi\b|--(extra-)?index-url|trusted-host", re.IGNORECASE)
NO_MACHINE = re.compile(r"(?<![\w.$}])/(?:home|root|Users|work)/\w+|[A-Z]:\\\\Users")
NO_TRACKER = re.compile(r"\bissues?\s+#?\d+|\(#\d+\)|\b(?:close|fixe)s\s+#\d+", re.IGNORECASE)
NO_LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def tracked() -> list[Path]:
    """Files under version control; all files if there is none."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        folders = ("trnlab", "widgets", "tests", "notebooks", "share", "binder")
        paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return [path for path in paths if path.is_file()]


FILES = [path for path in tracked() if not BUNDLED.search(str(path.relative_to(ROOT)))]
PYTHON = [path for path in FILES if path.suffix == ".py"]
NOTEBOOKS = [path for path in FILES if path.suffix == ".ipynb"]
LESSONS = [path for path in NOTEBOOKS if path.parent.name != "assignments"]  # those hold kernels
of_a_file = pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))


def lines(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Where and what, for every line of text; this file speaks of what it forbids."""
    for path in FILES:
        if path.suffix in suffixes and path != Path(__file__):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield f"{path.relative_to(ROOT)}:{number}", line


def found(pattern: re.Pattern[str], *suffixes: str) -> list[str]:
    return [
        f"{where}: {line.strip()[:80]}" for where, line in lines(*suffixes) if pattern.search(line)
    ]


def test_lines_have_at_most_100_columns() -> None:
    assert [where for where, line in lines(".py") if len(line) > COLUMNS] == []


def test_nothing_is_loaded_from_the_network() -> None:
    assert found(NO_NETWORK, *TEXT) == []


def test_no_package_index_is_named() -> None:
    assert found(NO_INDEX, *TEXT) == []


def test_no_path_of_somebodys_machine_is_named() -> None:
    assert found(NO_MACHINE, *TEXT) == []


def test_no_tracker_is_needed_to_understand_a_file() -> None:
    assert found(NO_TRACKER, *TEXT) == []


def test_nothing_is_left_for_later() -> None:
    assert found(NO_LEFTOVER, *CODE, ".md", ".ipynb") == []


@pytest.mark.parametrize(
    "pattern, line",
    [
        (NO_NETWORK, '<script src="https://cdn.example.org/x.js">'),
        (NO_NETWORK, "import x from 'https://unpkg.com/x'"),
        (NO_INDEX, "pip install --index-url https://example.org"),
        (NO_MACHINE, 'open("/home/somebody/data.npz")'),
        (NO_TRACKER, "see issue #12"),
        (NO_TRACKER, "A better wait (#31)"),
        (NO_LEFTOVER, "# TODO: later"),
    ],
)
def test_what_is_forbidden_would_be_found(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


# Randomness


def unseeded(source: str) -> list[int]:
    """Lines that draw random numbers without a seed, or from a hidden generator."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if _is_unseeded(ast.unparse(call.func), call)]


def _is_unseeded(function: str, call: ast.Call) -> bool:
    seeded = bool(call.args or call.keywords)
    if function.endswith("default_rng") or function in ("random.Random", "Random"):
        return not seeded
    return bool(re.fullmatch(r"(np|numpy)\.random\.\w+|random\.\w+|secrets\.\w+", function))


@of_a_file
def test_random_numbers_have_a_seed(path: Path) -> None:
    assert unseeded(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source, is_unseeded",
    [
        ("np.random.rand(3)", True),
        ("numpy.random.seed(0)", True),
        ("np.random.default_rng()", True),
        ("random.random()", True),
        ("random.Random()", True),
        ("np.random.default_rng(0)", False),
        ("random.Random(7)", False),
        ("rng.integers(3)", False),
    ],
)
def test_a_draw_without_a_seed_would_be_found(source: str, is_unseeded: bool) -> None:
    assert bool(unseeded(source)) == is_unseeded


# Notebooks


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in code:
        assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name)
def test_definitions_in_lessons_are_short(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or source.lstrip().startswith(("%", "!")):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < 10, f"{path.name}: {node.name}"

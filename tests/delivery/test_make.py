"""`make` and `.ci/run`: targets that are listed, and a sentence when Python will not do."""

import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _make(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], capture_output=True, text=True, cwd=folder)


def _fake_python(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_help_lists_what_can_be_made():
    said = _make("help").stdout
    for target in ("lab", "jupyter", "test", "check", "fix", "bench", "charts", "lock"):
        assert f"\n{target} " in f"\n{said}"
    assert _make().stdout == said


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 1", "needs Python 3.11 or newer, and {} is not;"),
        ('test "$1" = -c', "{} cannot make an environment;"),
    ],
    ids=["too old", "without venv"],
)
def test_a_python_that_will_not_do_is_refused_with_a_sentence(tmp_path, script, sentence):
    for name in ("Makefile", "pyproject.toml", "lock/lab.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    python = _fake_python(tmp_path, script)
    ran = _make("lab", f"PYTHON={python}", folder=tmp_path)
    assert ran.returncode != 0
    assert ran.stderr.startswith(f"trnlab: {sentence.format(python)}")
    assert ran.stderr.count("trnlab:") == 1
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("script", "ends", "sentence"),
    [
        ("exit 0", 0, "no known weakness"),
        ("echo 'Found 1 known vulnerability'; exit 1", 1, "known weaknesses, listed above"),
        ("echo 'ERROR:pip_audit: no answer' >&2; exit 1", 2, "nothing was audited"),
        ("echo 'ERROR:pip_audit: no answer' >&2; exit 0", 2, "nothing was audited"),
        ("echo 'Traceback (most recent call last):' >&2; exit 1", 2, "nothing was audited"),
    ],
    ids=["clean", "weak", "no answer", "no answer, and no error", "a mirror that is not there"],
)
def test_an_audit_that_got_no_answer_never_passes(tmp_path, script, ends, sentence):
    ran = _audit(tmp_path, script)
    assert (ran.returncode == 0) == (ends == 0)
    assert f"Error {ends}" in ran.stderr or ends == 0
    assert sentence in ran.stdout + ran.stderr


def test_an_audit_asks_the_mirror_that_is_named_and_no_other_unless_one_is(tmp_path):
    said = _audit(tmp_path, 'echo "asked $*"', "OSV_URL=http://localhost:1/v1/query").stdout
    assert "-s osv --osv-url http://localhost:1/v1/query\n" in said
    assert "osv" not in _audit(tmp_path, 'echo "asked $*"').stdout


def _audit(folder: Path, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`make audit` in a folder of its own, where a script stands for pip-audit."""
    for name in ("Makefile", "pyproject.toml", "lock/lab.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    tools = folder / "build" / "audit" / "bin"
    tools.mkdir(parents=True, exist_ok=True)
    Path(_fake_python(tools, script)).rename(tools / "pip-audit")
    return _make("audit", "--assume-old=.venv/lab", *words, folder=folder)


def test_ci_needs_only_bash():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.slow
def test_the_package_holds_every_file_that_a_page_needs(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "build"))
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", build, str(tmp_path)]
    subprocess.run(command, cwd=source, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.partition(".data/data/")[2] or name for name in names}
    for folder in ("widgets", "trnlab", "share"):
        needed = [path for path in (source / folder).rglob("*") if path.is_file()]
        assert {str(path.relative_to(source)) for path in needed} <= inside

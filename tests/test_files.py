"""A file is written whole or not at all, and its error names it."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from trnlab.files import whole

LIMIT_BYTES = 1000
WRITES = (
    "from trnlab.files import whole\nwith whole('page.txt') as file:\n    file.write('y' * 9000)"
)


def test_what_is_written_takes_the_place_of_what_was_there(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("before")
    with whole(path) as file:
        file.write("µ after")
        file.flush()
        assert path.read_text() == "before"
    assert path.read_text(encoding="utf-8") == "µ after"
    assert [each.name for each in tmp_path.iterdir()] == ["page.txt"]


@pytest.mark.parametrize("before", ["before", None])
def test_a_write_that_the_machine_ends_leaves_what_was_there(tmp_path, before):
    path = tmp_path / "page.txt"
    if before:
        path.write_text(before)
    limit = (LIMIT_BYTES, LIMIT_BYTES)  # of any file, as if the disk were full then
    ran = subprocess.run(
        [sys.executable, "-c", WRITES],
        cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )  # fmt: skip
    assert ran.returncode == 1 and "OSError" in ran.stderr and "'page.txt'" in ran.stderr
    assert [each.name for each in tmp_path.iterdir()] == (["page.txt"] if before else [])
    assert not before or path.read_text() == before


def test_what_fails_while_writing_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), whole(tmp_path / "page.txt") as file:
        file.write(str(1 / 0))
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "page.txt").write_text("before")
    (tmp_path / "link").symlink_to("page.txt")
    with whole(tmp_path / "link") as file:
        file.write("after")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "page.txt").read_text() == "after"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_device_is_written_to_and_its_refusal_is_named():
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        with whole("/dev/full") as file:
            file.write("x")
    with whole("/dev/null") as file:
        file.write("x")
    assert Path("/dev/null").is_char_device()

"""The command `trnlab`: what it prints, and the sentence when it cannot."""

import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import trnlab
from trnlab.cli import main
from trnlab.kernels.matmul import tiled
from trnlab.serve.lessons import lessons

MATMUL = str(Path(trnlab.__file__).parent / "kernels" / "matmul.py")
INPUTS = ["--input", "lhsT=256x128:bfloat16", "--input", "rhs=256x512:bfloat16"]


@pytest.fixture
def trnlab_says(capsys):
    """Run a command; give its exit code, and what it printed to stdout and stderr together."""

    def run(*words: str) -> tuple[int, str]:
        code = main(words)
        said = capsys.readouterr()
        return code, (said.out + said.err).strip()

    return run


def test_run_prints_what_profile_says(trnlab_says):
    code, said = trnlab_says("run", f"{MATMUL}:tiled", *INPUTS, "--chip", "trn2")
    sizes = [trnlab.shape((256, width), "bfloat16") for width in (128, 512)]
    prof = trnlab.profile(tiled, *sizes, chip="trn2")
    assert code == 0
    rows = {line[:24].strip(): line[24:].strip() for line in said.splitlines()}
    assert said.startswith("tiled on one NeuronCore of trn2\n")
    assert rows["total time"] == f"{prof.total_us:,.2f} us"
    assert rows["MFU"].startswith(f"{prof.mfu:.1%}")
    assert rows["MBU"].startswith(f"{prof.mbu:.1%}")
    assert rows["moved from and to HBM"] == f"{prof.hbm_bytes / 1e6:,.3f} MB"
    assert rows["arithmetic intensity"].startswith(f"{prof.roofline.intensity:.4g} FLOP/byte")
    for engine, fraction in prof.busy.items():
        assert rows[f"{engine} busy"].startswith(f"{fraction:.1%}")
    longest = int(prof.timeline["wait_s"].argmax())
    assert prof.timeline.wait_text(longest) in said


HELPER = "import nki.language as nl\n\nWIDTH = 64\n"
KERNELS = """
from __future__ import annotations
from dataclasses import dataclass
import nki
import nki.isa as nisa
import nki.language as nl
from .sizes import WIDTH

@dataclass
class Half(nl.NKIObject):
    first: int
    rows: int = 0
    width = WIDTH

@nki.jit
def double(x):
    out = nl.ndarray(x.shape, x.dtype, buffer=nl.shared_hbm)
    rows = x.shape[0] // nl.num_programs()
    part = Half(nl.program_id(0) * rows, rows=rows)
    tile = nl.ndarray((part.rows, part.width), x.dtype)
    nisa.dma_copy(dst=tile, src=x[nl.ds(part.first, part.rows), :])
    nisa.tensor_scalar(dst=tile, data=tile, op0=nl.multiply, operand0=2.0)
    nisa.dma_copy(dst=out[nl.ds(part.first, part.rows), :], src=tile)
    return out
"""


@pytest.mark.parametrize("cores", ["", "[1]", "[2]"])
def test_run_takes_a_file_of_a_package_on_one_core_or_two(trnlab_says, tmp_path, cores):
    """Relative imports, records with annotations as text, and a neighbor that imports nki."""
    package = tmp_path / "library" / "core"
    package.mkdir(parents=True)
    (tmp_path / "library" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "sizes.py").write_text(HELPER)
    (package / "double.py").write_text(KERNELS)
    where = f"{package / 'double.py'}:double{cores}"
    code, said = trnlab_says("run", where, "--input", "x=128x64:float32", "--values", "random")
    on = "2 NeuronCores" if cores == "[2]" else "one NeuronCore"
    assert said.startswith(f"double on {on} of trn3\n") and code == 0
    assert not [name for name in sys.modules if name.startswith("library")]


def test_a_reader_that_has_seen_enough_is_no_error():
    words = [sys.executable, "-m", "trnlab", "run", f"{MATMUL}:tiled", *INPUTS]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


def test_values_change_no_time(trnlab_says):
    assert trnlab_says("run", f"{MATMUL}:tiled", *INPUTS) == trnlab_says(
        "run", f"{MATMUL}:tiled", *INPUTS, "--values", "random"
    )


def test_numbers_reach_the_kernel(trnlab_says):
    code, said = trnlab_says(
        "run", f"{MATMUL}:blocked", *INPUTS, "--input", "m_block=1", "--input", "n_block=1"
    )
    assert code == 0 and said.startswith("blocked on one NeuronCore of trn3")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.py"], "there is no file nowhere.py"),
        ([MATMUL], "has 5 kernels, not one; its kernels are one_tile, tiled, hoisted,"),
        ([f"{MATMUL}:fast"], "has no kernel 'fast'; its kernels are one_tile, tiled, hoisted,"),
        ([f"{MATMUL}:tiled", *INPUTS[:2]], "missing a required argument: 'rhs'"),
        ([f"{MATMUL}:tiled", "--input", "lhsT"], "give NAME=SHAPE:DTYPE, such as lhsT=512x128:"),
        ([f"{MATMUL}:tiled", "--input", "lhsT=0x1:bfloat16"], "whole numbers of 1 or more"),
        ([f"{MATMUL}:tiled", *INPUTS, "--chip", "trn9"], "'trn9'"),
        ([f"{MATMUL}:tiled[3]", *INPUTS], "a logical core has 1 or 2 physical cores"),
        ([f"{MATMUL}:tiled", *INPUTS, *INPUTS[2:]], "rhs is given twice"),
        (["."], "is a folder"),
        (
            [f"{MATMUL}:tiled", "--input", "lhsT=32768x8192:bfloat16", *INPUTS[2:]]
            + ["--values", "random"],
            "268,566,528 numbers are more than the 268,435,456",
        ),
        ([f"{MATMUL}:tiled", *INPUTS[:2], "--input", "rhs=256x5:bfloat16"], "multiple of 512"),
    ],
)
def test_run_refuses_with_a_sentence(trnlab_says, words, sentence):
    code, said = trnlab_says("run", *words)
    assert code == 1
    assert said.startswith("trnlab: ") and sentence in said and "Traceback" not in said


def test_run_says_where_a_file_or_a_kernel_fails(trnlab_says, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("import nothing_like_this\n")
    expected = "ModuleNotFoundError: No module named 'nothing_like_this' (broken.py, line 1)"
    assert expected in trnlab_says("run", str(broken))[1]
    failing = tmp_path / "failing.py"
    failing.write_text("from trnlab import nki\n\n@nki.jit\ndef k(n):\n    return 1 / n\n")
    said = trnlab_says("run", str(failing), "--input", "n=0")[1]
    assert said == (
        "trnlab: the kernel failed: ZeroDivisionError: division by zero (failing.py, line 5)"
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("x.dtyp", "'Tensor' object has no attribute 'dtyp'; did you mean dtype? (own.py, line 7)"),
        ("nisa.dma_copyy(x)", "no attribute 'dma_copyy'; did you mean dma_copy? (own.py, line 7)"),
        ("nisa.dma_copy(dest=x)", "dma_copy: it has no parameter 'dest'; it takes dst, src, "),
        ("k(x)", "RecursionError: maximum recursion depth exceeded"),
        ("raise SystemExit(2)", "the kernel failed: SystemExit: 2 (own.py, line 7)"),
    ],
)
def test_a_mistake_is_shown_where_it_was_written(trnlab_says, tmp_path, line, says):
    own = tmp_path / "own.py"
    head = "import nki\nimport nki.isa as nisa\n\n@nki.jit\ndef k(x):\n"
    own.write_text(f'{head}    """One."""\n    {line}\n')
    code, said = trnlab_says("run", str(own), "--input", "x=4x4:float32")
    assert code == 1 and says in said and "line 7)" in said


@pytest.mark.parametrize("line", ["def f(:", "import sys; sys.exit(3)"])
def test_a_file_that_cannot_be_loaded_is_said(trnlab_says, tmp_path, line):
    own = tmp_path / "own.py"
    own.write_text(line)
    code, said = trnlab_says("run", str(own))
    assert code == 1 and said.count("own.py, line 1") == 1 and "cannot be loaded" in said


def test_a_kernel_that_runs_nothing_has_a_summary_too(trnlab_says, tmp_path):
    own = tmp_path / "own.py"
    own.write_text("import nki\n\n@nki.jit\ndef k(x):\n    return x\n")
    code, said = trnlab_says("run", str(own), "--input", "x=4x4:float32")
    assert code == 0 and "0 NKI calls, 0 device instructions" in said


def test_the_version_is_the_installed_ones(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"trnlab {version('trnlab')}\n"


def test_open_lists_the_lessons_when_it_does_not_know_one(trnlab_says):
    code, said = trnlab_says("open", "nothing", "--no-browser")
    listed = ", ".join(lesson.name for lesson in lessons())
    assert (code, said) == (1, f"trnlab: there is no lesson 'nothing'; there are: {listed}")


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_open_refuses_what_is_no_port(trnlab_says, port):
    code, said = trnlab_says("open", "--no-browser", "--port", port)
    assert code == 1 and said.startswith(f"trnlab: port {port} cannot be used")


@pytest.mark.parametrize("flags", [[], ["--lab"]], ids=["voila", "lab"])
def test_open_says_when_the_port_is_taken(trnlab_says, flags):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = trnlab_says("open", "--no-browser", "--port", str(port), *flags)
    assert code == 1
    assert said == (
        f"trnlab: port {port} cannot be used (address already in use); choose another:"
        " make lab PORT=8899, or trnlab open --port 8899"
    )


def test_import_and_help_load_neither_numbers_nor_servers():
    code = "import sys, trnlab, trnlab.cli; print({'numpy', 'voila', 'tornado'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_said_with_the_file(trnlab_says):
    source = Path(trnlab.__file__).parents[1] / "notebooks" / "assignments" / "first_kernels.ipynb"
    code, said = trnlab_says("release", str(source), "/dev/full")
    assert (code, said) == (1, "trnlab: /dev/full: no space left on device")


@pytest.mark.parametrize("ready", ["-1", "many", "51", "1.5"])
def test_a_number_of_kernels_that_cannot_wait_is_refused(ready, capsys):
    with pytest.raises(SystemExit):
        main(["open", "--ready", ready])
    assert f"{ready} is no number from 0 to 50" in capsys.readouterr().err

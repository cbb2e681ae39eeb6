"""The pane of code: the functions of a kernel's file that ran, wherever the file is."""

import linecache

import pytest

import trnlab
from trnlab import nki
from trnlab.kernels import norms
from trnlab.kernels.norms import layer_norm
from trnlab.nki import isa as nisa
from widgets.dashboard.source import source

CELL = '''
import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa

def load(x):
    tile = nl.ndarray(x.shape, x.dtype)
    nisa.dma_copy(tile, x)
    return tile

def unused():
    """Runs never."""

@nki.jit
def copy(x):
    result = nl.ndarray(x.shape, x.dtype, buffer=nl.shared_hbm)
    nisa.dma_copy(result, load(x))
    return result
'''


@pytest.fixture
def cell():
    """A kernel of a notebook's cell, which no file holds."""
    name = "/tmp/ipykernel_1/2.py"
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(keepends=True), name)
    names = {}
    exec(compile(CELL, name, "exec"), names)
    yield names["copy"]
    del linecache.cache[name]


def lines_of(parts):
    return {part["first"] + i: line for part in parts for i, line in enumerate(part["lines"])}


def test_a_kernel_of_a_cell_is_shown_with_the_helper_that_it_called(cell):
    run = trnlab.profile(cell, trnlab.shape((128, 64)))
    shown = lines_of(source(run.trace, cell))
    for row_line in set(run.timeline["line"].tolist()):
        assert "nisa.dma_copy" in shown[row_line]
    assert "def load(x):" in shown.values() and "@nki.jit" in shown.values()
    assert "def unused():" not in shown.values()


def test_every_line_of_a_file_that_issued_something_is_shown_as_it_is_written():
    run = trnlab.profile(layer_norm, *[trnlab.shape(s) for s in ((256, 512), (512,), (512,))])
    with open(norms.__file__, encoding="utf-8") as file:
        written = dict(enumerate(file.read().splitlines(), 1))
    shown = lines_of(source(run.trace, layer_norm))
    assert set(run.timeline["line"].tolist()) <= shown.keys()
    assert all(written[number] == line for number, line in shown.items())


def test_a_kernel_whose_text_is_not_at_hand_shows_nothing():
    names = {"nki": nki, "nisa": nisa, "nl": trnlab.nki.language}
    exec(CELL, names)  # a string: no file, no cell
    run = trnlab.profile(names["copy"], trnlab.shape((128, 64)))
    assert source(run.trace, names["copy"]) == []

"""Files written for the device import nki and get trnlab; afterwards all is as before."""

import os
import sys
from types import ModuleType

import numpy as np
import pytest

import trnlab
import trnlab.nki  # so that what it needs itself is there before

KERNEL = """
import os
import nki
import nki.collectives as ncc
import nki.isa as nisa
import nki.language as nl
import nki.typing as nt
import neuronxcc.nki.typing as old
from nki.isa import constants, dma_copy
from nki.isa.constants import oob_mode
from nki.language import NKIObject

os.environ["NEURON_PLATFORM_TARGET_OVERRIDE"] = "trn2"

@nki.jit
def kernel(x: nt.tensor[128, 4], flag: nl.ndarray | None = None, kind: nki.dtype = nl.int32):
    import nki.language as again
    assert again is nl and old.tensor is nt.tensor and constants.oob_mode is oob_mode
    out = nl.ndarray(x.shape, x.dtype, buffer=nl.shared_hbm)
    dma_copy(dst=out, src=x, oob_mode=oob_mode.skip, dge_mode=3)
    assert nisa.get_nc_version() == nisa.nc_version.gen3 and nisa.get_nc_version() >= 3
    return out
"""


@pytest.fixture
def kernel_file(tmp_path, monkeypatch):
    (tmp_path / "for_the_device.py").write_text(KERNEL)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "for_the_device.py"


def test_everything_is_as_before(kernel_file):
    modules, environment = dict(sys.modules), dict(os.environ)
    x = np.ones((4, 4), np.float32)
    with trnlab.as_nki():
        import for_the_device

        assert np.array_equal(for_the_device.kernel(x), x)
    assert dict(os.environ) == environment
    assert {name for name in sys.modules if name not in modules and "trnlab" not in name} == set()
    with pytest.raises(ImportError):
        import nki  # noqa: F401


@pytest.mark.parametrize(
    "line, name",
    [
        ("import neuronxcc.nki.language as nl", "neuronxcc.nki.language"),
        ("from neuronxcc.nki.isa import nc_matmul", "neuronxcc.nki.isa"),
        ("from neuronxcc.nki import benchmark", "neuronxcc.nki.benchmark"),
        ("from neuronxcc import nki; nki.baremetal", "neuronxcc.nki.baremetal"),
    ],
)
def test_a_file_for_nki_01_is_refused_with_the_reason(line, name):
    finders = list(sys.meta_path)
    with trnlab.as_nki():
        with pytest.raises(ModuleNotFoundError, match=f"^{name} is from the namespace of NKI 0.1"):
            exec(line)
        import neuronxcc.nki.typing  # noqa: F401
    assert sys.meta_path == finders


@pytest.mark.parametrize(
    "line, way",
    [
        ("from nki.language import mgrid", "nl.mgrid .* index with slices"),
        ("from nki import benchmark", "nki.benchmark .* trnlab.profile"),
    ],
)
def test_importing_a_name_of_nki_01_says_what_took_its_place(line, way):
    with trnlab.as_nki(), pytest.raises(ImportError, match=way):
        exec(line)


def test_a_name_that_never_was_is_python_s_own_error():
    with trnlab.as_nki():
        import nki

        with pytest.raises(AttributeError, match="'trnlab.nki' has no attribute 'bench'"):
            nki.bench  # noqa: B018
        with pytest.raises(ImportError, match="cannot import name 'bench'"):
            exec("from nki.language import bench")


def test_constants_of_nki_02_have_a_dtype_of_their_own():
    with trnlab.as_nki():
        import nki
        import nki.language as nl
        import nki.tensor as ntensor

        @nki.jit
        def kernel(x):
            count = nl.shared_constant(ntensor.arange(0, 8, 2, dtype=nl.int32), dtype=nl.float32)
            eye = nl.shared_constant(ntensor.identity(3, dtype=nl.int8) + 1, dtype=nl.bfloat16)
            return count, eye, nl.shared_constant(ntensor.zeros((2, 2), dtype=nl.uint8))

        count, eye, zeros = kernel(np.ones((1, 1), np.float32))
    assert count.dtype == np.float32 and np.array_equal(count, [0, 2, 4, 6])
    assert str(eye.dtype) == "bfloat16" and np.array_equal(eye, np.eye(3) + 1)
    assert zeros.dtype == np.uint8 and zeros.shape == (2, 2)


KEYWORDS = """
import nki
import nki.isa as nisa

def loaded(x):
    tile = sbuf.view(dtype=x.dtype, shape=x.shape)
    nisa.dma_copy(dst=tile, src=x)
    return tile

@nki.jit(platform_target="trn1")
def kernel(x):
    out = hbm.view(dtype=x.dtype, shape=x.shape)
    nisa.dma_copy(dst=out, src=loaded(x))
    return out
"""


def test_memories_are_words_of_nki_02():
    names, x = {}, np.arange(8, dtype=np.float32).reshape(2, 4)
    with trnlab.as_nki():
        exec(KEYWORDS, names)
    assert np.array_equal(names["kernel"](x), x)
    assert "psum" not in names


def test_a_module_s_own_name_stays():
    names = {}
    with trnlab.as_nki():
        exec("hbm = 3\n" + KEYWORDS, names)
    with pytest.raises(AttributeError, match="'int' object has no attribute 'view'"):
        names["kernel"](np.ones((2, 4), np.float32))


@pytest.mark.parametrize(
    "lines",
    [
        "try: import nki\nexcept ImportError: from neuronxcc import nki",
        "try: from neuronxcc import nki; import neuronxcc.nki.isa\nexcept ImportError: import nki",
        "from neuronxcc import nki",
    ],
)  # fmt: skip
def test_files_for_both_namespaces_take_the_newer_one(lines):
    text = lines + "\nimport nki.language as nl\n@nki.jit\ndef kernel(x):\n return nl.copy(x)\n"
    names = {}
    with trnlab.as_nki():
        exec(text, names)
    assert type(names["kernel"]) is trnlab.nki.Kernel


def test_a_kernel_stays_on_the_platform_that_its_file_asked_for(kernel_file):
    with trnlab.as_nki():
        from for_the_device import kernel
    assert kernel.platform == "trn2"


def test_a_real_nki_is_back_afterwards(monkeypatch):
    real = ModuleType("nki")
    monkeypatch.setitem(sys.modules, "nki", real)
    with trnlab.as_nki():
        import nki

        assert nki is trnlab.nki
    assert sys.modules["nki"] is real


def test_an_error_inside_leaves_nothing_behind(monkeypatch):
    with pytest.raises(LookupError), trnlab.as_nki():
        os.environ["TRNLAB_TEST"] = "1"
        raise LookupError
    assert "TRNLAB_TEST" not in os.environ and "nki.language" not in sys.modules


def test_the_command_runs_a_file_of_the_device(kernel_file, capsys):
    from trnlab.cli import main

    assert main(["run", f"{kernel_file}:kernel", "--input", "x=128x4:float32"]) == 0
    assert "kernel on one NeuronCore of trn2" in capsys.readouterr().out
    assert "nki" not in sys.modules

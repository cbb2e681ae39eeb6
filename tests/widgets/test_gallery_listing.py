"""The start page's list of kernels is the gallery's."""

from trnlab.serve.settings import GALLERY as FILE
from widgets.dashboard import link
from widgets.profiler import Profiler
from widgets.profiler.gallery import GALLERY
from widgets.profiler.listing import listing, text


def test_the_file_is_what_the_gallery_gives_now():
    assert FILE.read_text(encoding="utf-8") == text(), "run make gallery"


def test_each_state_opens_the_profiler_on_its_kernel():
    states = [link.unpack(kernel["state"]) for part in listing() for kernel in part["kernels"]]
    assert [state["kernel"] for state in states] == list(GALLERY)
    shown = Profiler(states[-1])
    assert not shown.problem and shown.saved()["kernel"] == states[-1]["kernel"]

"""Kernels that wait: a lesson opens at once, in a kernel of its own, with the state of its link."""

import subprocess
import sys
import time

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import free_port
from trnlab.serve.lessons import lessons
from widgets.dashboard import link

STEPPER = ".trn-stepper"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def ready():
    """Address of a server with one waiting kernel for each lesson."""
    port = free_port()
    command = [sys.executable, "-m", "trnlab", "open", "--no-browser", "--ready", "1"]
    server = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, text=True)
    assert "listens at" in server.stdout.readline()
    until = time.monotonic() + PATIENCE_S
    while len(psutil.Process(server.pid).children()) < len(lessons()):
        assert time.monotonic() < until
        time.sleep(0.2)
    time.sleep(2)  # the last one runs its lesson
    yield f"http://localhost:{port}/voila/render"
    server.terminate()
    server.wait(PATIENCE_S)


def test_two_who_open_a_lesson_have_kernels_and_states_of_their_own(ready, open_page):
    state = link.pack({"kernel": "blocked", "row": 40})
    pages = [open_page(f"{ready}/02_matmul_tiling.ipynb{more}") for more in ("", f"?s={state}")]
    expect(pages[0].locator(f"{STEPPER}[data-kernel=tiled][data-row='0']")).to_be_visible()
    expect(pages[1].locator(f"{STEPPER}[data-kernel=blocked][data-row='40']")).to_be_visible()
    kernels = {page.locator("body").get_attribute("data-kernel-id") for page in pages}
    assert len(kernels) == 2
    pages[0].locator("select[data-name=kernel]").first.select_option("hoisted")
    expect(pages[0].locator(f"{STEPPER}[data-kernel=hoisted]")).to_be_visible()
    expect(pages[1].locator(f"{STEPPER}[data-kernel=blocked]")).to_be_visible()


def test_a_page_that_was_ready_has_its_frame_and_no_wait(ready, open_page):
    page = open_page(f"{ready}/05_profiler.ipynb")
    assert page.title() == "Profiling a kernel - trnlab"
    expect(page.get_by_role("link", name="Next: The launch claims")).to_be_visible()
    took_ms = page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd")
    assert took_ms < 1000  # a kernel that starts takes about as long as that alone

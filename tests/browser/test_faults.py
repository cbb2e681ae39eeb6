"""What breaks is said and comes back: a kernel or server, a line, a disk; others notice nothing."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import free_port, serving
from tests.browser.proxy import Proxy

STEPPER = ".trn-stepper"


class Server:
    """A workbench on a port of its own that can be killed and started again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "trnlab", "open", "--no-browser", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout and "listens at" in self._process.stdout.readline()

    def kill(self) -> None:
        """At once, with its kernels, as a machine that goes down."""
        family = [*psutil.Process(self._process.pid).children(recursive=True), self._process]
        for process in family:
            process.kill()
        self._process.wait(20)


@pytest.fixture
def server():
    server = Server(free_port())
    yield server
    server.kill()


def opened(page: Page, port: int) -> Page:
    page.goto(f"http://localhost:{port}/voila/render/02_matmul_tiling.ipynb")
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    return page


def choose(page: Page, kernel: str) -> None:
    page.locator("select[data-name=kernel]").first.select_option(kernel)
    page.locator(f"{STEPPER}[data-kernel={kernel}][data-busy=false]").wait_for(timeout=60_000)


def walk(page: Page, steps: int) -> str:
    for _ in range(steps):
        page.locator("[data-act=step]").click()
    page.wait_for_function("() => new URLSearchParams(location.search).has('s')")
    page.wait_for_timeout(400)  # the address follows when it is quiet
    row = page.locator(STEPPER).get_attribute("data-row")
    assert row
    return row


def kernel_process(page: Page) -> psutil.Process:
    kernel = page.locator("body").get_attribute("data-kernel-id")
    assert kernel
    return next(
        process
        for process in psutil.process_iter(["cmdline"])
        if any(kernel in word for word in process.info["cmdline"] or [])
    )


def test_a_kernel_killed_in_mid_step_is_said_and_reloading_leads_back(
    chromium: Browser, workbench: str
) -> None:
    port = int(workbench.rpartition(":")[2])
    page, other = chromium.new_page(), opened(chromium.new_page(), port)
    page.clock.install()
    page.clock.resume()
    opened(page, port)
    choose(page, "blocked")
    row = walk(page, 7)
    kernel_process(page).kill()
    page.locator("[data-act=step]").click()  # stepping needs no kernel
    expect(page.locator(STEPPER)).not_to_have_attribute("data-row", row)
    _pass(page, 30)
    expect(page.locator(".trn-dead")).to_contain_text("reload the page")
    choose(other, "hoisted")  # the neighbor notices nothing
    moved = page.locator(STEPPER).get_attribute("data-row")
    page.reload()
    page.locator(f"{STEPPER}[data-kernel=blocked][data-row='{moved}']").wait_for(timeout=60_000)
    for one in (page, other):
        one.close()


def test_a_restarted_server_is_said_and_the_state_comes_back(
    chromium: Browser, server: Server
) -> None:
    page = chromium.new_page()
    page.clock.install()
    page.goto(f"http://localhost:{server.port}/voila/render/02_matmul_tiling.ipynb")
    page.clock.run_for(2000)
    page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
    page.locator("select[data-name=kernel]").first.select_option("hoisted")
    page.locator(f"{STEPPER}[data-kernel=hoisted]").wait_for(timeout=60_000)
    page.clock.run_for(1000)
    server.kill()
    _wait_for(page, "The server does not answer")
    server.start()
    _wait_for(page, "The kernel of this page has stopped")
    page.get_by_role("link", name="Reload").click()
    page.clock.resume()
    page.locator(f"{STEPPER}[data-kernel=hoisted]").wait_for(timeout=60_000)
    page.close()


def test_a_control_that_is_held_makes_nobody_wait(chromium: Browser, workbench: str) -> None:
    port = int(workbench.rpartition(":")[2])
    page, other = (opened(chromium.new_page(), port) for _ in range(2))
    page.evaluate(HOLD)  # a change every 20 ms
    for kernel in ("hoisted", "blocked", "tiled"):
        began = time.monotonic()
        choose(other, kernel)
        assert time.monotonic() - began < 10
    last = page.evaluate("clearInterval(window.held), window.sent")
    page.locator(f"{STEPPER}[data-busy=false]").wait_for(timeout=10_000)
    expect(page.locator("[data-name=K]").first).to_have_value(str(last))
    expect(page.locator(".trn-dead")).to_be_hidden()
    for one in (page, other):
        one.close()


HOLD = """
() => {
  const slider = document.querySelector("[data-slider=K]");
  let steps = 0;
  window.held = setInterval(() => {
    slider.value = window.sent = 512 + 128 * (steps++ % 8);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, 20);
}
"""


def _wait_for(page: Page, text: str) -> None:
    said = page.locator("#trn-progress", has_text=text)
    for _ in range(40):
        page.clock.run_for(10_000)
        page.wait_for_timeout(250)
        if said.is_visible():
            return
    raise AssertionError(page.locator("#trn-progress").inner_text())


def _pass(page: Page, seconds: int) -> None:
    """Let the page's own clock go on, with a moment for what it asks the server."""
    for _ in range(seconds // 2):
        page.clock.run_for(2000)
        page.wait_for_timeout(50)


def test_a_line_that_was_cut_is_mended_by_itself(chromium: Browser, workbench: str) -> None:
    proxy = Proxy(int(workbench.rpartition(":")[2]))
    page = chromium.new_page()
    page.clock.install()
    page.clock.resume()
    opened(page, proxy.port)
    choose(page, "hoisted")
    proxy.cut()
    _pass(page, 20)
    page.locator("[data-act=step]").click()
    expect(page.locator(STEPPER)).not_to_have_attribute("data-row", "0")
    proxy.mend()
    _pass(page, 40)
    choose(page, "blocked")
    expect(page.locator(".trn-dead")).to_be_hidden()
    page.close()
    proxy.close()


FULL = """
import errno, os, sys
from jupyter_client import connect
from trnlab.serve.app import serve

def full(name, *rest, kept=connect.secure_write, **more):
    if os.path.exists(sys.argv[2]):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
    return kept(name, *rest, **more)

connect.secure_write = full
serve(int(sys.argv[1]), browser=False)
"""


def test_a_full_disk_is_said_and_open_pages_go_on(chromium: Browser, tmp_path: Path) -> None:
    port, is_full = free_port(), tmp_path / "full"
    command = [sys.executable, "-c", FULL, str(port), str(is_full)]
    for _ in serving(command, "listens at"):
        page = opened(chromium.new_page(), port)
        is_full.touch()
        other = chromium.new_page()
        answer = other.goto(f"http://localhost:{port}/voila/render/02_matmul_tiling.ipynb")
        assert answer and answer.status == 500
        expect(other.locator("h1")).to_have_text("The server's disk is full")
        choose(page, "blocked")
        is_full.unlink()
        other.reload()
        other.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        for one in (page, other):
            one.close()


def test_a_page_that_is_left_takes_its_kernel_with_it(chromium: Browser, workbench: str) -> None:
    page = opened(chromium.new_page(), int(workbench.rpartition(":")[2]))  # the first it asks for
    kernel = kernel_process(page)
    page.goto("about:blank")
    kernel.wait(20)
    page.close()

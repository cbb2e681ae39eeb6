"""A served workbench and a browser that fails a test on any outside request or console error.

    def test_it(open_page, lesson, look, snap):
        page = open_page(lesson("02_matmul_tiling"), **look)
        snap(page, "tiling", look)

`lesson(name)` is the address of a real lesson, `sample(name)` that of a notebook in `samples/`.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCREENSHOTS = HERE / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
LOCAL = ("http://localhost:", "ws://localhost:", "blob:", "data:", "about:", "file:")
LOOKS = {
    f"{scheme}-{width}": {"scheme": scheme, "size": (width, height)}
    for scheme in ("light", "dark")
    for width, height in ((1280, 720), (1920, 1080))
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    """Show on failure what the open pages show: in words here, as pictures in `screenshots/`."""
    report = yield
    if report.when == "call" and report.failed:
        for number, page in enumerate(item.funcargs.get("open_pages", [])):
            picture = SCREENSHOTS / "failed" / f"{item.name}-{number}.png"
            report.sections.append((f"page {page.url}", page.locator("body").inner_text()))
            page.screenshot(path=picture, full_page=True)
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Last: once a browser was driven, an event loop runs in this thread, as in no other test.
    items.sort(key=lambda item: HERE in item.path.parents)
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; `CHROMIUM` names another."""
    names = (os.environ.get("CHROMIUM", ""), *BROWSERS)
    path = next((found for found in map(shutil.which, names) if found), None)
    assert path, "there is no Chromium: apt-get install chromium, or set CHROMIUM to a browser"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serving(command: list[str], sign: str, **options: Any) -> Iterator[str]:
    """Run a server until the tests are done; give the first line it prints with `sign` in it."""
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    said = []
    for line in server.stdout:
        said.append(line)
        if sign in line:
            break
    else:
        pytest.fail("the server ended before it listened:\n" + "".join(said))
    yield line
    server.terminate()
    server.communicate(timeout=20)


@pytest.fixture(scope="session")
def workbench() -> Iterator[str]:
    """Address of the workbench as `trnlab open` serves it."""
    port = free_port()
    command = [sys.executable, "-m", "trnlab", "open", "--no-browser", "--port", str(port)]
    for _ in serving(command, "listens at"):
        yield f"http://localhost:{port}"


@pytest.fixture(scope="session")
def samples() -> Iterator[str]:
    """Address of a server over `samples/`, small notebooks that show what pages do."""
    port = free_port()
    code = (
        "import pathlib, sys; from trnlab.serve.app import serve;"
        "serve(int(sys.argv[1]), browser=False, folder=pathlib.Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(port), str(HERE / "samples")]
    for _ in serving(command, "listens at"):
        yield f"http://localhost:{port}"


@pytest.fixture(scope="session")
def jupyterlab() -> Iterator[str]:
    """Address of JupyterLab over the repository, started as Binder starts it."""
    port = free_port()
    command = [str(ROOT / "binder" / "start"), sys.executable, "-m", "jupyterlab"]
    options = "--no-browser --allow-root --IdentityProvider.token= --expose-app-in-browser"
    command += [*options.split(), f"--port={port}"]
    for _ in serving(command, "is running at", cwd=ROOT):
        yield f"http://localhost:{port}"


@pytest.fixture
def lesson(workbench: str) -> Callable[[str], str]:
    return lambda name: f"{workbench}/voila/render/{name}.ipynb"


@pytest.fixture
def sample(samples: str) -> Callable[[str], str]:
    return lambda name: f"{samples}/voila/render/{name}.ipynb"


@pytest.fixture(params=LOOKS.values(), ids=LOOKS.keys())
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Light and dark, laptop and projector; pass it on to `open_page`."""
    return request.param


@pytest.fixture
def open_pages() -> list[Page]:
    """The pages that this test has opened."""
    return []


@pytest.fixture
def open_page(chromium: Browser, open_pages: list[Page]) -> Iterator[Callable[..., Page]]:
    """Open an address and wait until it is ready; the test fails if the page misbehaves."""
    faults: list[str] = []

    def open_(
        address: str, scheme: str = "light", size: tuple[int, int] = (1280, 720), **more: Any
    ) -> Page:
        viewport = {"width": size[0], "height": size[1]}
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, **more)
        page = context.new_page()
        open_pages.append(page)
        page.on("console", lambda said: said.type == "error" and faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: _refuse(asked.url, faults))
        page.on("websocket", lambda opened: _refuse(opened.url, faults))
        page.goto(address, wait_until="load")
        if "/voila/render/" in address:
            page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        return page

    yield open_
    for page in open_pages:
        if not page.is_closed():
            page.goto("about:blank")  # a page that is left takes its kernel with it
        page.context.close()
    assert not faults, "\n".join(faults)


def _refuse(url: str, faults: list[str]) -> None:
    if not url.startswith(LOCAL):
        faults.append(f"asked another host: {url}")


@pytest.fixture
def snap() -> Callable[..., Path]:
    """Save a screenshot where a person can look at it; git ignores the folder."""

    def snap_(page: Page, name: str, look: dict[str, Any] | None = None) -> Path:
        suffix = f"-{look['scheme']}-{look['size'][0]}" if look else ""
        path = SCREENSHOTS / f"{name}{suffix}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return snap_

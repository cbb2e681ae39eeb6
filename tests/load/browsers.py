"""Real browsers among the visitors: what they see is the page as a learner does."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class Browsers:
    """Pages of one browser, each with the stepper, changed now and then."""

    def __init__(self, address: str, count: int) -> None:
        self.count = count
        self.ready_s: list[float] = []
        self.picture_s: list[float] = []
        self.faults: list[str] = []
        self._address = address

    async def visit(self, for_s: float) -> None:
        """Open the pages, then use them until the time is over."""
        if not self.count:
            return
        from playwright.async_api import async_playwright

        found = filter(None, map(shutil.which, [os.environ.get("CHROMIUM", ""), *NAMES]))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=next(found), args=FLAGS)
            await asyncio.gather(*(self._page(browser, for_s) for _ in range(self.count)))
            await browser.close()

    async def _page(self, browser: Any, for_s: float) -> None:
        page = await browser.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"browser: {error}"))
        try:
            began = time.monotonic()
            address = f"http://{self._address}/voila/render/02_matmul_tiling.ipynb"
            await page.goto(address, wait_until="commit", timeout=300_000)
            ready = "html[data-ready]"
            await page.wait_for_selector(ready, state="attached", timeout=300_000)
            self.ready_s.append(time.monotonic() - began)
            await self._use(page, time.monotonic() + for_s)
        except Exception as fault:
            self.faults.append(f"browser: {type(fault).__name__}: {fault}")

    async def _use(self, page: Any, until: float) -> None:
        sides = 0
        while time.monotonic() < until:
            await asyncio.sleep(4)
            sides += 1
            before = await page.locator(".trn-stepper").get_attribute("data-scene")
            began = time.monotonic()
            await page.locator("[data-name=M]").first.fill(str(512 + 128 * (sides % 5)))
            await page.keyboard.press("Enter")
            await page.wait_for_function(
                "before => document.querySelector('.trn-stepper').dataset.scene !== before",
                arg=before, timeout=300_000,
            )  # fmt: skip
            self.picture_s.append(time.monotonic() - began)

    def report(self, say: Callable[[str, list[float], float], None]) -> None:
        say("browser: page ready, s", self.ready_s, 1)
        say("browser: control to picture, ms", self.picture_s, 1000)

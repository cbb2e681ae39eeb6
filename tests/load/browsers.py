"""Real browsers beside the visitors: what they see is the page as a learner does."""

import asyncio
import itertools
import os
import shutil
import time
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 300_000
# Milliseconds from a control that changes to the next frame after the answer is drawn. Taken in the
# page: what drives the browser would add its own waits.
CHANGE = """
(side) => new Promise((resolve) => {
  const stepper = document.querySelector(".trn-stepper");
  const field = stepper.querySelector("[data-name=M]");
  const began = performance.now();
  new MutationObserver((_, drawn) => {
    drawn.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  }).observe(stepper, { attributes: true, attributeFilter: ["data-scene"] });
  field.value = side;
  field.dispatchEvent(new Event("change", { bubbles: true }));
})
"""


# Moments at which a picture was drawn, from now on.
WATCH = """
() => {
  window.drawn = [performance.now()];
  new MutationObserver(() => window.drawn.push(performance.now())).observe(
    document.querySelector(".trn-stepper"), { attributes: true, attributeFilter: ["data-scene"] });
}
"""
MOVE_S = 0.02  # between two moves of a hand that holds a slider


class Browsers:
    """Pages of one browser, each with the stepper, changed now and then; the first may hold a
    slider before that."""

    def __init__(self, address: str, count: int, hold_s: float = 0) -> None:
        self.count = count
        self.hold_s = hold_s
        self.gaps_s: list[float] = []  # between two pictures while the slider was held
        self.settled_s: list[float] = []  # from letting go to the picture of the last value
        self.ready_s: list[float] = []
        self.picture_s: list[float] = []
        self.faults: list[str] = []
        self._address = address

    async def visit(self, for_s: float) -> None:
        """Open the pages, then use them until the time is over."""
        if not self.count:
            return
        from playwright.async_api import async_playwright

        names = (os.environ.get("CHROMIUM", ""), *NAMES)
        path = next((found for found in map(shutil.which, names) if found), None)
        if not path:
            self.faults.append("browser: there is no Chromium; set CHROMIUM to one")
            return
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
            await asyncio.gather(*(self._page(browser, for_s) for _ in range(self.count)))
            await browser.close()

    async def _page(self, browser: Any, for_s: float) -> None:
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.faults.append(f"browser: {error}"))
        try:
            began = time.monotonic()
            address = f"http://{self._address}/voila/render/02_matmul_tiling.ipynb"
            await page.goto(address, wait_until="commit")
            await page.wait_for_selector("html[data-ready]", state="attached")
            self.ready_s.append(time.monotonic() - began)
            until = time.monotonic() + for_s
            if self.hold_s and not self.gaps_s:
                await self._hold(page)
            await self._use(page, until)
        except Exception as fault:
            self.faults.append(f"browser: {type(fault).__name__}: {fault}")

    async def _hold(self, page: Any) -> None:
        """Take a slider and drag it to and fro, as a mouse does."""
        slider = page.locator("[data-slider=K]")
        await slider.scroll_into_view_if_needed()
        box = await slider.bounding_box()
        await page.evaluate(WATCH)
        middle = box["y"] + box["height"] / 2
        await page.mouse.move(box["x"] + box["width"] / 2, middle)
        await page.mouse.down()
        began = time.monotonic()
        while (held_s := time.monotonic() - began) < self.hold_s:
            share = 0.05 + 0.9 * abs((held_s / 3) % 2 - 1)  # three seconds from end to end
            await page.mouse.move(box["x"] + share * box["width"], middle)
            await asyncio.sleep(MOVE_S)
        await page.mouse.up()
        let_go = time.monotonic()
        await page.wait_for_selector(".trn-stepper[data-busy=false]")
        self.settled_s.append(time.monotonic() - let_go)
        drawn = await page.evaluate("window.drawn")
        self.gaps_s += [(b - a) / 1000 for a, b in itertools.pairwise(drawn)]
        shown = await page.locator("[data-name=K]").first.input_value()
        if shown != await slider.input_value():
            self.faults.append(f"browser: let go at {await slider.input_value()}, shows {shown}")

    async def _use(self, page: Any, until: float) -> None:
        changes = 0
        while time.monotonic() < until:
            await asyncio.sleep(4)
            changes += 1
            answer = page.evaluate(CHANGE, 512 + 128 * (changes % 5))
            self.picture_s.append(await asyncio.wait_for(answer, PATIENCE_MS / 1000) / 1000)

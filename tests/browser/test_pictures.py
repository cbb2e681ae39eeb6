"""The README's picture; `make pictures` copies it to docs/pictures."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page


def test_the_readme_shows_the_stepper_as_it_opens(
    open_page: Callable[..., Page], lesson: Callable[[str], str]
) -> None:
    page = open_page(lesson("02_matmul_tiling"), scheme="light", size=(1280, 760))
    page.locator("canvas").first.wait_for()
    for _ in range(60):
        page.keyboard.press("w")  # to the sixtieth wait
    picture = Path(__file__).parent / "screenshots" / "stepper.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 20_000  # a picture, not a blank page

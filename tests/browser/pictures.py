"""The start page's picture of each lesson, in both schemes; `make pictures` runs this by name.

What is depicted is named by the lesson's metadata ("picture", a CSS selector), else its largest
drawing. The browser makes it smaller.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from trnlab.serve.lessons import Lesson, lessons
from trnlab.serve.settings import PICTURES

LESSONS = [lesson for lesson in lessons() if lesson.kind == "lesson"]
WINDOW = (1180, 800)
SIZE = (960, 540)  # of the page that is depicted, from the drawing's left upper corner
LARGEST = """
() => {
  const drawings = [...document.querySelectorAll("main canvas, main svg")];
  const area = (node) => node.clientWidth * node.clientHeight;
  drawings.sort((a, b) => area(b) - area(a));
  return drawings[0];
}
"""
SMALLER = """
async (png) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, 640, 360);
  return canvas.toDataURL("image/webp", 0.82).split(",")[1];
}
"""


def pictures(page: Page, lesson: Lesson) -> Iterator[tuple[Path, bytes]]:
    """What a lesson's page shows, light and dark, and where it is kept."""
    found = lesson.picture and page.locator(lesson.picture).first.element_handle()
    drawing = found or page.evaluate_handle(LARGEST).as_element()
    drawing.scroll_into_view_if_needed()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(500)
        box = drawing.bounding_box()
        top = box["y"] + page.evaluate("scrollY")
        clip = {"x": box["x"], "y": top, "width": SIZE[0], "height": SIZE[1]}
        png = page.screenshot(clip=clip, full_page=True)
        small = page.evaluate(SMALLER, base64.b64encode(png).decode())
        yield PICTURES / f"{lesson.name}-{scheme}.webp", base64.b64decode(small)


@pytest.mark.parametrize("lesson_", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_a_picture_of_each_lesson(lesson_, open_page, lesson):
    PICTURES.mkdir(parents=True, exist_ok=True)
    for path, picture in pictures(open_page(lesson(lesson_.name), size=WINDOW), lesson_):
        path.write_bytes(picture)
        assert 2_000 < len(picture) < 60_000

"""Lessons look as on the pictures that `make pictures` took, within a tolerance.

Both are made small first: fonts and the smoothing of edges differ between machines, the place, size
and color of what is drawn do not.
"""

import base64
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.pictures import LESSONS, WINDOW, pictures

SCREENSHOTS = Path(__file__).parent / "screenshots"
CELLS = (96, 54)  # of 10 x 10 pixels of the page
FAR = 32  # levels of 255 by which a cell differs
MOST_FAR = 0.02  # of all cells
CELLS_OF = """
async ([webp, width, height]) => {
  const image = new Image();
  image.src = `data:image/webp;base64,${webp}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, width, height);
  return btoa(String.fromCharCode(...pen.getImageData(0, 0, width, height).data));
}
"""


def cells(page: Page, picture: bytes) -> np.ndarray:
    """A picture's mean colors, [row, column, channel]."""
    text = page.evaluate(CELLS_OF, [base64.b64encode(picture).decode(), *CELLS])
    levels = np.frombuffer(base64.b64decode(text), np.uint8).astype(int)
    return levels.reshape(CELLS[1], CELLS[0], 4)[:, :, :3]


def share_far(one: np.ndarray, other: np.ndarray) -> float:
    """How much of a picture is not like another."""
    return float((abs(one - other).max(axis=2) > FAR).mean())


@pytest.mark.parametrize("lesson_", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_a_lesson_looks_as_on_its_picture(lesson_, open_page, lesson):
    page = open_page(lesson(lesson_.name), size=WINDOW)
    for path, picture in pictures(page, lesson_):
        (SCREENSHOTS / f"now-{path.name}").write_bytes(picture)
        far = share_far(cells(page, picture), cells(page, path.read_bytes()))
        assert far <= MOST_FAR, f"{path.name}: {far:.1%} of it changed; make pictures if it should"


CHANGES = {
    "gone": "visibility: hidden",
    "moved": "transform: translate(40px, 30px)",
    "miscolored": "filter: hue-rotate(180deg)",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_drawing_that_is_gone_or_moved_or_miscolored_is_found(change, open_page, lesson):
    shown = LESSONS[0]
    page = open_page(lesson(shown.name), size=WINDOW)
    page.add_style_tag(content=f"{shown.picture} > * {{ {change} !important }}")
    path, picture = next(pictures(page, shown))
    assert share_far(cells(page, picture), cells(page, path.read_bytes())) > 2 * MOST_FAR

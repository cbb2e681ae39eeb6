"""Every drawing has words of its own and a table behind it, which a file holds whole."""

import csv
import io

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_state import saved
from trnlab.numerics.codes import encode
from trnlab.numerics.formats import number_format
from trnlab.serve.lessons import lessons
from widgets.numbers.block import WAYS, BlockPart, presets

LESSONS = [found.name for found in lessons() if found.kind == "lesson"]

# Every drawing in sight: its own words, and how many rows the table has that it names.
DRAWINGS = """
() => {
  const isDrawing = (node) => {
    const { width, height } = node.getBoundingClientRect();
    return width >= 80 && height >= 80 && !node.closest("[aria-hidden=true]")
      && !node.parentElement.closest("svg, [role=img]");
  };
  const rowsOf = (node) => {
    const place = document.getElementById(node.getAttribute("aria-details"));
    return (place?.matches("table") ? place : place?.querySelector("table"))?.rows.length || 0;
  };
  const drawings = [...document.querySelectorAll("main :is(svg, canvas, [role=img])")];
  return drawings.filter(isDrawing).map((node) => ({
    html: node.outerHTML.slice(0, 80),
    words: node.getAttribute("aria-label") || "",
    role: node.getAttribute("role") || "",
    rows: rowsOf(node),
  }));
}
"""


def drawn(page: Page) -> Page:
    """Every dashboard in sight once, so that it is drawn; then every fold open."""
    page.evaluate(DOWN)
    for part in page.locator(".trn-numbers").all():
        expect(part).not_to_have_attribute("data-scene", "", timeout=60_000)
    for ring in page.locator(".trn-collective").all():
        ring.press("ArrowRight")  # before the first step no link carries anything
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    for values in page.locator(".trn-stepper .values").all():
        values.scroll_into_view_if_needed()  # they are fetched for eyes only
    return page


DOWN = """
async () => {
  for (let top = 0; top < document.body.scrollHeight; top += 400) {
    window.scrollTo(0, top);
    await new Promise((done) => setTimeout(done, 40));
  }
}
"""


@pytest.mark.parametrize("name", LESSONS)
def test_every_drawing_has_words_and_a_table(open_page, lesson, name):
    page = drawn(open_page(lesson(name)))
    for _ in range(60):  # some numbers are fetched when they come into sight
        bare = [found for found in page.evaluate(DRAWINGS) if not is_told(found)]
        if not bare:
            break
        page.wait_for_timeout(250)
    assert bare == []


def is_told(drawing: dict) -> bool:
    return bool(drawing["words"] and drawing["role"] in ("img", "group") and drawing["rows"] > 1)


def table(page: Page, board: str, title: str) -> list[list[str]]:
    """A table as its file has it."""
    root = page.locator(board).first
    root.scroll_into_view_if_needed()
    expect(root).not_to_have_attribute("data-scene", "", timeout=30_000)
    if root.locator(".trn-share").get_attribute("open") is None:
        root.get_by_text("Save, share, download").click()
    button = root.get_by_role("button", name=f"CSV of {title}", exact=True)
    return list(csv.reader(io.StringIO(saved(page, button).decode())))


def test_the_number_line_is_a_table_too(open_page, lesson):
    page = open_page(lesson("03_quantization"))
    heads, *rows = table(page, ".trn-numbers.number", "The number line")
    assert heads == ["value", "bits", "from the number", ""]
    fp8 = number_format("float8_e4m3fn")
    assert all(encode(fp8, float(value)) == int(bits, 2) for value, bits, *_ in rows)
    assert [float(far) for _, _, far, _ in rows] == pytest.approx(
        [float(value) - 0.1 for value, *_ in rows]
    )
    assert [value for value, _, _, mark in rows if mark] == ["0.1015625"]


def test_a_block_and_its_map_are_tables_too(open_page, lesson):
    page = open_page(lesson("03_quantization"))
    ways = BlockPart().answer({"values": presets()["Even"], "element": "float4_e2m1fn"})["ways"]
    heads, *rows = table(page, ".trn-numbers.block", "The block before and after")
    assert heads == ["value", "before", *(way.title for way in WAYS.values())]
    for place, (_, _, *after) in enumerate(rows):
        kept = [way["block"][place] for way in ways]
        assert [float(cell) for cell in after] == pytest.approx(kept, rel=1e-5)
    _, *levels = table(page, ".trn-numbers.block", "The tensor around it")
    lost = [sum(int(row[-1]) for row in levels if row[0] == way["title"]) for way in ways]
    assert lost == [way["map"].count("5") for way in ways]


def test_the_timeline_of_the_stepper_is_a_table_with_every_instruction(open_page, lesson):
    page = open_page(lesson("02_matmul_tiling"))
    root = page.locator(".trn-stepper")
    rows = int(root.get_attribute("data-rows"))
    fold = root.locator("details", has_text="Timeline in sight, as a table").last
    fold.locator("summary").click()
    expect(fold.locator("tbody tr")).to_have_count(200)
    assert rows > 200
    expect(fold).to_contain_text(f"The first 200 of {rows}; the CSV has all.")
    heads, *lines = table(page, ".trn-stepper", "Timeline in sight")
    assert heads == ["start", "lane", "does", "at work", "waited", "for"] and len(lines) == rows
    assert fold.locator("tbody tr").count() == 200


def test_the_tiles_of_the_stepper_are_a_table_that_follows_the_cursor(open_page, lesson):
    page = open_page(lesson("02_matmul_tiling"))
    root = page.locator(".trn-stepper")
    fold = root.locator("details", has_text="Tiles of the product, as a table").last
    fold.locator("summary").click()
    crossed = fold.locator("tbody td:nth-child(2)")
    expect(crossed.first).to_have_text("0")
    assert set(crossed.all_inner_texts()) == {"0"}
    page.keyboard.press("End")
    everything = fold.locator("tbody td:nth-child(3)").all_inner_texts()
    expect(crossed).to_have_text(everything[:-1] + [crossed.last.inner_text()])
    assert set(everything) == {"1", "2", "8"}


def test_a_table_that_is_opened_before_the_first_answer_is_empty_until_then(open_page, lesson):
    page = open_page(lesson("03_quantization"))
    rows = page.evaluate(
        """() => [...document.querySelectorAll('.trn-numbers')]
          .filter((part) => !part.dataset.scene)
          .flatMap((part) => [...part.querySelectorAll('.trn-table')]).map((fold) => {
            fold.open = true;
            fold.dispatchEvent(new Event('toggle'));
            return fold.querySelector('tbody').rows.length;
          })"""
    )
    assert rows and set(rows) == {0}
    page.locator(".trn-numbers.matrix").scroll_into_view_if_needed()
    page.wait_for_selector(".trn-numbers.matrix .trn-table tbody tr", state="attached")

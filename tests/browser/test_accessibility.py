"""axe-core finds nothing serious or critical on any page; the keyboard and reduced motion work."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from trnlab.serve.lessons import lessons
from widgets.dashboard import link

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PAGES = {"start": "/", "glossary": "/voila/glossary"}
PAGES |= {page.name: f"/voila/render/{page.name}.ipynb" for page in lessons()}
RUN = """
async (options) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...options });
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
      `${id}: ${html.slice(0, 160)} ${failureSummary.split("\\n").slice(1).join(" ")}`));
}
"""


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, folds open, light and dark."""
    page.evaluate(AXE)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.wait_for_timeout(300)
    found = page.evaluate(RUN, {})
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    return found + page.evaluate(RUN, {"runOnly": ["color-contrast"]})


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_and_every_medium_leaves_the_drawings(open_page, workbench, name):
    page = open_page(workbench + PAGES[name])
    assert violations(page) == []
    page.emulate_media(forced_colors="active")
    page.wait_for_timeout(300)
    assert page.evaluate(GONE, MARKS) == []
    assert page.evaluate(NOT_PRINTED, MARKS) == []


def test_axe_finds_nothing_serious_on_an_error_page(chromium, workbench):
    page = chromium.new_page()
    page.goto(f"{workbench}/nowhere")
    assert violations(page) == []
    page.close()


def test_axe_finds_nothing_serious_where_a_cell_failed(open_page, sample):
    assert violations(open_page(sample("02_error"))) == []


def test_axe_would_find_a_control_without_a_name(open_page, workbench):
    page = open_page(f"{workbench}/voila/glossary")
    page.evaluate("document.querySelector('main').append(document.createElement('select'))")
    assert any("select-name" in line for line in violations(page))


# What a page shows only after a choice: lesson -> the parameter of its address, states.
SHOWN_LATER = {
    "02_matmul_tiling": ("s", [{"kernel": "blocked", "revealed": True, "rival": "tiled"}]),
    "04_scale_out": ("p", [{"task": "inference"}]),
    "05_profiler": ("s", [{"view": {"tab": tab, "row": 9}} for tab in ("whatif", "code")]),
    "06_launch_claims": ("s", [{"claim": "faster", "guesses": {"faster": "open"}}]),
}


@pytest.mark.parametrize("name", SHOWN_LATER)
def test_axe_finds_nothing_serious_in_what_is_shown_later(open_page, lesson, name):
    parameter, states = SHOWN_LATER[name]
    for state in states:
        page = open_page(f"{lesson(name)}?{parameter}={link.pack(state)}")
        for tour in page.get_by_role("region", name="Step by step").all():
            tour.get_by_role("button", name="Start").click()
        page.wait_for_timeout(1_000)
        assert violations(page) == [], state


@pytest.mark.parametrize("name", [found.name for found in lessons() if found.kind == "lesson"])
def test_the_focus_is_visible_and_goes_down_the_page(open_page, lesson, name):
    page = open_page(lesson(name))
    tops, hidden = [], []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen = page.evaluate(FOCUS)
        if seen is None:
            break
        tops.append(seen["top"])
        if not seen["visible"]:
            hidden.append(seen["html"])
    assert len(tops) > 30 and hidden == []
    steps = zip(tops, tops[1:], strict=False)
    assert sum(after < before - 300 for before, after in steps) <= 1  # columns side by side


FOCUS = """
() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const { outlineStyle, boxShadow, stroke } = getComputedStyle(focused);
  const outlined = [focused, focused.nextElementSibling, focused.parentElement, ...focused.children]
    .filter(Boolean).some((node) => getComputedStyle(node).outlineStyle !== "none");
  const { top } = focused.getBoundingClientRect();
  return { top: top + scrollY, html: focused.outerHTML.slice(0, 120),
    visible: outlined || outlineStyle !== "none" || boxShadow !== "none" };
}
"""


def test_nothing_moves_by_itself_where_motion_is_reduced(open_page, lesson):
    page = open_page(lesson("01_neuroncore"), reduced_motion="reduce")
    array = page.locator(".pe")
    array.get_by_role("button", name="Play").click()
    cycle = array.get_attribute("data-cycle")  # one event on, and no further
    page.wait_for_timeout(400)
    assert array.get_attribute("data-cycle") == cycle
    assert page.evaluate("document.getAnimations().length") == 0


MARKS = ".fill, .bl-fill, .piece, .track > .bar, .pe-key:not(.pe-empty)"  # drawn as backgrounds
NOT_PRINTED = """
(marks) => [...document.querySelectorAll(marks)]
  .filter((node) => getComputedStyle(node).printColorAdjust !== "exact")
  .map((node) => node.outerHTML.slice(0, 120))
"""
GONE = """
(marks) => {
  const seen = (node) => node.getBoundingClientRect().width > 4;
  const background = (node) => {
    const { backgroundColor, backgroundImage } = getComputedStyle(node);
    return backgroundColor + backgroundImage;
  };
  const nothing = background(document.querySelector("main"));
  return [...document.querySelectorAll(marks)].filter(seen)
    .filter((mark) => [nothing, background(document.body)].includes(background(mark)))
    .map((mark) => mark.outerHTML.slice(0, 90));
}
"""

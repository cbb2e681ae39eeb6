"""Lesson 1 in a browser: every number on the page is the one that Python has."""

import math
import re

import pytest

from trnlab import spec
from widgets import theme
from widgets.balance import balance, knee
from widgets.core_diagram import parts
from widgets.lesson import amount

TILE = (128, 128, 512)


@pytest.fixture
def page(open_page, lesson):
    page = open_page(lesson("01_neuroncore"))
    page.locator(".trn-card-teacher").wait_for()
    return page


def facts(chip, part):
    return {fact.field: fact for fact in getattr(spec.chip(chip).core, part).facts()}


def panel_rows(page):
    """What the panel shows: field -> (value, status, everything else)."""
    rows = {}
    for body in page.locator(".cd-panel tbody").all():
        value = body.locator(".cd-value strong").text_content()
        status = body.locator(".cd-status").text_content().split()[-1]
        rows[body.get_attribute("data-field")] = (value, status, body.text_content())
    return rows


def test_it_fits_every_screen(open_page, lesson, look, snap):
    page = open_page(lesson("01_neuroncore"), **look)
    page.get_by_role("slider", name="Cycle").fill("150")
    assert page.evaluate("document.documentElement.scrollWidth") <= look["size"][0]
    snap(page, "neuroncore", look)


def test_it_fits_a_phone(open_page, lesson, snap):
    page = open_page(lesson("01_neuroncore"), size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".cd-svg").bounding_box()["width"] <= 390
    snap(page, "neuroncore-phone")


def test_each_part_shows_its_numbers_with_status_and_source(page):
    for name, part in parts.PARTS.items():
        page.locator(f".cd-svg [data-part={name}]").click()
        assert page.locator(".cd-heading").inner_text() == theme.PARTS[name].label
        known = facts("trn3", name)
        shown = panel_rows(page)
        assert set(shown) == set(known)
        for field, (value, status, text) in shown.items():
            assert value == amount(known[field].value, known[field].unit)
            assert status == known[field].status
            assert known[field].source in text
        assert set(part.first) <= set(shown)


def test_the_chip_switch_changes_the_numbers_and_says_what_changed(page):
    page.locator(".cd-svg [data-part=vector]").click()
    assert "was 960 MHz" in panel_rows(page)["clock_hz"][2]
    page.get_by_role("radio", name="Trainium1").check()
    page.locator(".cd[data-chip=trn1]").wait_for()
    shown = panel_rows(page)
    clock = facts("trn1", "vector")["clock_hz"]
    assert shown["clock_hz"][0] == amount(clock.value, "Hz")
    assert "was" not in shown["clock_hz"][2]
    assert "NeuronCore-v2" in page.locator(".cd-svg").text_content()


def test_documents_that_disagree_stand_side_by_side(page):
    page.locator(".cd-svg [data-part=hbm]").click()
    fact = facts("trn3", "hbm")["bytes_per_s"]
    claims = page.locator(".cd-panel [data-field=bytes_per_s] .cd-claim")
    assert claims.count() == 1 + len(fact.conflicts)
    for other in fact.conflicts:
        assert claims.filter(has_text=amount(other.value, "B/s")).count() >= 1
        assert claims.filter(has_text=other.source).count() == 1


def test_the_diagram_draws_what_the_spec_counts(page):
    core = spec.chip("trn3").core
    drawn = "document.querySelector('[data-part={}] path').getAttribute('d').split('M').length - 1"
    assert page.evaluate(drawn.format("dma")) == core.dma.engines
    assert page.evaluate(drawn.format("sbuf")) == core.sbuf.partitions - 1
    assert page.evaluate(drawn.format("psum")) == core.psum.banks - 1


def test_the_diagram_works_by_keyboard_alone(page):
    page.locator(".cd-svg [data-part=tensor]").focus()
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.dataset.part"
    assert page.evaluate(focused) == "vector"
    assert page.locator(".cd-heading").inner_text() == "Vector engine"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "psum"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "PSUM"
    page.keyboard.press("Escape")
    assert page.evaluate(focused) == "psum"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(focused) == "sync"


def test_the_table_holds_every_fact_of_the_diagram(page):
    page.get_by_text("The same as a table").click()
    rows = page.locator(".cd-all tbody")
    rows.first.wait_for()
    assert rows.count() == sum(len(facts("trn3", part)) for part in parts.PARTS)


def test_a_prediction_is_kept_until_it_is_revealed(page):
    card = page.locator(".trn-card-predict")
    card.get_by_role("button", name="Commit and reveal").click()
    assert "Choose first" in card.inner_text()
    card.get_by_role("radio", name="Tensor engine").check()
    assert card.locator(".trn-reveal").count() == 0
    card.get_by_role("button", name="Commit and reveal").click()
    once = balance(spec.chip("trn3").core, *TILE, k_tiles=32)
    said = card.locator(".trn-reveal").inner_text()
    for share in once.shares:
        assert amount(share.time_s, "s", 3) in said
    assert theme.PARTS[once.slowest.part].label in card.locator(".trn-verdict").inner_text()
    assert card.get_by_role("radio", name="HBM").is_disabled()
    card.get_by_role("button", name="Guess again").click()
    assert card.get_by_role("radio", name="HBM").is_enabled()
    card.get_by_role("radio", name="HBM").check()
    card.get_by_role("radio", name="HBM").press("Enter")  # commits, as in an exercise
    assert "HBM" in card.locator(".trn-verdict").inner_text()


def test_the_calculator_agrees_with_python(page):
    page.get_by_label("A loaded tile is used").select_option("4")
    page.locator(".bl-slowest[data-part=tensor]").wait_for()
    page.locator(".bl").get_by_label("Chip").select_option("trn1")
    page.locator(".bl").get_by_label("Matmuls added up").select_option("1")
    page.locator(".bl-slowest[data-part=dma]").wait_for()
    found = balance(spec.chip("trn1").core, *TILE, uses=4, k_tiles=1)
    for share in found.shares:
        bar = page.locator(f".bl-bars [data-part={share.part}] .bl-time").inner_text()
        assert bar == amount(share.time_s, "s", 3)
    assert amount(found.flops_per_s, "FLOP/s", 3) in page.locator(".bl-plot").text_content()


def test_the_calculator_explains_a_shape_that_cannot_be(page):
    before = page.locator(".bl-bars").inner_text()
    field = page.locator(".bl").get_by_label("K", exact=True)
    field.fill("1000")
    field.press("Enter")
    page.locator(".bl-problem", has_text="K = 1000: a whole number from 1 to the 128").wait_for()
    assert page.locator(".bl-bars").inner_text() == before


def exercise(page, words):
    return page.locator(".trn-card-exercise", has_text=words)


def attempt(card, answer):
    """Answer an exercise; returns what is said to it."""
    card.get_by_role("textbox").fill(answer)
    card.get_by_role("textbox").press("Enter")
    card.locator(".trn-verdict").wait_for()
    return card.locator(".trn-verdict")


def test_known_mistakes_are_named_and_the_right_answer_is_accepted(page):
    core = spec.chip("trn1").core
    card = exercise(page, "above how many FLOP per byte")
    attempt(card, f"{knee(core, 'bfloat16', core.hbm_share_bytes_per_s):.0f}")
    card.locator(".trn-verdict", has_text="That is against HBM").wait_for()
    attempt(card, f"{knee(core, 'bfloat16', core.dma.total_bytes_per_s):.0f}")
    card.locator(".trn-right").wait_for()
    card.get_by_text("Solution").click()
    assert re.search(r"That is 337 FLOP per byte", card.inner_text())


@pytest.mark.parametrize("wrong, why", [("128", "leaves rows idle"), ("767", "latency")])
def test_a_small_k_is_not_faster(page, wrong, why):
    card = exercise(page, "how many TensorE cycles")
    attempt(card, wrong)
    card.locator(".trn-verdict", has_text=why).wait_for()
    attempt(card, "512")
    card.locator(".trn-right").wait_for()


def test_hints_come_one_at_a_time_and_then_the_solution(page):
    card = exercise(page, "every result is copied out at once")
    solution = card.locator(".trn-solution")
    for shown in range(1, 4):
        assert solution.is_hidden()
        card.get_by_role("button", name="Hint").click()
        assert card.locator(".trn-hints li").count() == shown
    assert solution.is_visible()
    card.get_by_role("radio", name="Tensor engine").check()
    card.get_by_role("button", name="Check").click()
    card.locator(".trn-wrong").wait_for()
    card.get_by_role("radio", name="Vector engine").check()
    card.get_by_role("button", name="Check").click()
    card.locator(".trn-right").wait_for()


def test_the_roofline_stands_on_its_axes(page):
    plot = page.locator(".bl-plot")
    heights = plot.locator("line.bl-grid").evaluate_all(
        "lines => lines.filter((line) => line.x1.baseVal.value !== line.x2.baseVal.value)"
        ".map((line) => line.y1.baseVal.value)"
    )
    assert len(set(heights)) == 5  # decades of FLOP/s, from 10^11
    core = spec.chip("trn3").core
    found = balance(core, *TILE, k_tiles=32)
    decade = (max(heights) - min(heights)) / 4
    height = max(heights) - decade * (math.log10(found.flops_per_s) - 11)
    drawn = plot.locator(".bl-point").evaluate("point => point.cy.baseVal.value")
    assert drawn == pytest.approx(height, abs=0.5)

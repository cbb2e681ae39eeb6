"""The launch claims in a browser: what the page shows is what the engine says."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations
from trnlab.cluster import claims
from widgets.claims.card import factor
from widgets.dashboard import link

NOTEBOOK = "06_launch_claims"
ROOT = ".trn-claims"
START = {"claim": "faster", "settings": {}, "guesses": {}}


def shown(page):
    return page.locator(ROOT).evaluate("node => ({...node.dataset})")


def number(page, name):
    return page.locator(f"{ROOT} [data-number={name}]")


@pytest.fixture
def open_claims(open_page, lesson):
    def open_(state=None, **look):
        address = lesson(NOTEBOOK) + (f"?s={link.pack(state)}" if state else "")
        page = open_page(address, **look)
        page.wait_for_selector(f"{ROOT}[data-claim] .board button")
        return page

    return open_


def guess(page, kind):
    page.locator(f"{ROOT} .guess input[value={kind}]").check()
    page.locator("[data-act=commit]").click()
    page.wait_for_selector(f"{ROOT} .answer:visible")


def turned(page, knob, value):
    """Turn a knob and wait for the engine's answer."""
    before = shown(page)["found"]
    page.locator(f"{ROOT} [data-knob={knob}]").select_option(value)
    page.wait_for_function(
        "before => document.querySelector('.trn-claims').dataset.found !== before", arg=before
    )


def test_every_claim_is_predicted_then_judged_by_the_engine(open_claims):
    page = open_claims()
    for name in claims.CLAIMS:
        page.locator(f"[data-claim={name}]").last.click()
        page.wait_for_selector(f"{ROOT}[data-claim={name}][data-guess='']")
        expect(page.locator(f"{ROOT} .answer")).to_be_hidden()
        expect(page.locator(f"{ROOT} .knobs select").first).to_be_disabled()
        guess(page, "open")
        judged = claims.judge(name)
        expect(number(page, "verdict")).to_have_text(claims.verdict(judged).text)
        found = "no figure" if judged.found is None else factor(judged.found, judged.unit)
        expect(number(page, "found")).to_have_text(found)
        assert page.locator(f"{ROOT} .evidence tbody tr").count() == len(judged.evidence)
        assert page.locator(f"{ROOT} .cell").count() == len(claims.outlook(name, {}))


def test_a_knob_changes_the_verdict_in_place_and_the_address(open_claims):
    given = {"faster": "follows"}
    page = open_claims({"guesses": given})
    settings = {}
    for knob, value in (("format", "bfloat16"), ("measure", "training"), ("per", "chip")):
        turned(page, knob, value)
        settings[knob] = value
        judged = claims.judge("faster", **settings)
        expect(number(page, "verdict")).to_have_text(claims.verdict(judged).text)
        assert float(shown(page)["found"]) == judged.found
        picture = page.locator(f"{ROOT} .chart svg").get_attribute("aria-label")
        assert f"Found: {factor(judged.found, 'times')}" in picture
    page.wait_for_function(
        "text => location.search.includes(text)",
        arg=link.pack({**START, "settings": {"faster": settings}, "guesses": given}),
    )
    text = re.search(r"[?&]s=([\w-]+)", page.url)[1]
    page = open_claims(link.unpack(text))
    page.wait_for_selector(f"{ROOT}[data-found='{judged.found}']")
    page.locator("[data-act=reset]").click()
    page.wait_for_selector(f"{ROOT}[data-kind=follows]")


def test_watts_of_ones_own_settle_the_scenario_and_bad_ones_are_said(open_claims):
    page = open_claims({"claim": "energy", "guesses": {"energy": "open"}})
    watts = page.locator(f"{ROOT} [data-knob=watts]")
    watts.fill("600")
    watts.press("Enter")
    expect(page.locator(f"{ROOT} [data-knob=power]")).to_have_value("own")
    judged = claims.judge("energy", power="own", watts=600)
    expect(number(page, "verdict")).to_have_text(claims.verdict(judged).text)
    expect(page.locator(f"{ROOT} .status.changed")).to_have_text("changed")
    watts.fill("-4")
    watts.press("Enter")
    expect(page.locator(f"{ROOT} .problem:visible")).to_contain_text("from 50 to 3000 W")
    expect(number(page, "found")).to_have_text(factor(judged.found, "times"))


def test_the_keyboard_does_everything(open_claims):
    page = open_claims()
    page.locator("[data-claim=faster]").last.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT}[data-claim=memory]")
    page.locator(f"{ROOT} .guess input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT}[data-kind=contradicted]")
    cell = page.locator(f"{ROOT} .cell[data-row=hbm_bytes_per_s][data-column=trn3-gen2]")
    cell.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROOT}[data-kind=follows]")
    expect(cell).to_be_focused()
    assert cell.get_attribute("aria-pressed") == "true"


def test_an_address_that_cannot_be_is_said(open_claims):
    page = open_claims({"claim": "everything"})
    expect(page.locator(f"{ROOT} .problem:visible")).to_contain_text("'everything' is not one of")
    assert shown(page)["claim"] == "faster"


def test_it_fits_every_screen(open_claims, look, snap):
    state = {"claim": "energy", "guesses": {"energy": "open", "faster": "follows"}}
    page = open_claims(state, **look)
    page.wait_for_selector(f"{ROOT} .chart svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= look["size"][0]
    snap(page, "claims", look)


def test_it_fits_a_phone(open_claims, snap):
    page = open_claims({"guesses": {"faster": "follows"}}, size=(390, 844))
    page.wait_for_selector(f"{ROOT} .chart svg")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    snap(page, "claims-phone")


@pytest.mark.parametrize("name", ["energy", "trainium4"])
def test_axe_finds_nothing_serious_in_a_verdict(open_claims, name):
    page = open_claims({"claim": name, "guesses": {name: "open"}})
    page.wait_for_selector(f"{ROOT} .answer:visible")
    assert violations(page) == []

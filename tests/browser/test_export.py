"""Lessons as files: opened from disk, nothing asked of anybody, alive where no kernel is needed."""

import pytest
from playwright.sync_api import expect

from trnlab.serve.export import export
from trnlab.serve.lessons import lessons
from widgets.stepper import Stepper

NOTE = "This copy has no kernel"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "lessons"
    export(folder)
    return folder


@pytest.fixture
def open_file(open_page, site):
    def open_(name, **look):
        page = open_page(f"file://{site / name}.html", **look)
        if name not in ("index", "glossary"):
            page.wait_for_selector("html[data-ready]", state="attached", timeout=30_000)
        return page

    return open_


def test_every_page_is_written_and_linked(open_file, site):
    assert {path.stem for path in site.glob("*.html")} == {
        "index", "glossary", *(lesson.name for lesson in lessons())
    }  # fmt: skip
    page = open_file("index")
    links = [link.get_attribute("href") for link in page.get_by_role("link").all()]
    pages = {link.partition("#")[0] for link in links if not link.startswith("#")}
    assert pages == {path.name for path in site.glob("*.html")}
    page.locator(".trn-lessons a").first.click()
    page.get_by_role("link", name="Glossary").click()
    expect(page.locator("#psum")).to_be_visible()


ADDRESSES = """
() => [...document.querySelectorAll("a[href], img[src]")]
  .map((node) => node.getAttribute("href") ?? node.getAttribute("src"))
"""


def broken(site, page):
    """Addresses on a page that lead to no file, or to no place in it; no other host is asked."""
    for address in page.evaluate(ADDRESSES):
        path, _, anchor = address.partition("#")
        file = site / path
        if ":" in path or (path and file.is_file() and not anchor):
            continue
        if path and (not file.is_file() or f'id="{anchor}"' not in file.read_text()):
            yield address
        if not path and page.locator(f"[id='{anchor}']").count() == 0:
            yield address


@pytest.mark.parametrize("name", ["index", "glossary"])
def test_every_link_of_a_list_leads_somewhere(open_file, site, name):
    page = open_file(name)
    assert list(broken(site, page)) == []
    page.evaluate("document.body.append(Object.assign(document.createElement('a'), {href: '#no'}))")
    assert list(broken(site, page)) == ["#no"]


@pytest.mark.parametrize("name", [lesson.name for lesson in lessons()])
def test_every_widget_is_drawn_and_every_link_leads_somewhere(open_file, site, name, snap):
    page = open_file(name)
    assert list(broken(site, page)) == []
    places = page.locator("[data-model]")
    assert places.count() > 0
    for place in places.all():
        assert "could not be shown" not in place.inner_text()
        assert "needs the workbench" not in place.inner_text()
        assert place.bounding_box()["height"] > 10
    assert page.get_by_text(NOTE).count() == 0
    snap(page, f"export-{name}")


def test_what_needs_no_kernel_works(open_file):
    page = open_file("01_neuroncore")
    page.get_by_role("radio", name="Trainium1").check()
    expect(page.locator(".cd[data-chip=trn1]")).to_be_visible()
    page.get_by_role("button", name="Four in a row").click()
    page.get_by_role("slider", name="Cycle").fill("150")
    expect(page.locator(".pe")).to_have_attribute("data-cycle", "150")
    card = page.locator(".trn-card-predict")
    card.get_by_role("radio").first.check()
    card.get_by_role("button", name="Commit and reveal").click()
    expect(card.locator(".trn-verdict")).to_be_visible()
    assert page.get_by_text(NOTE).count() == 0


def test_what_needs_one_says_so_and_keeps_what_it_shows(open_file):
    page = open_file("01_neuroncore")
    before = page.locator(".bl-sentence").inner_text()
    page.locator(".bl").get_by_label("Chip").select_option("trn1")
    expect(page.locator("[data-model]", has=page.locator(".bl"))).to_contain_text(NOTE)
    expect(page.locator(".bl").get_by_label("Chip")).to_have_value("trn3")
    assert page.locator(".bl-sentence").inner_text() == before
    exercise = page.locator(".trn-card-exercise").first
    exercise.get_by_role("textbox").fill("1")
    exercise.get_by_role("button", name="Check").click()
    asked = page.locator("[data-model]", has=page.locator(".trn-card-exercise")).first
    expect(asked).to_contain_text(NOTE)


def test_the_stepper_steps_and_reveals(open_file):
    page = open_file("02_matmul_tiling")
    root = page.locator(".trn-stepper")
    for _ in range(5):
        root.locator("[data-act=step]").click()
    expect(root).not_to_have_attribute("data-row", "0")
    assert root.get_by_role("alert").filter(has_text="kernel has stopped").count() == 0
    shown = float(root.get_attribute("data-total-us"))
    assert shown == pytest.approx(Stepper().profile.total_us)
    root.locator(".predict input").fill("3")
    root.locator(".predict button").first.click()
    expect(root.locator(".predict")).to_contain_text("You said 3")
    root.locator("select[data-name=chip]").select_option("trn2")
    expect(page.locator("[data-model]", has=root)).to_contain_text(NOTE)
    expect(root).to_have_attribute("data-busy", "false")

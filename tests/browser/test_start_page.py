"""The start page lists every lesson, needs no kernel, and reads well in every setting."""

import psutil

from trnlab.serve.accuracy import figures, summary
from trnlab.serve.lessons import lessons
from trnlab.serve.news import news
from widgets import theme
from widgets.profiler.gallery import GALLERY


def test_it_lists_every_lesson_with_a_link_that_works(open_page, workbench):
    page = open_page(workbench)
    cards = page.locator(".trn-lessons a")
    listed = [lesson for lesson in lessons() if lesson.kind == "lesson"]
    assert cards.count() == len(listed) > 0
    for card, lesson in zip(cards.all(), listed, strict=True):
        assert lesson.title in card.inner_text() and lesson.line in card.inner_text()
        assert card.get_attribute("href") == f"/voila/render/{lesson.name}.ipynb"


def test_every_lesson_has_a_picture_in_the_readers_scheme(open_page, workbench):
    page = open_page(workbench, scheme="dark")
    for card in page.locator(".trn-lessons a").all():
        card.scroll_into_view_if_needed()
        picture = card.locator("img:visible")
        assert picture.get_attribute("data-scheme") == "dark"
        assert picture.get_attribute("alt") == ""  # the title beside it says it
        page.wait_for_function("image => image.naturalWidth == 640", arg=picture.element_handle())
        assert card.locator("[data-scheme=light]").evaluate("image => image.naturalWidth") == 0


def test_every_kernel_of_the_gallery_opens_the_profiler_on_it(open_page, workbench):
    page = open_page(workbench)
    links = page.locator(".trn-gallery a")
    assert links.all_inner_texts() == [entry.title for entry in GALLERY.values()]
    links.filter(has_text="Softmax").click()
    page.locator(".trn-profiler[data-kernel=softmax]").wait_for(timeout=60_000)


def test_how_right_it_is_stands_there_in_numbers(open_page, workbench):
    page = open_page(workbench)
    found = summary(figures())
    text = page.get_by_role("region", name="How right it is").inner_text()
    assert f"{found.figures} figures" in text and f"at most {found.most_below:.1f}" in text
    assert found.worst.workload in text and found.worst.error in text
    page.get_by_role("link", name="How right is it?").click()
    page.get_by_role("region", name="Figures of many chips").wait_for(timeout=60_000)


def test_it_says_what_is_new(open_page, workbench):
    page = open_page(workbench)
    said = page.get_by_role("region", name="What is new").locator("li").all_inner_texts()
    assert [text.split(" ", 1)[1] for text in said] == [entry.text for entry in news()]


def test_it_starts_no_kernel(open_page, samples):
    port = int(samples.rpartition(":")[2])
    server = next(
        psutil.Process(connection.pid)
        for connection in psutil.net_connections("tcp")
        if connection.laddr.port == port and connection.status == psutil.CONN_LISTEN
    )
    before = server.children()
    open_page(samples)
    assert server.children() == before


def test_it_has_a_name_an_icon_and_one_heading(open_page, samples):
    page = open_page(samples)
    assert page.title() == "trnlab: learn Trainium3 by running one"
    assert page.locator("link[rel=icon]").get_attribute("href").startswith("data:image/svg+xml")
    assert page.locator("h1").count() == 1


def test_its_key_names_every_part_with_its_pattern(open_page, samples):
    page = open_page(samples)
    shown = {
        item.get_attribute("data-part"): (
            item.inner_text().strip(),
            item.locator("i").get_attribute("style"),
        )
        for item in page.locator(".trn-key li").all()
    }
    assert shown == {
        name: (
            part.label,
            f"background: var(--trn-pattern-{part.pattern}), var(--trn-{name})",
        )
        for name, part in theme.PARTS.items()
    }


def test_the_keyboard_opens_a_lesson(open_page, samples):
    page = open_page(samples)
    for _ in range(4):  # home, lessons, glossary, then the first lesson
        page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/voila/render/01_charts.ipynb")


def test_it_follows_the_setting_and_fits(open_page, workbench, look, snap):
    page = open_page(workbench, **look)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 26)"}[look["scheme"]]
    assert page.evaluate("document.documentElement.scrollWidth") <= look["size"][0]
    snap(page, "start", look)


def test_the_address_can_ask_for_dark(open_page, samples):
    page = open_page(f"{samples}/?theme=dark", scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 26)"


def test_it_fits_a_phone(open_page, samples, snap):
    page = open_page(samples, size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    snap(page, "start-phone")


def test_an_unknown_address_leads_back(chromium, samples):
    page = chromium.new_page()
    for path in ("/nowhere", "/voila/render/99_nothing.ipynb", "/voila/tree/nowhere"):
        answer = page.goto(samples + path)
        assert answer.status == 404
        assert page.locator("h1").inner_text() == "There is no such page"
        assert page.locator(".trn-go").get_attribute("href") == "/voila/tree"
    page.click(".trn-go")
    assert page.locator(".trn-lessons a").count() == 3
    page.close()

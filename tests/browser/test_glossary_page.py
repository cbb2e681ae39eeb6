"""The glossary: a page without a kernel, an address for each term, links from lessons."""

import pytest
from playwright.sync_api import expect

from trnlab.serve.glossary import term, terms
from trnlab.serve.lessons import lessons


def test_it_lists_every_term_with_its_lines(open_page, workbench, look, snap):
    page = open_page(f"{workbench}/voila/glossary", **look)
    listed = page.locator(".trn-terms dt")
    assert listed.all_inner_texts() == list(terms())
    entry = page.locator("#psum")
    assert term("PSUM").more in entry.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= look["size"][0]
    snap(page, "glossary", look)


def test_it_finds_terms_by_any_word_of_them(open_page, workbench):
    page = open_page(f"{workbench}/voila/glossary", size=(390, 844))
    page.get_by_label("Find a term").fill("psum banks")
    shown = page.locator(".trn-terms dl > div:visible")
    assert "psum" in [entry.get_attribute("id") for entry in shown.all()]
    said = page.locator(".trn-find output").inner_text()
    assert said == f"{shown.count()} of {len(terms())} terms" and shown.count() < 5
    page.get_by_label("Find a term").fill("")
    assert shown.count() == len(terms())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_lesson_links_its_words_and_the_terms_in_its_prose(open_page, lesson):
    page = open_page(lesson("01_neuroncore"))
    prose = page.locator("main .trn-term:not(.trn-card-words .trn-term)")
    sbuf = prose.filter(has_text="SBUF")
    assert sbuf.count() == 1  # the first use alone
    assert sbuf.get_attribute("href") == "/voila/glossary#sbuf"
    assert sbuf.get_attribute("title") == term("SBUF").short
    words = page.locator(".trn-card-words")
    words.locator("summary").click()
    with page.expect_popup() as opened:
        words.get_by_role("link", name="nc_matmul").click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith("/voila/glossary#nc-matmul")
    assert opened.value.locator(":target dt").inner_text() == "nc_matmul"


@pytest.mark.parametrize("name", [page.name for page in lessons()])
def test_each_term_is_linked_where_a_lesson_uses_it_first(open_page, lesson, name):
    page = open_page(lesson(name))
    linked = page.locator("main .trn-term:not(.trn-card-words .trn-term)")
    expect(linked.first).to_be_visible()
    anchors = linked.evaluate_all("links => links.map((link) => link.hash.slice(1))")
    assert len(anchors) == len(set(anchors)) >= 1
    names = [name for name in terms() if len(name) > 1]
    page.wait_for_function(f"(names) => !({UNLINKED})(names).length", arg=names, timeout=15_000)


# Terms in prose that stand before their link; what is in code, links or headings does not count.
UNLINKED = """
(terms) => {
  const prose = ".jp-MarkdownOutput :is(p, li), .trn-card-text .trn-card-body,"
    + ":is(.trn-card-question, .trn-card-takeaway) p";
  const text = [...document.querySelectorAll(prose)].map((node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("code, pre, table").forEach((code) => code.remove());
    copy.querySelectorAll(".trn-term").forEach((term) => { term.textContent = "\u0001"; });
    return copy.textContent;
  });
  const linked = new Set([...document.querySelectorAll(".trn-term")]
    .filter((term) => !term.closest(".trn-card-words")).map((term) => term.hash));
  const anchor = (term) => `#${term.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return terms.filter((term) => !linked.has(anchor(term))
    && text.some((words) => words.split(/[^\\w-]+/).includes(term)));
}
"""


def test_it_stands_in_jupyterlab_s_server_too(open_page, jupyterlab):
    page = open_page(f"{jupyterlab}/voila/glossary#hbm")
    assert page.locator(":target dt").inner_text() == "HBM"

"""The glossary: a page without a kernel, an address for each term, links from lessons."""

from trnlab.serve.glossary import term, terms


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
    prose = page.locator(".jp-MarkdownOutput .trn-term")
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


def test_it_stands_in_jupyterlab_s_server_too(open_page, jupyterlab):
    page = open_page(f"{jupyterlab}/voila/glossary#hbm")
    assert page.locator(":target dt").inner_text() == "HBM"

"""Voila's pages inside JupyterLab's server, as Binder and a class server run them."""


def test_a_page_draws_charts_and_formulas(open_page, jupyterlab):
    page = open_page(f"{jupyterlab}/voila/render/tests/browser/samples/01_charts.ipynb")
    page.wait_for_selector("mjx-container")
    page.locator(".trn-chart svg").nth(1).wait_for()
    assert page.locator(".trn-home").get_attribute("href") == "/voila/tree"


def test_the_start_page_links_to_the_lessons(open_page, jupyterlab):
    page = open_page(f"{jupyterlab}/voila/tree")
    first = page.locator(".trn-lessons a").first
    assert first.get_attribute("href") == "/voila/render/notebooks/01_neuroncore.ipynb"


def test_the_settings_are_in_force(jupyterlab, open_page):
    page = open_page(f"{jupyterlab}/voila/render/tests/browser/samples/02_error.ipynb")
    text = page.locator("main").inner_text()
    assert "Reload the page to start again." in text
    assert "source text" not in page.content()

"""JupyterLab, and Voila's pages inside its server, as Binder and a class server run them."""

from playwright.sync_api import expect


def test_the_same_charts_are_drawn_in_a_notebook(open_page, jupyterlab, snap):
    page = open_page(f"{jupyterlab}/lab/tree/tests/browser/samples/01_charts.ipynb?reset")
    page.locator(".jp-NotebookPanel .jp-Notebook-cell").first.wait_for(timeout=60_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.locator(".trn-chart svg").nth(1).wait_for(timeout=60_000)
    assert page.get_by_text("official Jupyter news").count() == 0
    snap(page, "jupyterlab")


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


def pick(control, value, answer):
    """A choice of a dashboard, and the mark on it when the answer is drawn."""

    def act(root):
        root.locator(control).first.select_option(value)
        expect(root.page.locator(answer).first).to_be_visible(timeout=30_000)

    return act


def look_at_trainium1(root):
    root.get_by_role("radio", name="Trainium1").check()
    expect(root.page.locator(".cd[data-chip=trn1]")).to_be_visible()


def take_seventeen(root):
    root.get_by_role("button", name="17", exact=True).click()
    expect(root.page.locator(".trn-numbers.number[data-busy=false]")).to_be_visible()
    expect(root.get_by_label("Number", exact=True)).to_have_value("17")


def commit_to_a_verdict(root):
    root.get_by_role("radio", name="It follows from the published figures").check()
    root.get_by_role("button", name="Commit and see the verdict").click()
    expect(root.page.locator(".trn-claims:not([data-kind=''])")).to_be_visible()


NUMBERS = ("number", "block", "matrix", "product", "network")
CLUSTER = ("machine", "collective", "planner")
DASHBOARDS = {  # on each lesson, in their order, with what the first one is asked
    "01_neuroncore": ([".cd", ".bl", ".pe"], look_at_trainium1),
    "02_matmul_tiling": (
        [".trn-stepper", ".trn-digits"],
        pick("select[data-name=kernel]", "hoisted", ".trn-stepper[data-kernel=hoisted]"),
    ),
    "03_quantization": ([f".trn-numbers.{name}" for name in NUMBERS], take_seventeen),
    "04_scale_out": (
        [f".trn-{name}" for name in CLUSTER],
        pick("select[data-name=system]", "trn2", ".trn-machine:not([data-scene='1'])"),
    ),
    "05_profiler": (
        [".trn-profiler", ".trn-chart"],
        pick("select[data-name=kernel]", "softmax", ".trn-profiler[data-kernel=softmax]"),
    ),
    "06_launch_claims": ([".trn-claims"], commit_to_a_verdict),
}


def test_every_dashboard_is_drawn_and_answers_in_a_notebook(open_page, jupyterlab):
    """One JupyterLab; its notebooks draw a cell when it comes into sight."""
    page = open_page(f"{jupyterlab}/lab?reset", size=(1600, 1000))
    page.wait_for_function("() => window.jupyterapp")
    for name, (dashboards, act) in DASHBOARDS.items():
        page.evaluate(OPEN_AND_RUN, f"notebooks/{name}.ipynb")
        notebook = page.locator(".jp-NotebookPanel:visible .jp-WindowedPanel-outer")
        for place, dashboard in enumerate(dashboards):
            found = scroll_to(page, notebook, dashboard)
            if place == 0:
                act(found)
        page.evaluate("jupyterapp.commands.execute('notebook:shutdown-kernel')")


OPEN_AND_RUN = """
async (path) => {
  await jupyterapp.restored;
  const { commands } = jupyterapp;
  const { context } = await commands.execute("docmanager:open", { path });
  await context.ready;
  await context.sessionContext.ready;
  commands.execute("notebook:run-all-cells");
}
"""


ON = """
(outer) => {
  const isAtEnd = outer.scrollTop + outer.clientHeight > outer.scrollHeight - 5;
  outer.scrollTop = isAtEnd ? 0 : outer.scrollTop + 400;
}
"""


def scroll_to(page, notebook, dashboard):
    """Down the notebook, and again from its top, until a dashboard is drawn; cells still run."""
    drawn = notebook.locator(dashboard).first
    for _ in range(200):
        if drawn.count() and drawn.locator("canvas, svg, button, input").count():
            drawn.scroll_into_view_if_needed()
            return drawn
        notebook.evaluate(ON)
        page.wait_for_timeout(100)
    raise AssertionError(f"{dashboard} is not drawn")

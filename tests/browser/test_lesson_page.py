"""What every lesson's page does, shown on small notebooks in `samples/`."""

import psutil


def test_charts_and_formulas_are_drawn(open_page, sample, look, snap):
    page = open_page(sample("01_charts"), **look)
    page.wait_for_selector("mjx-container")
    for picture in page.locator(".trn-chart-picture").all():
        picture.locator("svg").wait_for()
    assert page.title() == "Charts and formulas - trnlab"
    assert page.evaluate("document.documentElement.scrollWidth") <= look["size"][0]
    snap(page, "charts", look)


def test_a_chart_has_a_text_and_a_table(open_page, sample):
    page = open_page(sample("01_charts"))
    ladder = page.locator(".trn-chart").nth(1)
    ladder.locator("svg").wait_for()
    said = ladder.locator("[role=img]").get_attribute("aria-label")
    assert said == (
        "Time of each rung. tiled takes 500 us at 10.0% MFU; hoisted takes 300 us at 20.0% MFU;"
        " blocked takes 120 us at 50.0% MFU."
    )
    ladder.locator("summary").click()
    rows = [row.split("\t") for row in ladder.locator("table").inner_text().splitlines()]
    assert rows[:2] == [["Time of each rung"], ["kernel", "time_us", "mfu", "current"]]
    assert rows[4] == ["blocked", "120", "0.5", "false"]


def test_a_chart_follows_its_data(open_page, sample):
    page = open_page(sample("01_charts"))
    ladder = page.locator(".trn-chart").nth(1)
    bars = ladder.locator(".mark-rect path")
    bars.first.wait_for()
    assert bars.count() == 3
    before = bars.nth(2).bounding_box()["width"]
    page.locator(".noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    ladder.locator("[aria-label*='blocked takes 240 us']").wait_for()
    page.wait_for_function(
        """([element, width]) => element.getBoundingClientRect().width > 1.9 * width""",
        arg=[bars.nth(2).element_handle(), before],
    )


def test_a_chart_changes_with_the_theme(open_page, sample):
    page = open_page(sample("01_charts"), scheme="light")
    words = page.locator(".trn-chart").first.locator("svg .mark-text text", has_text="tiled")
    words.wait_for()
    assert words.get_attribute("fill") == "#15191e"
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector(".trn-chart svg .mark-text text[fill='#eef1f5']")


def test_a_failed_cell_is_a_sentence_without_source(open_page, sample):
    page = open_page(sample("02_error"))
    text = page.locator("main").inner_text()
    assert "This text stays." in text
    assert "Reload the page to start again." in text
    assert "source text" not in page.content() and "Traceback" not in text


def test_a_page_gets_its_own_query(open_page, sample):
    page = open_page(sample("03_query") + "?state=a%20b")
    page.get_by_text("The query is state=a%20b.").wait_for()


def test_a_page_says_when_its_kernel_has_died(chromium, sample):
    page = chromium.new_page()
    page.clock.install()
    page.goto(sample("03_query"))
    page.clock.run_for(2000)
    page.wait_for_selector("html[data-ready]", state="attached")
    kernel = page.locator("body").get_attribute("data-kernel-id")
    _process(kernel).kill()
    stopped = page.get_by_text("The kernel of this page has stopped")
    for _ in range(50):
        page.clock.run_for(10_000)
        page.wait_for_timeout(200)
        if stopped.is_visible():
            break
    assert stopped.is_visible()
    assert page.get_by_role("link", name="Reload").get_attribute("href") == page.url
    page.close()


def _process(kernel: str) -> psutil.Process:
    return next(
        process
        for process in psutil.process_iter(["cmdline"])
        if any(kernel in word for word in process.info["cmdline"] or [])
    )

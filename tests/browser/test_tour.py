"""A tour in a browser: forward, back and again set the dashboard, hints and answers when asked."""

from playwright.sync_api import expect


def test_a_tour_sets_the_stepper_and_finds_back_after_a_detour(open_page, lesson):
    page = open_page(lesson("02_matmul_tiling"))
    board = page.locator(".trn-stepper")
    tour = page.get_by_role("region", name="Step by step")
    start = tour.get_by_role("button", name="Start", exact=True)
    expect(tour.get_by_role("button", name="Back")).to_be_hidden()
    assert board.get_attribute("data-row") == "0"
    start.click()
    expect(board).to_have_attribute("data-row", "5")
    expect(tour).to_contain_text("Step 1 of 4")
    seen = tour.get_by_text("2.3 µs")
    expect(seen).to_be_hidden()
    tour.get_by_text("What there is to see").click()
    expect(seen).to_be_visible()
    tour.get_by_role("button", name="Hint (0 of 1 shown)").click()
    expect(tour).to_contain_text("Read the sentence above the timeline.")

    board.get_by_label("Kernel").select_option("blocked")  # the learner leaves the way
    expect(board).to_have_attribute("data-kernel", "blocked")
    tour.get_by_role("button", name="Set it again").click()
    expect(board).to_have_attribute("data-kernel", "tiled")
    expect(board).to_have_attribute("data-row", "5")

    for kernel in ("tiled", "hoisted", "blocked"):
        tour.get_by_role("button", name="Next").click()
        expect(board).to_have_attribute("data-kernel", kernel)
    expect(tour.get_by_role("button", name="Next")).to_be_disabled()
    tour.get_by_role("button", name="Back", exact=True).click()
    expect(board).to_have_attribute("data-kernel", "hoisted")


def test_a_link_leads_to_a_step_and_to_what_was_changed_there(open_page, lesson):
    page = open_page(f"{lesson('02_matmul_tiling')}?step=3")
    board, tour = page.locator(".trn-stepper"), page.get_by_role("region", name="Step by step")
    expect(tour).to_contain_text("Step 3 of 4")
    expect(tour).to_be_in_viewport()
    expect(board).to_have_attribute("data-kernel", "hoisted")
    tour.get_by_role("button", name="Next").click()
    expect(board).to_have_attribute("data-kernel", "blocked")
    board.get_by_label("Chip", exact=True).select_option("trn2")
    page.wait_for_function("() => /step=4/.test(location) && /[?&]s=/.test(location)")
    again = open_page(page.url)
    expect(again.get_by_role("region", name="Step by step")).to_contain_text("Step 4 of 4")
    expect(again.locator(".trn-stepper")).to_have_attribute("data-kernel", "blocked")
    expect(again.locator(".trn-stepper").get_by_label("Chip", exact=True)).to_have_value("trn2")
    for text in ("0", "9", "x", "-1", "1.5"):
        odd = open_page(f"{lesson('02_matmul_tiling')}?step={text}")
        expect(odd.get_by_role("region", name="Step by step")).to_contain_text("4 steps, each")


def test_a_guess_stays_the_learner_s_during_the_tour(open_page, lesson):
    page = open_page(lesson("02_matmul_tiling"))
    board = page.locator(".trn-stepper")
    board.get_by_label("Your guess, times faster").fill("3")
    board.get_by_role("button", name="Commit").click()
    expect(board.locator(".verdict")).to_contain_text("You said 3.0×", timeout=20_000)
    page.get_by_role("region", name="Step by step").get_by_role("button", name="Start").click()
    expect(board).to_have_attribute("data-row", "5")
    expect(board.locator(".verdict")).to_contain_text("You said 3.0×")


TIPS = {  # lesson -> a drawing, what a pointer in the middle of it is told
    "02_matmul_tiling": (".trn-stepper .tiles canvas", "crossed HBM"),
    "03_quantization": (".trn-numbers.matrix canvas.heat", "value at most"),
    "04_scale_out": (".trn-planner .pipe canvas", "micro-batch"),
}


def test_a_cell_under_the_pointer_is_told_in_words(open_page, lesson):
    for name, (where, words) in TIPS.items():
        page = open_page(lesson(name))
        drawing = page.locator(where).first
        page.locator(where.split()[0]).first.evaluate("board => board.scrollIntoView()")
        drawing.wait_for()
        drawing.scroll_into_view_if_needed()
        tip = drawing.locator("xpath=../*[contains(@class, 'trn-tip')]")
        box = drawing.bounding_box()
        for share in (0.2, 0.3, 0.55, 0.7, 0.8):  # some places are empty
            page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.7 * box["height"])
            page.wait_for_timeout(100)
            if tip.count() and tip.is_visible():
                break
        expect(tip).to_contain_text(words)
        page.mouse.move(2, 2)
        expect(tip).to_be_hidden()

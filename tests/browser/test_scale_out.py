"""The lesson on scaling out in a browser: what its boards show is what the engine says."""

import json
import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from trnlab import cluster
from trnlab.cluster.collectives import fastest, time
from trnlab.cluster.topology import link_loads, machine
from widgets.dashboard import link
from widgets.lesson import percent

NOTEBOOK = "04_scale_out"
MACHINE, COLLECTIVE, PLANNER = ".trn-machine", ".trn-collective", ".trn-planner"
CONFIG = {
    "model_type": "llama",
    "hidden_size": 512,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "intermediate_size": 2048,
    "vocab_size": 32000,
    "_name_or_path": "<img src=x onerror=\"document.title='hacked'\">",
}
BIG = {"global_batch": 1024, "sequence": 8192, "system": "trn3-gen2", "chips": 144}


@pytest.fixture
def board(open_page, lesson):
    """Open the page, at a moment of its boards if one is given."""

    def open_(machine=None, collective=None, planner=None, **look) -> Page:
        states = {"m": machine, "c": collective, "p": planner}
        query = "&".join(f"{key}={link.pack(state)}" for key, state in states.items() if state)
        page = open_page(lesson(NOTEBOOK) + (f"?{query}" if query else ""), **look)
        for root in (MACHINE, COLLECTIVE, PLANNER):
            page.wait_for_selector(f"{root}[data-scene]")
        return page

    return open_


def data(page: Page, root: str) -> dict[str, str]:
    return page.locator(root).evaluate("node => ({...node.dataset})")


def after(page: Page, root: str, before: dict[str, str]) -> dict[str, str]:
    """What a board says once it has drawn another scene than `before`."""
    page.wait_for_function(
        "([root, scene]) => document.querySelector(root).dataset.scene !== scene",
        arg=[root, before["scene"]],
    )
    return data(page, root)


def retype(page: Page, root: str, name: str, value: str) -> None:
    field = page.locator(f"{root} input[data-name={name}]")
    field.fill(value)
    field.press("Enter")


def trained(**degrees: int) -> cluster.Training:
    return cluster.predict_training(model="llama-3.1-70b", plan=cluster.Plan(**degrees), **BIG)


def problem(page: Page, root: str):
    return page.locator(f"{root} > .problem")


def test_the_first_pictures_are_the_engines_and_say_how_far_to_believe_them(board):
    page = board()
    on = link_loads(machine("trn3-gen2", 144), [0], [77], 1e8)
    assert float(data(page, MACHINE)["busiest"]) == on.busiest_s
    of = machine("trn3-gen2", 16)
    ring = cluster.collectives.collective("all_reduce", "ring", 16)
    assert float(data(page, COLLECTIVE)["total"]) == time(ring, of, 1e6).total_s
    run = trained(tp=8, pp=4, dp=4)
    shown = data(page, PLANNER)
    assert (float(shown["step"]), float(shown["tokens"])) == (run.step_s, run.tokens_per_s)
    expect(page.locator(f"{PLANNER} [data-number=mfu]")).to_have_text(f"{100 * run.mfu:.1f} %")
    for root in (MACHINE, COLLECTIVE, PLANNER):
        expect(page.locator(f"{root} .badge").first).to_have_text("predicted")
    page.wait_for_selector(f"{PLANNER}[data-scaling]")
    words = page.locator(f"{PLANNER} .scaling .quiet")
    wide = cluster.Plan(tp=8, pp=4, dp=999_936 // 32)
    grown = {**BIG, "chips": 999_936, "global_batch": 256 * wide.dp}
    rate = cluster.predict_training(model="llama-3.1-70b", plan=wide, **grown).tokens_per_s
    said = f"On 999,936 chips the same cut writes {rate / 1e6:.0f} M tokens/s"
    expect(words).to_contain_text(said)
    expect(words).to_contain_text("Beyond one domain of 144 chips everything is extrapolated")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_board_fits_a_laptop_a_projector_and_a_phone(board, snap, scheme):
    page = board(collective={"view": {"step": 9}}, scheme=scheme)
    page.wait_for_selector(f"{PLANNER}[data-scaling]")
    for width, height in ((1280, 720), (1920, 1080), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for root in (MACHINE, COLLECTIVE, PLANNER):
            box = page.locator(root).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
        snap(page, "scale-out", {"scheme": scheme, "size": (width, height)})


def test_a_machine_is_built_and_what_cannot_be_is_said_in_place(board):
    page = board()
    before = data(page, MACHINE)
    retype(page, MACHINE, "chips", "7 x 13")
    expect(problem(page, MACHINE)).to_contain_text("chips = 91 is not a number of whole servers")
    expect(problem(page, MACHINE)).to_contain_text("The last picture that worked is still shown.")
    assert data(page, MACHINE)["chips"] == "144"
    retype(page, MACHINE, "chips", "1.5")
    expect(problem(page, MACHINE)).to_contain_text("chips = 1.5 should be a whole number")
    retype(page, MACHINE, "chips", "1e9")
    expect(problem(page, MACHINE)).to_contain_text("cannot be connected: at most 1,000,000")
    page.locator(f"{MACHINE} [data-name=chips-steps]").press("End")
    most = after(page, MACHINE, before)
    assert (most["chips"], most["domains"]) == ("999936", "6944")
    expect(problem(page, MACHINE)).to_be_hidden()
    page.click(f"{MACHINE} [data-act=reset]")
    first = after(page, MACHINE, most)
    clicked = click_a_chip(page, first)
    expect(page.locator(f"{MACHINE} input[data-name=source]")).to_have_value("77")
    target = page.locator(f"{MACHINE} input[data-name=target]").input_value()
    expect(page.locator(f"{MACHINE} .now")).to_contain_text(f"device {target}: domain 0, half 0")
    retype(page, MACHINE, "source", "0")
    retype(page, MACHINE, "target", "5")
    page.wait_for_function(
        "root => document.querySelector(root + ' .now').textContent.includes('device 5')",
        arg=MACHINE,
    )
    clicked = data(page, MACHINE)
    page.select_option(f"{MACHINE} [data-name=reading]", "2")
    other = after(page, MACHINE, clicked)
    assert float(clicked["busiest"]) / float(other["busiest"]) == pytest.approx(896 / 320)
    page.select_option(f"{MACHINE} [data-name=system]", "trn4-announced")
    assert after(page, MACHINE, other)["chips"] == "72"
    expect(page.locator(f"{MACHINE} .not-yet")).to_contain_text("does not exist yet")
    expect(page.locator(f"{MACHINE} .badge")).to_have_text("announced")


def click_a_chip(page: Page, before: dict[str, str]) -> dict[str, str]:
    """Click along a row of chips until one is hit."""
    canvas = page.locator(f"{MACHINE} canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for part in range(10, 45, 3):
        page.mouse.click(box["x"] + box["width"] * part / 100, box["y"] + box["height"] * 0.529)
        page.wait_for_timeout(150)
        if data(page, MACHINE)["scene"] != before["scene"]:
            return data(page, MACHINE)
    raise AssertionError("no chip was hit")


def test_a_collective_is_stepped_by_keys_and_is_the_engines(board):
    page = board()
    first = data(page, COLLECTIVE)
    page.locator(COLLECTIVE).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert data(page, COLLECTIVE)["step"] == "3"
    expect(page.locator(f"{COLLECTIVE} .film .now")).to_contain_text("Step 3 of 30: 16 sends")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"{COLLECTIVE} .chosen")).to_contain_text("Rank 1 holds part 0")
    page.keyboard.press("End")
    expect(page.locator(f"{COLLECTIVE} .chosen")).to_contain_text("sum of 16 of 16: ranks 0 to 15")
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_function(
        "root => Number(document.querySelector(root).dataset.step) >= 2", arg=COLLECTIVE
    )
    page.keyboard.press(" ")
    at = data(page, COLLECTIVE)["step"]
    page.wait_for_timeout(1100)
    assert data(page, COLLECTIVE)["step"] == at
    retype(page, COLLECTIVE, "ranks", "17")
    expect(problem(page, COLLECTIVE)).to_contain_text("17 ranks, 1 devices apart, end at device 16")
    assert data(page, COLLECTIVE)["steps"] == "30"
    retype(page, COLLECTIVE, "ranks", "16")
    again = after(page, COLLECTIVE, first)
    page.select_option(f"{COLLECTIVE} [data-name=algorithm]", "fastest")
    shown = after(page, COLLECTIVE, again)
    best = fastest("all_reduce", machine("trn3-gen2", 16), 1e6, 16)
    assert shown["algorithm"] == best.plan.algorithm
    assert float(shown["total"]) == pytest.approx(best.total_s)
    page.wait_for_timeout(700)  # another step of undo
    page.locator(f"{COLLECTIVE} [data-name=size]").press("End")
    large = after(page, COLLECTIVE, shown)
    assert float(large["total"]) > 100 * float(shown["total"])
    page.locator(COLLECTIVE).focus()
    page.keyboard.press("u")
    undone = after(page, COLLECTIVE, large)
    assert undone["total"] == shown["total"]
    page.keyboard.press("Shift+U")
    assert after(page, COLLECTIVE, undone)["total"] == large["total"]


def test_the_chart_says_its_crossings_and_what_is_documented(board):
    page = board(collective={"system": "trn2", "ranks": 64, "stride": 1, "algorithm": "mesh"})
    page.wait_for_selector(f"{COLLECTIVE}[data-times]")
    words = re.compile(r"Time of 1 MB: ring 250 µs, .* kangaring from 35\.6 MB\.$")
    expect(page.locator(f"{COLLECTIVE} .times canvas")).to_have_attribute("aria-label", words)
    said = page.locator(f"{COLLECTIVE} .chart .quiet")
    expect(said).to_contain_text("mesh up to 1.05 MB, recursive up to 56 MB, KangaRing above")
    expect(said).to_contain_text("an example on another page has KangaRing at 33.6 MB (32 MiB)")
    expect(said).to_contain_text("the model's own: recursive from 1.02 MB, kangaring from 35.6 MB")
    first = data(page, COLLECTIVE)
    page.select_option(f"{COLLECTIVE} [data-name=algorithm]", "documented")
    retype(page, COLLECTIVE, "tensor_bytes", "40000000")
    page.wait_for_function(
        "root => document.querySelector(root).dataset.algorithm === 'recursive'", arg=COLLECTIVE
    )
    assert after(page, COLLECTIVE, first)["algorithm"] == "recursive"
    words = re.compile("documented choice is recursive; here kangaring is the fastest, and")
    expect(said).to_contain_text(words)


def test_sliders_move_time_memory_links_and_bubbles_together(board):
    page = board()
    first = data(page, PLANNER)
    page.locator(f"{PLANNER} [data-slider=tp]").press("ArrowRight")
    shown = after(page, PLANNER, first)
    run = trained(tp=16, pp=4, dp=2)
    assert float(shown["step"]) == run.step_s
    amounts = "all => all.map((bar) => Number(bar.dataset.amount))"
    spent, held = (page.locator(f"{PLANNER} .bars").nth(i).locator("li") for i in (0, 2))
    assert sum(spent.evaluate_all(amounts)) == pytest.approx(run.step_s)
    assert sum(held.evaluate_all(amounts)) == pytest.approx(sum(run.memory_bytes.values()))
    expect(page.locator(f"{PLANNER} .was").first).to_be_visible()
    canvas = page.locator(f"{PLANNER} .pipe canvas")
    share = percent(run.time_s["bubble"] / run.step_s)
    expect(canvas).to_have_attribute("aria-label", re.compile(rf"4 stages.*{re.escape(share)}\.$"))
    page.locator(f"{PLANNER} [data-slider=pp]").press("Home")
    single = after(page, PLANNER, shown)
    assert float(single["step"]) == trained(tp=16, pp=1, dp=8).step_s
    expect(canvas).to_have_attribute("aria-label", re.compile("One stage: no pipeline"))
    page.wait_for_timeout(700)  # another step of undo
    for name, value, sentence in (
        ("pp", "7", "80 layers of llama-3.1-70b (or 82 with embedding and head) cannot be divided"),
        ("global_batch", "-8", "Global batch = -8 should be a whole number"),
        ("chips", "7 x 13", "use 88 or 92"),
        ("chips", "1000000000", "at most 1,000,000 have been announced"),
    ):
        retype(page, PLANNER, name, value)
        expect(problem(page, PLANNER)).to_contain_text(sentence)
        assert data(page, PLANNER)["step"] == single["step"]
        page.click(f"{PLANNER} [data-act=undo]")
        expect(problem(page, PLANNER)).to_be_hidden()


def test_a_long_ranking_shows_how_far_it_is_and_stops_while_the_page_answers(board):
    many = {"model": "gpt-oss-120b", "chips": 144_000, "tp": 8, "pp": 1, "global_batch": 80_640}
    page = board()
    page.goto(f"{page.url.split('?')[0]}?p={link.pack(many)}")
    progress = page.locator(f"{PLANNER} .trn-long")
    expect(progress).to_be_visible(timeout=60_000)
    expect(progress.locator("progress")).to_have_attribute("aria-label", "Plans looked at")
    progress.get_by_role("button", name="Stop").click()
    expect(progress).to_be_hidden()
    expect(page.locator(f"{PLANNER} .plans")).to_contain_text("Stopped after")
    assert page.locator(f"{PLANNER} .map button").count() > 3
    page.locator(PLANNER).get_by_role("button", name="Go on").click()
    expect(progress).to_be_visible()
    shown = data(page, PLANNER)
    retype(page, PLANNER, "global_batch", "40320")  # the page answers, and the rest is left
    assert after(page, PLANNER, shown)["step"] != shown["step"]


def test_the_map_leads_to_a_plan_and_requests_are_served(board):
    page = board()
    page.wait_for_selector(f"{PLANNER}[data-plans]")
    best = cluster.plan(model="llama-3.1-70b", system="trn3-gen2", chips=144).best(1)[0]
    star = page.locator(f"{PLANNER} .map button", has_text="★")
    place = star.evaluate("button => [Number(button.dataset.tp), Number(button.dataset.pp)]")
    assert place == [best.plan.tp, best.plan.pp]
    first = data(page, PLANNER)
    star.click()
    shown = after(page, PLANNER, first)
    assert float(shown["tokens"]) == pytest.approx(best.value)
    page.click(f"{PLANNER} [data-act=reset]")
    again = after(page, PLANNER, shown)
    page.select_option(f"{PLANNER} [data-name=task]", "inference")
    run = cluster.predict_inference(
        model="llama-3.1-70b", system="trn3-gen2", chips=144, plan=cluster.Plan(tp=8, pp=4, dp=4),
        batch=32, prompt=4096, output=512,
    )  # fmt: skip
    served = after(page, PLANNER, again)
    assert float(served["ttft"]) == run.ttft_s
    page.wait_for_selector(f"{PLANNER}[data-sweep][data-pools]")
    page.select_option(f"{PLANNER} [data-name=decode_tp]", "16")
    after(page, PLANNER, served)
    page.wait_for_function(
        f"() => document.querySelector('{PLANNER} .pools .writes').innerText.includes('x 64')"
    )
    expect(page.locator(f"{PLANNER} section[aria-label='Pipeline']")).to_be_hidden()


def test_the_largest_part_of_an_uneven_exchange_is_drawn_tallest(board):
    page = board(collective={"kind": "all_to_all_v", "algorithm": "mesh", "skew": 8})
    expect(page.locator(f"{COLLECTIVE} [data-number=chunk]")).to_have_text("33.3 kB to 500 kB")
    before = data(page, COLLECTIVE)
    retype(page, COLLECTIVE, "skew", "16")
    uneven = after(page, COLLECTIVE, before)
    assert float(uneven["total"]) > float(before["total"])
    page.select_option(f"{COLLECTIVE} [data-name=kind]", "all_to_all")
    after(page, COLLECTIVE, uneven)
    expect(page.locator(f"{COLLECTIVE} [data-name=skew]")).to_be_hidden()


def test_a_picture_is_no_model_and_a_pasted_one_is_shown_as_text(board, tmp_path):
    page = board(planner={"tp": 1, "pp": 1})
    before = data(page, PLANNER)
    page.locator(f"{PLANNER} summary").first.click()
    picture = tmp_path / "config.json"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
    page.set_input_files(f"{PLANNER} input[type=file]", picture)
    expect(problem(page, PLANNER)).to_contain_text("this is not JSON text")
    assert data(page, PLANNER)["step"] == before["step"]
    large = tmp_path / "weights.json"
    large.write_bytes(b" " * 1_000_001)
    page.set_input_files(f"{PLANNER} input[type=file]", large)
    expect(page.locator(f"{PLANNER} .fold .problem")).to_contain_text("has 1,000,001 bytes")
    page.fill(f"{PLANNER} [data-name=config]", json.dumps(CONFIG))
    page.click(f"{PLANNER} [data-act=config]")
    page.wait_for_selector(f"{PLANNER}[data-model^='<img']")
    counted = cluster.models.parameters(cluster.model(CONFIG))
    expect(page.locator(f"{PLANNER} .about")).to_contain_text(f"{counted:,} parameters")
    assert page.locator(f"{PLANNER} img").count() == 0
    assert page.title() != "hacked"


def test_the_address_leads_back_to_all_three_boards(board):
    page = board()
    before = data(page, PLANNER)
    page.locator(f"{PLANNER} [data-slider=tp]").press("ArrowRight")
    tokens = after(page, PLANNER, before)["tokens"]
    page.locator(COLLECTIVE).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => ['p=', 'c='].every((part) => window.location.search.includes(part))"
    )
    query = parse_qs(urlparse(page.url).query)
    states = {key: link.unpack(value[0]) for key, value in query.items()}
    assert states["p"]["tp"] == 16 and states["c"]["view"]["step"] == 1
    again = board(machine={"chips": 64, "target": 5}, planner=states["p"], collective=states["c"])
    assert data(again, PLANNER)["tokens"] == tokens
    assert data(again, COLLECTIVE)["step"] == "1"
    assert data(again, MACHINE)["chips"] == "64"


@pytest.mark.parametrize("motion, steps_a_second", [("no-preference", 4), ("reduce", 1)])
def test_a_collective_plays_when_told_at_the_speed_that_was_chosen(
    open_page, lesson, motion, steps_a_second
):
    page = open_page(lesson("04_scale_out"), reduced_motion=motion)
    board = page.locator(".trn-collective")
    board.scroll_into_view_if_needed()
    assert board.get_attribute("data-step") == "0"  # nothing plays by itself
    board.get_by_label("Speed").select_option("4")
    page.clock.install()
    board.get_by_role("button", name="Play").click()
    page.clock.run_for(2_100)
    expect(board).to_have_attribute("data-step", str(2 * steps_a_second))
    board.get_by_role("button", name="Pause").click()
    page.clock.run_for(2_000)
    expect(board).to_have_attribute("data-step", str(2 * steps_a_second))

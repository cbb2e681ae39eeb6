"""The matmul lesson in a browser: what the page shows is what the engine says."""

import json
import os
import signal
import time
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from trnlab.kernels.matmul import LADDER
from widgets.dashboard import link
from widgets.stepper.product import OBVIOUS, Product

NOTEBOOK = "02_matmul_tiling"
ROOT = ".trn-stepper"
REPORT = Path(__file__).parent / "screenshots" / "matmul-latency.json"


def data(page: Page) -> dict[str, str]:
    """What the page says about itself."""
    return page.locator(ROOT).evaluate("node => ({...node.dataset})")


def drawn(page: Page) -> dict[str, str]:
    """What the page says once it has drawn the last key's effect."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    return data(page)


def settled(page: Page, scene: str) -> dict[str, str]:
    """What the page says once another run than `scene` is drawn."""
    page.wait_for_function(
        "scene => document.querySelector('.trn-stepper').dataset.scene !== scene", arg=scene
    )
    return data(page)


def at_row(page: Page, row: int) -> dict[str, str]:
    expect(page.locator(ROOT)).to_have_attribute("data-row", str(row))
    return data(page)


@pytest.fixture
def stepper(open_page, lesson):
    """Open the dashboard, at a moment if a state is given."""

    def open_(state: dict | None = None, **look) -> Page:
        address = lesson(NOTEBOOK) + (f"?s={link.pack(state)}" if state else "")
        page = open_page(address, **look)
        page.wait_for_selector(f"{ROOT}[data-rows]")
        return page

    return open_


def test_the_first_picture_is_the_engines_default_run(stepper):
    page = stepper()
    run = Product().profile()
    shown = data(page)
    assert float(shown["totalUs"]) == run.total_us
    assert int(shown["rows"]) == run.timeline.rows
    assert page.text_content("[data-number=time]") == f"{run.total_us:.4g} µs"
    assert page.text_content("[data-number=mfu]") == f"{run.mfu:.1%}".replace("%", " %")
    assert page.locator(".numbers .badge").text_content() == "predicted"


def test_each_way_of_looking_fits(stepper, look, snap):
    page = stepper({"row": 333}, **look)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= look["size"][0]
    fold = page.locator(".work").evaluate("node => node.getBoundingClientRect().bottom")
    assert fold <= look["size"][1] + 1
    snap(page, "matmul", look)


def test_a_phone_shows_everything_in_one_column(stepper, snap):
    page = stepper({"row": 333, "revealed": True}, size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    snap(page, "matmul-390")


MOVES = [
    ("kernel", "hoisted"),
    ("kernel", "pipelined"),
    ("dtype", "float32"),
    ("chip", "trn2"),
    ("M", 512),
    ("N", 2048),
    ("K", 512),
    ("m_block", 2),
    ("k_block", 4),
]


@pytest.mark.parametrize(("name", "value"), MOVES)
def test_every_control_shows_the_engines_run(stepper, name, value):
    kernel = "pipelined" if name.endswith("block") else "tiled"
    page = stepper({"kernel": kernel})
    before = data(page)["scene"]
    control = page.locator(f"{ROOT} [data-name={name}]")
    if isinstance(value, str):
        control.select_option(value)
    else:
        control.fill(str(value))
        control.press("Enter")
    run = Product(**{"kernel": kernel, name: value}).profile()
    shown = settled(page, before)
    assert float(shown["totalUs"]) == run.total_us
    assert int(shown["rows"]) == run.timeline.rows


def test_what_is_typed_before_the_browser_was_ever_idle_stays(stepper):
    page = stepper({"kernel": "pipelined"})
    page.add_init_script("window.jobs = []; window.requestIdleCallback = (job) => jobs.push(job);")
    page.reload()
    page.wait_for_selector(f"{ROOT}[data-rows]")
    page.locator(f"{ROOT} [data-name=m_block]").fill("2")
    done = page.evaluate(
        "() => { let n = 0; for (; jobs.length; n += 1) jobs.shift()(); return n; }"
    )
    assert done > 1
    assert page.locator(f"{ROOT} [data-name=m_block]").input_value() == "2"


CROWDED = """async () => {
  const root = document.querySelector('.trn-stepper');
  const timeline = root.querySelector('.film canvas');
  const before = timeline.clientHeight;
  await new Promise((done) => {
    new MutationObserver(done).observe(root, {attributeFilter: ['data-scene']});
    const slider = root.querySelector('[data-slider=K]');
    slider.value = 512;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
  });
  root.querySelector('.waiting').style.height = '5em';
  for (let i = 0; i < 5; i += 1) await new Promise(requestAnimationFrame);
  return [before, timeline.clientHeight, timeline.height / devicePixelRatio];
}"""


def test_a_timeline_whose_room_a_run_has_changed_is_drawn_again_at_once(stepper):
    """A sentence that needs more lines leaves less room for it."""
    before, room, drawn = stepper(size=(1280, 720)).evaluate(CROWDED)
    assert drawn == room < before


def test_a_slider_shows_the_engines_run_at_its_end(stepper):
    page = stepper()
    before = data(page)["scene"]
    page.locator("[data-slider=M]").press("Home")
    assert float(settled(page, before)["totalUs"]) == Product(M=128).profile().total_us


def test_the_cursor_says_what_the_engine_says(stepper):
    page = stepper()
    line = Product().profile().timeline
    page.keyboard.press("End")
    for _ in range(3):
        page.keyboard.press("Shift+W")
    shown = drawn(page)
    row = int(shown["row"])
    assert line["wait_s"][row] > 0
    assert int(shown["line"]) == line["line"][row]
    expect(page.locator(".waiting")).to_have_text(line.wait_text(row).replace(" us", " µs"))
    current = page.locator(".trn-code .current .number").text_content()
    assert int(current) == line["line"][row]


def test_keys_do_everything_that_buttons_do(stepper):
    page = stepper()
    press = page.keyboard.press
    line = Product().profile().timeline
    by_time = line["start_s"].argsort(kind="stable").tolist()
    for _ in range(4):
        press("ArrowRight")
    at_row(page, by_time[4])
    press("ArrowLeft")
    at_row(page, by_time[3])
    press("End")
    at_row(page, by_time[-1])
    press("Home")
    at_row(page, by_time[0])
    press("Space")
    expect(page.locator(ROOT)).to_have_attribute("data-playing", "true")
    page.wait_for_function("() => document.querySelector('.trn-stepper .scrub').value > 2")
    press("Space")
    expect(page.locator(ROOT)).to_have_attribute("data-playing", "false")
    before = data(page)["scene"]
    press("3")
    after = settled(page, before)
    assert after["kernel"] == "hoisted"
    press("u")
    back = settled(page, after["scene"])
    assert back["kernel"] == "tiled"
    press("Shift+U")
    assert settled(page, back["scene"])["kernel"] == "hoisted"


def test_tab_reaches_every_control_and_each_has_a_name(stepper):
    page = stepper()
    names = page.locator(f"{ROOT} :is(button, input, select, textarea)").evaluate_all(
        """nodes => nodes.filter((node) => !node.disabled && node.checkVisibility()).map((node) =>
          node.ariaLabel || node.labels?.[0]?.textContent || node.textContent)"""
    )
    assert all(name.strip() for name in names)
    reached = set()
    for _ in range(len(names) + 12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.dataset.act || ''"))
    buttons = {"start", "back", "play", "step", "end", "nextWait", "previousWait", "reset"}
    assert buttons | {"zoomIn", "zoomOut", "fit", "commit"} <= reached


def test_prediction_comes_before_the_engines_answer(stepper):
    page = stepper()
    assert page.locator(".bars .bar").count() == 0
    page.fill("[data-act=guess]", "3")
    page.click("[data-act=commit]")
    page.wait_for_selector(".bars .bar")
    for name in LADDER:
        if name == "one_tile":
            continue
        bar = page.locator(f"[data-rung={name}]")
        assert (
            float(bar.get_attribute("data-total-us")) == Product().on_rung(name).profile().total_us
        )
    took = {n: Product().on_rung(n).profile().total_us for n in LADDER if n != "one_tile"}
    ratio = took[OBVIOUS] / min(took.values())
    expect(page.locator(".verdict")).to_contain_text(f"You said 3.0×. The model says {ratio:.1f}×")


def test_bad_input_is_said_in_place_and_the_picture_stays(stepper):
    page = stepper()
    before = data(page)
    field = page.locator("[data-name=M]")
    field.fill("1000")
    field.press("Enter")
    expect(page.locator(".trn-stepper .problem")).to_contain_text(
        "M = 1000 is not a multiple of 128"
    )
    assert {**data(page), "drawMs": ""} == {**before, "drawMs": ""}
    page.keyboard.press("Tab")
    page.click("[data-act=fix]")
    expect(page.locator(".problem")).to_be_hidden()
    field.fill("1000000")
    field.press("Enter")
    expect(page.locator(".trn-stepper .problem")).to_contain_text("at most 4,096")
    assert data(page)["totalUs"] == before["totalUs"]


def test_the_address_leads_back_to_the_moment(stepper, open_page):
    page = stepper({"kernel": "hoisted", "M": 512})
    page.keyboard.press("ArrowRight")
    page.keyboard.press("w")
    row = drawn(page)["row"]
    page.wait_for_function(
        "row => atob(new URL(location).searchParams.get('s')"
        ".replace(/-/g, '+').replace(/_/g, '/')).includes(`\"row\":${row}`)",
        arg=row,
    )
    state = link.unpack(parse_qs(urlparse(page.url).query)["s"][0])
    assert (state["kernel"], state["M"], state["row"]) == ("hoisted", 512, int(row))
    again = open_page(page.url)
    again.wait_for_selector(f"{ROOT}[data-rows]")
    assert data(again)["row"] == row
    assert data(again)["totalUs"] == data(page)["totalUs"]


def test_values_are_the_engines(stepper):
    page = stepper({"M": 512, "row": 5})
    page.locator(".values").scroll_into_view_if_needed()
    page.wait_for_selector(".values .near td")
    role = page.locator(".values [aria-pressed=true]").text_content()
    from widgets.stepper.values import Values

    call = int(Product(M=512).profile().timeline["call"][5])
    tile, _ = Values(Product(M=512)).tile(call, role)
    shown = page.locator(".values .near td").all_text_contents()
    assert [float(text) for text in shown] == tile[:6, :6].flatten().tolist()


def test_a_digit_is_read_on_the_core_as_numpy_reads_it(stepper):
    page = stepper()
    page.locator(".trn-digits label").nth(7).click()
    expect(page.locator(".trn-digits")).to_have_attribute("data-read", "7")
    expect(page.locator(".trn-digits .run [role=status]")).to_contain_text(
        "The core reads 7, NumPy reads 7, the label says 7."
    )


def kernels() -> set[int]:
    """The kernels that servers started by this process run."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
            commands[int(folder.name)] = (folder / "cmdline").read_text()
        except OSError:
            continue
    return {
        pid
        for pid, parent in parents.items()
        if "ipykernel" in commands.get(pid, "") and parents.get(parent) == os.getpid()
    }


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds kernels through /proc")
def test_a_kernel_that_died_is_said(chromium, lesson):
    before = kernels()
    page = chromium.new_page()  # without the watch over errors: Jupyter logs what it cannot send
    page.goto(lesson(NOTEBOOK))
    page.wait_for_selector(f"{ROOT}[data-rows]", timeout=60_000)
    [kernel] = kernels() - before
    os.kill(kernel, signal.SIGKILL)
    expect(page.locator(".trn-dead")).to_contain_text("reload the page", timeout=30_000)
    page.keyboard.press("ArrowRight")
    expect(page.locator(ROOT)).not_to_have_attribute("data-row", "0")
    page.close()


STEPS = """async () => {
  const root = document.querySelector('.trn-stepper');
  const times = [];
  for (let i = 0; i < 100; i += 1) {
    document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push(Number(root.dataset.drawMs));
  }
  return times;
}"""

SLIDES = """async () => {
  const root = document.querySelector('.trn-stepper');
  const later = (ms) => new Promise((done) => setTimeout(done, ms));
  const drawn = () => new Promise((done) => {
    const observer = new MutationObserver(() => { observer.disconnect(); done(); });
    observer.observe(root, {attributeFilter: ['data-scene']});
  });
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const {port1, port2} = new MessageChannel();  // its message comes after the frame's paint
    port1.onmessage = done;
    port2.postMessage(0);
  }));
  const moved = async (name, value) => {
    const began = performance.now();
    const slider = root.querySelector(`[data-slider=${name}]`);
    const next = drawn();
    slider.value = value;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    await next;
    await painted();
    return performance.now() - began;
  };
  const size = (name) => root.querySelector(`[data-slider=${name}]`).valueAsNumber;
  const [M, K] = [size('M'), size('K')];
  const times = [];
  for (let i = 0; i < 40; i += 1) {  // sizes that were not shown before
    if (i % 5 === 4) await moved('K', K - 128 * ((i + 1) / 5 % 8));
    await later(100);
    times.push(await moved('M', M - 128 * ((i + 1) % 5)));
  }
  return times;
}"""


def quantiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(ordered[len(ordered) // 2], 1),
        "p95_ms": round(ordered[int(0.95 * len(ordered))], 1),
    }


def test_steps_and_sliders_are_measured_and_reported(stepper, capsys):
    report = {}
    for M, N, K in ((1024, 1024, 1024), (2048, 1536, 2048)):  # 816 and 4,752 instructions
        began = time.perf_counter()
        page = stepper({"M": M, "N": N, "K": K})
        report[f"{M} x {N} x {K}"] = {
            "instructions": int(data(page)["rows"]),
            "open_s": round(time.perf_counter() - began, 2),
            "step_redraw": quantiles(page.evaluate(STEPS)),
            "slider": quantiles(page.evaluate(SLIDES)),
        }
        assert float(data(page)["totalUs"]) == Product(M=M, N=N, K=K).profile().total_us
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1) + "\n")
    with capsys.disabled():
        print(f"\nmatmul dashboard: {json.dumps(report)}")

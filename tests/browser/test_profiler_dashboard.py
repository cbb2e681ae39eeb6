"""The profiler lesson in a browser: what the page shows is what the engine says."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from trnlab import spec
from widgets.dashboard import link
from widgets.profiler import constants
from widgets.profiler.gallery import GALLERY

NOTEBOOK = "05_profiler"
ROOT = ".trn-profiler"


def data(page: Page) -> dict[str, str]:
    """What the page says about itself."""
    return page.locator(ROOT).evaluate("node => ({...node.dataset})")


def settled(page: Page, scene: str) -> dict[str, str]:
    """What the page says once another run than `scene` is drawn."""
    page.wait_for_function(
        "scene => document.querySelector('.trn-profiler').dataset.scene !== scene", arg=scene
    )
    return data(page)


def explained(page: Page) -> None:
    """Wait until the explanation, the range and the comparison of the run have come."""
    page.wait_for_function("""() => {
        const { scene, why, band, other } = document.querySelector('.trn-profiler').dataset;
        return [why, band, other].every((id) => id === scene);
    }""")


def total_us(name: str, size: str = "", chip: str = "trn3") -> float:
    entry = GALLERY[name]
    return entry.profile(entry.nearest(size), chip).total_us


@pytest.fixture
def profiler(open_page, lesson):
    """Open the dashboard, at a moment if a state is given."""

    def open_(state: dict | None = None, **look) -> Page:
        address = lesson(NOTEBOOK) + (f"?s={link.pack(state)}" if state else "")
        page = open_page(address, **look)
        page.wait_for_selector(f"{ROOT}[data-rows]")
        explained(page)
        return page

    return open_


def test_the_first_picture_is_the_engines_default_run(profiler):
    page = profiler()
    run = GALLERY["tiled"].profile("1024", "trn3")
    assert float(data(page)["totalUs"]) == run.total_us
    assert int(data(page)["rows"]) == run.timeline.rows
    expect(page.locator("[data-number=time]")).to_have_text(f"{run.total_us:.1f} µs")
    expect(page.locator(".numbers .badge")).to_have_text("predicted")
    low, high = run.band.fast_s * 1e6, run.band.slow_s * 1e6
    expect(page.locator(".numbers .note").first).to_have_text(f"{low:.2f} µs to {high:.1f} µs")


def test_each_way_of_looking_fits(profiler, look, snap):
    page = profiler({"rival": "blocked", "view": {"path": True, "row": 100}}, **look)
    assert page.evaluate("document.documentElement.scrollWidth") <= look["size"][0]
    root = page.locator(ROOT)
    top, bottom = (
        page.locator(f"{ROOT} {part}").evaluate("node => node.getBoundingClientRect()")[side]
        for part, side in ((".ask", "top"), (".work", "bottom"))
    )
    assert bottom - top <= look["size"][1]
    root.evaluate("node => node.scrollIntoView()")
    snap(page, "profiler", look)


def test_a_phone_shows_everything_in_one_column(profiler, snap):
    page = profiler({"rival": "blocked", "view": {"tab": "whatif"}}, size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    snap(page, "profiler-390")


def test_every_kernel_of_the_gallery_is_offered_and_shown(profiler):
    page = profiler()
    names = page.locator("[data-name=kernel] option").evaluate_all("all => all.map((o) => o.value)")
    assert names == list(GALLERY)
    for name in ("softmax", "selective_scan", "one_tile"):
        before = data(page)["scene"]
        page.select_option("[data-name=kernel]", name)
        shown = settled(page, before)
        assert (shown["kernel"], float(shown["totalUs"])) == (name, total_us(name))


@pytest.mark.parametrize(("name", "value"), [("size", "1024-fp32"), ("chip", "trn2")])
def test_size_and_chip_show_the_engines_run(profiler, name, value):
    page = profiler()
    before = data(page)["scene"]
    page.select_option(f"[data-name={name}]", value)
    expected = total_us("tiled", **{"size": "1024", name: value})
    assert float(settled(page, before)["totalUs"]) == expected


def test_causes_are_listed_with_what_the_engine_says_they_cost(profiler):
    page = profiler()
    causes = GALLERY["tiled"].profile("1024", "trn3").explain().causes
    shown = page.locator("[data-cause]")
    assert shown.evaluate_all("all => all.map((b) => b.dataset.cause)") == [c.name for c in causes]
    costs = shown.evaluate_all("all => all.map((b) => Number(b.dataset.us))")
    assert costs == pytest.approx([c.saved_s * 1e6 for c in causes])
    shown.first.click()
    expect(shown.first).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-name=engine]").first).to_have_value("dma")
    expect(page.locator(".found")).to_contain_text("rows: at work")


def test_a_slider_moves_the_run_to_the_engines_time(profiler):
    page = profiler({"view": {"tab": "whatif"}})
    run = GALLERY["tiled"].profile("1024", "trn3")
    least, _ = constants.bounds(run.core.fact("dma.swdge_s"))
    before = data(page)["scene"]
    page.locator("[data-name='dma.swdge_s']").press("Home")
    expected = run.on(run.core.with_({"dma.swdge_s": least})).total_us
    shown = settled(page, before)
    assert float(shown["totalUs"]) == pytest.approx(expected, abs=1e-6)
    expect(page.locator(".whatif .sentence")).to_contain_text(f"{run.total_us:.1f} µs → ")
    page.click("[data-act=resetConstants]")
    assert float(settled(page, shown["scene"])["totalUs"]) == run.total_us


def test_a_number_out_of_range_is_said_in_place_and_the_picture_stays(profiler):
    page = profiler({"view": {"tab": "whatif"}})
    before = data(page)
    field = page.locator("[data-typed='dma.swdge_s']")
    field.fill("5")
    field.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("it can be from 300 to 900 ns")
    assert data(page)["scene"] == before["scene"]
    field.fill("450")
    field.press("Enter")
    assert float(settled(page, before["scene"])["totalUs"]) < float(before["totalUs"])
    expect(page.locator(".problem").last).to_be_hidden()


def test_another_kernel_stands_on_the_same_axis(profiler):
    page = profiler()
    page.select_option("[data-name=rival]", "blocked")
    table = page.locator(".pairs tbody tr")
    expect(table.first).to_contain_text("total time")
    run, rival = (GALLERY[name].profile("1024", "trn3") for name in ("tiled", "blocked"))
    assert table.count() == len(run.compare(rival).pairs)
    ratio = run.total_us / rival.total_us
    expect(page.locator(".compare .sentence")).to_contain_text(f"{ratio:.2f} times faster")
    words = re.compile(rf"Tiled .* above .* Blocked .*{ratio:.2f} times faster")
    expect(page.locator(".compare canvas")).to_have_attribute("aria-label", words)


def test_keys_walk_the_timeline_and_the_words_are_the_engines(profiler):
    page = profiler()
    line = GALLERY["tiled"].profile("1024", "trn3").timeline
    stage = page.locator(f"{ROOT} .film .stage")
    stage.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    first_lane = [row for row in range(line.rows) if line["lane"][row] == 0]
    assert int(data(page)["row"]) == first_lane[1]
    page.keyboard.press("w")
    row = int(data(page)["row"])
    assert line["wait_s"][row] > 0
    expect(page.locator(".now .why-wait")).to_have_text(line.wait_text(row).replace(" us", " µs"))
    path = [link.row for link in GALLERY["tiled"].profile("1024", "trn3").critical_path()]
    page.keyboard.press("p")
    assert int(data(page)["row"]) in path
    expect(page.locator("[data-name=path]")).to_be_checked()
    page.keyboard.press("/")
    expect(page.locator("[data-name=search]")).to_be_focused()


def test_the_code_follows_the_cursor_and_a_line_selects_its_instructions(profiler, look, snap):
    page = profiler({"view": {"tab": "code", "row": 100}}, **look)
    line = GALLERY["tiled"].profile("1024", "trn3").timeline
    current = page.locator(".trn-code [aria-current=step]")
    page.locator(ROOT).evaluate("node => node.scrollIntoView()")
    for key in ("", "w", "ArrowRight", "ArrowUp"):
        page.locator(f"{ROOT} .film .stage").press(key) if key else None
        row = int(data(page)["row"])
        expect(current.locator(".number")).to_have_text(str(line["line"][row]))
        expect(current).to_be_in_viewport()
    snap(page, "profiler-code", look)
    wanted = int(line["line"][line["op"] == line.ops.index("MultiplyMoving")][0])
    count = int((line["line"] == wanted).sum())
    chosen = page.get_by_role("button", name=f"Line {wanted}: select its {count} instructions")
    chosen.press("Enter")
    expect(page.locator(".found[role=status]")).to_contain_text(f"Line {wanted}: {count} of")
    expect(chosen).to_have_text(f"{count} of {count}")
    first = int(data(page)["row"])
    chosen.click()
    assert [int(line["line"][row]) for row in (first, int(data(page)["row"]))] == [wanted] * 2
    assert first != int(data(page)["row"])
    page.click("[data-act=clear]")
    expect(chosen).to_have_text(f"{count}×")
    page.select_option("[data-name=kernel]", "softmax")
    expect(page.locator(".trn-code")).to_contain_text("def softmax")


def test_search_finds_what_a_reader_would_count(profiler):
    page = profiler()
    line = GALLERY["tiled"].profile("1024", "trn3").timeline
    page.fill("[data-name=search]", "rhs dma_copy")
    ops, trace = line.ops, GALLERY["tiled"].profile("1024", "trn3").trace
    wanted = [
        row for row in range(line.rows)
        if ops[line["op"][row]] == "dma_copy"
        and "rhs" in trace.call(int(line["call"][row])).operands[0].tensor.name
    ]  # fmt: skip
    expect(page.locator(".found")).to_contain_text(f"{len(wanted)} of {line.rows} rows")
    page.click("[data-act=nextMatch]")
    assert int(data(page)["row"]) in wanted
    page.click("[data-act=clear]")
    expect(page.locator(".found")).to_be_empty()


def test_the_wheel_and_a_drag_move_the_window(profiler):
    page = profiler()
    page.locator(ROOT).evaluate("node => node.scrollIntoView()")
    box = page.locator(f"{ROOT} .film .stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    zoomed = window_of(page)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 80, box["y"] + 20, steps=4)
    page.mouse.up()
    moved = window_of(page, other_than=zoomed)
    assert moved["from"] > zoomed["from"]
    assert moved["to"] - moved["from"] == pytest.approx(zoomed["to"] - zoomed["from"])


def window_of(page: Page, other_than: dict | None = None) -> dict[str, float]:
    """The window that the address names, once it names one."""
    page.wait_for_function(
        """before => { const s = new URL(location).searchParams.get('s'); if (!s) return false;
        const { view } = JSON.parse(atob(s.replace(/-/g, '+').replace(/_/g, '/')));
        return view.window && (!before || view.window.from !== before.from); }""",
        arg=other_than,
    )
    return link.unpack(parse_qs(urlparse(page.url).query)["s"][0])["view"]["window"]


def test_undo_redo_and_reset(profiler):
    page = profiler()
    first = data(page)
    page.select_option("[data-name=kernel]", "hoisted")
    second = settled(page, first["scene"])
    page.click("[data-act=undo]")
    third = settled(page, second["scene"])
    assert third["totalUs"] == first["totalUs"]
    page.click("[data-act=redo]")
    fourth = settled(page, third["scene"])
    assert fourth["kernel"] == "hoisted"
    page.click("[data-act=reset]")
    assert settled(page, fourth["scene"])["kernel"] == "tiled"


def test_the_address_leads_back_to_the_moment(profiler, open_page):
    state = {"kernel": "attention", "size": "1024", "rival": "softmax"}
    page = profiler({**state, "view": {"row": 30, "tab": "path", "filter": {"engine": "vector"}}})
    assert data(page)["row"] == "30"
    expect(page.locator("[data-name=engine]").first).to_have_value("vector")
    page.click("[data-tab=range]")
    page.wait_for_function(
        "() => atob(new URL(location).searchParams.get('s').replace(/-/g, '+').replace(/_/g, '/'))"
        '.includes(\'"tab":"range"\')'
    )
    again = open_page(page.url)
    again.wait_for_selector(f"{ROOT}[data-rows]")
    assert (data(again)["row"], data(again)["kernel"]) == ("30", "attention")
    expect(again.locator("[data-tab=range]")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(
    "text", ["%%%", "e30", link.pack({"kernel": "<img src=x onerror=alert(1)>"})]
)
def test_an_address_that_says_nothing_useful_still_shows_a_run(open_page, lesson, text):
    page = open_page(f"{lesson(NOTEBOOK)}?s={text}")
    page.wait_for_selector(f"{ROOT}[data-rows]")
    assert data(page)["kernel"] == "tiled"
    assert page.locator("img[src=x]").count() == 0


def test_json_is_loaded_and_what_is_not_json_is_said(profiler):
    page = profiler()
    page.locator("summary", has_text="Save, share, download").click()
    area = page.get_by_label("State as JSON")
    area.fill("not json")
    page.click("[data-act=load]")
    expect(page.locator(".fold")).to_contain_text(["", "This is not a state"])
    before = data(page)["scene"]
    area.fill(json.dumps({"kernel": "softmax", "size": "1024x512"}))
    page.click("[data-act=load]")
    assert settled(page, before)["kernel"] == "softmax"


def test_downloads_are_the_run(profiler, tmp_path):
    page = profiler()
    run = GALLERY["tiled"].profile("1024", "trn3")
    with page.expect_download() as found:
        page.click("[data-act=csv]")
    lines = Path(found.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == run.timeline.rows + 1
    with page.expect_download() as found:
        page.click("[data-act=perfetto]")
    run.to_perfetto(tmp_path / "trace.json")
    assert found.value.suggested_filename == "tiled-trn3.json"
    assert Path(found.value.path()).read_bytes() == (tmp_path / "trace.json").read_bytes()


def test_behind_the_picture_stands_a_table(profiler):
    page = profiler()
    page.locator("summary", has_text="Table of what is in sight").click()
    rows = page.locator(".fold tbody tr")
    expect(rows).to_have_count(200)
    expect(rows.first).to_contain_text("DmaTrigger")
    label = page.locator(f"{ROOT} .film canvas").get_attribute("aria-label")
    assert label.startswith("Timeline of 2 Tiled on Trainium3")
    assert "Tensor: at work" in label


def test_every_control_has_a_name_and_is_reached_by_tab(profiler):
    page = profiler({"view": {"tab": "whatif"}})
    controls = page.locator(f"{ROOT} :is(button, input, select, textarea)")
    names = controls.evaluate_all(
        """all => all.filter((node) => !node.disabled && node.checkVisibility()).map((node) =>
          node.ariaLabel || node.labels?.[0]?.textContent || node.textContent)"""
    )
    assert all(name.strip() for name in names)
    page.locator("[data-name=kernel]").focus()
    reached = set()
    for _ in range(len(names) + 6):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("""() => { const { dataset } = document.activeElement;
            return dataset.name || dataset.act || dataset.tab || ''; }""")
        )
    assert {"size", "search", "path", "zoomIn", "why", "range", "rival", "perfetto"} <= reached
    assert {field["name"] for field in constants.fields(spec.TRN3.core)} <= reached


def test_the_validation_stands_on_the_page(profiler):
    page = profiler()
    expect(page.get_by_role("region", name="Figures of one core")).to_contain_text(
        "FP32 matmul, fully blocked"
    )
    words = re.compile("^Predicted against published, both axes logarithmic. FP32 matmul, tiled")
    expect(page.locator(".trn-chart [role=img]").last).to_have_attribute("aria-label", words)

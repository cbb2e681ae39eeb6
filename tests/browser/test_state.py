"""Every dashboard's state: history, address, JSON, code, files; one piece serves all of them."""

import base64
import io
import json
import struct

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_looks import cells, share_far
from widgets.dashboard import link

# dashboards of a lesson: root, the parameter of its address, a change by hand, what it changes
DASHBOARDS = {
    "01_neuroncore": [
        (".cd", "core", ("radio", "Trainium1"), {"chip": "trn1"}),
        (".bl", "balance", ("select", "Type", "FP32"), {"dtype": "float32"}),
        (".pe", "array", ("button", "Four in a row"), {"matmuls": 4}),
    ],
    "02_matmul_tiling": [(".trn-digits", "digits", ("radio", "a 7"), {"index": 7})],
}


def change(root, how) -> None:
    kind, name, *value = how
    if kind == "select":
        root.get_by_label(name).first.select_option(label=value[0])
    elif kind == "radio":
        root.get_by_role("radio", name=name, exact=True).check(force=True)
    else:
        root.get_by_role("button", name=name, exact=True).click()


def address_of(page: Page, key: str) -> dict:
    """The state in the page's address, once it is there."""
    page.wait_for_function("key => new URLSearchParams(location.search).has(key)", arg=key)
    text = page.evaluate("key => new URLSearchParams(location.search).get(key)", key)
    return link.unpack(text)


@pytest.mark.parametrize("notebook", DASHBOARDS)
def test_history_address_json_and_code(open_page, lesson, notebook) -> None:
    page = open_page(lesson(notebook))
    states = {
        key: _use(page, page.locator(where), key, how, changed)
        for where, key, how, changed in DASHBOARDS[notebook]
    }
    again = open_page(page.url)  # one address carries the states of all
    for where, key, _, _ in DASHBOARDS[notebook]:
        assert address_of(again, key) == states[key]
        shown = again.locator(where)
        shown.get_by_text("Save, share, download").click()
        expect(shown.get_by_label("State as JSON")).not_to_have_value("")
        assert json.loads(shown.get_by_label("State as JSON").input_value()) == states[key]


def _use(page: Page, root, key: str, how, changed: dict) -> dict:
    """Change a dashboard, go back and forth, load its state from JSON; the state it is left in."""
    undo, redo, reset = (
        root.get_by_role("button", name=words, exact=True) for words in ("Undo", "Redo", "Reset")
    )
    expect(undo).to_be_disabled()
    change(root, how)
    state = address_of(page, key)
    assert changed.items() <= state.items()

    undo.click()
    page.wait_for_function("key => !new URLSearchParams(location.search).has(key)", arg=key)
    expect(undo).to_be_disabled()
    redo.click()
    assert address_of(page, key) == state

    root.get_by_text("Save, share, download").click()
    json_field = root.get_by_label("State as JSON")
    expect(json_field).not_to_have_value("")
    assert json.loads(json_field.input_value()) == state
    code = root.get_by_label("State as code").input_value()
    names: dict[str, object] = {}
    before, _, call = code.partition("\n\n")
    exec(before, names)
    assert {k: _plain(v) for k, v in eval(call, names).saved().items()} == state

    reset.click()
    page.wait_for_function("key => !new URLSearchParams(location.search).has(key)", arg=key)
    json_field.fill(json.dumps(state))
    root.get_by_role("button", name="Load this JSON").click()
    assert address_of(page, key) == state
    return state


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def test_what_cannot_be_shown_is_said_in_place(open_page, lesson) -> None:
    page = open_page(lesson("01_neuroncore"))
    root = page.locator(".cd")
    root.get_by_text("Save, share, download").click()
    field = root.get_by_label("State as JSON")
    for text, said in (
        ("{", "This is not a state"),
        ("[1]", "This is not a state: not a dictionary."),
        ('{"chip": "<img src=x onerror=alert(1)>"}', "This state cannot be shown."),
    ):
        field.fill(text)
        root.get_by_role("button", name="Load this JSON").click()
        expect(root.locator(".trn-tools")).to_contain_text(said)
    assert root.locator("img").count() == 0
    expect(page.locator(".cd[data-chip=trn3]")).to_be_visible()


FOREIGN = {
    "02_matmul_tiling": [".trn-stepper", ".trn-digits"],
    "03_quantization": [".trn-numbers.number", ".trn-numbers.block"],
}


@pytest.mark.parametrize("notebook", FOREIGN)
def test_a_state_of_another_dashboard_is_refused_where_it_was_loaded(
    open_page, lesson, notebook
) -> None:
    page = open_page(lesson(notebook))
    for where in FOREIGN[notebook]:
        root = page.locator(where).first
        root.scroll_into_view_if_needed()
        root.get_by_text("Save, share, download").click()
        root.get_by_label("State as JSON").fill('{"claim": "faster", "knobs": {}}')
        root.get_by_role("button", name="Load this JSON").click()
        expect(root).to_contain_text("This state is not of this dashboard")
        expect(root).not_to_contain_text("Loaded.")


def test_pictures_and_tables_are_saved_as_they_are(open_page, lesson) -> None:
    page = open_page(lesson("01_neuroncore"), scheme="dark")
    root = page.locator(".cd")
    root.get_by_text("The same as a table").click()
    root.get_by_text("Save, share, download").click()
    listed = root.locator(".trn-exports")
    svg = saved(page, listed.get_by_role("button", name="SVG of").first).decode()
    assert svg.startswith("<svg") and "Tensor engine" in svg and "var(--" not in _styles(svg)
    png = saved(page, listed.get_by_role("button", name="PNG of").first)
    box = page.locator(".cd-svg").bounding_box()
    assert struct.unpack(">II", png[16:24]) == (int(2 * box["width"]), int(2 * box["height"]))
    assert len(png) > 20_000
    assert page.evaluate(CORNER, base64.b64encode(png).decode()) == [17, 21, 26]
    csv = saved(page, listed.get_by_role("button", name="CSV of").last).decode()
    assert len(csv.splitlines()) > 3 and "," in csv


CORNER = """
async (png) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  return [...pen.getImageData(1, 1, 1, 1).data].slice(0, 3);
}
"""


def test_a_drawing_on_a_canvas_is_saved_as_vectors_that_look_alike(open_page, lesson) -> None:
    page = open_page(lesson("02_matmul_tiling"))
    root = page.locator(".trn-stepper")
    root.get_by_text("Save, share, download").click()
    for name in ("Timeline", "Tiles of the product"):
        listed = root.locator(".trn-exports li", has_text=name)
        svg = saved(page, listed.get_by_role("button", name="SVG of")).decode()
        png = saved(page, listed.get_by_role("button", name="PNG of"))
        assert svg.count("<path") > 50 and "<text" in svg
        painted = base64.b64decode(page.evaluate(PAINTED, svg))
        shown = cells(page, png)
        assert share_far(cells(page, painted), shown) < 0.04 < share_far(shown, 255 + 0 * shown)
    assert root.locator("canvas").first.evaluate("canvas => 'recorder' in canvas") is False


PAINTED = """
async (svg) => {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 2 * image.width, height: 2 * image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL().split(",")[1];
}
"""


def _styles(svg: str) -> str:
    """The styles that the file carries; variables of the page would be lost in it."""
    return " ".join(part.split('"')[0] for part in svg.split('style="')[1:])


def saved(page: Page, button) -> bytes:
    with page.expect_download() as started:
        button.click()
    return io.FileIO(started.value.path()).readall()


def test_a_state_file_goes_out_and_comes_back(open_page, lesson, tmp_path) -> None:
    page = open_page(lesson("01_neuroncore"))
    root = page.locator(".bl")
    root.get_by_label("Chip").select_option("trn2")
    root.get_by_text("Save, share, download").click()
    text = saved(page, root.get_by_role("button", name="Save as a file"))
    assert json.loads(text)["chip"] == "trn2"
    root.get_by_role("button", name="Reset").click()
    (tmp_path / "state.json").write_bytes(text)
    with page.expect_file_chooser() as chooser:
        root.get_by_role("button", name="Open a file").click()
    chooser.value.set_files(tmp_path / "state.json")
    expect(root.get_by_label("Chip")).to_have_value("trn2")
    (tmp_path / "large.json").write_text(" " * 70_000)
    with page.expect_file_chooser() as chooser:
        root.get_by_role("button", name="Open a file").click()
    chooser.value.set_files(tmp_path / "large.json")
    expect(root.locator(".trn-tools")).to_contain_text("larger than 64 KiB")


def test_a_chart_is_saved_with_its_table(open_page, sample) -> None:
    page = open_page(sample("01_charts"))
    chart = page.locator(".trn-chart").nth(1)
    chart.locator("svg").wait_for()
    chart.locator("summary").click()
    svg = saved(page, chart.get_by_role("button", name="SVG of")).decode()
    assert "blocked" in svg
    rows = saved(page, chart.get_by_role("button", name="CSV of")).decode().splitlines()
    assert rows[0] == "kernel,time_us,mfu,current" and rows[3] == "blocked,120,0.5,false"

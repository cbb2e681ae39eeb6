"""The lesson on numbers in a browser: what the page shows is what the engine says."""

import io
import json
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from trnlab.networks import digits_network
from trnlab.numerics.codes import decode, encode
from trnlab.numerics.formats import NUMBER_FORMATS
from widgets.dashboard import link
from widgets.numbers.block import BlockPart, presets
from widgets.numbers.matrix import Matrix
from widgets.numbers.number import Number
from widgets.numbers.product import ProductPart

NOTEBOOK = "03_quantization"
PARTS = ("number", "block", "matrix", "product", "network")


def part(page: Page, name: str) -> Locator:
    return page.locator(f".trn-numbers.{name}")


def answered(page: Page, name: str, act: Any) -> Locator:
    """Do something, and wait until the part has answered it, shown or refused."""
    root = part(page, name)
    before = root.get_attribute("data-answers")
    act()
    page.wait_for_function(
        """([name, before]) => {
            const { answers, busy } = document.querySelector(`.trn-numbers.${name}`).dataset;
            return answers !== before && busy !== "true";
        }""",
        arg=[name, before],
    )
    return root


@pytest.fixture
def numbers(open_page, lesson):
    """Open the lesson, at a moment if a state is given; wait for some of its parts."""

    def open_(state: dict | None = None, wait: tuple[str, ...] = (), **look: Any) -> Page:
        query = "&".join(f"{name}={link.pack(part)}" for name, part in (state or {}).items())
        page = open_page(f"{lesson(NOTEBOOK)}?{query}", **look)
        for name in wait:
            part(page, name).scroll_into_view_if_needed()
            page.wait_for_selector(f".trn-numbers.{name}:not([data-scene=''])", timeout=60_000)
        return page

    return open_


def state_in(page: Page) -> dict:
    query = parse_qs(urlparse(page.url).query)
    return {name: link.unpack(text[0]) for name, text in query.items()}


def test_every_part_fits_every_screen(numbers, look, snap):
    state = {"block": {"values": presets()["An outlier"]}}
    page = numbers(state, wait=PARTS, **look)
    assert page.evaluate("document.documentElement.scrollWidth") <= look["size"][0]
    for name in PARTS[:2]:
        size = part(page, name).bounding_box()
        assert size["height"] <= 1.15 * look["size"][1], name
    page.wait_for_selector(".trn-numbers.network:not([data-more=''])")
    snap(page, "numbers", look)


def test_a_phone_shows_everything_in_one_column(numbers, snap):
    page = numbers(wait=PARTS, size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    snap(page, "numbers-390")


def shown_rows(page: Page) -> dict[str, tuple[str, str, str]]:
    """What the page says of the number: format -> bits, value, words."""
    rows = (
        part(page, "number")
        .locator(".format")
        .evaluate_all(
            """rows => rows.map((row) => [row.dataset.format,
            [...row.querySelectorAll("button.bit")].map((bit) => bit.textContent).join(""),
            row.querySelector(".stored").textContent, row.querySelector(".fate").textContent])"""
        )
    )
    return {name: (bits, stored, fate) for name, bits, stored, fate in rows}


def expected_rows(state: dict) -> dict[str, tuple[str, str, str]]:
    rows = Number(state).scene["rows"]
    return {row["name"]: (row["bits"], row["stored"], row["words"]) for row in rows}


def test_a_number_is_typed_dragged_and_made_of_bits(numbers):
    page = numbers(wait=("number",))
    assert shown_rows(page) == expected_rows({})
    root, typed = part(page, "number"), page.get_by_label("Number", exact=True)

    answered(page, "number", lambda: (typed.fill("1/3"), typed.press("Enter")))
    assert shown_rows(page) == expected_rows({"text": "1/3"})

    row = root.locator("[data-format=float8_e5m2]")
    answered(page, "number", row.locator("[data-bit='6']").click)
    code = encode(NUMBER_FORMATS["float8_e5m2"], 1 / 3) ^ (1 << 6)
    expect(typed).to_have_value(f"{decode(NUMBER_FORMATS['float8_e5m2'], code):.17g}")
    assert shown_rows(page) == expected_rows({"format": "float8_e5m2", "code": code})

    slider = page.get_by_label("Drag its size")
    answered(page, "number", lambda: slider.fill("9"))
    assert shown_rows(page)["float8_e4m3fn"][2] == "overflow: it ends at 448"
    answered(page, "number", lambda: slider.fill("-12"))
    assert shown_rows(page)["float8_e4m3fn"][2].startswith("underflow")

    answered(page, "number", root.get_by_role("button", name="448", exact=True).click)
    answered(page, "number", root.locator("[data-format=float16] input").check)
    handle = root.get_by_role("slider", name="The number")
    answered(page, "number", lambda: (handle.focus(), page.keyboard.press("ArrowRight")))
    assert handle.get_attribute("aria-valuenow") == str(448 + 0.25 / 8)  # an eighth of a step
    sentence = Number({"text": "448.03125", "format": "float16"}).scene["line"]["words"]
    expect(root.locator(".axis .sentence")).to_have_text(sentence)


def test_what_is_no_number_is_said_in_place_and_can_be_undone(numbers):
    page = numbers(wait=("number",))
    root, typed = part(page, "number"), page.get_by_label("Number", exact=True)
    before = shown_rows(page)
    for text, sentence in (("<b>x</b>", "“<b>x</b>” is not a number"), ("nan", "NaN is no number")):
        answered(page, "number", lambda text=text: (typed.fill(text), typed.press("Enter")))
        expect(root.get_by_role("alert")).to_contain_text(sentence)
        assert shown_rows(page) == before
    page.wait_for_timeout(650)  # else it would be one edit with the one before
    answered(page, "number", root.get_by_role("button", name="300", exact=True).click)
    expect(root.get_by_role("alert").filter(visible=True)).to_have_count(0)
    answered(page, "number", root.get_by_label("Undo").click)  # what was refused is no step
    assert shown_rows(page) == before
    answered(page, "number", root.get_by_label("Redo").click)
    assert shown_rows(page) == expected_rows({"text": "300"})
    answered(page, "number", root.get_by_role("button", name="Reset").click)
    assert shown_rows(page) == before


def way_facts(page: Page) -> dict[str, dict[str, str]]:
    facts = (
        part(page, "block")
        .locator(".way")
        .evaluate_all(
            """ways => ways.map((way) => [way.dataset.way, Object.fromEntries(
            [...way.querySelectorAll("[data-number]")].map((n) =>
                [n.dataset.number, n.textContent]))])"""
        )
    )
    return dict(facts)


def expected_facts(
    values: list[float], element: str = "float4_e2m1fn"
) -> dict[str, dict[str, str]]:
    ways = BlockPart({"values": values, "element": element}).scene["ways"]
    return {
        way["name"]: {
            "vanished": f"{way['vanished']} of 32",
            "clipped": str(len(way["clipped"])),
            "db": way["db"],
            "tensor_db": way["tensor_db"],
        }
        for way in ways
    }


def values_of(page: Page) -> list[float]:
    texts = (
        part(page, "block")
        .locator(".bar")
        .evaluate_all("bars => bars.map((bar) => bar.getAttribute('aria-valuetext'))")
    )
    return [float(text) for text in texts]


def test_a_bar_becomes_an_outlier_by_mouse_and_by_keyboard(numbers):
    page = numbers(wait=("block",))
    root = part(page, "block")
    assert values_of(page) == presets()["Even"]
    assert way_facts(page) == expected_facts(presets()["Even"])

    bar = root.get_by_role("slider", name="Value 20", exact=True)
    bar.scroll_into_view_if_needed()
    box = bar.locator(".grip").bounding_box()
    x = box["x"] + box["width"] / 2

    def drag():
        page.mouse.move(x, box["y"] + box["height"] * 0.8)
        page.mouse.down()
        page.mouse.move(x, box["y"] + box["height"] * 0.2, steps=4)
        page.mouse.up()

    answered(page, "block", drag)
    page.wait_for_timeout(300)
    dragged = values_of(page)
    assert abs(dragged[19]) > 20 and dragged[:19] == presets()["Even"][:19]
    assert way_facts(page) == expected_facts(dragged)

    bar.focus()
    answered(page, "block", lambda: page.keyboard.press("PageDown"))
    answered(page, "block", lambda: page.keyboard.press("-"))
    page.keyboard.press("ArrowRight")
    answered(page, "block", lambda: page.keyboard.press("Delete"))
    changed = values_of(page)
    assert changed[19] == pytest.approx(-dragged[19] / 8, rel=0.01) and changed[20] == 0
    assert way_facts(page) == expected_facts(changed)

    field = root.locator("[data-name=value]")
    answered(page, "block", lambda: (field.fill("NaN"), field.press("Enter")))
    expect(root.get_by_role("alert")).to_contain_text("Value 21 is 'NaN': type a number")
    assert way_facts(page) == expected_facts(changed)
    answered(page, "block", lambda: root.locator("[data-name=element]").select_option("int8"))
    expect(root.get_by_role("alert").filter(visible=True)).to_have_count(0)
    answered(page, "block", root.get_by_role("button", name="An outlier", exact=True).click)
    expect(root.locator("[data-way=hardware] .now")).to_have_text(
        "Trainium3 has no MX blocks of INT8."
    )


def matrix_rows(page: Page) -> list[list[str]]:
    return (
        part(page, "matrix")
        .locator("tbody tr")
        .evaluate_all(
            """rows => rows.map((row) =>
                [row.dataset.storage, row.cells[3].textContent, row.cells[5].textContent])"""
        )
    )


def expected_matrix(state: dict) -> list[list[str]]:
    matrix = Matrix(state)
    return [[row["name"], row["words"], row["product_words"]] for row in matrix.scene["rows"]]


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_a_matrix_is_chosen_tamed_and_brought_along(numbers):
    page = numbers(wait=("matrix",))
    root = part(page, "matrix")
    assert matrix_rows(page) == expected_matrix({})
    answered(page, "matrix", lambda: root.locator("[data-name=tame]").select_option("rotate"))
    answered(page, "matrix", lambda: root.locator("[data-name=data]").select_option("hidden"))
    answered(page, "matrix", root.locator("[data-storage=mxfp8] input").check)
    state = {"tame": "rotate", "data": "hidden", "format": "mxfp8"}
    assert matrix_rows(page) == expected_matrix(state)
    page.wait_for_timeout(400)
    assert state_in(page) == {"matrix": state}
    root.get_by_text("Save, share, download").click()
    root.get_by_label("State as JSON").fill('{"data": "weights"}')
    answered(page, "matrix", root.get_by_role("button", name="Load this JSON").click)
    assert matrix_rows(page) == expected_matrix({"data": "weights"})
    answered(
        page,
        "matrix",
        lambda: (
            root.get_by_label("State as JSON").fill(json.dumps(state))
            or root.get_by_role("button", name="Load this JSON").click()
        ),
    )
    assert matrix_rows(page) == expected_matrix(state)

    shown = matrix_rows(page)
    file = root.locator("input[accept*=npy]")

    def give(name: str, data: bytes) -> None:
        answered(
            page,
            "matrix",
            lambda: file.set_input_files({"name": name, "mimeType": "text/csv", "buffer": data}),
        )

    alert = root.get_by_role("alert")
    for name, data, sentence in (
        ("empty.csv", b"", "empty.csv is empty"),
        ("words.csv", b"a,b\nc,d", "row 1, column 1 is 'a', not a number"),
        ("nan.csv", b"1,nan\n2,3", "row 1, column 2 is NaN"),
        ("evil.npy", npy(np.zeros(1, "V8")), "evil.npy holds |V8, and only numbers are read"),
    ):
        give(name, data)
        expect(alert).to_contain_text(sentence)
        assert matrix_rows(page) == shown
    file.set_input_files({"name": "huge.npy", "mimeType": "text/csv", "buffer": bytes(4_000_001)})
    expect(alert).to_contain_text("huge.npy has 4,000,001 bytes, and at most 4,000,000 are read")

    mine = np.random.default_rng(0).normal(size=(40, 96))
    give("mine.npy", npy(mine))
    expect(alert.filter(visible=True)).to_have_count(0)
    expected = Matrix(state | {"data": "own"}, own=mine).scene["rows"]
    assert [row[1] for row in matrix_rows(page)] == [row["words"] for row in expected]


def test_a_product_shows_the_engines_times_errors_and_other_sizes(numbers):
    page = numbers(wait=("product",))
    root = part(page, "product")
    answered(page, "product", lambda: root.locator("[data-name=M]").select_option("1024"))
    answered(
        page, "product", lambda: root.locator("[data-name=interleave]").select_option("vector")
    )
    answered(page, "product", root.locator("[data-variant=mxfp4-core] input").check)
    product = ProductPart({"M": "1024", "interleave": "vector", "chosen": "mxfp4-core"})
    product.settle()
    rows = root.locator("tbody tr").evaluate_all(
        """rows => rows.map((row) =>
            [row.dataset.variant, ...[2, 3, 5].map((i) => row.cells[i].textContent)])"""
    )
    assert rows == [
        [p["name"], us(p["us"]), f"{p['speedup']:.2f}×", p["error"]]
        for p in product.scene["points"]
    ]
    expect(root.locator(".sentence")).to_have_text(product.scene["words"])
    parts = root.locator(".work").evaluate_all(
        "all => all.map((work) => [work.children[0].textContent, work.children[2].textContent])"
    )
    assert parts == [
        [entry["title"], ", ".join(f"{name} {us(value)}" for name, value in entry["parts"])]
        for entry in product.scene["work"]
    ]
    page.wait_for_function(
        """() => { const { scene, more } = document.querySelector(".trn-numbers.product").dataset;
                   return scene === more; }"""
    )
    described = root.locator("svg[aria-label^='Times faster']").get_attribute("aria-label")
    for _, label, values in product.more["lines"]:
        assert f"{label} {', '.join(f'{value:.2f}×' for value in values)}" in described
    low, high = product.more["range_us"]
    expect(root.locator(".badge")).to_have_text("predicted")
    expect(root.locator(".panel > .quiet").first).to_contain_text(f"{us(low)} to {us(high)}")


def us(value: float) -> str:
    return f"{value:.1f} µs" if value >= 100 else f"{value:.2f} µs"


def test_layers_are_switched_one_by_one_and_the_best_mix_is_found(numbers):
    page = numbers(wait=("network",))
    root = part(page, "network")
    answered(page, "network", lambda: root.locator("[data-layer=logits]").select_option("mxfp4"))
    outcome = digits_network().run(["mxfp8", "mxfp4"])
    mine = root.locator("[data-row=mix] td")
    expect(mine.nth(0)).to_have_text(f"{100 * outcome.accuracy:.1f} %")
    expect(mine.nth(1)).to_have_text(f"{outcome.loss:.4f}")
    expect(mine.nth(2)).to_have_text(us(outcome.total_s * 1e6))
    expect(root.locator("[data-row=mxfp4] td").nth(1)).to_have_text(
        f"{digits_network().run(['mxfp4', 'mxfp4']).loss:.4f}"
    )
    budget = root.locator("[data-name=budget]")
    answered(page, "network", lambda: (budget.fill("a lot"), budget.press("Enter")))
    expect(root.get_by_role("alert")).to_contain_text("Budget “a lot”: type a number")
    answered(page, "network", lambda: (budget.fill("0.05"), budget.press("Enter")))
    root.get_by_role("button", name="Search").click()
    expect(root.get_by_role("status").last).to_contain_text("16 runs", timeout=30_000)
    answered(page, "network", root.get_by_role("button", name="Use this mix").click)
    best = [root.locator(f"[data-layer={name}]").input_value() for name in ("hidden", "logits")]
    cheapest = digits_network().run(best)
    assert cheapest.loss - digits_network().run(["bfloat16"] * 2).loss <= 0.05
    expect(mine.nth(1)).to_have_text(f"{cheapest.loss:.4f}")


def test_a_link_leads_back_to_every_part_and_a_bad_one_to_the_start(numbers):
    state = {
        "number": {"text": "300", "format": "float8_e5m2"},
        "block": {"element": "float8_e4m3fn", "values": presets()["All zero"]},
        "product": {"M": "128", "chosen": "mxfp4"},
        "network": {"mix": ["mxfp4", "bfloat16"], "budget": "lots"},
    }
    page = numbers(state, wait=PARTS)
    assert shown_rows(page) == expected_rows(state["number"])
    assert values_of(page) == [0.0] * 32
    expect(part(page, "product").locator("[data-name=M]")).to_have_value("128")
    expect(part(page, "network").get_by_role("alert")).to_contain_text("Budget “lots”")

    page = numbers({"number": {"text": "x"}}, wait=("number",))
    expect(part(page, "number").get_by_role("alert")).to_contain_text("“x” is not a number")
    assert shown_rows(page) == expected_rows({})

"""The code that a dashboard offers for a notebook runs, and says what the page says."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_tables import DOWN


class Offered(NamedTuple):
    """A dashboard: what is changed by hand, and a figure or sentence of it in both places."""

    root: str
    change: Callable[[Locator], Any]
    shown: str | Callable[[Locator], Any]  # an attribute of the root, or how to read the page
    computed: Callable[[Any], Any]  # the same of the widget that the code makes


def pick(name: str, value: str) -> Callable[[Locator], Any]:
    return lambda root: root.locator(f"select[data-name={name}]").first.select_option(value)


def press(words: str) -> Callable[[Locator], Any]:
    return lambda root: root.get_by_role("button", name=words, exact=True).click()


def text(root: Locator) -> str:
    """Stands for a sentence that the page has somewhere."""
    return root.inner_text()


def seconds(name: str) -> Callable[[Locator], float]:
    return lambda root: pytest.approx(float(root.get_attribute(name) or "nan"))


DASHBOARDS = {
    "02_matmul_tiling": [
        Offered(
            ".trn-stepper",
            pick("kernel", "blocked"),
            seconds("data-total-us"),
            lambda made: made.profile.total_us,
        )
    ],
    "03_quantization": [
        Offered(".trn-numbers.number", press("17"), text, lambda made: made.scene["line"]["words"]),
        Offered(".trn-numbers.block", press("An outlier"), text, lambda made: made.scene["words"]),
        Offered(
            ".trn-numbers.matrix", pick("tame", "rotate"), text, lambda made: made.scene["summary"]
        ),
        Offered(".trn-numbers.product", pick("M", "256"), text, lambda made: made.scene["words"]),
        Offered(
            ".trn-numbers.network",
            press("MXFP8"),
            text,
            # The loss is left out: with other threads BLAS adds it up in another order.
            lambda made: made.scene["words"].partition(", loss")[0],
        ),
    ],
    "04_scale_out": [
        Offered(
            ".trn-machine",
            pick("pattern", "ring"),
            seconds("data-busiest"),
            lambda made: made.scene["traffic"]["busiest_s"],
        ),
        Offered(
            ".trn-collective",
            pick("algorithm", "mesh"),
            "data-steps",
            lambda made: str(made.scene["plan"]["steps"]),
        ),
        Offered(
            ".trn-planner",
            pick("dtype", "mxfp8"),
            seconds("data-step"),
            lambda made: made.scene["step_s"],
        ),
    ],
    "05_profiler": [
        Offered(
            ".trn-profiler",
            pick("kernel", "softmax"),
            "data-rows",
            lambda made: str(made.profile.timeline.rows),
        )
    ],
    "06_launch_claims": [
        Offered(
            ".trn-claims",
            lambda root: root.get_by_role("button", name="Commit and see the verdict").click(),
            "data-kind",
            lambda made: made.card["kind"],
        )
    ],
}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_the_code_of_every_dashboard_runs_and_gives_the_same(open_page, lesson, name):
    page: Page = open_page(lesson(name))
    page.evaluate(DOWN)
    page.set_default_timeout(15_000)
    for offered in DASHBOARDS[name]:
        root = page.locator(offered.root).first
        root.scroll_into_view_if_needed()
        expect(root).not_to_have_attribute("data-scene", "", timeout=60_000)
        if name == "06_launch_claims":
            root.get_by_role("radio", name="It follows from the published figures").check()
        offered.change(root)
        tools = root.locator("xpath=ancestor-or-self::*[.//*[contains(@class, 'trn-share')]][1]")
        tools.get_by_text("Save, share, download").click()
        expect(root).not_to_have_attribute("data-busy", "true", timeout=60_000)
        page.wait_for_timeout(800)  # the state follows after a short quiet
        state = json.loads(tools.get_by_label("State as JSON").input_value())
        made = run(tools.get_by_label("State as code").input_value())
        for key, value in state.items():
            if key != "view":
                assert made.saved().get(key, value) == value, (offered.root, key)
        found = offered.computed(made)
        if offered.shown is text:
            expect(root).to_contain_text(found, timeout=30_000)
        else:
            shown = offered.shown
            page_says = root.get_attribute(shown) if isinstance(shown, str) else shown(root)
            assert found == page_says, offered.root


def run(code: str) -> Any:
    """What the last expression of a cell gives."""
    before, _, call = code.partition("\n\n")
    names: dict[str, object] = {}
    exec(before, names)
    made = eval(call, names)
    getattr(made, "settle", lambda: None)()  # what would follow when the kernel is idle
    return made

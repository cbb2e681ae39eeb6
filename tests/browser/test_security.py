"""What a visitor may not do: run code, read files, put a script on a page, stop the server."""

import asyncio
import json
import re
import struct
import urllib.error
import urllib.request
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from tests.browser.test_tables import drawn
from tests.load.visitor import packed
from trnlab.serve.lessons import lessons
from trnlab.serve.settings import HEADERS
from trnlab.serve.sockets import PROTOCOL
from widgets.dashboard import link

ATTACK = "<img src=x onerror=window.hit=1><script>window.hit=1</script>"
LESSONS = [lesson.name for lesson in lessons()]


def get(address: str) -> tuple[int, dict[str, str], str]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode(errors="replace")


@pytest.mark.parametrize(
    "path", ["/", "/voila/glossary", "/nowhere", "/voila/render/01_neuroncore.ipynb"]
)
def test_every_answer_carries_the_headers(workbench, path):
    _, headers, _ = get(workbench + path)
    assert HEADERS.items() <= headers.items()


@pytest.mark.parametrize(
    "path",
    [
        "/voila/files/01_neuroncore.ipynb",
        "/voila/files/../pyproject.toml",
        "/voila/files/%2e%2e/pyproject.toml",
        "/voila/static/../app.py",
        "/voila/templates/trnlab/static/../index.html.j2",
        "/voila/templates/trnlab/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
        "/api/contents/01_neuroncore.ipynb",
        "/api/kernels",
        "/terminals/1",
        "/files/01_neuroncore.ipynb",
    ],
)
def test_no_file_but_those_meant_for_the_web(workbench, path):
    status, _, text = get(workbench + path)
    assert status >= 400
    assert not re.search(r"\bimport\b", text) and "[project]" not in text


def test_a_page_carries_no_source(workbench):
    _, _, text = get(f"{workbench}/voila/render/05_profiler.ipynb")
    for source in ("from widgets import", "trnlab.profile(tiled", "changes = {"):
        assert source not in text


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def kernel_of(address: str) -> str:
    _, _, text = get(f"{address}/voila/render/03_query.ipynb")
    found = re.search(r'kernelId = "([\w-]+)"', text)
    assert found
    return found[1]


def socket_of(address: str, protocols: list[str] | None):
    url = f"ws{address.removeprefix('http')}/api/kernels/{kernel_of(address)}/channels"
    return websocket_connect(url, subprotocols=protocols)


def test_a_websocket_of_another_protocol_is_refused(samples):
    async def attempt() -> int:
        try:
            await socket_of(samples, None)
        except HTTPClientError as refused:
            return refused.code
        return 0

    assert run(attempt()) == 400


def test_a_forged_message_closes_its_own_page_and_no_other(samples):
    async def attempt() -> object:
        socket = await socket_of(samples, [PROTOCOL])
        await socket.write_message(struct.pack("<Q", 2**60) + b"x" * 64, binary=True)
        while (said := await asyncio.wait_for(socket.read_message(), 20)) is not None:
            assert isinstance(said, bytes)
        return socket.close_code

    assert run(attempt()) == 1007
    assert get(samples)[0] == 200


def test_a_visitor_s_code_is_not_run(samples, tmp_path):
    target = tmp_path / "written"

    async def attempt() -> None:
        socket = await socket_of(samples, [PROTOCOL])
        header = {"msg_id": "1", "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": "", "session": "1", "date": ""}
        code = {"code": f"open({str(target)!r}, 'w')", "silent": False}
        await socket.write_message(packed("shell", [header, {}, {}, code]), binary=True)
        header["msg_type"] = "kernel_info_request"
        await socket.write_message(packed("shell", [header, {}, {}, {}]), binary=True)
        while b"kernel_info_reply" not in await asyncio.wait_for(socket.read_message(), 20):
            pass
        socket.close()

    run(attempt())
    assert not target.exists()


def attack_fields(page: Page) -> int:
    """Type the attack into every field that takes text, and into every JSON; how many they were."""
    drawn(page)
    fields = page.locator(
        "main :is(textarea:not([readonly]), input[type=text]:not([readonly]), input[type=search])"
    )
    attacked = 0
    for field in fields.all():
        if not (field.is_visible() and field.is_enabled()):
            continue
        attacked += 1
        text = json.dumps({"label": ATTACK, "kernel": ATTACK, "chip": ATTACK})
        is_json = "JSON" in (field.get_attribute("aria-label") or "")
        field.fill(text if is_json else ATTACK)
        field.press("Enter")
    for button in page.get_by_role("button", name=re.compile("Load this JSON|^Check$")).all():
        button.click()
    page.wait_for_timeout(500)
    return attacked


# Fields that take text: the JSON of each dashboard, what else can be typed, and the exercises.
FIELDS = {"01_neuroncore": 3 + 2, "02_matmul_tiling": 2 + 2, "03_quantization": 5 + 3 + 4}
FIELDS |= {"04_scale_out": 3 + 10, "05_profiler": 1 + 2, "06_launch_claims": 1 + 3}


@pytest.mark.parametrize("name", LESSONS)
def test_a_script_in_a_field_or_an_address_is_text(open_page, lesson, name):
    states = {"s": {"kernel": ATTACK, "chip": ATTACK, "rival": ATTACK, "size": ATTACK}}
    states["s"] |= {"view": {"filter": {"text": ATTACK, "op": ATTACK}, "tab": ATTACK}}
    states |= {"core": {"chip": ATTACK}, "balance": {"dtype": ATTACK}, "digits": {"dtype": ATTACK}}
    states["array"] = {"label": ATTACK}
    states |= {key: {"system": ATTACK, "model": ATTACK, "config": ATTACK} for key in "pmc"}
    states |= {"number": {"text": ATTACK, "format": ATTACK}, "block": {"element": ATTACK}}
    states |= {"matrix": {"data": ATTACK}, "product": {"K": ATTACK}, "network": {"mix": [ATTACK]}}
    query = "&".join(f"{key}={link.pack(state)}" for key, state in states.items())
    page = open_page(f"{lesson(name)}?{query}")
    assert attack_fields(page) >= FIELDS.get(name, 0)
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("name", ["02_matmul_tiling", "04_scale_out"])
def test_a_huge_state_in_an_address_is_refused_in_words(open_page, lesson, name):
    key = {"02_matmul_tiling": "s", "04_scale_out": "p"}[name]
    page = open_page(f"{lesson(name)}?{key}={'eyJ' * 9000}")
    expect(page.locator("main")).to_contain_text("The address carries a state that cannot be read")


def test_an_address_larger_than_the_server_reads_stops_nobody(workbench):
    with pytest.raises(OSError):  # the server hangs up
        get(f"{workbench}/voila/render/01_neuroncore.ipynb?s={'A' * 200_000}")
    assert get(workbench)[0] == 200


def test_the_name_of_a_file_is_shown_as_text(open_page, lesson, tmp_path):
    page = open_page(lesson("03_quantization"))
    root = page.locator(".trn-numbers.matrix")
    root.scroll_into_view_if_needed()
    expect(page.locator(".trn-numbers.matrix[data-busy=false]")).to_be_visible(timeout=30_000)
    for name, content in ((f"{ATTACK[:27]}.csv", "1,2\n3,<script>hit</script>"), ("a.npy", ATTACK)):
        (tmp_path / name).write_text(content)
        root.locator("input[type=file]").set_input_files(tmp_path / name)
        expect(root.get_by_role("alert").first).to_be_visible()
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_model_s_file_with_scripts_in_it_is_text(open_page, lesson, tmp_path):
    page = open_page(lesson("04_scale_out"))
    planner = page.locator(".trn-planner")
    planner.get_by_text("A model of your own: its config.json").click()
    fields = ("model_type", "architectures", "torch_dtype", "hidden_size", "_name_or_path")
    for name, content in (
        (f"{ATTACK[:27]}.json", json.dumps({field: ATTACK for field in fields})),
        ("list.json", json.dumps([ATTACK])),
        ("broken.json", ATTACK),
        ("large.json", json.dumps({"model_type": ATTACK * 80_000})),
    ):
        (tmp_path / name).write_text(content)
        planner.get_by_label("A config.json file").set_input_files(tmp_path / name)
        expect(planner.get_by_role("alert").locator("visible=true").first).not_to_have_text("")
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x]").count() == 0

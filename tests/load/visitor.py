"""A visitor without a browser: opens a page, moves its controls over a websocket, keeps time.

It speaks Jupyter's message protocol as a page does; what it measures is the server and the kernel.
"""

import asyncio
import json
import random
import re
import struct
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from trnlab.serve.sockets import PROTOCOL

KERNEL = re.compile(r'dataset\.kernelId = "([\w-]+)"')
MODEL = re.compile(r'"model_id": ?"(\w+)"')
PATIENCE_S = 300.0
STARTS = {  # what a visitor changes on each page: dashboard, trait that answers, changes
    "02_matmul_tiling": ("widgets.stepper.widget.Stepper", "scene"),
    "01_neuroncore": ("widgets.balance.widget.BalanceCalculator", "result"),
    "05_profiler": ("widgets.profiler.widget.Profiler", "scene"),
}


def changes(page: str, seed: int) -> Iterator[dict[str, Any]]:
    """What a learner sets, one after the other, never twice the same in a row."""
    draw = random.Random(seed)
    last: dict[str, Any] = {}
    while True:
        change = _change(page, draw)
        if change != last:
            yield change
        last = change


def _change(page: str, draw: random.Random) -> dict[str, Any]:
    if page == "02_matmul_tiling":
        sides = {name: 128 * draw.randrange(4, 12) for name in "MK"}
        kernel = draw.choice(["tiled", "hoisted"])
        return {"params": {"kernel": kernel, **sides, "N": 512 * draw.randrange(1, 3)}}
    if page == "01_neuroncore":
        return {"k": draw.randrange(1, 128), "n": draw.randrange(1, 512)}
    constants = {"tensor.clock_hz": draw.uniform(1.5e9, 4e9)}
    asked = {"kernel": "tiled", "size": "1024", "chip": "trn3", "constants": constants}
    return {"params": {**asked, "rival": "", "rival_chip": ""}}


class Visitor:
    """One page, from its request to its last control; times in seconds."""

    def __init__(self, address: str, page: str, seed: int) -> None:
        self.page = page
        self.opened_s = float("nan")
        self.cpu_s = self.mib = float("nan")  # of its kernel, when the page is complete
        self.used_s = float("nan")  # CPU of its kernel afterwards
        self.answers_s: list[float] = []
        self.faults: list[str] = []
        self._address = address
        self._changes = changes(page, seed)
        self._draw = random.Random(seed)
        self._session = uuid.uuid4().hex

    async def visit(self, for_s: float, every_s: float) -> None:
        """Open the page, then change something now and then until the time is over."""
        try:
            models = await self._open()
            socket = await self._connect(self.kernel)
            dashboard = await self._find(socket, models)
            until = time.monotonic() + for_s
            while time.monotonic() < until:
                await asyncio.sleep(every_s * self._draw.uniform(0.5, 1.5))
                await self._change(socket, dashboard)
            self.used_s = _used(self.kernel)[0] - self.cpu_s
            socket.close()
            await self._leave()
        except Exception as fault:
            self.faults.append(f"{self.page}: {type(fault).__name__}: {fault}")

    async def _open(self) -> list[str]:
        """The page's request, until it is complete; the models of its widgets."""
        start = await AsyncHTTPClient().fetch(f"http://{self._address}/")
        self._cookie = _cookie(start.headers.get_list("Set-Cookie"))
        began = time.monotonic()
        url = f"http://{self._address}/voila/render/{self.page}.ipynb"
        asked = HTTPRequest(url, request_timeout=PATIENCE_S, connect_timeout=PATIENCE_S)
        answer = await AsyncHTTPClient().fetch(asked)
        self.opened_s = time.monotonic() - began
        text = answer.body.decode()
        assert "voila_finish()" in text, "the page is not complete"
        found = KERNEL.search(text)
        assert found, "the page names no kernel"
        self.kernel = found[1]
        self.cpu_s, self.mib = _used(self.kernel)
        return MODEL.findall(text)

    async def _leave(self) -> None:
        """As a page that is closed: its kernel is shut down."""
        url = f"http://{self._address}/voila/api/shutdown/{self.kernel}"
        headers = {"Cookie": f"_xsrf={self._cookie}", "X-XSRFToken": self._cookie}
        await AsyncHTTPClient().fetch(HTTPRequest(url, "POST", headers, "", request_timeout=60))

    async def _connect(self, kernel: str) -> WebSocketClientConnection:
        url = f"ws://{self._address}/api/kernels/{kernel}/channels?session_id={self._session}"
        return await websocket_connect(url, max_message_size=2**28, subprotocols=[PROTOCOL])

    async def _find(self, socket: WebSocketClientConnection, models: list[str]) -> str:
        """The model of the page's dashboard, asked one by one as a page asks for its states."""
        wanted, _ = STARTS[self.page]
        for model in models:
            await self._send(socket, model, {"method": "request_state"})
            state = await self._state(
                socket, lambda m, s, model=model: m == model and "_model_name" in s
            )
            if state.get("_anywidget_id") == wanted:
                return model
        raise LookupError(f"there is no {wanted} on the page")

    async def _change(self, socket: WebSocketClientConnection, dashboard: str) -> None:
        _, answer = STARTS[self.page]
        began = time.monotonic()
        change = {"method": "update", "state": next(self._changes), "buffer_paths": []}
        await self._send(socket, dashboard, change)
        state = await self._state(
            socket, lambda m, s: m == dashboard and bool({answer, "problem"} & s.keys())
        )
        if state.get("problem"):
            self.faults.append(f"{self.page}: refused: {state['problem']}")
        self.answers_s.append(time.monotonic() - began)

    async def _send(self, socket: WebSocketClientConnection, model: str, data: Any) -> None:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "comm_msg", "version": "5.3"}
        header |= {"username": "visitor", "session": self._session, "date": ""}
        parts = [header, {}, {}, {"comm_id": model, "data": data}]
        await socket.write_message(packed("shell", parts), binary=True)

    async def _state(
        self, socket: WebSocketClientConnection, is_it: Callable[[str, dict[str, Any]], bool]
    ) -> dict[str, Any]:
        """The next state that the kernel publishes and that is the one waited for."""
        until = time.monotonic() + PATIENCE_S
        while True:
            left = until - time.monotonic()
            raw = await asyncio.wait_for(socket.read_message(), max(left, 0.1))
            if raw is None:
                raise ConnectionError("the websocket was closed")
            message = unpacked(raw)
            content = message["content"]
            data = content["data"] if message["msg_type"] == "comm_msg" else {}
            if data.get("method") == "update" and is_it(content["comm_id"], data["state"]):
                return data["state"]


def _cookie(cookies: list[str]) -> str:
    """The token that a page sends back with what changes something."""
    return next(text[6:].split(";")[0] for text in cookies if text.startswith("_xsrf="))


def _used(kernel: str) -> tuple[float, float]:
    """Seconds of CPU and MiB of memory that a kernel has taken."""
    for process in psutil.process_iter(["cmdline"]):
        if any(kernel in word for word in process.info["cmdline"] or []):
            times = process.cpu_times()
            return times.user + times.system, process.memory_full_info().pss / 2**20
    return float("nan"), float("nan")


def packed(channel: str, parts: list[Any]) -> bytes:
    """A message on the wire: the number of offsets, offsets, channel, parts as JSON."""
    texts = [channel.encode(), *(json.dumps(part).encode() for part in parts)]
    ends = list(accumulate(map(len, texts), initial=8 * (len(texts) + 2)))
    return struct.pack(f"<{len(ends) + 1}Q", len(ends), *ends) + b"".join(texts)


def unpacked(raw: str | bytes) -> dict[str, Any]:
    """The type and the content of a message."""
    assert isinstance(raw, bytes)
    (count,) = struct.unpack("<Q", raw[:8])
    ends = struct.unpack(f"<{count}Q", raw[8 : 8 * (count + 1)])
    header, content = (json.loads(raw[ends[i] : ends[i + 1]]) for i in (1, 4))
    return {"msg_type": header["msg_type"], "content": content}

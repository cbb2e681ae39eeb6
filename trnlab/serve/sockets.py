"""The websocket between a page and its kernel, closed to what would stop the server for everybody.

Voila and Jupyter Server read the number of a message's parts from the message, and count up to it:
one message of another protocol, or a forged number, and the server answers nobody any more.
"""

from typing import Any

from tornado.web import HTTPError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

PROTOCOL = "v1.kernel.websocket.jupyter.org"
MAX_PARTS = 64  # channel, header, parent, metadata, content, and buffers
MAX_BYTES = 2**20  # of one message: a page sends changes of controls


class KernelSocket(VoilaKernelWebsocketHandler):
    """Voila's, for pages that speak the protocol which it reads."""

    async def get(self, kernel_id: str) -> None:
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise HTTPError(400, f"a page speaks {PROTOCOL}, not {offered[:60]!r}")
        await super().get(kernel_id)

    def on_message(self, message: Any) -> None:
        if is_sound(message):
            super().on_message(message)
        else:
            self.close(1007, "not a message of this protocol")


def is_sound(message: Any) -> bool:
    """Whether the offsets at the start of a message are in order and within it."""
    if not isinstance(message, bytes) or len(message) < 8:
        return False
    parts = int.from_bytes(message[:8], "little")
    head = 8 * (parts + 1)
    if not 6 <= parts <= MAX_PARTS or head > len(message):
        return False
    offsets = [int.from_bytes(message[i : i + 8], "little") for i in range(8, head, 8)]
    return offsets[0] >= head and offsets == sorted(offsets) and offsets[-1] <= len(message)

"""What a page may send to its kernel: messages whose offsets are in order and within them."""

import struct

import pytest

from trnlab.serve.sockets import MAX_PARTS, is_sound


def message(*offsets: int, count: int | None = None, body: int = 100) -> bytes:
    number = len(offsets) if count is None else count
    return struct.pack(f"<{len(offsets) + 1}Q", number, *offsets) + b"x" * body


def test_a_message_of_five_parts_is_sound():
    assert is_sound(message(56, 61, 70, 72, 74, 90))
    assert is_sound(message(56, 61, 70, 72, 74, 156))


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"short",
        "text",
        None,
        message(56, 61, 70, 72, 74, 90, count=2**60),  # would be counted to the end
        message(56, 61, 70, 72, 74, 90, count=14),
        message(56, 61, 70, 72, 74, 157),  # past the end
        message(48, 61, 70, 72, 74, 90),  # within the head
        message(56, 90, 70, 72, 74, 90),  # backwards
        message(56, 61, 70),
        message(*range(8 * (MAX_PARTS + 2), 8 * (MAX_PARTS + 2) + MAX_PARTS + 1)),
    ],
)
def test_what_would_stop_the_server_is_not(forged):
    assert not is_sound(forged)

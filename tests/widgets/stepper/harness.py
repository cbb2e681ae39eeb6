"""A stepper without a browser: what the browser sends, and what comes back."""

import numpy as np

from trnlab.kernels.matmul import LADDER
from widgets.stepper import Stepper

RUNGS = [name for name in LADDER if name != "one_tile"]
SMALL = {"M": 512, "N": 1024, "K": 1024}


def column(table: dict, name: str) -> np.ndarray:
    """One column as the browser reads it."""
    if name in table["f32"]:
        return np.frombuffer(table["f32"][name], np.float32)
    return np.frombuffer(table["i32"][name], np.int32)


def send(stepper: Stepper, **state) -> None:
    """What a change in the browser sends, until all that follows from it is done."""
    data = {"method": "update", "state": state, "buffer_paths": []}
    stepper._handle_msg({"content": {"data": data}, "buffers": []})
    stepper.settle()


def opened(state: dict) -> Stepper:
    """A stepper at a moment, all of it."""
    stepper = Stepper(state)
    stepper.settle()
    return stepper


def change(stepper: Stepper, **params) -> None:
    send(stepper, params={**stepper.params, **params})


def ask(stepper: Stepper, message: dict) -> list[tuple[dict, list[bytes]]]:
    """A custom message from the browser, and what comes back."""
    replies: list[tuple[dict, list[bytes]]] = []
    stepper.send = lambda content, buffers=None: replies.append((content, buffers or []))
    data = {"method": "custom", "content": message}
    stepper._handle_msg({"content": {"data": data}, "buffers": []})
    return replies

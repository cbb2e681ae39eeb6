"""What the tests of the parts share: changes and messages as the browser sends them."""

from typing import Any

from widgets.numbers.part import Part


def change(part: Part, **params: Any) -> Part:
    """What a change of controls sends, until all that follows from it is done."""
    state = {"params": {**part.params, **params}}
    data = {"method": "update", "state": state, "buffer_paths": []}
    part._handle_msg({"content": {"data": data}, "buffers": []})
    part.settle()
    return part


def tell(part: Part, content: Any, buffers: tuple[bytes, ...] = ()) -> Part:
    """What a message from the page leads to."""
    data = {"method": "custom", "content": content}
    part._handle_msg({"content": {"data": data}, "buffers": list(buffers)})
    part.settle()
    return part


def opened(part: Part) -> Part:
    """A part with its answer, also if it waits for a page to ask."""
    part.settle()
    return part

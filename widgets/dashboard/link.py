"""State in an address: a small dictionary as URL-safe base64 of its JSON."""

import base64
import binascii
import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs

PARAMETER = "s"
MAX_BYTES = 4096


class Addressed(Protocol):
    """A dashboard that knows which part of its page's address it has used."""

    address: str


Dashboard = TypeVar("Dashboard", bound=Addressed)


def pack(state: dict[str, Any]) -> str:
    """The text that stands after `?s=`."""
    text = json.dumps(state, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def unpack(text: str) -> dict[str, Any]:
    """The state that a link carries.

    Raises:
        ValueError: it is not one
    """
    try:
        raw = text.encode("ascii")[:MAX_BYTES]
        state = json.loads(base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4)))
    except (binascii.Error, UnicodeError, json.JSONDecodeError, RecursionError):
        state = None
    if not isinstance(state, dict):
        raise ValueError("The address carries a state that cannot be read; this is the start.")
    return state


def foreign(state: Mapping[str, Any], names: Iterable[str]) -> str:
    """Why a state is not one of the dashboard whose state has these names; "" if it may be."""
    known = list(names)
    given = state.keys() - {"view"}
    if not given or given & set(known):
        return ""
    return f"This state is not of this dashboard: it has none of {', '.join(known[:4])}."


def address(parameter: str = PARAMETER) -> str:
    """What a parameter is in the address of the page that runs this kernel, if anything."""
    return parse_qs(os.environ.get("QUERY_STRING", "")).get(parameter, [""])[0]


def opened(
    make: Callable[[Mapping[str, Any] | None], Dashboard],
    state: Mapping[str, Any] | None,
    parameter: str = PARAMETER,
) -> tuple[Dashboard, str]:
    """A dashboard as `state`, or else the page's address, describes, and what was wrong with it."""
    carried = "" if state is not None else address(parameter)
    refused = ""
    try:
        state = unpack(carried) if carried else state
    except ValueError as error:
        refused = str(error)
    dashboard = make(state)
    dashboard.address = carried
    return dashboard, refused
